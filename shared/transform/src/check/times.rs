//! Patterns of times are tried: one that never fits would make every message a dead letter.

use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, date};
use jiff::tz::Offset;

use super::{Checker, FindingKind};
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
