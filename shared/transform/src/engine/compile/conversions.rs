//! What `as` says, and what stands beside it.

use super::{Compiled, Compiler};
use crate::engine::convert::Conversion;
use crate::engine::counts::Counts;
use crate::engine::pattern::Pattern;
use crate::engine::times::{TimeFormat, parse_offset};
use crate::mapping::file::{ConversionName, Rule as RuleText};

impl Compiler<'_> {
    pub(super) fn conversion(&self, text: &RuleText) -> Compiled<Conversion> {
        let wrong = |problem: String| self.wrong(&text.to, problem);
        let needs = |what: &str, is: bool| {
            if is { Ok(()) } else { Err(self.wrong(&text.to, format!("{what} is needed"))) }
        };
        let counts = || Counts::of(&text.exponents).map_err(wrong);
        Ok(match text.conversion {
            ConversionName::String => Conversion::String {
                pattern: match &text.pattern {
                    None => None,
                    Some(pattern) => {
                        let parsed = Pattern::parse(pattern).map_err(|error| wrong(error.to_string()))?;
                        let expected =
                            text.expected.clone().unwrap_or_else(|| format!("text like {pattern}"));
                        Some((parsed, expected.into()))
                    }
                },
            },
            ConversionName::Id => Conversion::Id,
            ConversionName::Integer => Conversion::Integer,
            ConversionName::Decimal => Conversion::Decimal,
            ConversionName::Money => {
                needs("`currency`", text.currency.is_some())?;
                Conversion::Money
            }
            ConversionName::MinorMoney => {
                needs("`currency`", text.currency.is_some())?;
                Conversion::MinorMoney(counts()?)
            }
            ConversionName::Minor => {
                needs("`currency`", text.currency.is_some())?;
                Conversion::Minor(counts()?)
            }
            ConversionName::Amount => {
                needs("`currency`", text.currency.is_some())?;
                Conversion::Amount(counts()?)
            }
            ConversionName::Instant => Conversion::Instant(self.formats(text)?),
            ConversionName::Date => Conversion::Date(self.formats(text)?),
            ConversionName::Country => Conversion::Country,
            ConversionName::Subdivision => Conversion::Subdivision,
            ConversionName::Currency => Conversion::Currency,
            ConversionName::Boolean => Conversion::Boolean {
                yes: text.yes.clone().unwrap_or_default(),
                no: text.no.clone().unwrap_or_default(),
            },
            ConversionName::Email => Conversion::Email,
            ConversionName::Unit => {
                let unit = text.unit.as_deref().unwrap_or_default();
                let (times, by) = unit
                    .split_once("->")
                    .and_then(|(from, to)| factor(from.trim(), to.trim()))
                    .ok_or_else(|| {
                        wrong(format!("unit {unit:?}: expected two units of one kind, such as \"g -> kg\""))
                    })?;
                Conversion::Unit(times, by)
            }
        })
    }

    fn formats(&self, text: &RuleText) -> Compiled<Vec<TimeFormat>> {
        let offset = match &text.offset {
            None => None,
            Some(offset) => Some(parse_offset(offset).ok_or_else(|| {
                self.wrong(&text.to, format!("offset {offset:?}: expected one such as \"+01:00\""))
            })?),
        };
        let format = |name: &String| {
            TimeFormat::parse(name, offset)
                .ok_or_else(|| self.wrong(&text.to, format!("{name:?} is no format of times")))
        };
        if text.formats.is_empty() {
            return Ok(vec![TimeFormat::Rfc3339]);
        }
        text.formats.iter().map(format).collect()
    }
}

/// Times, by: within mass, and within length.
fn factor(from: &str, to: &str) -> Option<(i128, i128)> {
    const MASS: &[(&str, i128)] = &[("mg", 1), ("g", 1_000), ("kg", 1_000_000), ("t", 1_000_000_000)];
    const MASS_US: &[(&str, i128)] = &[("oz", 1), ("lb", 16)];
    const LENGTH: &[(&str, i128)] = &[("mm", 1), ("cm", 10), ("m", 1_000)];
    const LENGTH_US: &[(&str, i128)] = &[("in", 1), ("ft", 12)];
    const TIME: &[(&str, i128)] = &[("s", 1), ("min", 60), ("h", 3_600)];
    [MASS, MASS_US, LENGTH, LENGTH_US, TIME].iter().find_map(|kind| {
        let of = |unit: &str| kind.iter().find(|(name, _)| *name == unit).map(|(_, size)| *size);
        Some((of(from)?, of(to)?))
    })
}
