//! An alarm as CloudWatch knows it.

use std::collections::BTreeMap;

use crate::math::Expression;
use crate::metric::MetricId;
use crate::rule::AlarmRule;

#[derive(Clone, PartialEq, Debug)]
pub struct Alarm {
    /// Physical name, by which composite alarms refer to it.
    pub name: String,
    /// The flow that it belongs to; empty for what all share.
    pub flow: String,
    /// Logical id in its template.
    pub id: String,
    pub description: String,
    pub actions: Actions,
    pub kind: Kind,
}

/// ARNs that are told.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Actions {
    pub alarm: Vec<String>,
    pub ok: Vec<String>,
}

#[derive(Clone, PartialEq, Debug)]
pub enum Kind {
    Metric(MetricAlarm),
    Composite(CompositeAlarm),
}

#[derive(Clone, PartialEq, Debug)]
pub struct MetricAlarm {
    pub signal: Signal,
    /// N of "M out of N".
    pub evaluation_periods: u32,
    /// M.
    pub datapoints_to_alarm: u32,
    pub comparison: Comparison,
    pub threshold: f64,
    pub missing: Missing,
    /// `EvaluateLowSampleCountPercentile`: ignore. Too few samples for the percentile change no state.
    pub ignores_low_samples: bool,
}

/// What is compared with the threshold.
#[derive(Clone, PartialEq, Debug)]
pub enum Signal {
    Metric(Query),
    Math {
        queries: BTreeMap<String, Query>,
        expressions: BTreeMap<String, Expression>,
        /// Which of them is the one that is watched.
        returned: String,
    },
}

impl Signal {
    pub fn queries(&self) -> Vec<&Query> {
        match self {
            Self::Metric(query) => vec![query],
            Self::Math { queries, .. } => queries.values().collect(),
        }
    }

    /// The one period of all its metrics.
    pub fn period_minutes(&self) -> u32 {
        self.queries().first().map_or(1, |query| query.period_minutes)
    }
}

#[derive(Clone, PartialEq, Debug)]
pub struct Query {
    pub metric: MetricId,
    pub statistic: Statistic,
    pub period_minutes: u32,
    pub unit: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Statistic {
    Sum,
    Maximum,
    Minimum,
    Average,
    SampleCount,
    /// In hundredths of a percent: p99 is 9,900.
    Percentile(u32),
}

impl Statistic {
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "Sum" => Self::Sum,
            "Maximum" => Self::Maximum,
            "Minimum" => Self::Minimum,
            "Average" => Self::Average,
            "SampleCount" => Self::SampleCount,
            _ => {
                let percent = name.strip_prefix('p')?;
                let (whole, fraction) = percent.split_once('.').unwrap_or((percent, ""));
                let hundredths = format!("{whole}{fraction:0<2}").parse().ok();
                Self::Percentile(hundredths.filter(|h| fraction.len() <= 2 && (1..=10_000).contains(h))?)
            }
        })
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Comparison {
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

impl Comparison {
    pub fn breaches(self, value: f64, threshold: f64) -> bool {
        match self {
            Self::Greater => value > threshold,
            Self::GreaterOrEqual => value >= threshold,
            Self::Less => value < threshold,
            Self::LessOrEqual => value <= threshold,
        }
    }
}

/// `TreatMissingData`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Missing {
    Breaching,
    NotBreaching,
    Ignore,
    Missing,
}

#[derive(Clone, PartialEq, Debug)]
pub struct CompositeAlarm {
    pub rule: AlarmRule,
    pub suppressor: Option<Suppressor>,
}

/// While this alarm is in ALARM the composite's actions are not carried out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Suppressor {
    /// Its name or ARN.
    pub alarm: String,
    /// How long the composite waits for it to go into ALARM.
    pub wait_minutes: u32,
    /// How long it waits after it has gone out of ALARM.
    pub extension_minutes: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_read_to_the_hundredth() {
        for (name, hundredths) in
            [("p99", 9_900), ("p99.9", 9_990), ("p99.99", 9_999), ("p5", 500), ("p100", 10_000)]
        {
            assert_eq!(Statistic::named(name), Some(Statistic::Percentile(hundredths)), "{name}");
        }
        for name in ["p", "p0", "p101", "p99.999", "tm90", "sum", "P99"] {
            assert_eq!(Statistic::named(name), None, "{name}");
        }
    }

    #[test]
    fn a_threshold_itself_breaches_only_where_equality_does() {
        let at_threshold =
            [Comparison::Greater, Comparison::GreaterOrEqual, Comparison::Less, Comparison::LessOrEqual]
                .map(|comparison| comparison.breaches(1.0, 1.0));
        assert_eq!(at_threshold, [false, true, false, true]);
        assert!(Comparison::Greater.breaches(1.1, 1.0) && Comparison::Less.breaches(0.9, 1.0));
    }
}
