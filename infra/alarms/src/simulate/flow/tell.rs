//! What a flow publishes of a minute: what its function counts, and what Lambda counts of it.

use telemetry::metrics;

use super::super::emit::Emit;
use super::super::weather::{Target, Weather};
use super::{Flow, Outcome};

/// Above so many a minute they come in batches of ten.
const ALONE: u32 = 60;
const BATCH: u32 = 10;
const DONE_MS: f64 = 400.0;
/// Of an invocation's time, where the target is slow.
const SLOW_SHARE: f64 = 0.85;
const HELD_MS: f64 = 40.0;
const COLD_MS: f64 = 900.0;
/// As long as one call of a target may take (TargetTimeoutMs).
const TIMED_OUT_MS: f64 = 8_000.0;

impl Flow {
    /// The wide event of each record.
    pub(super) fn tell_of_records(&self, minute: u32, outcome: &Outcome, emit: &mut Emit<'_>) {
        let function = [("FunctionName", self.parts.function.as_str())];
        let mut ours =
            |metric, values: &[(f64, u32)]| emit.values(metrics::NAMESPACE, metric, &function, values);
        for (metric, count) in [
            (
                metrics::RECORDS,
                outcome.done + outcome.duplicates + outcome.refused + outcome.held + outcome.come_again,
            ),
            (metrics::ARRIVED, outcome.arrived),
            (metrics::RECONCILED, outcome.reconciled),
            (metrics::HELD, outcome.held),
            (metrics::BREAKER_OPEN, outcome.target_down),
            (metrics::RATE_LIMITED, outcome.rate_limited),
            (metrics::DEAD_LETTERED, outcome.refused),
        ] {
            ours(metric, &[(1.0, count)]);
        }
        for (disposition, count) in [("Done", outcome.done), ("Duplicate", outcome.duplicates)] {
            let dimensions = [function[0], (metrics::DISPOSITION, disposition)];
            emit.values(metrics::NAMESPACE, metrics::RECORDS, &dimensions, &[(1.0, count)]);
        }
        for done in &outcome.done_events {
            let lag = f64::from((minute - done.happened) * 60_000) + DONE_MS;
            emit.values(metrics::NAMESPACE, metrics::EVENT_TO_DONE, &function, &[(lag, done.count)]);
        }
    }

    pub(super) fn tell(&self, weather: &Weather, outcome: &Outcome, emit: &mut Emit<'_>) {
        let invocations = |records: u32| if records <= ALONE { records } else { records.div_ceil(BATCH) };
        let done = invocations(outcome.done + outcome.duplicates + outcome.refused);
        let held = invocations(outcome.held - outcome.held.min(outcome.failed));
        let failed = outcome.failed + outcome.come_again.saturating_sub(outcome.failed);
        let (crashed, throttled) = (invocations(outcome.crashed), invocations(outcome.throttled));
        let timed_out = invocations(outcome.timed_out);
        let broken = crashed + timed_out;
        let well = done + held + failed;
        let function = [("FunctionName", self.parts.function.as_str())];
        let mut lambda = |metric, values: &[(f64, u32)]| emit.values("AWS/Lambda", metric, &function, values);
        lambda("Invocations", &[(1.0, well + broken)]);
        lambda("Errors", &[(1.0, broken), (0.0, well)]);
        lambda("Throttles", &[(1.0, throttled), (0.0, well + broken)]);
        let (cold, warm) = if weather.starts_cold { (done.min(2), done - done.min(2)) } else { (0, done) };
        let timeout_ms = f64::from(self.parts.timeout_seconds) * 1_000.0;
        let done_ms = if weather.is_slow { SLOW_SHARE * timeout_ms } else { DONE_MS };
        lambda(
            "Duration",
            &[
                (COLD_MS, cold),
                (done_ms, warm),
                (DONE_MS, crashed),
                (HELD_MS, held),
                (TIMED_OUT_MS, failed),
                (timeout_ms, timed_out),
            ],
        );
        let at_once = (well + broken).min(self.parts.most_at_once) + weather.invoked_by_others;
        lambda("ConcurrentExecutions", &[(f64::from(at_once), at_once.min(1))]);
        if let Some(mapping) = self.parts.counted_mapping.as_deref().filter(|_| weather.polls) {
            let again = outcome.come_again + outcome.crashed + outcome.timed_out + outcome.throttled;
            let acknowledged = outcome.done + outcome.duplicates + outcome.refused + outcome.held;
            for (metric, count) in [
                // Zero while there is nothing to poll.
                ("PolledEventCount", acknowledged + again),
                ("InvokedEventCount", acknowledged + again - outcome.throttled),
                ("FailedInvokeEventCount", again),
                ("DeletedEventCount", acknowledged),
            ] {
                let values = [(f64::from(count), 1)];
                emit.values("AWS/Lambda", metric, &[("EventSourceMappingUUID", mapping)], &values);
            }
        }
        // What the template's filters count in the function's log.
        let of_log = format!("{}/{}", metrics::NAMESPACE, self.parts.function);
        for (metric, count) in
            [("Panicked", outcome.panicked), ("TimedOut", timed_out), ("ProcessEnded", crashed)]
        {
            emit.values(&of_log, metric, &[], &[(1.0, count)]);
        }
        let refused_credentials = if weather.target == Target::Refuses { outcome.failed } else { 0 };
        let unknown = if weather.values_unknown { outcome.refused } else { 0 };
        // At each look, every half minute, while messages come.
        let looks = if weather.overrides_refused && well > 0 { 2 } else { 0 };
        for (metric, count) in [
            (metrics::CREDENTIALS_REFUSED.name, refused_credentials),
            (metrics::UNKNOWN_VALUE.name, unknown),
            (metrics::OVERRIDES_REFUSED.name, looks),
        ] {
            emit.values(metrics::NAMESPACE, metric, &function, &[(f64::from(count), count.min(1))]);
        }
    }
}
