//! Formats of times are tried: a pattern that never fits would make every message a dead letter, and one that reads what another
//! one writes would make wrong times.

use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, date};
use jiff::tz::Offset;

use super::{Checker, FindingKind};
use crate::contract::Schema;
use crate::engine::{TimeFormat, parse_offset};
use crate::mapping::file::{ConversionName, Rule};
use crate::mapping::path::Place;

impl Checker<'_> {
    pub(super) fn times(&mut self, rule: &Rule) {
        let date = rule.conversion == ConversionName::Date;
        if !date && rule.conversion != ConversionName::Instant {
            return;
        }
        for format in &rule.formats {
            let refused = match format.as_str() {
                "rfc3339" => None,
                "rfc2822" | "unix-seconds" | "unix-milliseconds" => date.then_some((
                    "is a format of times, and which day a time is depends on where one is",
                    "read it as `instant`",
                )),
                pattern => tried(pattern, date, rule.offset.is_some()),
            };
            if let Some((problem, mend)) = refused {
                let problem = format!("{format:?} {problem}");
                self.find(FindingKind::TypeMismatch, &rule.to, &rule.to, problem, mend);
            }
        }
        self.told_apart(rule);
    }

    /// The first format that fits is taken, whichever version of the source a message is of.
    fn told_apart(&mut self, rule: &Rule) {
        let names: Vec<_> = rule.formats.iter().map(String::as_str).collect();
        let Some((earlier, later)) = misread(rule, &names) else { return };
        let problem = format!(
            "{earlier:?} and {later:?} read the same text differently, and the first that fits is taken"
        );
        let others = names.iter().filter(|name| **name != later);
        let order: Vec<_> = std::iter::once(&later).chain(others).copied().collect();
        let mend = if misread(rule, &order).is_none() {
            format!("put {later:?} before {earlier:?}")
        } else {
            format!(
                "take one of them out; where both come, make a mapping of its own for each version of {}",
                self.file.from
            )
        };
        self.find(FindingKind::TypeMismatch, &rule.to, &rule.to, problem, mend);
    }

    /// The contract's format of a time is one that the rule reads.
    pub(super) fn format(&mut self, rule: &Rule, place: &Place, at: &str, schema: &Schema) {
        let rule_reads = |wanted: &str| {
            if rule.formats.is_empty() {
                wanted == "rfc3339" && rule.conversion == ConversionName::Instant
            } else {
                rule.formats.iter().any(|it| it == wanted)
            }
        };
        let wanted = match (rule.conversion, schema.format.as_deref()) {
            (ConversionName::Instant | ConversionName::Date, Some("date-time")) => "rfc3339".to_owned(),
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
            let a_time = matches!(wanted.as_str(), "rfc3339" | "rfc2822") || wanted.starts_with("unix-");
            let mend = if rule.conversion == ConversionName::Date && a_time {
                "read it as `instant`: which day a time is depends on where one is".to_owned()
            } else {
                self.read_too(rule, &wanted)
            };
            self.find(FindingKind::TypeMismatch, &rule.to, place, problem, mend);
        }
    }

    /// What makes a rule read one format more.
    fn read_too(&self, rule: &Rule, wanted: &str) -> String {
        let old = || rule.formats.iter().map(String::as_str);
        if misread(rule, &old().chain([wanted]).collect::<Vec<_>>()).is_none() {
            format!("add {wanted:?} to `formats`, and keep the old one while messages of it are in flight")
        } else if misread(rule, &std::iter::once(wanted).chain(old()).collect::<Vec<_>>()).is_none() {
            format!(
                "put {wanted:?} before the others in `formats`, and keep those while messages of them are in flight"
            )
        } else {
            let from = &self.file.from;
            format!(
                "say {wanted:?} instead of the old one once no message of that is in flight, as both read the same text \
                 differently; where both come, make a mapping of its own for each version of {from}"
            )
        }
    }
}

/// Two formats of which the first reads what is written in the second as another time.
fn misread<'n>(rule: &Rule, names: &[&'n str]) -> Option<(&'n str, &'n str)> {
    let date = rule.conversion == ConversionName::Date;
    let offset = rule.offset.as_deref().and_then(parse_offset);
    let format = |name: &&'n str| Some((*name, TimeFormat::parse(name, offset)?));
    let formats: Vec<_> = names.iter().filter_map(format).collect();
    let read = |format: &TimeFormat, text: &str| {
        if date {
            format.date(text).map(|date| date.to_string())
        } else {
            format.instant(text, None).map(|time| time.to_string())
        }
    };
    formats.iter().enumerate().find_map(|(index, (later, format))| {
        written(format, date).iter().find_map(|text| {
            let wanted = read(format, text)?;
            let mut earlier = formats.iter().take(index);
            let (first, came) = earlier.find_map(|(name, it)| Some((*name, read(it, text)?)))?;
            (came != wanted).then_some((first, *later))
        })
    })
}

/// Days and months that may be taken for each other, and such as may not; mornings and evenings.
const SAMPLES: [DateTime; 4] = [
    date(2026, 3, 4).at(5, 6, 7, 0),
    date(2026, 11, 5).at(21, 15, 0, 0),
    date(2026, 11, 24).at(9, 15, 30, 0),
    date(2001, 2, 3).at(4, 5, 6, 0),
];

/// Some times, as texts in the format are; of RFC 3339 in each of its usual forms.
pub(super) fn written(format: &TimeFormat, as_date: bool) -> Vec<String> {
    let times = SAMPLES.into_iter();
    match format {
        _ if as_date && !matches!(format, TimeFormat::Pattern(..)) => {
            times.map(|time| time.date().to_string()).collect()
        }
        TimeFormat::Rfc3339 => times.flat_map(|time| rfc3339(&time)).collect(),
        format => times.filter_map(|time| in_format(format, time)).collect(),
    }
}

fn in_format(format: &TimeFormat, local: DateTime) -> Option<String> {
    let time = Offset::UTC.to_timestamp(local).ok()?;
    let mut text = String::new();
    match format {
        TimeFormat::Rfc3339 => text = time.to_string(),
        TimeFormat::UnixSeconds => text = time.as_second().to_string(),
        TimeFormat::UnixMilliseconds => text = time.as_millisecond().to_string(),
        TimeFormat::Rfc2822 => write!(text, "{}", time.strftime("%a, %d %b %Y %H:%M:%S %z")).ok()?,
        // One that the rule says the offset of names none.
        TimeFormat::Pattern(pattern, _) => write!(text, "{}", time.strftime(pattern)).ok()?,
    }
    Some(text)
}

fn rfc3339(local: &DateTime) -> Vec<String> {
    let fractions = (0..=9).filter_map(|digits| "250000000".get(..digits));
    let fractions =
        fractions.map(|digits| if digits.is_empty() { String::new() } else { format!(".{digits}") });
    let offsets = ["Z", "+00:00", "+01:00", "-05:00"];
    fractions
        .flat_map(|fraction| {
            ["T", " "].into_iter().flat_map(move |between| {
                let time = local.strftime(&format!("%Y-%m-%d{between}%H:%M:%S")).to_string();
                let fraction = fraction.clone();
                offsets.map(move |offset| format!("{time}{fraction}{offset}"))
            })
        })
        .collect()
}

/// A time that is written with the pattern has to be read with it.
fn tried(pattern: &str, as_date: bool, offset: bool) -> Option<(&'static str, &'static str)> {
    let unknown = Some(("is no pattern that times can be read with", "see strptime of the crate jiff"));
    let local = date(2026, 11, 24).at(21, 15, 0, 0);
    let Ok(time) = Offset::UTC.to_timestamp(local) else { return unknown };
    let mut text = String::new();
    if write!(text, "{}", time.strftime(pattern)).is_err() {
        return unknown;
    }
    if as_date {
        let read = Date::strptime(pattern, &text).is_ok_and(|read| read == local.date());
        return if read { None } else { unknown };
    }
    if Timestamp::strptime(pattern, &text).is_ok_and(|read| read == time) {
        return None;
    }
    // A day alone is its first moment.
    let midnight = local.date().at(0, 0, 0, 0);
    match DateTime::strptime(pattern, &text).is_ok_and(|read| read == local || read == midnight) {
        true if offset => None,
        true => Some(("names no offset, and the rule says none", "say `offset`, or read %z in the pattern")),
        false => unknown,
    }
}
