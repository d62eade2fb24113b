//! Which alarm rings, and when. The templates are read as CloudFormation reads them (`template`), their alarms become types (`alarm`), a
//! model of queues, functions, API and table emits what AWS would publish while something fails (`simulate`), and an evaluator with
//! CloudWatch's documented semantics (`evaluate`, `math`, `rule`) says what rings at which minute.
//!
//! Where to add what:
//! - an alarm: in the template; its scenario's `rings` in `scenarios` (the test says which), its anchor in docs/runbooks.md;
//! - a failure: a `Fault` and what it does in `simulate`, a row in `scenarios`;
//! - a metric of ours: `telemetry::metrics`, and who counts it in `simulate`; the watchdog's in `simulate/watchdog`;
//! - a metric of AWS's: `published.toml`, and who emits it in `simulate`.
//!
//! Then `cargo xtask alarms`, which writes docs/alarms.md.

mod alarm;
mod dashboard;
mod evaluate;
mod math;
mod metric;
mod page;
mod parse;
mod published;
mod rule;
mod scenarios;
mod simulate;
mod template;
mod yaml;

pub use alarm::{
    Actions, Alarm, Comparison, CompositeAlarm, Kind, MetricAlarm, Missing, Query, Signal, Statistic,
    Suppressor,
};
pub use dashboard::{Widget, widgets};
pub use evaluate::{Evaluator, History, State, Transition};
pub use math::Expression;
pub use metric::{MetricId, Recording, Sample};
pub use page::{Rang, page, page_of, play, played};
pub use parse::alarms;
pub use published::{PublishedMetric, PublishedMetrics, published, published_in, why_never_published};
pub use rule::AlarmRule;
pub use scenarios::{Ring, Scenario, scenarios};
pub use simulate::{During, Fault, Landscape, World};
pub use template::{Application, Parameters, Resource, production};
pub use yaml::read as read_yaml;

/// What a template says that this crate does not know, or that CloudFormation would not take.
#[derive(Debug, thiserror::Error)]
#[error("{at}: {what}")]
pub struct Refused {
    pub at: String,
    pub what: String,
}

impl Refused {
    pub(crate) fn new(at: impl Into<String>, what: impl Into<String>) -> Self {
        Self { at: at.into(), what: what.into() }
    }

    pub(crate) fn within(self, at: &str) -> Self {
        Self { at: format!("{at}.{}", self.at), what: self.what }
    }
}
