use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use telemetry::metrics::{CHECKS_FAILED, DEAD_LETTERS, Metric, SILENCE};

use crate::Failure;

/// What was found of a flow.
#[derive(Debug, Default)]
pub struct Report {
    pub measures: Vec<(Metric<0>, f64)>,
    /// In its dead letter queue, by code.
    pub letters: BTreeMap<String, u64>,
    /// For queries.
    pub notes: Map<String, Value>,
    /// Checks that could not be made, and why.
    pub failures: Vec<(&'static str, Failure)>,
}

impl Report {
    pub fn measure(&mut self, metric: Metric<0>, value: f64) {
        self.measures.push((metric, value));
    }

    pub fn note(&mut self, name: &str, value: impl Into<Value>) {
        self.notes.insert(name.to_owned(), value.into());
    }

    pub fn value(&self, metric: Metric<0>) -> Option<f64> {
        self.measures.iter().find(|(it, _)| *it == metric).map(|(_, value)| *value)
    }

    pub(crate) fn add(&mut self, check: &'static str, found: Result<Self, Failure>) {
        match found {
            Ok(found) => {
                self.measures.extend(found.measures);
                self.letters.extend(found.letters);
                self.notes.extend(found.notes);
                self.failures.extend(found.failures);
            }
            Err(failure) => self.failures.push((check, failure)),
        }
    }

    /// One line with all of it, and one a code of dead letters.
    pub fn tell(mut self, flow: &str, function: &str) {
        let silent = self.value(SILENCE).is_some_and(|percent| percent >= 100.0);
        let level = if silent || !self.failures.is_empty() { "WARN" } else { "INFO" };
        let failures: Map<_, _> =
            self.failures.iter().map(|(check, failure)| ((*check).to_owned(), json!(failure.0))).collect();
        self.note("level", level);
        self.note("message", "watched");
        self.note("flow", flow);
        if !failures.is_empty() {
            self.note("checks_failed", failures);
        }
        #[expect(clippy::cast_precision_loss, reason = "a handful")]
        self.measure(CHECKS_FAILED, self.failures.len() as f64);
        telemetry::observe(function, &self.measures, self.notes);
        for (code, count) in &self.letters {
            telemetry::count_of(function, &DEAD_LETTERS, [code], *count);
        }
    }
}
