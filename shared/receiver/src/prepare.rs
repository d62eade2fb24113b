use std::panic::{AssertUnwindSafe, catch_unwind};

use channel::DeadLetter;
use ledger::Reopens;
use message::{Code, Disposition, Envelope, Fingerprint, Rejection, Retry};
use tokio::time::Instant;

use crate::flow::{Flow, ReopenedBy, Translated};
use crate::incoming::Incoming;

/// A message that is understood and may be claimed.
pub(crate) struct Prepared<T> {
    /// SQS message id.
    pub(crate) message_id: String,
    pub(crate) trace_header: Option<String>,
    pub(crate) started_at: Instant,
    pub(crate) envelope: Envelope,
    pub(crate) translated: Translated<T>,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) reopens: Reopens,
}

impl<T> Prepared<T> {
    /// Whether the dead letter of another message of its version stands for this one too.
    pub(crate) fn is_covered_by_letters(&self) -> bool {
        self.reopens == Reopens::OlderVersions
    }
}

/// A message that could not be understood, with what is known of it.
pub(crate) struct Unprepared {
    pub(crate) disposition: Disposition,
    pub(crate) envelope: Option<Envelope>,
}

/// Body -> envelope -> canonical operation. A panic is this record's alone.
pub(crate) fn prepare<F: Flow>(
    flow: &F,
    record: &Incoming<'_>,
) -> Result<Prepared<F::Operation>, Box<Unprepared>> {
    let reject = |rejection, envelope| {
        Err(Box::new(Unprepared { disposition: Disposition::Reject(rejection), envelope }))
    };
    let (body, started_at) = (record.body, Instant::now());
    if body.is_empty() {
        return reject(Rejection::new(Code::BodyMissing, "$", Code::BodyMissing.title()), None);
    }
    let envelope = match Envelope::decode(body) {
        Ok(envelope) => envelope,
        Err(error) => return reject(error.into(), None),
    };
    let translated = match catch_unwind(AssertUnwindSafe(|| flow.translate(&envelope))) {
        Ok(Ok(translated)) => translated,
        Ok(Err(rejection)) => return reject(rejection, Some(envelope)),
        Err(_) => {
            let retry = Retry::new(Code::HandlerPanicked, None, "");
            let disposition = Disposition::Retry(retry);
            return Err(Box::new(Unprepared { disposition, envelope: Some(envelope) }));
        }
    };
    match Fingerprint::of(&translated.operation) {
        Ok(fingerprint) => Ok(Prepared {
            message_id: record.message_id.to_owned(),
            trace_header: record.trace_header.map(str::to_owned),
            started_at,
            envelope,
            translated,
            fingerprint,
            reopens: match flow.reopened_by() {
                ReopenedBy::Redrive if !DeadLetter::is_redriven(&record.attributes) => Reopens::OlderVersions,
                ReopenedBy::Redrive | ReopenedBy::AnyOther => Reopens::AnyOther,
            },
        }),
        Err(_) => {
            let rejection =
                Rejection::new(Code::ValueInvalid, "$", "the canonical form cannot be written as JSON");
            reject(rejection.with_mapping(translated.mapping), Some(envelope))
        }
    }
}
