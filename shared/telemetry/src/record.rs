use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use message::{Code, Disposition};
use metrique_writer_core::unit::{Count, NegativeScale, WithUnit};
use metrique_writer_core::{Entry, EntryWriter};
use metrique_writer_format_emf::{Emf, MetricDefinition, MetricDirective, NoMetric};

use crate::calls::{self, Batch, TargetCalls};
use crate::event;
use crate::metrics::{self, FUNCTION_NAME, NAMESPACE};

/// How one record ended: the one wide event that every record leaves, whatever became of it. Metrics are what alarms and
/// dashboards ask for; ids and all else are properties, for queries.
#[derive(Debug)]
pub struct RecordEnd<'a> {
    pub flow: &'static str,
    pub target: &'a str,
    /// The operation's key in the ledger; empty where the message could not be translated.
    pub operation: &'a str,
    /// SQS message id.
    pub message_id: &'a str,
    /// Empty where the envelope could not be read.
    pub correlation_id: &'a str,
    pub event_type: &'a str,
    /// X-Ray's, out of the message; empty where there is none.
    pub trace_id: &'a str,
    /// `ApproximateReceiveCount`.
    pub attempts: u32,
    /// Of the body.
    pub bytes: usize,
    /// Since it was sent for the first time, as whichever message.
    pub age: Duration,
    /// Since it happened at the source.
    pub since_event: Option<Duration>,
    /// Of the work on it.
    pub elapsed: Duration,
    pub calls: TargetCalls,
    /// The mappings that it went through, with their versions; empty where there was none.
    pub mapping: &'a str,
    pub disposition: &'a Disposition,
    /// A Retry on the last permitted receive goes to the dead letter queue as well.
    pub dead_lettered: bool,
    pub kind: RecordKind,
}

/// What its coming says of its source.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RecordKind {
    /// It came for the first time.
    Arrival,
    /// It was held, has failed or was redriven.
    Again,
    /// The source had to be asked for it.
    Reconciled,
    /// The watchdog's: no metric knows it.
    Canary,
}

impl RecordKind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Arrival => "arrival",
            Self::Again => "again",
            Self::Reconciled => "reconciled",
            Self::Canary => "canary",
        }
    }
}

impl RecordEnd<'_> {
    pub fn tell(&self) {
        let function = event::function().unwrap_or(self.flow);
        let line = Line { end: self, function, batch: calls::batch(), now: Timestamp::now() };
        if self.kind == RecordKind::Canary {
            event::write_plain(&line);
        } else {
            event::write(&line);
        }
    }

    /// What used up a receive or went to the dead letter queue is worth a warning: it is what queries look for.
    const fn level(&self) -> &'static str {
        match self.disposition {
            Disposition::Retry(_) | Disposition::Reject(_) => "WARN",
            Disposition::Done
            | Disposition::Duplicate
            | Disposition::Stale
            | Disposition::Ignored
            | Disposition::Hold(_) => "INFO",
        }
    }
}

/// Under the function's name alone; how many ended how, and how old they were, under that as well.
pub(crate) fn format() -> Emf {
    let metric = |name, unit| MetricDefinition { name, unit, storage_resolution: None };
    let milliseconds = metrique_writer_core::Unit::Second(NegativeScale::Milli);
    let by_disposition = MetricDirective {
        dimensions: vec![vec![FUNCTION_NAME, metrics::DISPOSITION]],
        metrics: vec![
            metric(metrics::RECORDS, metrique_writer_core::Unit::Count),
            metric(metrics::AGE, milliseconds),
        ],
        namespace: NAMESPACE,
    };
    let by_function = vec![vec![FUNCTION_NAME.to_owned()]];
    Emf::builder(NAMESPACE.to_owned(), by_function).directive(by_disposition).build()
}

/// Of a canary, which no metric knows.
pub(crate) fn plain() -> Emf {
    Emf::builder(NAMESPACE.to_owned(), vec![vec![FUNCTION_NAME.to_owned()]]).build()
}

struct Line<'a> {
    end: &'a RecordEnd<'a>,
    function: &'a str,
    batch: Batch,
    now: Timestamp,
}

impl Entry for Line<'_> {
    fn write<'w>(&'w self, writer: &mut impl EntryWriter<'w>) {
        let (end, batch) = (self.end, self.batch);
        let code = end.disposition.code();
        let since_epoch = Duration::from_millis(u64::try_from(self.now.as_millisecond()).unwrap_or(0));
        writer.timestamp(SystemTime::UNIX_EPOCH + since_epoch);
        let now = self.now.to_string();
        for (name, text) in [
            ("timestamp", now.as_str()),
            ("level", end.level()),
            ("message", "record ended"),
            (FUNCTION_NAME, self.function),
            ("flow", end.flow),
            ("target_system", end.target),
            ("operation", end.operation),
            ("message_id", end.message_id),
            ("correlation_id", end.correlation_id),
            ("trace_id", end.trace_id),
            ("event_type", end.event_type),
            ("mapping", end.mapping),
            (metrics::DISPOSITION, end.disposition.name()),
            ("disposition", end.disposition.name()),
            ("kind", end.kind.as_str()),
        ] {
            writer.value(name, text);
        }
        if let Some(code) = code {
            writer.value("code", code.as_str());
        }
        if let Disposition::Reject(rejection) = end.disposition {
            writer.value("path", rejection.path.as_str());
            writer.value("summary", rejection.summary.as_str());
        }
        let number = |value: usize| NoMetric::from(u64::try_from(value).unwrap_or(u64::MAX));
        let milliseconds = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        for (name, value) in [
            ("attempts", u64::from(end.attempts)),
            ("target_calls", u64::from(end.calls.count)),
            ("target_status", u64::from(end.calls.status)),
            ("ledger_calls", u64::from(batch.ledger_calls)),
            ("elapsed_ms", milliseconds(end.elapsed)),
        ] {
            writer.value(name, &NoMetric::from(value));
        }
        writer.value("bytes", &number(end.bytes));
        writer.value("batch_size", &number(batch.records));
        writer.value("dead_lettered", if end.dead_lettered { "true" } else { "false" });
        writer.value("cold_start", if batch.is_first { "true" } else { "false" });

        if end.kind == RecordKind::Canary {
            return;
        }
        let one = WithUnit::<u64, Count>::from(1);
        writer.value(metrics::RECORDS, &one);
        if end.kind == RecordKind::Arrival {
            writer.value(metrics::ARRIVED, &one);
        }
        if end.kind == RecordKind::Reconciled && *end.disposition == Disposition::Done {
            writer.value(metrics::RECONCILED, &one);
        }
        writer.value(metrics::AGE, &end.age);
        if *end.disposition == Disposition::Done {
            writer.value(metrics::EVENT_TO_DONE, &end.since_event);
        }
        if end.calls.count > 0 {
            writer.value(metrics::TARGET_LATENCY, &end.calls.elapsed);
        }
        let held = matches!(end.disposition, Disposition::Hold(hold) if hold.code != Code::NotDueYet);
        let target_fails = matches!(
            code,
            Some(
                Code::TargetFailed
                    | Code::TargetUnreachable
                    | Code::OutcomeUnknown
                    | Code::CredentialsRefused
                    | Code::SecretUnavailable
                    | Code::TargetMisconfigured
            )
        );
        for (name, is) in [
            (metrics::HELD, held),
            (metrics::BREAKER_OPEN, held && target_fails),
            (metrics::RATE_LIMITED, code == Some(Code::TargetThrottled)),
            (metrics::DEAD_LETTERED, end.dead_lettered),
        ] {
            if is {
                writer.value(name, &one);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use message::{Hold, Rejection, Retry};
    use metrique_writer_core::format::Format as _;
    use serde_json::{Value, json};

    use super::*;

    fn line(disposition: &Disposition, calls: TargetCalls, dead_lettered: bool) -> Value {
        line_of(RecordKind::Again, disposition, calls, dead_lettered)
    }

    fn line_of(
        kind: RecordKind,
        disposition: &Disposition,
        calls: TargetCalls,
        dead_lettered: bool,
    ) -> Value {
        let end = RecordEnd {
            flow: "orders-to-inventory",
            target: "tryton",
            operation: "19:orders-to-inventory/4:acme/2:42",
            message_id: "m-1",
            correlation_id: "event-1",
            event_type: "shopify.orders/create",
            trace_id: "1-5759e988-bd862e3fe1be46a994272793",
            attempts: 2,
            bytes: 3_249,
            age: Duration::from_millis(1_500),
            since_event: Some(Duration::from_secs(4)),
            elapsed: Duration::from_millis(12),
            calls,
            mapping: "shopify-order/2 canonical.order@1",
            disposition,
            dead_lettered,
            kind,
        };
        let now = Timestamp::from_millisecond(1_764_000_000_000).unwrap();
        let batch = Batch { records: 10, is_first: true, ledger_calls: 2 };
        let mut text = Vec::new();
        let line = Line { end: &end, function: "shop-orders-to-inventory", batch, now };
        let mut format = if kind == RecordKind::Canary { plain() } else { format() };
        format.format(&line, &mut text).unwrap();
        assert_eq!(text.iter().filter(|byte| **byte == b'\n').count(), 1);
        serde_json::from_slice(&text).unwrap()
    }

    fn metrics(line: &Value) -> Vec<(&str, &str, f64)> {
        let directives = line["_aws"]["CloudWatchMetrics"].as_array().unwrap();
        let mut metrics = Vec::new();
        for directive in directives {
            for dimensions in directive["Dimensions"].as_array().unwrap() {
                for metric in directive["Metrics"].as_array().unwrap() {
                    let name = metric["Name"].as_str().unwrap();
                    let by = dimensions.as_array().unwrap().last().unwrap().as_str().unwrap();
                    // A directive may name what this line does not have.
                    if let Some(value) = line[name].as_f64() {
                        metrics.push((name, by, value));
                    }
                }
            }
        }
        metrics
    }

    #[test]
    fn a_record_that_is_done_is_one_line_with_metrics_and_what_queries_look_for() {
        let calls = TargetCalls { count: 3, status: 200, elapsed: Duration::from_millis(90) };
        let line = line(&Disposition::Done, calls, false);
        assert_eq!(
            metrics(&line),
            [
                ("Records", "FunctionName", 1.0),
                ("Age", "FunctionName", 1_500.0),
                ("EventToDone", "FunctionName", 4_000.0),
                ("TargetLatency", "FunctionName", 90.0),
                ("Records", "Disposition", 1.0),
                ("Age", "Disposition", 1_500.0)
            ]
        );
        for (name, value) in [
            ("message", json!("record ended")),
            ("level", json!("INFO")),
            ("timestamp", json!("2025-11-24T16:00:00Z")),
            ("FunctionName", json!("shop-orders-to-inventory")),
            ("flow", json!("orders-to-inventory")),
            ("disposition", json!("Done")),
            ("operation", json!("19:orders-to-inventory/4:acme/2:42")),
            ("correlation_id", json!("event-1")),
            ("trace_id", json!("1-5759e988-bd862e3fe1be46a994272793")),
            ("attempts", json!(2)),
            ("bytes", json!(3_249)),
            ("target_calls", json!(3)),
            ("target_status", json!(200)),
            ("ledger_calls", json!(2)),
            ("batch_size", json!(10)),
            ("cold_start", json!("true")),
        ] {
            assert_eq!(line[name], value, "{name}: {line}");
        }
        assert_eq!(line["code"], Value::Null);
    }

    #[test]
    fn every_disposition_says_in_metrics_what_alarms_ask_for() {
        let none = TargetCalls::default();
        let names = |disposition: Disposition, dead_lettered| {
            let line = line(&disposition, none, dead_lettered);
            let counted = metrics(&line).into_iter().filter(|(_, by, _)| *by == FUNCTION_NAME);
            let names: Vec<_> = counted.map(|(name, ..)| name.to_owned()).collect();
            (line["level"].as_str().unwrap().to_owned(), line["code"].clone(), names)
        };
        let hold = |code| Disposition::Hold(Hold { code, after: Duration::ZERO, mapping: "" });
        let (info, warn) = ("INFO".to_owned(), "WARN".to_owned());
        let told = |more: &[&str]| -> Vec<String> {
            ["Records", "Age"].iter().chain(more).map(|name| (*name).to_owned()).collect()
        };
        for (disposition, dead_lettered, level, code, more) in [
            (Disposition::Duplicate, false, &info, json!(null), &[] as &[&str]),
            (Disposition::Ignored, false, &info, json!(null), &[]),
            (hold(Code::NotDueYet), false, &info, json!("SPW5007"), &[]),
            (hold(Code::TargetThrottled), false, &info, json!("SPW4003"), &["Held", "RateLimited"]),
            (hold(Code::TargetFailed), false, &info, json!("SPW4002"), &["Held", "BreakerOpen"]),
            (hold(Code::LedgerUnavailable), false, &info, json!("SPW3001"), &["Held"]),
            (
                Disposition::Retry(Retry::new(Code::TargetFailed, None, "")),
                false,
                &warn,
                json!("SPW4002"),
                &[],
            ),
            (
                Disposition::Reject(Rejection::new(Code::FieldMissing, "$.sku", "expected a string")),
                true,
                &warn,
                json!("SPW2001"),
                &["DeadLettered"],
            ),
        ] {
            assert_eq!(names(disposition, dead_lettered), (level.clone(), code, told(more)));
        }
        let rejection = Rejection::new(Code::FieldMissing, "$.sku", "expected a string");
        let rejected = line(&Disposition::Reject(rejection), none, true);
        assert_eq!((&rejected["path"], &rejected["summary"]), (&json!("$.sku"), &json!("expected a string")));
    }

    #[test]
    fn only_what_comes_from_its_source_for_the_first_time_says_that_the_source_is_alive() {
        let told = |kind, disposition| {
            let line = line_of(kind, &disposition, TargetCalls::default(), false);
            let counted = metrics(&line).into_iter().filter(|(_, by, _)| *by == FUNCTION_NAME);
            counted.map(|(name, ..)| name.to_owned()).collect::<Vec<_>>()
        };
        let done = || Disposition::Done;
        assert_eq!(told(RecordKind::Arrival, done()), ["Records", "Arrived", "Age", "EventToDone"]);
        assert_eq!(told(RecordKind::Again, done()), ["Records", "Age", "EventToDone"]);
        assert_eq!(told(RecordKind::Reconciled, done()), ["Records", "Reconciled", "Age", "EventToDone"]);
        assert_eq!(told(RecordKind::Reconciled, Disposition::Duplicate), ["Records", "Age"]);
        assert_eq!(told(RecordKind::Canary, done()), [""; 0]);
        let canary = line_of(RecordKind::Canary, &Disposition::Done, TargetCalls::default(), false);
        assert!(!canary["_aws"].to_string().contains("Records"), "{canary}");
    }

    #[test]
    fn what_is_told_is_what_the_list_of_metrics_says() {
        let calls = TargetCalls { count: 1, status: 200, elapsed: Duration::from_millis(1) };
        let hold = |code| Disposition::Hold(Hold { code, after: Duration::ZERO, mapping: "" });
        let mut told = std::collections::BTreeSet::new();
        for (disposition, dead_lettered) in [
            (Disposition::Done, false),
            (Disposition::Duplicate, true),
            (hold(Code::TargetThrottled), false),
            (hold(Code::TargetFailed), false),
        ] {
            let kind = if dead_lettered { RecordKind::Arrival } else { RecordKind::Reconciled };
            let line = line_of(kind, &disposition, calls, dead_lettered);
            for directive in line["_aws"]["CloudWatchMetrics"].as_array().unwrap() {
                assert_eq!(directive["Namespace"], NAMESPACE);
                for metric in directive["Metrics"].as_array().unwrap() {
                    let unit = metric["Unit"].as_str().unwrap_or("None");
                    for set in directive["Dimensions"].as_array().unwrap() {
                        told.insert((
                            metric["Name"].as_str().unwrap().to_owned(),
                            unit.to_owned(),
                            set.to_string(),
                        ));
                    }
                }
            }
        }
        let ours = [
            "Records",
            "Arrived",
            "Reconciled",
            "Held",
            "RateLimited",
            "BreakerOpen",
            "DeadLettered",
            "Age",
            "EventToDone",
            "TargetLatency",
        ];
        let listed = metrics::all().into_iter().filter(|metric| ours.contains(&metric.name));
        let listed = listed.flat_map(|metric| {
            let sets = metric.dimension_sets.into_iter();
            sets.map(move |set| (metric.name.to_owned(), metric.unit.to_owned(), json!(set).to_string()))
        });
        assert_eq!(told, listed.collect());
    }
}
