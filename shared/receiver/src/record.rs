use std::panic::AssertUnwindSafe;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use futures::FutureExt;
use ledger::{Claimed, Grant, Ledger, LedgerError, Operation};
use message::{Code, Disposition, Effect, Envelope, Fingerprint, Rejection, Retry};
use outbound::Budget;
use tokio::time::Instant;

use crate::flow::Flow;

/// A lease outlives the invocation by this much: a worker that is cut off at its deadline can do nothing more, and
/// clocks of two machines differ.
const LEASE_MARGIN: Duration = Duration::from_secs(2);

/// How long a target may go on working on a request whose answer we no longer wait for.
const SETTLING: Duration = Duration::from_secs(60);

/// What processing one record has come to, and the claim that is still to be settled for it.
pub(crate) struct Processed {
    pub disposition: Disposition,
    pub correlation_id: String,
    pub event_type: String,
    /// Set with a Reject: recorded as rejected once the dead letter is accepted.
    pub grant: Option<Grant>,
}

/// Envelope -> canonical -> claim -> effect -> complete, for one body. A panic anywhere inside is this record's alone.
pub(crate) async fn process<F: Flow>(
    flow: &F,
    ledger: &Ledger,
    message_id: &str,
    body: &str,
    deadline: Instant,
) -> Processed {
    let seen = Mutex::new(Seen::default());
    let steps = AssertUnwindSafe(steps(flow, ledger, message_id, body, deadline, &seen));
    let result = steps.catch_unwind().await;
    let seen = seen.into_inner().unwrap_or_else(PoisonError::into_inner);
    let (disposition, grant) = match result {
        Ok(ended) => ended,
        Err(_) => {
            // A claim that was left behind is free only once its lease is over.
            let after = seen.mapping.map(|_| lease(deadline));
            (retry(Code::HandlerPanicked, after, seen.mapping.unwrap_or("")), None)
        }
    };
    Processed { disposition, correlation_id: seen.correlation_id, event_type: seen.event_type, grant }
}

/// What the log and the dead letter still need after a panic.
#[derive(Default)]
struct Seen {
    correlation_id: String,
    event_type: String,
    mapping: Option<&'static str>,
}

async fn steps<F: Flow>(
    flow: &F,
    ledger: &Ledger,
    message_id: &str,
    body: &str,
    deadline: Instant,
    seen: &Mutex<Seen>,
) -> (Disposition, Option<Grant>) {
    let note = |change: &dyn Fn(&mut Seen)| change(&mut seen.lock().unwrap_or_else(PoisonError::into_inner));
    if body.is_empty() {
        return reject(Rejection::new(Code::BodyMissing, "$", Code::BodyMissing.title()), None);
    }
    let envelope = match Envelope::decode(body) {
        Ok(envelope) => envelope,
        Err(error) => return reject(error.into(), None),
    };
    note(&|seen| {
        seen.correlation_id.clone_from(&envelope.correlationid);
        seen.event_type.clone_from(&envelope.event_type);
    });
    let translated = match flow.translate(&envelope) {
        Ok(translated) => translated,
        Err(rejection) => return reject(rejection, None),
    };
    let mapping = translated.mapping;
    note(&|seen| seen.mapping = Some(mapping));
    let Ok(fingerprint) = Fingerprint::of(&translated.operation) else {
        let rejection =
            Rejection::new(Code::ValueInvalid, "$", "the canonical form cannot be written as JSON");
        return reject(rejection.with_mapping(mapping), None);
    };
    let operation = Operation {
        key: &translated.key,
        fingerprint: &fingerprint,
        message_id,
        correlation_id: &envelope.correlationid,
    };
    let (started, lease) = (Instant::now(), lease(deadline));
    let grant = match ledger.claim(&operation, lease).await {
        Ok(Claimed::Granted(grant)) => grant,
        Ok(Claimed::Done { .. } | Claimed::Rejected) => return (Disposition::Duplicate, None),
        Ok(Claimed::InProgress { left }) => {
            return (retry(Code::InProgressElsewhere, Some(left), mapping), None);
        }
        Ok(Claimed::Conflict) => {
            let rejection = Rejection::new(Code::FingerprintConflict, "$", Code::FingerprintConflict.title());
            return reject(rejection.with_mapping(mapping), None);
        }
        Err(error) => return (ledger_failed(&error, mapping), None),
    };
    let budget = Budget::of_lease(started, lease);
    match flow.perform(&envelope, &translated.operation, grant.prior(), &budget).await {
        Ok(performed) => (complete(ledger, &grant, &performed.outcome, mapping).await, None),
        Err(attempt) => {
            let disposition = attempt.error.disposition(mapping);
            if matches!(disposition, Disposition::Reject(_)) {
                return (disposition, Some(grant));
            }
            if attempt.effect == Effect::Unknown {
                return (settling(disposition, deadline), None);
            }
            release(ledger, &grant, attempt.effect).await;
            (disposition, None)
        }
    }
}

/// The target may still be working on what it was sent: nobody looks for the effect, and perhaps makes it once more,
/// before it has had the time. The claim is kept until the lease is over.
fn settling(disposition: Disposition, deadline: Instant) -> Disposition {
    match disposition {
        Disposition::Retry(retry) => {
            let after = retry.after.unwrap_or_default().max(lease(deadline)).max(SETTLING);
            Disposition::Retry(Retry { after: Some(after), ..retry })
        }
        settled => settled,
    }
}

async fn complete(ledger: &Ledger, grant: &Grant, outcome: &str, mapping: &'static str) -> Disposition {
    match ledger.complete(grant, outcome).await {
        Ok(Ok(())) => Disposition::Done,
        // The effect is there; whoever took over finds it and completes.
        Ok(Err(ledger::ClaimLost)) => retry(Code::ClaimLost, None, mapping),
        Err(error) => ledger_failed(&error, mapping),
    }
}

/// Only speeds up the next attempt: where it fails, the lease runs out by itself and the effect counts as unknown.
async fn release(ledger: &Ledger, grant: &Grant, effect: Effect) {
    if let Err(error) = ledger.release(grant, effect).await {
        tracing::warn!(code = error.code().as_str(), "the claim could not be released");
    }
}

fn ledger_failed(error: &LedgerError, mapping: &'static str) -> Disposition {
    match error {
        LedgerError::Unavailable { .. } => retry(error.code(), None, mapping),
        LedgerError::Corrupt { attribute } => {
            let summary = format!("the ledger item's attribute {attribute} cannot be read");
            Disposition::Reject(Rejection::new(error.code(), "$", summary).with_mapping(mapping))
        }
    }
}

fn lease(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now()) + LEASE_MARGIN
}

const fn retry(code: Code, after: Option<Duration>, mapping: &'static str) -> Disposition {
    Disposition::Retry(Retry { code, after, mapping })
}

const fn reject(rejection: Rejection, grant: Option<Grant>) -> (Disposition, Option<Grant>) {
    (Disposition::Reject(rejection), grant)
}
