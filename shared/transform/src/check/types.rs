use super::sources::alternatives;
use super::{Checker, FindingKind};
use crate::contract::{Schema, Type};
use crate::mapping::file::{ConversionName, Rule, Source, UnknownValue};
use crate::mapping::path::Place;

impl Checker<'_> {
    /// What comes can be converted, and what is made is of the target's type.
    pub(super) fn types(&mut self) {
        let file = self.file;
        for rule in &file.rule {
            let Some(target) = Self::place(&rule.to).and_then(|to| self.target.at(to.in_schema())) else {
                continue;
            };
            let converts = rule.value.is_none() && (rule.values.is_none() || passes(self, rule));
            if converts {
                self.made(rule, target);
            }
            if rule.expr.is_none() && rule.values.is_none() {
                let whole = rule.from.iter().filter_map(|source| match source {
                    Source::Place(text) => Self::place(text),
                    _ => None,
                });
                for place in whole.collect::<Vec<_>>() {
                    self.comes(rule, &place);
                }
            }
            let parts = alternatives(rule).into_iter().flat_map(|alternative| alternative.places);
            for place in parts.collect::<Vec<_>>() {
                self.scalar(rule, &place);
            }
        }
    }

    fn made(&mut self, rule: &Rule, target: &Schema) {
        let (made, format) = makes(rule.conversion);
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
        if let Some(wanted @ ("date-time" | "date")) = target.format.as_deref()
            && format != Some(wanted)
            && !self.same_format(rule, wanted)
        {
            let conversion = if wanted == "date" { "date" } else { "instant" };
            let problem = format!("{} wants format {wanted}", self.file.to);
            self.find(
                FindingKind::TypeMismatch,
                &rule.to,
                &rule.to,
                problem,
                format!("say as = \"{conversion}\""),
            );
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
            if schema.types.0.is_empty() {
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

    /// The contract's format of a time is one that the rule reads.
    fn format(&mut self, rule: &Rule, place: &Place, at: &str, schema: &Schema) {
        let rule_reads = |wanted: &str| {
            if rule.formats.is_empty() {
                wanted == "rfc3339"
            } else {
                rule.formats.iter().any(|it| it == wanted)
            }
        };
        let wanted = match (rule.conversion, schema.format.as_deref()) {
            (ConversionName::Instant, Some("date-time")) => "rfc3339".to_owned(),
            (ConversionName::Date, Some("date")) if rule.formats.is_empty() => return,
            (ConversionName::Instant | ConversionName::Date, Some(format)) => format.to_owned(),
            (ConversionName::Instant | ConversionName::Date, None) => {
                let problem = format!("{at} does not say in which format it is");
                let mend =
                    "say `format` in the contract: date-time, date, unix-seconds, or a pattern of strptime's";
                self.find(FindingKind::TypeMismatch, &rule.to, place, problem, mend);
                return;
            }
            _ => return,
        };
        if !rule_reads(&wanted) {
            let problem = format!("{at} sends it in format {wanted}, which the rule does not read");
            let mend = format!(
                "add {wanted:?} to `formats`, and keep the old one while messages of it are in flight"
            );
            self.find(FindingKind::TypeMismatch, &rule.to, place, problem, mend);
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

fn passes(checker: &Checker<'_>, rule: &Rule) -> bool {
    let map = rule.values.as_ref().and_then(|name| checker.file.values.get(name));
    map.is_some_and(|map| map.unknown == UnknownValue::Pass)
}

fn takes(rule: &Rule) -> Vec<Type> {
    use ConversionName as As;
    match rule.conversion {
        As::String | As::Currency | As::Country | As::Subdivision | As::Email | As::Money => {
            vec![Type::String]
        }
        As::Id | As::Integer => vec![Type::Integer, Type::String],
        As::Decimal | As::Unit => vec![Type::Integer, Type::Number, Type::String],
        As::MinorMoney | As::Amount => vec![Type::Integer],
        As::Instant | As::Date => {
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
        As::Integer => (Type::Integer, None),
        As::Unit => (Type::Number, None),
        As::Money | As::MinorMoney => (Type::Object, None),
        As::Boolean => (Type::Boolean, None),
        As::Instant => (Type::String, Some("date-time")),
        As::Date => (Type::String, Some("date")),
        As::String
        | As::Id
        | As::Decimal
        | As::Amount
        | As::Country
        | As::Subdivision
        | As::Currency
        | As::Email => (Type::String, None),
    }
}

fn name(conversion: ConversionName) -> String {
    format!("as = {:?}", format!("{conversion:?}").to_lowercase())
}
