use freshness::{Cadence, History, freshness};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::{cadence, silence, zone};

const ZONES: [&str; 8] = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Africa/Cairo",
    "Pacific/Apia",
    "Pacific/Kiritimati",
];
/// With the minutes that they have in a week.
const HOURS: [(&str, i64); 5] = [
    ("", 7 * 24 * 60),
    ("Mon-Fri 08:00-18:00, Sat 09:00-13:00", 54 * 60),
    ("Sun 02:30-03:30", 60),
    ("Mon-Sun 00:00-02:15, Mon-Sun 02:45-24:00", 7 * (24 * 60 - 30)),
    ("Sat-Sun 22:00-24:00, Sun-Mon 00:00-06:00", 16 * 60),
];

/// As text: a zone, hours, holidays and what is declared.
fn declared() -> impl Strategy<Value = Cadence> {
    let holidays = prop::collection::vec("20[0-4][0-9]-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])", 0..5);
    let every = prop_oneof![Just(0), 60..187_200_u32];
    (every, prop::sample::select(&ZONES[..]), prop::sample::select(&HOURS[..]), holidays, 1..100_u32).prop_map(
        |(every, zone, (hours, minutes), holidays, missed_least)| {
            let every = i64::from(every).min(minutes * 60);
            cadence(&format!(
                r#"{{"every_seconds": {every}, "time_zone": "{zone}", "hours": "{hours}", "holidays": {holidays:?},
                    "missed_least": {missed_least}}}"#
            ))
        },
    )
}

fn any_time() -> impl Strategy<Value = Timestamp> {
    let edges = [Timestamp::MIN, Timestamp::MAX, Timestamp::UNIX_EPOCH];
    let far = (Timestamp::MIN.as_second()..=Timestamp::MAX.as_second())
        .prop_map(|second| Timestamp::from_second(second).unwrap());
    let near_the_ends = (0..200_000_i64, any::<bool>()).prop_map(|(seconds, end)| {
        let second =
            if end { Timestamp::MAX.as_second() - seconds } else { Timestamp::MIN.as_second() + seconds };
        Timestamp::from_second(second).unwrap()
    });
    prop_oneof![prop::sample::select(edges.to_vec()), far, near_the_ends, time()]
}

/// In the years 2000 to 2040.
fn time() -> impl Strategy<Value = Timestamp> {
    (946_684_800_i64..2_208_988_800, 0..1_000_000_000_i32)
        .prop_map(|(second, nanosecond)| Timestamp::new(second, nanosecond).unwrap())
}

/// Weeks of hours before a time, some of them without arrivals.
fn before(time: Timestamp, counts: Vec<u8>) -> History {
    let hours = (1..).zip(counts.into_iter().cycle().take(5 * 168));
    History::of(hours.filter_map(|(hour, count)| {
        let start = time.checked_sub(SignedDuration::from_hours(hour)).ok()?;
        Some((start, f64::from(count.saturating_sub(100))))
    }))
}

fn counts() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..400)
}

proptest! {
    #[test]
    fn nothing_panics_and_all_is_a_number_of_at_least_zero(
        cadence in declared(), last in prop::option::of(any_time()), since in any_time(), now in any_time(),
        datapoints in prop::collection::vec((any_time(), any::<f64>()), 0..20), counts in counts(), end in any_time(),
    ) {
        for history in [History::of(datapoints), before(end, counts)] {
            let told = freshness(&cadence, &history, last, since, now);
            prop_assert!(told.silence_percent >= 0.0 && told.missed >= 0.0 && told.silent_for >= SignedDuration::ZERO, "{told:?}");
            prop_assert!(!told.clock_skewed || told.silence_percent == 0.0, "{told:?}");
        }
    }

    #[test]
    fn silence_never_falls_while_nothing_arrives(
        cadence in declared(), last in time(), counts in counts(), mut after in prop::collection::vec(0..5_000_000_i64, 2..8),
    ) {
        let history = before(last, counts);
        after.sort_unstable();
        let told = after.into_iter().map(|seconds| {
            silence(&cadence, &history, last, last + SignedDuration::from_secs(seconds))
        });
        let told: Vec<_> = told.collect();
        for pair in told.windows(2) {
            prop_assert!(pair[0].silence_percent <= pair[1].silence_percent, "{pair:?}");
            prop_assert!(pair[0].missed <= pair[1].missed && pair[0].silent_for <= pair[1].silent_for, "{pair:?}");
        }
    }

    #[test]
    fn an_arrival_ends_the_silence(cadence in declared(), now in time(), counts in counts()) {
        let told = silence(&cadence, &before(now, counts), now, now);
        prop_assert_eq!((told.silence_percent, told.missed, told.silent_for), (0.0, 0.0, SignedDuration::ZERO));
        prop_assert!(!told.clock_skewed);
    }

    #[test]
    fn what_is_learned_only_adds(cadence in declared(), last in time(), counts in counts(), seconds in 0..5_000_000_i64) {
        let now = last + SignedDuration::from_secs(seconds);
        let declared = silence(&cadence, &History::default(), last, now);
        let both = silence(&cadence, &before(last, counts), last, now);
        prop_assert!(both.silence_percent >= declared.silence_percent);
        prop_assert_eq!(both.silent_for, declared.silent_for);
    }

    #[test]
    fn open_time_of_adjoining_intervals_adds_up(
        cadence in declared(), from in time(), first in 0..20_000_000_i64, second in 0..20_000_000_i64,
    ) {
        let open = |from, to| silence(&cadence, &History::default(), from, to).silent_for;
        let middle = from + SignedDuration::from_secs(first);
        let end = middle + SignedDuration::from_secs(second);
        prop_assert_eq!(open(from, middle) + open(middle, end), open(from, end));
    }

    #[test]
    fn a_week_is_open_for_its_hours_and_one_with_a_change_of_the_clock_for_an_hour_more_or_less(
        zone_name in prop::sample::select(&ZONES[..]), (hours, minutes) in prop::sample::select(&HOURS[..]), time in time(),
    ) {
        let zone = zone(zone_name);
        let begins = zone.to_datetime(time).date();
        let ends = begins.checked_add(jiff::Span::new().days(7)).unwrap();
        let moment = |date: jiff::civil::Date| zone.to_timestamp(date.at(0, 0, 0, 0)).unwrap();
        let (from, to) = (moment(begins), moment(ends));
        let open = silence(&of(zone_name, hours), &History::default(), from, to).silent_for;
        let change = (zone.to_offset(from).seconds() - zone.to_offset(to).seconds()).abs();
        let off = (open.as_secs() - minutes * 60).abs();
        // Samoa's skipped day is a change of a day.
        prop_assert!(off <= i64::from(change), "{from} to {to}: {open:?}");
    }

    #[test]
    fn open_time_is_the_minutes_at_which_the_local_clock_shows_business_hours(
        zone_name in prop::sample::select(&ZONES[..]), (hours, _) in prop::sample::select(&HOURS[..]), time in time(),
        length in 0..6_000_i64,
    ) {
        let from = time.round(jiff::Unit::Minute).unwrap();
        let to = from + SignedDuration::from_mins(length);
        let zone = zone(zone_name);
        // What is open in an hour that comes twice has a rule of its own: the examples have it.
        prop_assume!(zone.to_offset(from) <= zone.to_offset(to));
        let shown = (0..length).filter(|minute| shows(hours, zone.to_datetime(from + SignedDuration::from_mins(*minute)))).count();
        let open = silence(&of(zone_name, hours), &History::default(), from, to).silent_for;
        prop_assert_eq!(open, SignedDuration::from_mins(i64::try_from(shown).unwrap()));
    }
}

fn of(zone: &str, hours: &str) -> Cadence {
    cadence(&format!(r#"{{"time_zone": "{zone}", "hours": "{hours}"}}"#))
}

/// [`HOURS`], once more, in the plainest way.
fn shows(hours: &str, local: jiff::civil::DateTime) -> bool {
    let minute = i64::from(local.hour()) * 60 + i64::from(local.minute());
    let day = local.weekday().to_monday_zero_offset();
    match HOURS.iter().position(|(text, _)| *text == hours) {
        Some(0) => true,
        Some(1) => (day < 5 && (480..1080).contains(&minute)) || (day == 5 && (540..780).contains(&minute)),
        Some(2) => day == 6 && (150..210).contains(&minute),
        Some(3) => !(135..165).contains(&minute),
        Some(4) => (day >= 5 && minute >= 1320) || ((day == 6 || day == 0) && minute < 360),
        _ => false,
    }
}
