use std::panic::{AssertUnwindSafe, catch_unwind};

use channel::DeadLetter;
use ledger::Reopens;
use message::{Code, Disposition, Envelope, Fingerprint, Rejection, Retry, Sender};
use tokio::time::Instant;

use crate::flow::{Flow, ReopenedBy, Translated};
use crate::incoming::Incoming;

/// A message that is understood and may be claimed.
pub(crate) struct Prepared<T> {
    /// SQS message id.
    pub(crate) message_id: String,
    pub(crate) trace_header: Option<String>,
    /// How often it was received.
    pub(crate) receives: u32,
    pub(crate) started_at: Instant,
    pub(crate) envelope: Envelope,
    pub(crate) translated: Translated<T>,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) reopens: Reopens,
}

impl<T> Prepared<T> {
    /// Whether the dead letter of another message stands for this one too, where that is of this version.
    pub(crate) fn is_covered_by_letter_of(&self, version: u64) -> bool {
        self.reopens.below(self.translated.version) <= u128::from(version)
    }

    /// Whether one letter stands for all messages of its version and this is none.
    pub(crate) fn is_covered_by_letters(&self) -> bool {
        self.is_covered_by_letter_of(self.translated.version)
    }
}

/// A message that is not worked on, with what is known of it.
pub(crate) struct Unprepared {
    pub(crate) disposition: Disposition,
    pub(crate) envelope: Option<Envelope>,
    /// The source of an event that is ignored.
    pub(crate) ignored_from: Option<String>,
    pub(crate) is_canary: bool,
}

impl Unprepared {
    fn of(disposition: Disposition, envelope: Option<Envelope>) -> Box<Self> {
        Box::new(Self { disposition, envelope, ignored_from: None, is_canary: false })
    }
}

/// Body -> envelope -> canonical operation. A panic is this record's alone.
pub(crate) fn prepare<F: Flow>(
    flow: &F,
    record: &Incoming<'_>,
) -> Result<Prepared<F::Operation>, Box<Unprepared>> {
    let reject = |rejection, envelope| Err(Unprepared::of(Disposition::Reject(rejection), envelope));
    let (body, started_at) = (record.body, Instant::now());
    if body.is_empty() {
        return reject(Rejection::new(Code::BodyMissing, "$", Code::BodyMissing.title()), None);
    }
    let (envelope, sender) = match Envelope::decode_with_sender(body) {
        Ok(read) => read,
        Err(error) => return reject(error.into(), None),
    };
    if let Some(path) = envelope.unreadable_at() {
        let rejection = Rejection::new(Code::EventTypeUnreadable, path, Code::EventTypeUnreadable.title());
        return reject(rejection, Some(envelope));
    }
    // A rule of EventBridge sends what it matches, whatever that calls itself.
    if sender == Sender::Spillway && envelope.canary_of().is_some() {
        let canary = Unprepared::of(Disposition::Ignored, Some(envelope));
        return Err(Box::new(Unprepared { is_canary: true, ..*canary }));
    }
    let translated = match catch_unwind(AssertUnwindSafe(|| flow.translate(&envelope))) {
        Ok(Ok(translated)) => translated,
        Ok(Err(rejection)) => {
            return match (rejection.code, sender) {
                (Code::EventTypeUnknown, Sender::EventBridge { source }) => Err(Box::new(Unprepared {
                    disposition: Disposition::Ignored,
                    envelope: Some(envelope),
                    ignored_from: Some(source),
                    is_canary: false,
                })),
                // Ingest, or a flow before, has sent it here on purpose.
                _ => reject(rejection, Some(envelope)),
            };
        }
        Err(_) => {
            let retry = Retry::new(Code::HandlerPanicked, None, "");
            return Err(Unprepared::of(Disposition::Retry(retry), Some(envelope)));
        }
    };
    match Fingerprint::of(&translated.operation) {
        Ok(fingerprint) => Ok(Prepared {
            message_id: record.message_id.to_owned(),
            trace_header: record.trace_header.map(str::to_owned),
            receives: record.attempts,
            started_at,
            envelope,
            translated,
            fingerprint,
            reopens: match flow.reopened_by() {
                ReopenedBy::AnyOther => Reopens::AnyOther,
                ReopenedBy::Redrive if DeadLetter::is_redriven(&record.attributes) => Reopens::UpToItsVersion,
                ReopenedBy::Redrive => Reopens::OlderVersions,
            },
        }),
        Err(_) => {
            let rejection =
                Rejection::new(Code::ValueInvalid, "$", "the canonical form cannot be written as JSON");
            reject(rejection.with_mapping(translated.mapping), Some(envelope))
        }
    }
}
