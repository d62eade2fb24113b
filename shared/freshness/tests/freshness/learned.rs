use freshness::{Because, History};
use jiff::SignedDuration;

use super::{at, cadence, history, silence, zone};

/// A Tuesday.
const NOON: &str = "2026-11-24T12:00Z";

#[test]
fn an_hour_counts_once_the_silence_reaches_beyond_both_its_ends() {
    let steady = history(4, at(NOON), |_, _| 100.0);
    for (last, now, missed) in [
        ("2026-11-24T12:20Z", "2026-11-24T14:14Z", 0.0),
        ("2026-11-24T12:20Z", "2026-11-24T14:15Z", 100.0),
        ("2026-11-24T12:45Z", "2026-11-24T14:15Z", 100.0),
        ("2026-11-24T12:46Z", "2026-11-24T15:14Z", 0.0),
        ("2026-11-24T12:46Z", "2026-11-24T16:15Z", 200.0),
    ] {
        let freshness = silence(&cadence(r#"{"missed_least": 50}"#), &steady, at(last), at(now));
        assert_eq!(freshness.missed, missed, "{last} until {now}");
        assert_eq!((freshness.silence_percent, freshness.because), (missed * 2.0, Because::Baseline));
    }
}

#[test]
fn an_hourly_batch_may_drift_and_rings_when_one_is_left_out() {
    // At half past, five hundred at a time. By shares of an hour two minutes of silence would have missed more than a few.
    let batches = history(4, at(NOON), |_, _| 500.0);
    let percent = |last, now| silence(&cadence("{}"), &batches, at(last), at(now)).silence_percent;
    assert_eq!(percent("2026-11-24T12:16Z", "2026-11-24T13:44Z"), 0.0, "early, then late");
    assert_eq!(percent("2026-11-24T12:58Z", "2026-11-24T14:14Z"), 0.0, "late by an hour's name");
    assert!(percent("2026-11-24T12:30Z", "2026-11-24T14:15Z") >= 100.0);
}

/// Five hundred at 02:30 in Berlin.
fn nightly(before: &str) -> History {
    let berlin = zone("Europe/Berlin");
    history(5, at(before), |_, start| if berlin.to_datetime(start).hour() == 2 { 500.0 } else { 0.0 })
}

#[test]
fn a_nightly_batch_may_be_an_hour_early_or_late_and_is_missed_the_same_night() {
    let berlin = cadence(r#"{"time_zone": "Europe/Berlin"}"#);
    for (last, now, missed) in [
        ("2026-11-24T02:31+01:00", "2026-11-25T02:29+01:00", 0.0),
        ("2026-11-24T02:31+01:00", "2026-11-25T03:59+01:00", 0.0),
        ("2026-11-24T02:31+01:00", "2026-11-25T04:00+01:00", 500.0),
        ("2026-11-25T01:10+01:00", "2026-11-26T03:59+01:00", 0.0),
        ("2026-11-24T03:50+01:00", "2026-11-25T04:00+01:00", 500.0),
        // 2026-03-29 has no such hour, 2026-10-25 has it twice: neither night is expected to bring anything, the next is.
        ("2026-03-28T02:31+01:00", "2026-03-30T03:59+02:00", 0.0),
        ("2026-03-28T02:31+01:00", "2026-03-30T04:00+02:00", 500.0),
        ("2026-03-29T03:31+02:00", "2026-03-30T04:00+02:00", 500.0),
        ("2026-10-24T02:31+02:00", "2026-10-26T03:59+01:00", 0.0),
        ("2026-10-25T02:31+02:00", "2026-10-26T03:59+01:00", 0.0),
        ("2026-10-25T02:31+01:00", "2026-10-26T04:00+01:00", 500.0),
    ] {
        let hour = at(last).round(jiff::Unit::Hour).unwrap();
        let freshness = silence(&berlin, &nightly(&hour.to_string()), at(last), at(now));
        assert_eq!(freshness.missed, missed, "{last} until {now}");
    }
}

#[test]
fn a_change_of_the_clock_does_not_shift_what_is_learned() {
    // Ten to four by the clock, on every day of the four weeks before and after summer time ends; told in the week after.
    let berlin = zone("Europe/Berlin");
    let office = history(4, at("2026-11-03T00:00+01:00"), |_, start| {
        if (10..16).contains(&berlin.to_datetime(start).hour()) { 40.0 } else { 0.0 }
    });
    let local = cadence(r#"{"time_zone": "Europe/Berlin"}"#);
    let missed = |now| silence(&local, &office, at("2026-11-02T15:59+01:00"), at(now)).missed;
    assert_eq!(missed("2026-11-03T11:14+01:00"), 0.0);
    assert_eq!(missed("2026-11-03T11:15+01:00"), 40.0);
    assert_eq!(missed("2026-11-03T23:00+01:00"), 240.0);
}

#[test]
fn bursts_teach_nothing() {
    // Each hour of the week had its burst once in four weeks.
    let bursty = history(4, at(NOON), |week, start| {
        let hour = start.as_second() / 3600;
        if (hour + week).rem_euclid(4) == 0 { 900.0 } else { 0.0 }
    });
    let freshness = silence(&cadence("{}"), &bursty, at(NOON), at("2026-12-01T12:00Z"));
    assert_eq!((freshness.missed, freshness.because), (0.0, Because::NothingExpected));
    // Nor do they beside what comes steadily, even where two weeks had them.
    let both = history(4, at(NOON), |week, _| if week < 2 { 900.0 } else { 10.0 });
    assert_eq!(silence(&cadence("{}"), &both, at(NOON), at("2026-11-24T17:15Z")).missed, 40.0);
}

#[test]
fn a_source_that_dies_slowly_is_still_held_to_what_is_declared() {
    let hourly = cadence(r#"{"every_seconds": 3600}"#);
    let dying = history(4, at(NOON), |week, _| [1.0, 8.0, 30.0, 100.0][usize::try_from(week).unwrap()]);
    let told = |now| silence(&hourly, &dying, at(NOON), at(now));
    assert_eq!(told("2026-11-24T13:00Z").silence_percent, 100.0);
    let later = told("2026-11-24T14:15Z");
    assert_eq!((later.missed, later.because), (8.0, Because::Cadence), "what is left of it is learned");
    assert_eq!(later.silence_percent, 225.0);
    // And what is learned adds to a cadence that is too slow to tell.
    let steady = history(4, at(NOON), |_, _| 100.0);
    let daily = silence(&cadence(r#"{"every_seconds": 86400}"#), &steady, at(NOON), at("2026-11-24T15:00Z"));
    assert_eq!(daily.because, Because::Baseline);
    assert!(daily.silence_percent >= 100.0);
}

#[test]
fn a_silence_of_weeks_does_not_teach_that_silence_is_normal() {
    let now = at(NOON);
    let mut before = 0.0;
    for days in [1, 7, 14, 21] {
        // Eight weeks up to now, as they are asked for, with the silence at their end.
        let last = now - SignedDuration::from_hours(24 * days);
        let eight_weeks = history(8, now, |_, start| if start < last { 100.0 } else { 0.0 });
        let missed = silence(&cadence("{}"), &eight_weeks, last, now).missed;
        assert!(missed >= before + 2000.0, "{days} days: {missed}");
        // Nor where the flow has been watched for an hour or two.
        let since = now - SignedDuration::from_hours(3);
        let watched = freshness::freshness(&cadence("{}"), &eight_weeks, Some(last), since, now);
        assert_eq!(watched.missed, 100.0, "{days} days");
        before = missed;
    }
}

#[test]
fn a_silence_of_weeks_is_forgotten_when_it_is_over() {
    // Three weeks of nothing until yesterday.
    let history = history(8, at(NOON), |_, start| {
        if (at("2026-11-02T12:00Z")..at("2026-11-23T12:00Z")).contains(&start) { 0.0 } else { 100.0 }
    });
    assert_eq!(silence(&cadence("{}"), &history, at(NOON), at("2026-11-24T14:15Z")).missed, 100.0);
}

#[test]
fn what_has_been_seen_once_is_not_expected() {
    let told = |weeks| {
        silence(&cadence("{}"), &history(weeks, at(NOON), |_, _| 100.0), at(NOON), at("2026-11-25T12:00Z"))
    };
    assert_eq!((told(0).missed, told(0).because), (0.0, Because::NothingExpected));
    assert_eq!((told(1).missed, told(1).because), (0.0, Because::NothingExpected));
    assert_eq!(told(2).because, Because::Baseline);
    assert!(told(2).missed > 2000.0);
}

#[test]
fn holidays_neither_teach_nor_expect_and_closed_hours_expect_nothing() {
    let steady = |_, _| 100.0;
    let holiday = cadence(r#"{"holidays": ["2026-11-24", "2026-11-17", "2026-11-10", "2026-11-03"]}"#);
    let missed =
        |cadence, last, now| silence(cadence, &history(4, at(NOON), steady), at(last), at(now)).missed;
    assert_eq!(missed(&holiday, NOON, "2026-11-25T00:00Z"), 0.0);
    assert_eq!(missed(&holiday, NOON, "2026-11-25T01:15Z"), 100.0, "the day after");
    // Of four Tuesdays one has taught, which is not enough: the next expects nothing either.
    let next =
        silence(&holiday, &history(4, at(NOON), steady), at("2026-11-30T23:30Z"), at("2026-12-01T12:00Z"));
    assert_eq!(next.missed, 0.0);
    // What is half open counts half.
    let office = cadence(r#"{"hours": "Mon-Fri 08:30-18:00"}"#);
    assert_eq!(missed(&office, "2026-11-24T18:00Z", "2026-11-25T08:59Z"), 0.0);
    assert_eq!(missed(&office, "2026-11-24T18:00Z", "2026-11-25T09:15Z"), 50.0);
    assert_eq!(missed(&office, "2026-11-24T18:00Z", "2026-11-26T00:00Z"), 950.0);
}
