use super::sources::alternatives;
use super::{Checker, FindingKind};
use crate::contract::{Schema, Type};
use crate::engine::{Came, Conversion};
use crate::mapping::file::{ConversionName, Rule, Source, UnknownValue};
use crate::mapping::path::Place;

impl Checker<'_> {
    /// What comes can be converted, and what is made is of the target's type.
    pub(super) fn types(&mut self) {
        let file = self.file;
        for rule in &file.rule {
            let Some(target) = self.target_of(rule) else { continue };
            let passes = rule.values.is_none() || passes(self, rule);
            if passes && (rule.from.iter().next().is_some() || rule.expr.is_some()) {
                self.made(rule, target);
                self.shaped(rule, target);
            }
            self.times(rule);
            self.beside(rule);
            if passes {
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

    /// A pattern of the target's is not held while running against what has one form anyway: it is held here.
    fn shaped(&mut self, rule: &Rule, target: &Schema) {
        let Some(pattern) = target.pattern.as_deref().and_then(|it| regex_lite::Regex::new(it).ok()) else {
            return;
        };
        if let Some(sample) = samples(rule.conversion).iter().find(|sample| !pattern.is_match(sample)) {
            let problem = format!(
                "{} makes such as {sample:?}, and {} has the pattern {pattern}",
                name(rule.conversion),
                self.file.to
            );
            let mend = "give the rule another `as`, or mend the pattern";
            self.find(FindingKind::ValueNotAllowed, &rule.to, &rule.to, problem, mend);
        }
    }

    /// What stands beside an amount or a subdivision is a text, and beside an amount always there.
    fn beside(&mut self, rule: &Rule) {
        let Some(place) = rule.currency.as_deref().and_then(Self::place) else { return };
        let is_money = rule.conversion != ConversionName::Subdivision;
        for (version, schema) in self.says(&place) {
            let Some(schema) = schema else { continue };
            let at = format!("{}@{version}", self.file.from);
            if let Some(wrong) = schema.types.of_values().find(|one| *one != Type::String) {
                let problem = format!("{at} may send {}, and a text is needed here", wrong.as_str());
                self.find(FindingKind::TypeMismatch, &rule.to, &place, problem, "read another place");
            }
            let values = schema.values.iter().flatten().filter(|_| is_money);
            let wrong: Vec<_> =
                values.filter_map(serde_json::Value::as_str).filter(|it| !is_currency(it)).collect();
            for value in wrong {
                let problem = format!("{} sends {value:?}, which is no currency", self.file.from);
                let mend = "read another place, or map it first";
                self.find((FindingKind::ValueNotAllowed, value), &rule.to, &place, problem, mend);
            }
        }
        let lacks = self.sources.iter().map(|(version, _)| *version).find(|version| {
            let amounts = rule.from.iter().filter_map(|source| match source {
                Source::Place(text) => Self::place(text),
                _ => None,
            });
            amounts.into_iter().any(|amount| !self.beside_it(&amount, &place, version))
        });
        if let Some(version) = lacks.filter(|_| is_money && rule.missing.is_none()) {
            let problem = format!("{}@{version} may send an amount without it", self.file.from);
            let mend = "read another place, or say missing = \"park\"";
            self.find(FindingKind::MayBeMissing, &rule.to, &place, problem, mend);
        }
    }

    /// Whether every message that has the one has the other: what both stand in is there then.
    fn beside_it(&self, one: &Place, other: &Place, version: &str) -> bool {
        let common = one.steps.iter().zip(&other.steps).take_while(|(one, other)| one == other).count();
        let common = if one.space == other.space { common } else { 0 };
        self.always_from(other, common, version) && !self.may_be_empty(other, version)
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

pub(super) fn takes(rule: &Rule) -> Vec<Type> {
    use ConversionName as As;
    match rule.conversion {
        As::String | As::Currency | As::Country | As::Subdivision | As::Email | As::Money => {
            vec![Type::String]
        }
        As::Id | As::Integer => vec![Type::Integer, Type::String],
        As::Decimal | As::Unit => vec![Type::Integer, Type::Number, Type::String],
        As::MinorMoney | As::Amount => vec![Type::Integer],
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

fn is_currency(text: &str) -> bool {
    Conversion::Currency.convert(&Came::Text(text.into()), None, false).is_ok()
}

/// Of what a conversion makes in one form.
const fn samples(conversion: ConversionName) -> &'static [&'static str] {
    use ConversionName as As;
    match conversion {
        As::Instant => &["2026-11-24T09:15:30Z", "2026-11-24T09:15:30.25Z"],
        As::Date => &["2026-11-24"],
        As::Country => &["DE"],
        As::Currency => &["EUR"],
        As::Decimal => &["19.90", "7", "-3.5"],
        As::Amount => &["19.90", "7"],
        As::Email => &["ann@example.com"],
        _ => &[],
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

pub(super) fn name(conversion: ConversionName) -> String {
    format!("as = {:?}", format!("{conversion:?}").to_lowercase())
}
