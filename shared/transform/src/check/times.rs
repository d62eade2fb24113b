//! Patterns of times are tried: one that never fits would make every message a dead letter.

use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, date};
use jiff::tz::Offset;

use super::{Checker, FindingKind};
use crate::engine::TimeFormat;
use crate::mapping::file::{ConversionName, Rule};

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
    }
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
