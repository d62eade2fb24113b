//! The forms that a conversion takes and makes, against what the contracts of both sides say of texts: where none of them may
//! stand, no message passes.

use super::times::written;
use super::types::{name, whole};
use super::{Checker, FindingKind};
use crate::contract::{Schema, Type};
use crate::engine::Conversion;
use crate::mapping::file::{ConversionName, Rule};
use crate::mapping::path::Place;

/// Texts, as many as are asked for.
type Forms = Box<dyn Iterator<Item = String>>;

impl Checker<'_> {
    /// Some of what comes is in a form that the conversion takes.
    pub(super) fn formed(&mut self, index: usize, rule: &Rule) {
        let compiled = self.rules.get(index).map(|rule| &rule.conversion);
        let mut wrong = Vec::new();
        // A value map may have an entry for whatever comes.
        for place in whole(rule).into_iter().filter(|_| rule.values.is_none()) {
            wrong.extend(self.never(place, rule.conversion, |schema| taken(rule, compiled, schema)));
        }
        let beside = rule.currency.as_deref().filter(|_| rule.conversion != ConversionName::Subdivision);
        if let Some(place) = beside.and_then(Self::place) {
            // Small letters are taken where the currency is not made of it.
            let any_case = rule.conversion == ConversionName::Minor;
            let small = move || letters(3).filter(move |_| any_case).map(|code| code.to_ascii_lowercase());
            wrong
                .extend(self.never(place, ConversionName::Currency, |_| Box::new(letters(3).chain(small()))));
        }
        for (place, problem) in wrong {
            let mend = "give the rule another `as`, read another place, or mend the contract";
            self.find(FindingKind::TypeMismatch, &rule.to, place, problem, mend);
        }
    }

    fn never(
        &self,
        place: Place,
        by: ConversionName,
        forms: impl Fn(&Schema) -> Forms,
    ) -> Option<(Place, String)> {
        // Values that are listed are tried each.
        let free = |schema: &&Schema| schema.values.is_none() && schema.types.names(Type::String);
        let problem = self.says(&place).into_iter().find_map(|(version, schema)| {
            let schema = schema.filter(free)?;
            let sample = none(schema, forms(schema))?;
            let at = format!("{}@{version}", self.file.from);
            Some(format!("{at} sends no text that {} takes, such as {sample:?}", name(by)))
        });
        problem.map(|problem| (place, problem))
    }

    /// What a conversion makes in one form has to be what the target's pattern lets stand there: if not this, then nothing.
    pub(super) fn shaped(&mut self, rule: &Rule, conversion: ConversionName, target: &Schema) {
        let Some(pattern) = target.pattern.as_deref().and_then(|it| regex_lite::Regex::new(it).ok()) else {
            return;
        };
        let made = made(conversion);
        if let Some(sample) = made.first().filter(|_| !made.iter().any(|sample| pattern.is_match(sample))) {
            let problem = format!(
                "{} makes such as {sample:?}, and {} has the pattern {pattern}",
                name(conversion),
                self.file.to
            );
            let mend = "give the rule another `as`, or mend the pattern";
            self.find(FindingKind::ValueNotAllowed, &rule.to, &rule.to, problem, mend);
        }
    }
}

/// The first of the forms, where not one of them may come.
fn none(schema: &Schema, mut forms: Forms) -> Option<String> {
    let pattern = schema.pattern.as_deref().and_then(|it| regex_lite::Regex::new(it).ok());
    let (least, most) = (schema.min_length.unwrap_or(0), schema.max_length.unwrap_or(u64::MAX));
    let may_come = |text: &str| {
        let length = u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
        (least..=most).contains(&length) && pattern.as_ref().is_none_or(|pattern| pattern.is_match(text))
    };
    let first = forms.next()?;
    (!may_come(&first) && !forms.any(|form| may_come(&form))).then_some(first)
}

/// All that a conversion takes, or numbers and times of every usual length; of what it takes in any form, none.
fn taken(rule: &Rule, compiled: Option<&Conversion>, schema: &Schema) -> Forms {
    use ConversionName as As;
    match rule.conversion {
        As::Country => letters(2),
        As::Currency => letters(3),
        As::Integer => numbers(0),
        As::Decimal | As::Unit | As::Money => numbers(6),
        As::Boolean => {
            let texts = [&rule.yes, &rule.no].into_iter().flatten().flatten().cloned();
            Box::new(texts.collect::<Vec<_>>().into_iter())
        }
        As::Instant | As::Date => match compiled {
            Some(Conversion::Instant(formats) | Conversion::Date(formats)) => {
                let date = rule.conversion == As::Date;
                Box::new(formats.clone().into_iter().flat_map(move |format| written(&format, date)))
            }
            _ => Box::new(std::iter::empty()),
        },
        // Which domains there are a pattern that names the sign knows better.
        As::Email if !schema.pattern.as_deref().is_some_and(|it| it.contains('@')) => {
            Box::new(made(As::Email).iter().map(|it| (*it).to_owned()))
        }
        As::Email | As::String | As::Id | As::Subdivision | As::Amount | As::MinorMoney | As::Minor => {
            Box::new(std::iter::empty())
        }
    }
}

/// So many capital letters; a currency that everybody knows is the first.
fn letters(count: usize) -> Forms {
    let first = if count == 2 { "DE" } else { "EUR" };
    let mut all: Forms = Box::new(std::iter::once(String::new()));
    for _ in 0..count {
        all = Box::new(all.flat_map(|text| ('A'..='Z').map(move |letter| format!("{text}{letter}"))));
    }
    Box::new(std::iter::once(first.to_owned()).chain(all))
}

/// Of up to 18 digits and so many behind the point.
fn numbers(fraction: usize) -> Forms {
    let digits = |text: &'static str, most: usize| (0..=most).filter_map(move |count| text.get(..count));
    let whole = move || digits("190000000000000000", 18).chain(digits("000000000000000000", 18));
    let numbers = whole().filter(|whole| !whole.is_empty()).flat_map(move |whole| {
        digits("250000", fraction).chain(digits("000000", fraction)).flat_map(move |behind| {
            let point = if behind.is_empty() { "" } else { "." };
            ["", "-"].map(|sign| format!("{sign}{whole}{point}{behind}"))
        })
    });
    let first = if fraction == 0 { "7" } else { "19.90" };
    Box::new(std::iter::once(first.to_owned()).chain(numbers))
}

/// Of what a conversion makes in one form.
const fn made(conversion: ConversionName) -> &'static [&'static str] {
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
