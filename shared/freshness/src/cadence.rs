use std::collections::BTreeSet;

use jiff::SignedDuration;
use jiff::civil::Date;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use serde_json::{Map, Value};
use settings::Problem;

use super::calendar::Calendar;
use super::hours::Hours;

/// A source that is silent for longer than this is not watched by its silence.
const LONGEST_CADENCE: u32 = 31 * 24 * 60 * 60;
const SHORTEST_CADENCE: u32 = 60;
/// A year's worth of them, and no more than a day is looked up in.
const MOST_HOLIDAYS: usize = 366;
/// With arrivals that know nothing of each other, e^-30 of all gaps between two are as long as thirty of them. Real ones come in
/// clumps, an order with its payment and its change: where three come at a time that is e^-10, a gap in 22,000, of which the hours
/// that count only whole leave out the most (`baseline`). Below it a page would be a matter of chance, above it one of patience.
const MISSED_LEAST: u32 = 30;

/// What is expected of a flow's input.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cadence {
    /// Longest time between two arrivals, in open time. `None`: only what is learned.
    pub(super) every: Option<SignedDuration>,
    /// So many expected arrivals that did not come are as unusual as may be.
    pub(super) missed_least: u32,
    pub(super) calendar: Calendar,
}

impl Cadence {
    /// `{"every_seconds": 3600, "time_zone": "Europe/Berlin", "hours": "Mon-Fri 08:00-18:00", "holidays": ["2026-12-25"],
    /// "missed_least": 30}`. Each may be left out: nothing declared, UTC, always open, none, and the default.
    pub fn parse(text: &str) -> Result<Self, Vec<Problem>> {
        let fields: Map<String, Value> = serde_json::from_str(text).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            vec![Problem::whole(format!("not a JSON object (line {line}, column {column})"))]
        })?;
        Self::read(fields)
    }

    /// As [`Cadence::parse`], of what stands in a larger document.
    pub fn read(fields: Map<String, Value>) -> Result<Self, Vec<Problem>> {
        let mut reader = Reader { fields, problems: Vec::new() };
        let every = reader.number("every_seconds", 0, SHORTEST_CADENCE, LONGEST_CADENCE);
        let missed_least = reader.number("missed_least", MISSED_LEAST, 1, 1_000_000);
        let calendar = Calendar { zone: reader.zone(), hours: reader.hours(), holidays: reader.holidays() };
        // Or the silence of years would not be long enough.
        let open_a_year = u64::from(calendar.hours.minutes_a_week()) * 60 * 52;
        if u64::from(every) > open_a_year {
            reader.problem("every_seconds", "must be no more than is open in a year");
        }
        for field in reader.fields.keys() {
            reader.problems.push(Problem::whole(format!("unknown field {field}")));
        }
        if !reader.problems.is_empty() {
            return Err(reader.problems);
        }
        let every = (every > 0).then(|| SignedDuration::from_secs(i64::from(every)));
        Ok(Self { every, missed_least, calendar })
    }
}

/// Takes field by field and remembers all that is wrong.
struct Reader {
    fields: Map<String, Value>,
    problems: Vec<Problem>,
}

impl Reader {
    fn problem(&mut self, field: &str, problem: impl Into<String>) {
        self.problems.push(Problem { path: format!(".{field}"), problem: problem.into() });
    }

    /// What is left out, and what is said in its stead, is `default`.
    fn number(&mut self, field: &str, default: u32, least: u32, most: u32) -> u32 {
        let Some(value) = self.fields.remove(field) else { return default };
        let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
        match number.filter(|number| *number == default || (least..=most).contains(number)) {
            Some(number) => number,
            None => {
                let none = if default == 0 { "0, or " } else { "" };
                self.problem(field, format!("must be {none}a whole number from {least} to {most}"));
                default
            }
        }
    }

    fn zone(&mut self) -> TimeZone {
        let zone = match self.fields.remove("time_zone") {
            None => Some(TimeZone::UTC),
            Some(Value::String(name)) => TimeZoneDatabase::bundled().get(&name).ok(),
            Some(_) => None,
        };
        zone.unwrap_or_else(|| {
            self.problem("time_zone", "must be the name of a time zone, such as Europe/Berlin");
            TimeZone::UTC
        })
    }

    fn hours(&mut self) -> Hours {
        let hours = match self.fields.remove("hours") {
            None => Ok(Hours::always()),
            Some(Value::String(text)) => Hours::parse(&text),
            Some(_) => Err(vec![Problem::whole("must be a text")]),
        };
        hours.unwrap_or_else(|problems| {
            for Problem { path, problem } in problems {
                self.problem(&format!("hours{path}"), problem);
            }
            Hours::always()
        })
    }

    fn holidays(&mut self) -> BTreeSet<Date> {
        let dates = match self.fields.remove("holidays") {
            None => Vec::new(),
            Some(Value::Array(dates)) if dates.len() <= MOST_HOLIDAYS => dates,
            Some(_) => {
                self.problem("holidays", format!("must be an array of at most {MOST_HOLIDAYS} dates"));
                return BTreeSet::new();
            }
        };
        let mut holidays = BTreeSet::new();
        for (place, date) in dates.iter().enumerate() {
            // jiff reads a date's time as well, which says nothing here.
            let date = date.as_str().filter(|text| text.len() == "2026-12-25".len());
            match date.and_then(|text| text.parse().ok()) {
                Some(date) => {
                    holidays.insert(date);
                }
                None => self.problem(&format!("holidays[{place}]"), "must be a date, such as 2026-12-25"),
            }
        }
        holidays
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<String> {
        let problems = Cadence::parse(text).unwrap_err();
        problems.into_iter().map(|Problem { path, problem }| format!("{path}: {problem}")).collect()
    }

    #[test]
    fn what_is_left_out_declares_nothing() {
        let cadence = Cadence::parse("{}").unwrap();
        assert_eq!((cadence.every, cadence.missed_least), (None, MISSED_LEAST));
        assert_eq!(cadence.calendar.zone, TimeZone::UTC);
        assert_eq!(cadence.calendar.hours, Hours::always());
        assert_eq!(Cadence::parse(r#"{"every_seconds": 0, "hours": "", "holidays": []}"#), Ok(cadence));
    }

    #[test]
    fn a_cadence_is_read_whole() {
        let cadence = Cadence::parse(
            r#"{"every_seconds": 3600, "time_zone": "Europe/Berlin", "hours": "Mon-Fri 08:00-18:00",
                "holidays": ["2026-12-25", "2026-12-26"], "missed_least": 20}"#,
        )
        .unwrap();
        assert_eq!((cadence.every, cadence.missed_least), (Some(SignedDuration::from_hours(1)), 20));
        assert_eq!(cadence.calendar.zone.iana_name(), Some("Europe/Berlin"));
        assert_eq!(cadence.calendar.hours.minutes_a_week(), 3000);
        assert_eq!(cadence.calendar.holidays.len(), 2);
    }

    #[test]
    fn all_that_is_wrong_is_told_at_once_and_no_value() {
        let text = r#"{"every_seconds": 59, "missed_least": 0, "time_zone": "Europe/Canary", "colour": 1,
            "hours": "Mon 08:00-09:00, canary", "holidays": ["2026-02-29", 3, "2026-12-25T00:00:00"]}"#;
        assert_eq!(
            problems(text),
            [
                ".every_seconds: must be 0, or a whole number from 60 to 2678400",
                ".missed_least: must be a whole number from 1 to 1000000",
                ".time_zone: must be the name of a time zone, such as Europe/Berlin",
                ".hours[1]: must be <days> <from>-<to>, such as Mon-Fri 08:00-18:00",
                ".holidays[0]: must be a date, such as 2026-12-25",
                ".holidays[1]: must be a date, such as 2026-12-25",
                ".holidays[2]: must be a date, such as 2026-12-25",
                ": unknown field colour",
            ]
        );
        assert_eq!(problems("[]"), [": not a JSON object (line 1, column 0)"]);
        let types = r#"{"every_seconds": "60", "time_zone": 1, "hours": 8, "holidays": "2026-12-25"}"#;
        assert_eq!(problems(types).len(), 4);
    }

    #[test]
    fn a_cadence_that_hours_never_fill_is_refused() {
        let minutes = |every: u32| format!(r#"{{"every_seconds": {every}, "hours": "Mon 08:00-08:01"}}"#);
        assert!(Cadence::parse(&minutes(52 * 60)).is_ok());
        let refused = [".every_seconds: must be no more than is open in a year"];
        assert_eq!(problems(&minutes(52 * 60 + 1)), refused);
    }
}
