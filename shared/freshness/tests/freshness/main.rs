//! When a flow's silence is unusual: by what is declared, by what is learned, whatever the clocks do, and over a simulated year.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail by panicking")]

mod declared;
mod learned;
mod properties;
mod year;

use freshness::{Cadence, Freshness, History, freshness};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{SignedDuration, Timestamp};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn cadence(json: &str) -> Cadence {
    Cadence::parse(json).unwrap()
}

fn zone(name: &str) -> TimeZone {
    TimeZoneDatabase::bundled().get(name).unwrap()
}

/// Of a flow that has been watched for long.
fn silence(cadence: &Cadence, history: &History, last: Timestamp, now: Timestamp) -> Freshness {
    freshness(cadence, history, Some(last), Timestamp::UNIX_EPOCH, now)
}

/// So many weeks of hours before a moment, each with what `arrivals` says of it: by the place of its week (0 the newest), and its start.
fn history(weeks: i64, before: Timestamp, arrivals: impl Fn(i64, Timestamp) -> f64) -> History {
    let hours = weeks * 7 * 24;
    History::of((1..=hours).map(|hour| {
        let start = before - SignedDuration::from_hours(hour);
        (start, arrivals((hour - 1) / (7 * 24), start))
    }))
}
