use super::sources::{alternatives, conditions, read};
use super::{Checker, FindingKind};
use crate::contract::{Schema, Type};
use crate::mapping::file::{ConversionName, Rule, Source, UnknownValue};
use crate::mapping::path::Place;

impl Checker<'_> {
    /// What comes can be converted, and what is made is of the target's type.
    pub(super) fn types(&mut self) {
        let file = self.file;
        for (index, rule) in file.rule.iter().enumerate() {
            let Some(target) = self.target_of(rule) else { continue };
            let passes = rule.values.is_none() || passes(self, rule);
            if passes && (rule.from.iter().next().is_some() || rule.expr.is_some()) {
                self.made(rule, target);
                self.shaped(rule, rule.conversion, target);
            }
            self.times(rule);
            self.beside(rule);
            self.ignored(rule);
            self.formed(index, rule);
            if !passes {
                self.keys(rule);
            }
            if passes {
                for place in whole(rule) {
                    self.comes(rule, &place);
                    self.ranges(rule, target, &place);
                }
            }
            let parts = alternatives(rule).into_iter().flat_map(|alternative| alternative.places);
            for place in parts.collect::<Vec<_>>() {
                self.scalar(rule, &place);
            }
            let put_together = read(rule).into_iter().zip(rule.from.iter());
            let texts = put_together.filter(|(_, source)| !matches!(source, Source::Place(_)));
            for place in texts.flat_map(|(alternative, _)| alternative.places).collect::<Vec<_>>() {
                self.number(rule, &place, "a text is put together of");
            }
        }
        for (rule, place) in self.places_read() {
            self.way(&rule, &place);
        }
    }

    /// Every place that is read, with the rule that reads it.
    pub(super) fn places_read(&self) -> Vec<(String, Place)> {
        let file = self.file;
        let mut read = Vec::new();
        for rule in &file.rule {
            let places = alternatives(rule).into_iter().flat_map(|alternative| alternative.places);
            let beside = rule.currency.iter().chain(&rule.needed_with).filter_map(|text| Self::place(text));
            read.extend(places.chain(beside).map(|place| (rule.to.clone(), place)));
        }
        for list in &file.list {
            read.extend(Self::place(&list.from).map(|place| (list.to.clone(), place)));
        }
        for refuse in &file.refuse {
            read.extend(Self::place(&refuse.at).map(|place| (refuse.name(), place)));
        }
        for (rule, with) in conditions(file) {
            let places = with.values().flat_map(|places| places.iter()).filter_map(Self::place);
            read.extend(places.map(|place| (rule.clone(), place)));
        }
        read
    }

    /// What a place stands in is an object or an array, and nothing else.
    fn way(&mut self, rule: &str, place: &Place) {
        for (above, wanted) in place.holders() {
            for (version, schema) in self.says(&above) {
                let Some(schema) = schema else { continue };
                if let Some(wrong) = schema.types.of_values().find(|one| *one != wanted) {
                    let at = format!("{}@{version}", self.file.from);
                    let problem = format!(
                        "{at} may send {}, and the rule reads it as {}",
                        wrong.as_str(),
                        wanted.as_str()
                    );
                    let mend = "read it where it stands now, or mend the contract";
                    if !self.is_told(FindingKind::TypeMismatch, &above) {
                        self.find(FindingKind::TypeMismatch, rule, &above, problem, mend);
                    }
                    break;
                }
            }
        }
    }

    /// What a value map looks up is a text, a whole number or a boolean.
    fn keys(&mut self, rule: &Rule) {
        for place in whole(rule) {
            self.number(rule, &place, "a value map looks up");
        }
    }

    fn number(&mut self, rule: &Rule, place: &Place, what: &str) {
        for (version, schema) in self.says(place) {
            if schema.is_some_and(|schema| schema.types.of_values().any(|one| one == Type::Number)) {
                let at = format!("{}@{version}", self.file.from);
                let problem = format!("{at} may send a fraction, and {what} texts and whole numbers");
                let mend = "say `integer` in the contract, or use an expression";
                self.find(FindingKind::TypeMismatch, &rule.to, place, problem, mend);
                return;
            }
        }
    }

    fn made(&mut self, rule: &Rule, target: &Schema) {
        let (made, format) = makes(rule.conversion);
        if made == Type::Object {
            self.amount(rule, target);
        }
        if !target.types.allow(made) {
            let problem = format!(
                "{} makes {}, and {} wants {}",
                name(rule.conversion),
                made.as_str(),
                self.file.to,
                target.types
            );
            self.find(FindingKind::TypeMismatch, &rule.to, &rule.to, problem, "give the rule another `as`");
        }
        let of_a_form = |wanted: &&str| {
            matches!(*wanted, "date-time" | "date" | "email")
                || wanted.contains('%')
                || wanted.starts_with("unix-")
        };
        if let Some(wanted) = target.format.as_deref().filter(of_a_form)
            && format != Some(wanted)
            && !self.same_format(rule, wanted)
        {
            let problem = format!("{} wants format {wanted}, and the rule makes another", self.file.to);
            let mend = match wanted {
                "date" => "say as = \"date\"",
                "date-time" => "say as = \"instant\"",
                "email" => "say as = \"email\"",
                _ => "no conversion makes it: put it together by an expression, or let a connector do it",
            };
            self.find(FindingKind::TypeMismatch, &rule.to, &rule.to, problem, mend);
        }
    }

    /// A text that passes unchanged, of a source whose contract has the same format.
    fn same_format(&self, rule: &Rule, wanted: &str) -> bool {
        let places: Vec<_> =
            alternatives(rule).into_iter().flat_map(|alternative| alternative.places).collect();
        !places.is_empty()
            && places.iter().all(|place| {
                self.says(place)
                    .iter()
                    .filter_map(|(_, schema)| *schema)
                    .all(|schema| schema.format.as_deref() == Some(wanted))
            })
    }

    fn comes(&mut self, rule: &Rule, place: &Place) {
        let accepted = takes(rule);
        for (version, schema) in self.says(place) {
            let Some(schema) = schema else { continue };
            let at = format!("{}@{version}", self.file.from);
            if schema.types.is_any() {
                let problem = format!("{at} does not say what it is");
                self.find(
                    FindingKind::TypeMismatch,
                    &rule.to,
                    place,
                    problem,
                    "say its type in the contract",
                );
                continue;
            }
            let wrong: Vec<_> = schema.types.of_values().filter(|one| !accepted.contains(one)).collect();
            if let Some(wrong) = wrong.first() {
                let problem =
                    format!("{at} may send {}, which {} cannot take", wrong.as_str(), name(rule.conversion));
                self.find(FindingKind::TypeMismatch, &rule.to, place, problem, "give the rule another `as`");
            }
            self.format(rule, place, &at, schema);
        }
    }

    /// What comes and what is wanted have something in common.
    fn ranges(&mut self, rule: &Rule, target: &Schema, place: &Place) {
        let passes =
            matches!(rule.conversion, ConversionName::String | ConversionName::Id | ConversionName::Integer);
        for (version, schema) in self.says(place) {
            let Some(source) = schema.filter(|_| passes && rule.pattern.is_none()) else { continue };
            let apart = |most: Option<i128>, least: Option<i128>| {
                most.zip(least).is_some_and(|(most, least)| most < least)
            };
            let length = |limit: Option<u64>| limit.map(i128::from);
            let number = |limit: Option<i64>| limit.map(i128::from);
            if apart(length(source.max_length), length(target.min_length))
                || apart(length(target.max_length), length(source.min_length))
                || apart(number(source.maximum), number(target.minimum))
                || apart(number(target.maximum), number(source.minimum))
            {
                let at = format!("{}@{version}", self.file.from);
                let problem = format!("nothing that {at} sends is within the limits of {}", self.file.to);
                let mend = "read another place, or mend the limits in the contracts";
                self.find(FindingKind::ValueNotAllowed, &rule.to, place, problem, mend);
                return;
            }
        }
    }

    /// What goes into a text, a template or an expression is one value.
    fn scalar(&mut self, rule: &Rule, place: &Place) {
        for (version, schema) in self.says(place) {
            let Some(schema) = schema else { continue };
            let structured = schema.types.of_values().find(|one| matches!(one, Type::Array | Type::Object));
            if let Some(one) = structured {
                let problem = format!("{}@{version} sends {} here", self.file.from, one.as_str());
                self.find(FindingKind::TypeMismatch, &rule.to, place, problem, "read one of its members");
            }
        }
    }
}

/// The places that are read as they stand, and not put together.
pub(super) fn whole(rule: &Rule) -> Vec<Place> {
    let place = |source: &Source| match source {
        Source::Place(text) => Place::parse(text).ok(),
        _ => None,
    };
    rule.from.iter().filter_map(place).collect()
}

fn passes(checker: &Checker<'_>, rule: &Rule) -> bool {
    let map = rule.values.as_ref().and_then(|name| checker.file.values.get(name));
    map.is_some_and(|map| map.unknown == UnknownValue::Pass)
}

pub(super) fn takes(rule: &Rule) -> Vec<Type> {
    use ConversionName as As;
    match rule.conversion {
        As::String | As::Currency | As::Country | As::Subdivision | As::Email | As::Money => {
            vec![Type::String]
        }
        As::Id | As::Integer => vec![Type::Integer, Type::String],
        As::Decimal | As::Unit => vec![Type::Integer, Type::Number, Type::String],
        As::MinorMoney | As::Minor | As::Amount => vec![Type::Integer],
        As::Date => vec![Type::String],
        As::Instant => {
            let counts = rule.formats.iter().any(|format| format.starts_with("unix-"));
            if counts { vec![Type::String, Type::Integer] } else { vec![Type::String] }
        }
        As::Boolean if rule.yes.is_some() || rule.no.is_some() => {
            vec![Type::Boolean, Type::Integer, Type::String]
        }
        As::Boolean => vec![Type::Boolean],
    }
}

const fn makes(conversion: ConversionName) -> (Type, Option<&'static str>) {
    use ConversionName as As;
    match conversion {
        As::Integer | As::Minor => (Type::Integer, None),
        As::Unit => (Type::Number, None),
        As::Money | As::MinorMoney => (Type::Object, None),
        As::Boolean => (Type::Boolean, None),
        As::Instant => (Type::String, Some("date-time")),
        As::Date => (Type::String, Some("date")),
        As::Email => (Type::String, Some("email")),
        As::String | As::Id | As::Decimal | As::Amount | As::Country | As::Subdivision | As::Currency => {
            (Type::String, None)
        }
    }
}

pub(super) fn name(conversion: ConversionName) -> String {
    format!("as = {:?}", format!("{conversion:?}").to_lowercase())
}
