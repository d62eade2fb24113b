use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::calendar::Calendar;
use super::local_hours::LocalHours;

const HOUR: i64 = 60 * 60;
const WEEK: i64 = 7 * 24;
const HOURS_OF_WEEK: usize = 7 * 24;
/// So many weeks are learned from: enough for the median to pass over one with a burst or an outage, few enough to follow a season.
const WEEKS_LEARNED: usize = 4;
/// And so far back they are looked for, where the newest have nothing: CloudWatch keeps sums of an hour for 455 days
/// (docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html).
const WEEKS_SEARCHED: i64 = 65;
/// What came in one week only may have been chance.
const OBSERVATIONS_LEAST: usize = 2;
/// How far from its hour a source that runs every hour may stray.
const DRIFT: SignedDuration = SignedDuration::from_mins(15);
/// The same of what runs once a day: a batch waits for others, and its scheduler may know no summer time.
const DRIFT_OF_PEAK: SignedDuration = SignedDuration::from_hours(1);

/// Arrivals hour by hour, as CloudWatch gives them. Four weeks are learned from; who gives more than that gives what is remembered
/// while a silence lasts, since the weeks before it are the ones that count.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct History {
    /// By the number of the hour since 1970. An hour that is not there had none, if it is after the first.
    arrivals: BTreeMap<i64, f64>,
}

impl History {
    /// Of datapoints: the start of the hour, and how many arrived in it.
    pub fn of(datapoints: impl IntoIterator<Item = (Timestamp, f64)>) -> Self {
        let mut arrivals = BTreeMap::new();
        for (start, count) in datapoints {
            let count = if count.is_finite() { count.max(0.0) } else { 0.0 };
            *arrivals.entry(start.as_second().div_euclid(HOUR)).or_insert(0.0) += count;
        }
        Self { arrivals }
    }

    /// The last hour in which something arrived: its start, and its end.
    pub(super) fn last_arrivals(&self) -> Option<(Timestamp, Timestamp)> {
        let hour = self.last_hour()?;
        start_of(hour).zip(start_of(hour + 1))
    }

    fn last_hour(&self) -> Option<i64> {
        self.arrivals.iter().rev().find(|(_, count)| **count > 0.0).map(|(hour, _)| *hour)
    }
}

/// Arrivals that each hour of a week brings, by the local clock.
pub(super) struct Baseline {
    by_hour: Vec<f64>,
}

impl Baseline {
    /// From the weeks before a silence. The silence itself is no observation, nor is any whole week without arrivals, or a long
    /// outage would teach that silence is normal.
    pub(super) fn learn(history: &History, calendar: &Calendar, silent_since: Timestamp) -> Self {
        let mut hours = LocalHours::of(calendar);
        let mut observed = vec![Vec::new(); HOURS_OF_WEEK];
        let first = history.arrivals.keys().next().copied().unwrap_or(i64::MAX);
        // Who watches since yesterday may find a silence that is older.
        let heard = history.last_hour().map_or(i64::MAX, |hour| hour + 1);
        let silence = silent_since.as_second().div_euclid(HOUR).min(heard);
        let weeks = (1..=WEEKS_SEARCHED).map(|week| silence - week * WEEK).map(|start| start..start + WEEK);
        let heard = weeks.filter(|week| history.arrivals.range(week.clone()).any(|(_, count)| *count > 0.0));
        for hour in heard.take(WEEKS_LEARNED).flatten().filter(|hour| *hour >= first) {
            let local = start_of(hour).and_then(|start| hours.at(start));
            if let Some(observed) = local.and_then(|local| observed.get_mut(local.of_week)) {
                observed.push(history.arrivals.get(&hour).copied().unwrap_or(0.0));
            }
        }
        Self { by_hour: observed.into_iter().map(lower_median).collect() }
    }

    pub(super) fn expects_something(&self) -> bool {
        self.by_hour.iter().any(|arrivals| *arrivals > 0.0)
    }

    /// Arrivals that a silence has surely missed. Counts of an hour do not say when in the hour they came, and all may have come in
    /// one minute of it: so an hour counts whole, and not before the silence reaches beyond both its ends. Shares of an hour would
    /// ring after every run of an hourly batch.
    pub(super) fn missed(&self, calendar: &Calendar, since: Timestamp, now: Timestamp) -> f64 {
        if !self.expects_something() {
            return 0.0;
        }
        let covers = |start: Timestamp, end: Timestamp, drift| {
            start.duration_since(since) >= drift && now.duration_since(end) >= drift
        };
        let mut hours = LocalHours::of(calendar);
        let mut missed = 0.0;
        for hour in since.as_second().div_euclid(HOUR)..now.as_second().div_euclid(HOUR) {
            let Some((start, end)) = start_of(hour).zip(start_of(hour + 1)) else { continue };
            if !covers(start, end, DRIFT) {
                continue;
            }
            let Some(local) = hours.at(start) else { continue };
            let (steady, peak) = self.expected(local.of_week);
            missed += steady * local.open_share;
            if covers(start, end, DRIFT_OF_PEAK) {
                missed += peak * local.open_share;
            }
        }
        missed
    }

    /// What an hour has in common with one beside it, and what stands out: of a nightly batch that is all, of a busy day little.
    fn expected(&self, hour: usize) -> (f64, f64) {
        let at = |hour: usize| self.by_hour.get(hour % HOURS_OF_WEEK).copied().unwrap_or(0.0);
        let steady = at(hour).min(at(hour + 1).max(at(hour + HOURS_OF_WEEK - 1)));
        (steady, at(hour) - steady)
    }
}

/// Of an even number the lower of the two in the middle: where half of the weeks burst, the others say what is to be expected.
fn lower_median(mut observed: Vec<f64>) -> f64 {
    observed.sort_unstable_by(f64::total_cmp);
    let middle = observed.len().saturating_sub(1) / 2;
    let enough = observed.len() >= OBSERVATIONS_LEAST;
    observed.get(middle).copied().filter(|_| enough).unwrap_or(0.0)
}

fn start_of(hour: i64) -> Option<Timestamp> {
    Timestamp::from_second(hour.checked_mul(HOUR)?).ok()
}
