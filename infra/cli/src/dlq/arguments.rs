//! What several commands are asked with. All of it is checked before anything is asked of AWS.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};
use review::{Filter, Limits};
use serde_json::Value;

use crate::deployment::Stack;
use crate::input;

/// Where letters are looked for, and for how long a look may hide them.
#[derive(Args)]
pub(crate) struct Scope {
    #[command(flatten)]
    pub(crate) stack: Stack,
    /// Of this flow alone, such as orders-to-inventory; may be said several times.
    #[arg(long = "flow", value_name = "FLOW")]
    pub(crate) flows: Vec<String>,
    #[command(flatten)]
    pub(crate) hidden: Hidden,
}

#[derive(Args)]
pub(crate) struct Hidden {
    /// A look hides letters from others until it ends; one that dies hides them for so many seconds, longer on a large queue.
    #[arg(long = "hidden-seconds", value_name = "SECONDS", default_value_t = 60,
          value_parser = clap::value_parser!(u64).range(10..=900))]
    seconds: u64,
}

impl Hidden {
    pub(crate) fn limits(&self) -> Limits {
        Limits { hidden: Duration::from_secs(self.seconds), ..Limits::default() }
    }
}

#[derive(Args)]
pub(crate) struct Why {
    /// For whoever reads the audit.
    #[arg(long, value_parser = reason)]
    pub(crate) reason: String,
}

pub(super) fn reason(text: &str) -> Result<String, String> {
    review::reason(text).map_err(|error| error.to_string())
}

/// What mappings read as `@settings`.
#[derive(Args, Default)]
pub(crate) struct Settings {
    /// What a mapping reads as @settings, as JSON; without it a mapping that reads settings is not asked. May be said several times.
    #[arg(long = "settings", value_name = "MAPPING=FILE", value_parser = setting)]
    files: Vec<(String, PathBuf)>,
}

impl Settings {
    pub(crate) fn read(&self) -> Result<HashMap<String, Value>> {
        self.files.iter().map(|(mapping, file)| Ok((mapping.clone(), input::json(file)?))).collect()
    }
}

fn setting(text: &str) -> Result<(String, PathBuf), String> {
    let said = text.split_once('=').filter(|(mapping, file)| !mapping.is_empty() && !file.is_empty());
    let (mapping, file) = said.ok_or("expected MAPPING=FILE, such as karrio-shipment=shipping.json")?;
    Ok((mapping.to_owned(), PathBuf::from(file)))
}

/// Which letters are meant: those of which all is true that is said. Of several codes, groups or ids one.
#[derive(Args, Default)]
pub(crate) struct Which {
    /// That were refused with this code, SPW2001 say; none: those that SQS moved by itself.
    #[arg(long = "code", value_name = "CODE", value_parser = code)]
    codes: Vec<String>,
    /// Of this group, as `spillway dlq list` shows it.
    #[arg(long = "group", value_name = "GROUP", value_parser = group)]
    pub(super) groups: Vec<String>,
    /// That failed at this path, with [] for any item of a list: $.lines[].sku.
    #[arg(long, value_name = "PATH")]
    path: Option<String>,
    /// Whose id begins so; six characters at least.
    #[arg(long = "id", value_name = "ID", value_parser = id)]
    ids: Vec<String>,
    /// Whose ids stand in this file, one a line; - for standard input.
    #[arg(long = "ids", value_name = "FILE")]
    ids_file: Option<PathBuf>,
    /// That have been dead letters for so long at least: 2h, 3d.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    older_than: Option<SignedDuration>,
    /// That have been dead letters for less.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    younger_than: Option<SignedDuration>,
    /// A condition in the Common Expression Language over envelope, body and letter: body.total > 100.0 && letter.attempts > 3.
    #[arg(long = "where", value_name = "CEL", value_parser = condition)]
    condition: Option<String>,
}

impl Which {
    /// `ids`: those that are said without `--id`.
    pub(crate) fn filter(&self, ids: &[String]) -> Result<Filter> {
        let mut all = [ids, &self.ids].concat();
        if let Some(file) = &self.ids_file {
            let text = input::text(file)?;
            let before = all.len();
            all.extend(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned));
            // No id would mean every letter.
            anyhow::ensure!(all.len() > before, "{}: no id stands there", file.display());
        }
        Filter::default()
            .codes(self.codes.clone())
            .groups(self.groups.clone())
            .path(self.path.clone())
            .ids(all)?
            .older_than(self.older_than)
            .younger_than(self.younger_than)
            .condition(self.condition.as_deref())
            .context("--where")
    }
}

pub(super) fn id(text: &str) -> Result<String, String> {
    Filter::default().ids([text]).map_err(|error| error.to_string())?;
    Ok(text.to_owned())
}

fn code(text: &str) -> Result<String, String> {
    let digits =
        text.strip_prefix("SPW").is_some_and(|it| it.len() == 4 && it.bytes().all(|c| c.is_ascii_digit()));
    (digits || text == "none")
        .then(|| text.to_owned())
        .ok_or("expected a code such as SPW2001, or none".to_owned())
}

/// As it is shown: twelve hexadecimal digits.
pub(super) fn group(text: &str) -> Result<String, String> {
    let is_one = text.len() == 12 && text.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'));
    is_one
        .then(|| text.to_owned())
        .ok_or("expected the twelve digits that `spillway dlq list` shows".to_owned())
}

fn condition(text: &str) -> Result<String, String> {
    Filter::default().condition(Some(text)).map_err(|error| error.to_string())?;
    Ok(text.to_owned())
}

/// A day has 24 hours here.
fn duration(text: &str) -> Result<SignedDuration, String> {
    let span: Result<Span, _> = text.parse();
    let time = span.and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()));
    let time = time.ok().filter(SignedDuration::is_positive);
    time.ok_or_else(|| "expected a time such as 30m, 2h or 3d".to_owned())
}

/// RFC 3339, or a date: until its end, UTC.
pub(super) fn until(text: &str) -> Result<Timestamp, String> {
    let of_date = || {
        let next = text.parse::<Date>().ok()?.tomorrow().ok()?;
        TimeZone::UTC.to_timestamp(next.to_datetime(Time::midnight())).ok()
    };
    let found = text.parse().ok().or_else(of_date);
    found.ok_or_else(|| {
        "expected a date such as 2026-12-01, or a time such as 2026-12-01T09:00:00Z".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_said_as_people_say_them() {
        let hours = |hours| Ok(SignedDuration::from_hours(hours));
        for (text, time) in
            [("2h", hours(2)), ("3d", hours(72)), ("1 week", hours(168)), ("1d 12h", hours(36))]
        {
            assert_eq!(duration(text), time, "{text}");
        }
        for text in ["", "2", "-2h", "0s", "1 month", "soon"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_date_lasts_until_its_end() {
        assert_eq!(until("2026-12-01"), Ok("2026-12-02T00:00:00Z".parse().unwrap()));
        assert_eq!(until("2026-12-01T09:00:00+01:00"), Ok("2026-12-01T08:00:00Z".parse().unwrap()));
        assert!(until("tomorrow").is_err());
    }

    #[test]
    fn what_is_misspelt_is_no_filter_that_means_nothing() {
        assert!(code("SPW2001").is_ok() && code("none").is_ok());
        for text in ["spw2001", "SPW20", "2001", ""] {
            assert!(code(text).is_err(), "{text}");
        }
        assert!(group("0123456789ab").is_ok() && group("0123456789AB").is_err() && group("0123").is_err());
        assert!(id("abcdef").is_ok() && id("abcde").is_err());
        assert!(setting("a=b").is_ok() && setting("=b").is_err() && setting("a").is_err());
    }

    #[test]
    fn ids_stand_in_a_file_and_an_empty_one_does_not_mean_every_letter() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let which = Which { ids_file: Some(file.path().to_owned()), ..Which::default() };
        assert!(which.filter(&[]).unwrap_err().to_string().contains("no id stands there"));
        std::fs::write(file.path(), "abcdef\n\n 123456 \n").unwrap();
        assert_eq!(which.filter(&[]).unwrap().to_string(), "id abcdef, 123456");
    }
}
