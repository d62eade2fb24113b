use freshness::{Because, History, freshness};
use jiff::{SignedDuration, Timestamp};

use super::{at, cadence, silence};

const OFFICE: &str = r#"{"every_seconds": 3600, "time_zone": "Europe/Berlin", "hours": "Mon-Fri 08:00-18:00",
    "holidays": ["2026-12-25"]}"#;

#[test]
fn only_open_time_counts() {
    for (last, now, percent) in [
        // A working day.
        ("2026-11-24T10:00+01:00", "2026-11-24T10:30+01:00", 50.0),
        ("2026-11-24T10:00+01:00", "2026-11-24T12:00+01:00", 200.0),
        // Before it opens, and after it has closed.
        ("2026-11-24T07:00+01:00", "2026-11-24T08:00+01:00", 0.0),
        ("2026-11-24T19:00+01:00", "2026-11-25T07:59+01:00", 0.0),
        // A weekend.
        ("2026-11-27T17:30+01:00", "2026-11-28T12:00+01:00", 50.0),
        ("2026-11-27T17:30+01:00", "2026-11-30T08:00+01:00", 50.0),
        ("2026-11-27T17:30+01:00", "2026-11-30T08:30+01:00", 100.0),
        // A holiday on a Friday, and the weekend after it.
        ("2026-12-24T17:30+01:00", "2026-12-25T12:00+01:00", 50.0),
        ("2026-12-24T17:30+01:00", "2026-12-28T08:30+01:00", 100.0),
        ("2026-12-25T12:00+01:00", "2026-12-28T08:30+01:00", 50.0),
        // Sixty days: 44 working days of ten hours, one of them a holiday.
        ("2026-11-02T08:00+01:00", "2027-01-01T08:00+01:00", 43_000.0),
    ] {
        let freshness = silence(&cadence(OFFICE), &History::default(), at(last), at(now));
        assert_eq!(freshness.silence_percent, percent, "{last} until {now}");
        assert_eq!(freshness.because, Because::Cadence);
        assert_eq!(freshness.silent_for.as_secs_f64(), percent * 36.0);
    }
}

/// Minutes that are open between two moments.
fn open(zone: &str, hours: &str, from: &str, to: &str) -> i64 {
    let cadence = cadence(&format!(r#"{{"time_zone": "{zone}", "hours": "{hours}"}}"#));
    let open = silence(&cadence, &History::default(), at(from), at(to)).silent_for;
    assert_eq!(open.as_secs() % 60, 0);
    open.as_mins()
}

#[test]
fn clocks_are_put_forward() {
    for (zone, hours, from, to, minutes) in [
        // Europe/Berlin, 2026-03-29: 03:00 follows 01:59.
        ("Europe/Berlin", "", "2026-03-29T00:00+01:00", "2026-03-30T00:00+02:00", 23 * 60),
        ("Europe/Berlin", "Sun 00:00-24:00", "2026-03-28T12:00+01:00", "2026-03-30T12:00+02:00", 23 * 60),
        ("Europe/Berlin", "Mon-Fri 08:00-18:00", "2026-03-27T17:30+01:00", "2026-03-30T08:30+02:00", 60),
        // What begins, ends or lies in the hour that does not exist.
        ("Europe/Berlin", "Sun 02:30-06:00", "2026-03-28T12:00+01:00", "2026-03-29T03:00+02:00", 0),
        ("Europe/Berlin", "Sun 02:30-06:00", "2026-03-28T12:00+01:00", "2026-03-29T12:00+02:00", 3 * 60),
        ("Europe/Berlin", "Sun 01:00-02:30", "2026-03-28T12:00+01:00", "2026-03-29T12:00+02:00", 60),
        ("Europe/Berlin", "Sun 02:10-02:50", "2026-03-28T12:00+01:00", "2026-03-29T12:00+02:00", 0),
        ("America/New_York", "Sun 00:00-24:00", "2026-03-07T12:00-05:00", "2026-03-09T12:00-04:00", 23 * 60),
        ("America/New_York", "Sun 02:30-06:00", "2026-03-07T12:00-05:00", "2026-03-08T12:00-04:00", 3 * 60),
        ("America/New_York", "Mon 08:00-18:00", "2026-03-08T01:00-05:00", "2026-03-09T08:30-04:00", 30),
        // In Cairo it is midnight that is skipped, and Samoa has skipped a Friday.
        ("Africa/Cairo", "Fri 00:00-24:00", "2026-04-23T12:00+02:00", "2026-04-25T12:00+03:00", 23 * 60),
        ("Pacific/Apia", "Fri 00:00-24:00", "2011-12-29T12:00-10:00", "2011-12-31T12:00+14:00", 0),
    ] {
        assert_eq!(open(zone, hours, from, to), minutes, "{zone} {hours} {from} {to}");
    }
}

#[test]
fn clocks_are_put_back() {
    for (zone, hours, from, to, minutes) in [
        // Europe/Berlin, 2026-10-25: 02:00 follows 02:59.
        ("Europe/Berlin", "", "2026-10-25T00:00+02:00", "2026-10-26T00:00+01:00", 25 * 60),
        ("Europe/Berlin", "Sun 00:00-24:00", "2026-10-24T12:00+02:00", "2026-10-26T12:00+01:00", 25 * 60),
        ("Europe/Berlin", "Mon-Fri 08:00-18:00", "2026-10-23T17:30+02:00", "2026-10-26T08:30+01:00", 60),
        // What begins or ends in the hour that comes twice does so by its first.
        ("Europe/Berlin", "Sun 02:30-04:00", "2026-10-24T12:00+02:00", "2026-10-25T12:00+01:00", 150),
        ("Europe/Berlin", "Sun 01:00-02:30", "2026-10-24T12:00+02:00", "2026-10-25T12:00+01:00", 90),
        (
            "Europe/Berlin",
            "Sun 01:00-02:30, Sun 02:30-04:00",
            "2026-10-24T12:00+02:00",
            "2026-10-25T12:00+01:00",
            240,
        ),
        ("America/New_York", "Sun 00:00-24:00", "2026-10-31T12:00-04:00", "2026-11-02T12:00-05:00", 25 * 60),
        ("America/New_York", "Sun 01:30-04:00", "2026-10-31T12:00-04:00", "2026-11-01T12:00-05:00", 210),
        // Lord Howe Island puts its clocks back by half an hour.
        (
            "Australia/Lord_Howe",
            "Sun 00:00-24:00",
            "2026-04-04T12:00+11:00",
            "2026-04-06T12:00+10:30",
            24 * 60 + 30,
        ),
    ] {
        assert_eq!(open(zone, hours, from, to), minutes, "{zone} {hours} {from} {to}");
    }
}

#[test]
fn nothing_declared_and_nothing_learned_is_no_silence() {
    let freshness =
        silence(&cadence("{}"), &History::default(), at("2026-01-01T00:00Z"), at("2026-11-24T10:00Z"));
    assert_eq!((freshness.silence_percent, freshness.because), (0.0, Because::NothingExpected));
    assert_eq!(freshness.because.as_str(), "nothing expected");
    assert_eq!((freshness.missed, freshness.clock_skewed), (0.0, false));
}

#[test]
fn a_new_flow_is_measured_from_when_it_is_watched() {
    let (since, now) = (at("2026-11-24T10:00Z"), at("2026-11-24T10:45Z"));
    let cadence = cadence(r#"{"every_seconds": 3600}"#);
    for last in [None, Some(at("2026-11-01T00:00Z"))] {
        let freshness = freshness(&cadence, &History::default(), last, since, now);
        assert_eq!(freshness.silence_percent, 75.0, "{last:?}");
    }
}

#[test]
fn the_history_knows_of_arrivals_when_nobody_else_does() {
    let cadence = cadence(r#"{"every_seconds": 3600}"#);
    let history = History::of([(at("2026-11-24T09:00Z"), 3.0), (at("2026-11-24T10:00Z"), 0.0)]);
    let percent = |last: Option<&str>, now: &str| {
        freshness(&cadence, &history, last.map(at), Timestamp::UNIX_EPOCH, at(now)).silence_percent
    };
    assert_eq!(percent(None, "2026-11-24T09:30Z"), 0.0, "it may have come just now");
    assert_eq!(percent(None, "2026-11-24T10:30Z"), 50.0);
    assert_eq!(percent(Some("2026-11-24T08:30Z"), "2026-11-24T10:30Z"), 50.0);
    assert_eq!(percent(Some("2026-11-24T09:45Z"), "2026-11-24T10:30Z"), 75.0, "the exact time counts");
}

#[test]
fn a_clock_that_is_behind_tells_nothing_and_says_so() {
    let cadence = cadence(r#"{"every_seconds": 60}"#);
    let moment = at("2026-11-24T10:00Z");
    let later = moment + SignedDuration::from_hours(3);
    let none = History::default();
    let ahead = History::of([(later, 7.0)]);
    for (history, last, since, skewed) in [
        (&none, Some(later), Timestamp::UNIX_EPOCH, true),
        (&none, None, later, true),
        (&none, Some(Timestamp::UNIX_EPOCH), later, true),
        (&none, Some(Timestamp::MAX), Timestamp::UNIX_EPOCH, true),
        (&ahead, Some(Timestamp::UNIX_EPOCH), Timestamp::UNIX_EPOCH, true),
        (&none, Some(moment), moment, false),
    ] {
        let freshness = freshness(&cadence, history, last, since, moment);
        assert_eq!(freshness.clock_skewed, skewed, "{last:?} {since}");
        assert_eq!((freshness.silence_percent, freshness.silent_for), (0.0, SignedDuration::ZERO));
    }
}
