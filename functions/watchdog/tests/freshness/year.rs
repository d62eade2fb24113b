//! A year of a source that is well, with the rhythm of a day and a week; and of stops at any time. Arrivals know nothing of each other.

use jiff::{SignedDuration, Timestamp};
use watchdog::freshness::{Cadence, History};

use super::{at, cadence, silence, zone};

const BEGINS: &str = "2026-01-01T00:00+01:00";
/// The schedule of the function.
const EVERY_SECONDS: i64 = 300;
const WEEKS_ASKED_FOR: i64 = 13;
const STOPS: usize = 60;

/// Arrivals an hour by day and by night, and what part of them comes at the weekend.
struct Source {
    name: &'static str,
    day: f64,
    night: f64,
    weekend: f64,
    cadence: &'static str,
    /// Within so many hours, for the median and the worst of all stops; in open time.
    told_within: (f64, f64),
}

const SOURCES: [Source; 4] = [
    Source {
        name: "busy, nothing declared",
        day: 120.0,
        night: 10.0,
        weekend: 0.5,
        cadence: r#"{"time_zone": "Europe/Berlin"}"#,
        told_within: (3.0, 11.0),
    },
    Source {
        name: "quiet, nothing declared",
        day: 8.0,
        night: 1.0,
        weekend: 0.4,
        cadence: r#"{"time_zone": "Europe/Berlin"}"#,
        told_within: (12.0, 40.0),
    },
    Source {
        name: "office, hours declared",
        day: 20.0,
        night: 0.0,
        weekend: 0.0,
        cadence: r#"{"time_zone": "Europe/Berlin", "hours": "Mon-Fri 08:00-18:00"}"#,
        told_within: (4.0, 6.0),
    },
    Source {
        name: "office, an hour declared",
        day: 20.0,
        night: 0.0,
        weekend: 0.0,
        cadence: r#"{"time_zone": "Europe/Berlin", "hours": "Mon-Fri 08:00-18:00", "every_seconds": 3600}"#,
        told_within: (1.1, 1.1),
    },
];

/// What has arrived in a year, in order.
fn arrivals(source: &Source, random: &mut fastrand::Rng) -> Vec<Timestamp> {
    let berlin = zone("Europe/Berlin");
    let mut arrivals = Vec::new();
    for hour in 0..365 * 24 {
        let start = at(BEGINS) + SignedDuration::from_hours(hour);
        let local = berlin.to_datetime(start);
        let rate = if (8..18).contains(&local.hour()) { source.day } else { source.night };
        let weekend = local.weekday().to_monday_zero_offset() >= 5;
        let rate = if weekend { rate * source.weekend } else { rate };
        let mut seconds = wait(rate, random);
        while seconds < 3600.0 {
            arrivals.push(start + SignedDuration::from_secs_f64(seconds));
            seconds += wait(rate, random);
        }
    }
    arrivals
}

/// Seconds until the next arrival, at so many an hour.
fn wait(rate: f64, random: &mut fastrand::Rng) -> f64 {
    -3600.0 * (1.0 - random.f64()).ln() / rate
}

/// As CloudWatch would have it at a time.
fn history(arrivals: &[Timestamp], now: Timestamp) -> History {
    let begins = now - SignedDuration::from_hours(WEEKS_ASKED_FOR * 168);
    let (from, to) = (before(arrivals, begins), before(arrivals, now));
    History::of(arrivals[from..to].iter().map(|arrival| (*arrival, 1.0)))
}

/// How many arrived before a time.
fn before(arrivals: &[Timestamp], time: Timestamp) -> usize {
    arrivals.partition_point(|arrival| *arrival < time)
}

#[test]
fn a_source_that_is_well_never_rings() {
    for source in &SOURCES {
        let cadence = cadence(source.cadence);
        let arrivals = arrivals(source, &mut fastrand::Rng::with_seed(2026));
        let mut worst: (f64, Option<Timestamp>) = (0.0, None);
        let mut looked_at = 0;
        // A silence only grows: the end of each is its worst. A short one is below every cadence here, and reaches beyond no hour.
        for pair in
            arrivals.windows(2).filter(|pair| pair[1].duration_since(pair[0]) > SignedDuration::from_mins(55))
        {
            looked_at += 1;
            let freshness = silence(&cadence, &history(&arrivals, pair[1]), pair[0], pair[1]);
            if freshness.silence_percent > worst.0 {
                worst = (freshness.silence_percent, Some(pair[0]));
            }
        }
        println!(
            "{}: {} arrivals, {looked_at} long silences, the worst {worst:.0?} %",
            source.name,
            arrivals.len()
        );
        assert!(worst.0 < 100.0, "{}: {worst:?}", source.name);
    }
}

#[test]
fn a_stop_at_any_time_is_told_within_hours_that_are_open() {
    for source in &SOURCES {
        let cadence = cadence(source.cadence);
        let mut random = fastrand::Rng::with_seed(1015);
        let arrivals = arrivals(source, &mut random);
        let mut told: Vec<f64> = (0..STOPS)
            .map(|_| {
                // Once there is something to learn from.
                let stop = at(BEGINS) + SignedDuration::from_secs(random.i64(40 * 86_400..360 * 86_400));
                told_after(&cadence, &arrivals[..before(&arrivals, stop)], stop)
            })
            .collect();
        told.sort_unstable_by(f64::total_cmp);
        let (median, worst) = (told[STOPS / 2], told[STOPS - 1]);
        println!(
            "{}: {STOPS} stops, told after {median:.1} open hours (median), {worst:.1} (worst)",
            source.name
        );
        let within = source.told_within;
        assert!(median <= within.0 && worst <= within.1, "{}: {median} {worst}", source.name);
    }
}

/// Open hours from a stop until it is told, by looking every five minutes.
fn told_after(cadence: &Cadence, arrivals: &[Timestamp], stop: Timestamp) -> f64 {
    let last = *arrivals.last().unwrap();
    let history = history(arrivals, stop);
    let look = |number: i64| stop + SignedDuration::from_secs(number * EVERY_SECONDS);
    let rings = |number: i64| silence(cadence, &history, last, look(number)).silence_percent >= 100.0;
    // A silence only grows, so the first look that rings is found by halves.
    let (mut quiet, mut ringing) = (-1, 14 * 86_400 / EVERY_SECONDS);
    assert!(rings(ringing), "a stop at {stop} is never told");
    while ringing - quiet > 1 {
        let middle = quiet + (ringing - quiet) / 2;
        if rings(middle) { ringing = middle } else { quiet = middle }
    }
    silence(cadence, &history, stop, look(ringing)).silent_for.as_secs_f64() / 3600.0
}
