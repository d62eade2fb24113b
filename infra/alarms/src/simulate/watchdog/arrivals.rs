//! What has arrived at a flow, as CloudWatch tells the watchdog: four weeks of the simulation's own rhythm, and what has arrived since.

use std::collections::{BTreeMap, VecDeque};

use freshness::{Cadence, Freshness, History, freshness};
use jiff::{SignedDuration, Timestamp};

use super::super::MINUTES_A_DAY;
use super::super::front::{QUIET_RATE, rate};

/// Minute 0.
const BEGINS: i64 = 1_794_211_200;
const WEEKS: u32 = 4;
const HOUR: u32 = 60;
/// The Wednesday of `template::HOLIDAY`, counted from the first day of the four weeks.
const HOLIDAY: u32 = 16;
/// In which the watchdog looks for the last arrival by periods of five minutes (functions/watchdog/src/look.rs).
const RECENT: u32 = 3 * MINUTES_A_DAY;
const FIVE_MINUTES: u32 = 5;

pub(super) struct Arrivals {
    /// By the hour's place from the first of the four weeks on.
    hours: BTreeMap<u32, f64>,
    last: Option<u32>,
    /// Not to be known before the first of these minutes: when, and how many.
    coming: VecDeque<(u32, u32, u32)>,
    watched_since: Timestamp,
}

pub(super) fn moment(minute: u32) -> Timestamp {
    after_begin(i64::from(minute))
}

fn after_begin(minutes: i64) -> Timestamp {
    Timestamp::from_second(BEGINS + minutes * 60).unwrap_or(Timestamp::MAX)
}

/// Of an hour of the four weeks.
fn start_of(hour: u32) -> Timestamp {
    after_begin(i64::from(hour * HOUR) - i64::from(WEEKS * 7 * MINUTES_A_DAY))
}

impl Arrivals {
    /// Of a flow that so many sources lead to.
    pub(super) fn of(sources: u32) -> Self {
        let hours = (0..WEEKS * 7 * 24).map(|hour| {
            let is_holiday = hour * HOUR / MINUTES_A_DAY == HOLIDAY;
            let rate = if is_holiday { QUIET_RATE } else { rate(hour * HOUR) };
            (hour, f64::from(rate * HOUR * sources))
        });
        Self {
            hours: hours.filter(|(_, count)| *count > 0.0).collect(),
            last: None,
            coming: VecDeque::new(),
            watched_since: start_of(0),
        }
    }

    /// Of one that is new when the simulation begins.
    pub(super) fn none() -> Self {
        Self { watched_since: moment(0), ..Self::of(0) }
    }

    pub(super) fn add(&mut self, minute: u32, count: u32, known_at: u32) {
        if count > 0 {
            self.coming.push_back((known_at, minute, count));
        }
    }

    pub(super) fn freshness(&mut self, cadence: &Cadence, now: u32) -> Freshness {
        while let Some((_, minute, count)) = self.coming.pop_front_if(|(known_at, ..)| *known_at <= now) {
            let hour = WEEKS * 7 * 24 + minute / HOUR;
            *self.hours.entry(hour).or_insert(0.0) += f64::from(count);
            self.last = Some(minute);
        }
        // To five minutes.
        let period = |minute: u32| minute / FIVE_MINUTES * FIVE_MINUTES;
        let last = self.last.filter(|last| period(*last) + RECENT >= now);
        let last = last.map(|last| moment((period(last) + FIVE_MINUTES).min(now)));
        let hours = self.hours.iter().map(|(hour, count)| (start_of(*hour), *count));
        // The hour in which it was counts as begun, not as over.
        let hours = hours.filter(|(start, _)| last.is_none_or(|last| *start <= last));
        freshness(cadence, &History::of(hours), last, self.watched_since, moment(now))
    }
}

/// How long a simulated time is.
pub(super) fn seconds(minutes: u32) -> f64 {
    SignedDuration::from_mins(i64::from(minutes)).as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_simulation_begins_at_eight_on_a_monday_and_its_weeks_have_the_holiday_that_the_template_is_told() {
        let zone = jiff::tz::TimeZone::UTC;
        let begins = zone.to_datetime(moment(0));
        assert_eq!((begins.weekday(), begins.hour(), begins.minute()), (jiff::civil::Weekday::Monday, 8, 0));
        let holiday = zone.to_datetime(start_of(HOLIDAY * 24));
        assert_eq!(holiday.date().to_string(), crate::template::HOLIDAY);
        let arrivals = Arrivals::of(1);
        assert_eq!([HOLIDAY - 7, HOLIDAY].map(|day| arrivals.hours[&(day * 24)]), [600.0, 120.0]);
    }

    #[test]
    fn what_comes_late_to_cloudwatch_is_not_known_before_and_a_new_flow_expects_nothing() {
        let cadence = Cadence::parse("{}").unwrap();
        let mut arrivals = Arrivals::of(1);
        arrivals.add(0, 10, 301);
        assert!(arrivals.freshness(&cadence, 300).silence_percent >= 100.0);
        assert!(arrivals.freshness(&cadence, 301).silent_for.as_mins() == 296);
        assert_eq!(Arrivals::none().freshness(&cadence, 9_000).silence_percent, 0.0);
    }
}
