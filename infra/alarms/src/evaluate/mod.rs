//! CloudWatch's evaluation of alarms, minute by minute.
//!
//! Documented (docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/):
//! - alarm-evaluation.html: M of N, and what happens to missing data; the tables there are the tests of `decide`;
//! - alarm-evaluation-window.html: the window slides unless the alarm says otherwise, which ours do not: a period ends at each evaluation,
//!   not at the full hour;
//! - Create_Composite_Alarm_Suppression.html: `ActionsSuppressor`;
//! - alarm-evaluation.html, "Percentile-based alarms and low data samples".
//!
//! Not documented, and taken here:
//! - when within a minute an alarm is evaluated, and how long after the end of a minute its data can be retrieved: at the end, at once. What
//!   comes later than that says so in `Sample::published`;
//! - how many more data points than N are retrieved ("depends on the length of the alarm period"; the examples have 5 for N = 3): 2. The
//!   tests of the scenarios are run with none and with five as well;
//! - what a composite does that is OK again before its suppressor has stopped: it says so, once it may;
//! - over what "too few samples" are counted: the evaluation range, as data points beyond N may be judged;
//! - percentiles: the value at that rank, without interpolation (see `statistic`).

mod composite;
mod decide;
mod statistic;

use std::collections::BTreeMap;

use crate::alarm::{Alarm, Kind, MetricAlarm, Query, Signal, Statistic};
use crate::math::Series;
use crate::metric::{Recording, Sample};

use composite::Composites;
use decide::{Decision, decide};
use statistic::statistic;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum State {
    Ok,
    Alarm,
    InsufficientData,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Transition {
    /// The evaluation at the end of so many minutes.
    pub minute: u32,
    /// Place in the list of alarms.
    pub alarm: usize,
    pub from: State,
    pub to: State,
}

/// What became of all alarms.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct History {
    pub transitions: Vec<Transition>,
    /// When and for which composite's new state its actions were carried out, which its suppressor can put off or prevent. A metric alarm's are
    /// with its transition.
    pub composite_actions: Vec<Transition>,
}

pub struct Evaluator<'a> {
    alarms: &'a [Alarm],
    /// How many more periods than N are looked at where data is missing.
    extra: u32,
}

struct Watched<'a> {
    place: usize,
    alarm: &'a MetricAlarm,
    samples: Vec<Samples<'a>>,
}

struct Samples<'a> {
    /// A single metric's is empty.
    id: &'a str,
    query: &'a Query,
    all: &'a [Sample],
    /// By minute, the place of the first sample that is not before it: every evaluation looks for several.
    starts: Vec<usize>,
}

impl<'a> Samples<'a> {
    fn of(id: &'a str, query: &'a Query, recording: &'a Recording) -> Self {
        let all = recording.samples(&query.metric);
        let mut starts = Vec::new();
        for (place, sample) in all.iter().enumerate() {
            let minutes = usize::try_from(sample.at).unwrap_or(usize::MAX).saturating_add(1);
            starts.resize(minutes.max(starts.len()), place);
        }
        Self { id, query, all, starts }
    }

    /// From the first of these minutes until before the second, as far as they are known by then.
    fn within(&self, from: u32, to: u32, known_by: u32) -> impl Iterator<Item = &'a Sample> {
        let start = |minute: u32| {
            let start = usize::try_from(minute).ok().and_then(|minute| self.starts.get(minute));
            start.copied().unwrap_or(self.all.len())
        };
        let within = self.all.get(start(from)..start(to)).unwrap_or_default();
        within.iter().filter(move |sample| sample.published <= known_by)
    }
}

impl<'a> Evaluator<'a> {
    /// As AWS's examples have it.
    pub const EXTRA: u32 = 2;

    pub fn new(alarms: &'a [Alarm]) -> Self {
        Self { alarms, extra: Self::EXTRA }
    }

    #[must_use]
    pub fn looking_back(self, extra: u32) -> Self {
        Self { extra, ..self }
    }

    /// From minute 1 to `minutes`; before that all alarms are new and know nothing.
    pub fn history(&self, recording: &'a Recording, minutes: u32) -> History {
        let watched: Vec<_> = self.watched(recording);
        let mut states = vec![State::InsufficientData; self.alarms.len()];
        let mut composites = Composites::of(self.alarms);
        let mut history = History::default();
        for minute in 1..=minutes {
            for watched in &watched {
                let before = states.get(watched.place).copied().unwrap_or(State::InsufficientData);
                if let Decision::Is(state) = self.decision(watched, minute)
                    && state != before
                {
                    set(&mut states, watched.place, state);
                    history.transitions.push(Transition {
                        minute,
                        alarm: watched.place,
                        from: before,
                        to: state,
                    });
                }
            }
            composites.evaluate(minute, &mut states, &mut history);
        }
        history
    }

    fn watched(&self, recording: &'a Recording) -> Vec<Watched<'a>> {
        let metric = |(place, alarm): (usize, &'a Alarm)| {
            let Kind::Metric(alarm) = &alarm.kind else { return None };
            let samples = match &alarm.signal {
                Signal::Metric(query) => vec![Samples::of("", query, recording)],
                Signal::Math { queries, .. } => {
                    queries.iter().map(|(id, query)| Samples::of(id, query, recording)).collect()
                }
            };
            Some(Watched { place, alarm, samples })
        };
        self.alarms.iter().enumerate().filter_map(metric).collect()
    }

    fn decision(&self, watched: &Watched<'_>, now: u32) -> Decision {
        let alarm = watched.alarm;
        if alarm.ignores_low_samples && too_few_samples(watched, now, self.extra) {
            return Decision::Retains;
        }
        let points = points(watched, now, alarm.evaluation_periods + self.extra);
        let breaching: Vec<_> = points
            .into_iter()
            .map(|value| value.map(|value| alarm.comparison.breaches(value, alarm.threshold)))
            .collect();
        decide(&breaching, alarm.evaluation_periods, alarm.datapoints_to_alarm, alarm.missing)
    }
}

fn set(states: &mut [State], place: usize, state: State) {
    if let Some(slot) = states.get_mut(place) {
        *slot = state;
    }
}

/// "Fewer than 10/(1-percentile) data points during the evaluation period", below the median 10/percentile. None at all is missing data.
fn too_few_samples(watched: &Watched<'_>, now: u32, extra: u32) -> bool {
    let Some(samples) = watched.samples.first() else { return false };
    let Statistic::Percentile(hundredths) = samples.query.statistic else { return false };
    let from = now.saturating_sub((watched.alarm.evaluation_periods + extra) * samples.query.period_minutes);
    let count: u64 = samples.within(from, now, now).map(|sample| u64::from(sample.count)).sum();
    let of = if hundredths >= 5_000 { 10_000 - hundredths } else { hundredths };
    count > 0 && count * u64::from(of) < 100_000
}

/// The last `count` periods before `now`, oldest first.
fn points(watched: &Watched<'_>, now: u32, count: u32) -> Series {
    let period = watched.alarm.signal.period_minutes();
    let of = |samples: &Samples<'_>| -> Series {
        let slot = |back: u32| {
            let to = now.checked_sub(back * period)?;
            statistic(samples.query.statistic, samples.within(to.saturating_sub(period), to, now))
        };
        (0..count).rev().map(slot).collect()
    };
    match &watched.alarm.signal {
        Signal::Metric(_) => watched.samples.first().map(of).unwrap_or_default(),
        Signal::Math { expressions, returned, .. } => {
            let mut series: BTreeMap<String, Series> =
                watched.samples.iter().map(|samples| (samples.id.to_owned(), of(samples))).collect();
            // Expressions may read each other: in at most as many rounds as there are of them each has what it needs.
            for _ in 0..expressions.len() {
                for (id, expression) in expressions {
                    let slots = usize::try_from(count).unwrap_or_default();
                    if !series.contains_key(id)
                        && let Some(result) = expression.calculate(&series, f64::from(period) * 60.0, slots)
                    {
                        series.insert(id.clone(), result);
                    }
                }
            }
            series.remove(returned).unwrap_or_default()
        }
    }
}

#[cfg(test)]
mod tests;
