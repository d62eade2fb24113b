//! Every metric of ours, once: what callers count, what alarms and dashboards ask for. A test of `infra/alarms` holds the template against
//! this list.

/// As alarms name it.
pub const NAMESPACE: &str = "Spillway";
/// Of a deployed function's metrics the first dimension, as AWS/Lambda's own metrics name it: two deployments in one account have the
/// same flows.
pub const FUNCTION_NAME: &str = "FunctionName";

/// A metric with its dimensions, beside the function's name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Metric<const N: usize> {
    pub name: &'static str,
    /// CloudWatch's word for it.
    pub unit: &'static str,
    pub dimensions: [&'static str; N],
}

impl<const N: usize> Metric<N> {
    const fn count(name: &'static str, dimensions: [&'static str; N]) -> Self {
        Self { name, unit: "Count", dimensions }
    }

    const fn of(name: &'static str, unit: &'static str) -> Metric<0> {
        Metric { name, unit, dimensions: [] }
    }

    /// As CloudWatch has it from a deployed function.
    pub fn published(&self) -> Published {
        let all = std::iter::once(FUNCTION_NAME).chain(self.dimensions);
        let mut dimension_sets = vec![all.collect::<Vec<_>>()];
        if N > 0 {
            dimension_sets.push(vec![FUNCTION_NAME]);
        }
        Published { name: self.name, unit: self.unit, dimension_sets }
    }
}

/// Name, unit and every set of dimensions under which CloudWatch can be asked for it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Published {
    pub name: &'static str,
    pub unit: &'static str,
    pub dimension_sets: Vec<Vec<&'static str>>,
}

/// Events that ingest has put on a queue.
pub const ACCEPTED: Metric<1> = Metric::count("Accepted", ["Source"]);
/// Calls that a target answered with 401 or 403.
pub const CREDENTIALS_REFUSED: Metric<2> = Metric::count("CredentialsRefused", ["Flow", "Target"]);
/// What came otherwise than contracts say, but for values.
pub const DRIFT: Metric<3> = Metric::count("Drift", ["Flow", "Mapping", "Field"]);
/// Events of types from which no route leads on.
pub const EVENTS_IGNORED: Metric<1> = Metric::count("EventsIgnored", ["Source"]);
/// Looks at a change of a mapping that is not right.
pub const OVERRIDES_REFUSED: Metric<2> = Metric::count("OverridesRefused", ["Flow", "Mapping"]);
/// Webhooks whose signature, or its time, is not good.
pub const SIGNATURE_REJECTED: Metric<1> = Metric::count("SignatureRejected", ["Source"]);
/// Values that a value map does not know.
pub const UNKNOWN_VALUE: Metric<3> = Metric::count("UnknownValue", ["Flow", "Mapping", "Field"]);

/// Loads of a window that the dead letter of another one stands for.
pub const COVERED_BY_DEAD_LETTER: Metric<1> = Metric::count("CoveredByDeadLetter", ["Flow"]);

/// Of a flow, as the watchdog sees it: how unusual its silence is. From 100 on somebody has to know.
pub const SILENCE: Metric<0> = Metric::<0>::of("Silence", "Percent");
/// Looks at a flow that could not be made.
pub const CHECKS_FAILED: Metric<0> = Metric::<0>::of("ChecksFailed", "Count");
/// Since the newest canary was sent that has come through all flows of its way.
pub const CANARY_AGE: Metric<0> = Metric::<0>::of("CanaryAge", "Seconds");
/// Since the oldest message was sent that is held.
pub const OLDEST_HELD: Metric<0> = Metric::<0>::of("OldestHeld", "Seconds");
/// 1 while the breaker of the flow's target is not closed.
pub const BREAKER_NOT_CLOSED: Metric<0> = Metric::<0>::of("BreakerNotClosed", "Count");
/// 1 while the event source mapping is not enabled.
pub const POLLER_OFF: Metric<0> = Metric::<0>::of("PollerOff", "Count");
/// Since the flow's oldest secret was changed.
pub const SECRET_AGE: Metric<0> = Metric::<0>::of("SecretAge", "Seconds");
/// Types of events that a source does not post to us any more.
pub const SUBSCRIPTIONS_MISSING: Metric<0> = Metric::<0>::of("SubscriptionsMissing", "Count");
/// Events that the source has told of, which the ledger does not know and which could not be put on the queue.
pub const UNRECONCILED: Metric<0> = Metric::<0>::of("Unreconciled", "Count");
/// Since when there have been dead letters all the time: none is older.
pub const OLDEST_DEAD_LETTER: Metric<0> = Metric::<0>::of("OldestDeadLetter", "Seconds");
/// In the dead letter queue, of the first hundred.
pub const DEAD_LETTERS: Metric<1> = Metric::count("DeadLetters", ["Code"]);

/// Counted by no function: put by whoever deploys (README), for the stack. Pages wait for it.
pub const DEPLOYING: &str = "Deploying";
/// Its dimension.
pub const STACK_NAME: &str = "StackName";

/// How a record ended, as a dimension of [`RECORDS`].
pub const DISPOSITION: &str = "Disposition";
/// Of the wide event that every record leaves: one, also by how it ended.
pub const RECORDS: &str = "Records";
/// Came for the first time, and not because the source was asked for it: by its silence the watchdog knows that it stopped.
pub const ARRIVED: &str = "Arrived";
/// Done only because the source was asked for it: its webhook never came.
pub const RECONCILED: &str = "Reconciled";
/// Sent again with a delay, as its target or the ledger is not to be called now.
pub const HELD: &str = "Held";
/// Held, or to come again, as the target asks for less.
pub const RATE_LIMITED: &str = "RateLimited";
/// Held, as the target fails.
pub const BREAKER_OPEN: &str = "BreakerOpen";
/// Copied to the dead letter queue.
pub const DEAD_LETTERED: &str = "DeadLettered";
/// Of a message, since it was sent for the first time.
pub const AGE: &str = "Age";
/// Since the event happened at its source, of those that ended as Done.
pub const EVENT_TO_DONE: &str = "EventToDone";
/// Of all calls of the target for one record.
pub const TARGET_LATENCY: &str = "TargetLatency";

/// All of the above.
pub fn all() -> Vec<Published> {
    let by_function = |name, unit| Published { name, unit, dimension_sets: vec![vec![FUNCTION_NAME]] };
    let records = vec![vec![FUNCTION_NAME], vec![FUNCTION_NAME, DISPOSITION]];
    vec![
        Published { name: RECORDS, unit: "Count", dimension_sets: records.clone() },
        by_function(ARRIVED, "Count"),
        by_function(RECONCILED, "Count"),
        by_function(HELD, "Count"),
        by_function(RATE_LIMITED, "Count"),
        by_function(BREAKER_OPEN, "Count"),
        by_function(DEAD_LETTERED, "Count"),
        Published { name: AGE, unit: "Milliseconds", dimension_sets: records.clone() },
        by_function(EVENT_TO_DONE, "Milliseconds"),
        by_function(TARGET_LATENCY, "Milliseconds"),
        Published { name: DEPLOYING, unit: "Count", dimension_sets: vec![vec![STACK_NAME]] },
        SILENCE.published(),
        CHECKS_FAILED.published(),
        CANARY_AGE.published(),
        OLDEST_HELD.published(),
        BREAKER_NOT_CLOSED.published(),
        POLLER_OFF.published(),
        SECRET_AGE.published(),
        SUBSCRIPTIONS_MISSING.published(),
        UNRECONCILED.published(),
        OLDEST_DEAD_LETTER.published(),
        DEAD_LETTERS.published(),
        COVERED_BY_DEAD_LETTER.published(),
        ACCEPTED.published(),
        SIGNATURE_REJECTED.published(),
        CREDENTIALS_REFUSED.published(),
        DRIFT.published(),
        EVENTS_IGNORED.published(),
        OVERRIDES_REFUSED.published(),
        UNKNOWN_VALUE.published(),
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_metric_of_this_module_is_in_its_list_once() {
        let text = include_str!("metrics.rs");
        let written = text.lines().filter(|line| line.starts_with("pub const") && line.contains(": "));
        let no_metric = ["NAMESPACE", "FUNCTION_NAME", "STACK_NAME", "DISPOSITION"];
        let written =
            written.filter(|line| !no_metric.iter().any(|name| line.contains(&format!(" {name}:"))));
        let names: BTreeSet<_> = all().into_iter().map(|metric| metric.name).collect();
        assert_eq!((names.len(), all().len()), (written.count(), names.len()));
    }

    #[test]
    fn a_metric_can_be_asked_for_by_function_alone_and_by_all_its_dimensions() {
        let published = EVENTS_IGNORED.published();
        assert_eq!(published.dimension_sets, [vec!["FunctionName", "Source"], vec!["FunctionName"]]);
    }
}
