//! A year of a source with the rhythm of a day and a week, which stops once; and stops at any time.

use freshness::{Cadence, History};
use jiff::{SignedDuration, Timestamp};

use super::{at, cadence, silence, zone};

const BEGINS: &str = "2026-01-01T00:00+01:00";
/// Nothing comes from then on for ten days, which the weeks after must not learn from.
const STOP: &str = "2026-06-10T11:00+02:00";
const STOP_HOURS: i64 = 10 * 24;
/// The schedule of the function.
const EVERY_SECONDS: i64 = 300;
const WEEKS_ASKED_FOR: i64 = 13;
const STOPS: usize = 40;

/// Arrivals an hour by day and by night, and what part of them comes at the weekend.
struct Source {
    name: &'static str,
    day: f64,
    night: f64,
    weekend: f64,
    /// So many arrive within a minute.
    together: u32,
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
        together: 1,
        cadence: r#"{"time_zone": "Europe/Berlin"}"#,
        told_within: (5.0, 11.0),
    },
    Source {
        name: "quiet, three at a time",
        day: 12.0,
        night: 2.0,
        weekend: 0.5,
        together: 3,
        cadence: r#"{"time_zone": "Europe/Berlin"}"#,
        told_within: (14.0, 40.0),
    },
    Source {
        name: "office, hours declared",
        day: 20.0,
        night: 0.0,
        weekend: 0.0,
        together: 1,
        cadence: r#"{"time_zone": "Europe/Berlin", "hours": "Mon-Fri 08:00-18:00"}"#,
        told_within: (3.0, 5.0),
    },
    Source {
        name: "office, an hour declared",
        day: 20.0,
        night: 0.0,
        weekend: 0.0,
        together: 1,
        cadence: r#"{"time_zone": "Europe/Berlin", "hours": "Mon-Fri 08:00-18:00", "every_seconds": 3600}"#,
        told_within: (1.1, 1.2),
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
        let mut seconds = wait(rate / f64::from(source.together), random);
        while seconds < 3600.0 {
            arrivals.extend(
                (0..source.together)
                    .map(|_| start + SignedDuration::from_secs_f64(seconds + 60.0 * random.f64())),
            );
            seconds += wait(rate / f64::from(source.together), random);
        }
    }
    arrivals.sort_unstable();
    arrivals
}

/// Seconds until the next arrival, at so many an hour.
fn wait(rate: f64, random: &mut fastrand::Rng) -> f64 {
    -3600.0 * (1.0 - random.f64()).ln() / rate
}

/// Hour by hour, as CloudWatch sums them up.
fn by_hour(arrivals: &[Timestamp]) -> Vec<(Timestamp, f64)> {
    let hour = |arrival: &Timestamp| arrival.as_second().div_euclid(3600);
    let hours = arrivals.chunk_by(|one, next| hour(one) == hour(next));
    hours
        .map(|them| (Timestamp::from_second(hour(&them[0]) * 3600).unwrap(), them.iter().map(|_| 1.0).sum()))
        .collect()
}

/// What is asked for at a time: the hours that are over by then.
fn history(by_hour: &[(Timestamp, f64)], now: Timestamp) -> History {
    let before = |time: Timestamp| by_hour.partition_point(|(start, _)| *start < time);
    let begins = now - SignedDuration::from_hours(WEEKS_ASKED_FOR * 168);
    History::of(by_hour[before(begins)..before(now - SignedDuration::from_hours(1))].iter().copied())
}

/// How many arrived before a time.
fn before(arrivals: &[Timestamp], time: Timestamp) -> usize {
    arrivals.partition_point(|arrival| *arrival < time)
}

#[test]
fn a_source_rings_when_it_stops_and_never_while_it_is_well() {
    let stop = at(STOP)..at(STOP) + SignedDuration::from_hours(STOP_HOURS);
    for source in &SOURCES {
        let cadence = cadence(source.cadence);
        let mut arrivals = arrivals(source, &mut fastrand::Rng::with_seed(2026));
        arrivals.retain(|arrival| !stop.contains(arrival));
        let by_hour = by_hour(&arrivals);
        // A silence only grows: the end of each is its worst. A shorter one is below every cadence here, and reaches beyond no hour.
        let least = SignedDuration::from_mins(if source.cadence.contains("every_seconds") { 30 } else { 90 });
        let silences = arrivals.windows(2).filter(|pair| pair[1].duration_since(pair[0]) >= least);
        let (mut well, mut stopped) = (Vec::new(), Vec::new());
        for pair in silences {
            let percent = silence(&cadence, &history(&by_hour, pair[1]), pair[0], pair[1]).silence_percent;
            if pair[0] < stop.start && stop.end <= pair[1] { &mut stopped } else { &mut well }.push(percent);
        }
        let worst = well.iter().copied().fold(0.0, f64::max);
        println!(
            "{}: {} arrivals, of {} long silences the worst {worst:.0} %",
            source.name,
            arrivals.len(),
            well.len()
        );
        assert!(worst < 100.0, "{}: {worst}", source.name);
        assert!(stopped.len() == 1 && stopped[0] >= 100.0, "{}: {stopped:?}", source.name);
    }
}

#[test]
fn a_stop_at_any_time_is_told_within_hours_that_are_open() {
    for source in &SOURCES {
        let cadence = cadence(source.cadence);
        let mut random = fastrand::Rng::with_seed(1015);
        let arrivals = arrivals(source, &mut random);
        let by_hour = by_hour(&arrivals);
        let mut told: Vec<f64> = (0..STOPS)
            .map(|_| {
                // Once there is something to learn from.
                let stop = at(BEGINS) + SignedDuration::from_secs(random.i64(40 * 86_400..360 * 86_400));
                told_after(&cadence, &history(&by_hour, stop), arrivals[before(&arrivals, stop) - 1], stop)
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
fn told_after(cadence: &Cadence, history: &History, last: Timestamp, stop: Timestamp) -> f64 {
    let look = |number: i64| stop + SignedDuration::from_secs(number * EVERY_SECONDS);
    let rings = |number: i64| silence(cadence, history, last, look(number)).silence_percent >= 100.0;
    // A silence only grows, so the first look that rings is found by halves.
    let (mut quiet, mut ringing) = (-1, 14 * 86_400 / EVERY_SECONDS);
    assert!(rings(ringing), "a stop at {stop} is never told");
    while ringing - quiet > 1 {
        let middle = quiet + (ringing - quiet) / 2;
        if rings(middle) { ringing = middle } else { quiet = middle }
    }
    silence(cadence, history, stop, look(ringing)).silent_for.as_secs_f64() / 3600.0
}
