use std::time::Duration;

use jiff::Timestamp;
use ledger::{Grant, Settlement};
use message::{Disposition, Envelope};
use telemetry::TargetCalls;
use tokio::time::Instant;

use crate::prepare::Prepared;

/// How the work on a record ended, and the claim that is still to be settled for it.
pub(crate) struct End {
    /// In its batch.
    pub(crate) place: usize,
    pub(crate) disposition: Disposition,
    /// The mappings that it went through.
    pub(crate) mapping: &'static str,
    pub(crate) trace_header: Option<String>,
    pub(crate) grant: Option<Grant>,
    pub(crate) settlement: Option<Settlement>,
    pub(crate) rejected_before: bool,
    /// Another message of its operation is a dead letter that stands for it too.
    pub(crate) covered_by_letter: bool,
    /// It asks for nothing, and whatever becomes of it, it does not come again.
    pub(crate) is_canary: bool,
    pub(crate) is_reconciled: bool,
    /// Empty where the message could not be translated.
    pub(crate) operation: String,
    pub(crate) correlation_id: String,
    pub(crate) event_type: String,
    pub(crate) event_time: Option<Timestamp>,
    pub(crate) calls: TargetCalls,
    pub(crate) started_at: Instant,
}

/// What the answer to Lambda has to say about a record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Settled {
    Acknowledge,
    /// After its delay.
    ComeAgain {
        after: Duration,
    },
}

pub(crate) struct Finished {
    pub(crate) place: usize,
    /// Its operation was rejected before, by this very message or by one whose letter stands for it: that says nothing of others with its
    /// key that may open it again.
    pub(crate) rejected_before: bool,
    /// Its dead letter was accepted, and the ledger has taken the rejection.
    pub(crate) rejected_now: bool,
    pub(crate) disposition: Disposition,
    pub(crate) settled: Settled,
}

impl End {
    pub(crate) fn of(place: usize, disposition: Disposition, envelope: Option<&Envelope>) -> Self {
        let text = |field: fn(&Envelope) -> &String| envelope.map(field).cloned().unwrap_or_default();
        Self {
            place,
            mapping: disposition.mapping(),
            disposition,
            trace_header: None,
            grant: None,
            settlement: None,
            rejected_before: false,
            covered_by_letter: false,
            is_canary: false,
            is_reconciled: envelope.is_some_and(Envelope::is_found_by_reconciliation),
            operation: String::new(),
            correlation_id: text(|envelope| &envelope.correlationid),
            event_type: text(|envelope| &envelope.event_type),
            event_time: envelope.map(|envelope| envelope.time),
            calls: TargetCalls::default(),
            started_at: Instant::now(),
        }
    }

    /// Of a message that was translated.
    pub(crate) fn of_operation<T>(place: usize, disposition: Disposition, prepared: &Prepared<T>) -> Self {
        let translated = &prepared.translated;
        let mut end = Self::of(place, disposition, Some(&prepared.envelope));
        if end.mapping.is_empty() {
            end.mapping = translated.mapping;
        }
        translated.key.as_str().clone_into(&mut end.operation);
        end.started_at = prepared.started_at;
        end
    }

    pub(crate) fn with_calls(self, calls: TargetCalls) -> Self {
        Self { calls, ..self }
    }

    pub(crate) fn through(self, mapping: &'static str) -> Self {
        Self { mapping, ..self }
    }

    /// Made under this claim, which is not settled yet.
    pub(crate) fn under(self, grant: Grant) -> Self {
        Self { grant: Some(grant), ..self }
    }

    pub(crate) fn settled_by(self, grant: Grant, settlement: Settlement) -> Self {
        Self { grant: Some(grant), settlement: Some(settlement), ..self }
    }
}
