use std::fmt;

use channel::{Attributes, Reason};
use jiff::Timestamp;
use message::Envelope;
use sha2::{Digest, Sha256};

use crate::called::begins;

/// What stands in a letter's place for a code where SQS has moved it by itself: the function crashed or was broken off.
pub(crate) const NO_CODE: &str = "none";

/// An id is said by so much of its beginning at least, or letters would be meant by chance.
pub(crate) const SHORTEST_ID: usize = 6;

pub(crate) fn is_short(id: &str) -> bool {
    id.chars().count() < SHORTEST_ID
}

/// A message on a dead letter queue, as it was received.
#[derive(Clone, PartialEq, Eq)]
pub struct Letter {
    /// SQS's message id, as the console shows it.
    pub id: String,
    /// Of this receive: what releases and deletes it.
    pub receipt: String,
    pub body: String,
    pub attributes: Attributes,
    /// `SentTimestamp`, from which SQS counts its retention.
    pub sent_at: Timestamp,
    pub receive_count: u32,
    /// `AWSTraceHeader`.
    pub trace_header: Option<String>,
    /// `MessageGroupId`, of a FIFO queue's message.
    pub group_id: Option<String>,
}

impl Letter {
    /// Why it is one. Of a letter that says nothing: of which flow's queue it was found on, and when it was sent.
    pub fn reason(&self, flow: &str) -> Reason {
        let said = Reason::of(&self.attributes).filter(|reason| !reason.code.is_empty());
        let mut reason = said.unwrap_or_else(|| Reason {
            code: NO_CODE.to_owned(),
            path: String::new(),
            flow: String::new(),
            mapping: String::new(),
            summary:
                "no reason is said: the function crashed or was broken off, or somebody else has put it here"
                    .to_owned(),
            source_queue: String::new(),
            original_message_id: self.id.clone(),
            correlation_id: String::new(),
            attempts: 0,
            first_failed_at: self.sent_at,
            last_failed_at: self.sent_at,
        });
        if reason.flow.is_empty() {
            flow.clone_into(&mut reason.flow);
        }
        if reason.correlation_id.is_empty()
            && let Ok(envelope) = Envelope::decode(&self.body)
        {
            reason.correlation_id = envelope.correlationid;
        }
        reason
    }

    /// What it is called: its id, and the one that it had before it was ever redriven.
    pub(crate) fn ids(&self) -> Vec<String> {
        let original = Reason::of(&self.attributes).map(|reason| reason.original_message_id);
        std::iter::once(self.id.clone()).chain(original).collect()
    }

    /// Whether it is called so, by the beginning of one of its ids.
    pub fn is_called(&self, id: &str) -> bool {
        self.ids().iter().any(|its| begins(its, id))
    }

    /// The id that stays when it is redriven, or discarded and restored: the one that it had first. Of a letter that does not say it, its
    /// own, which does not stay.
    pub fn lasting_id(&self) -> String {
        let original = Reason::of(&self.attributes).map(|reason| reason.original_message_id);
        original.filter(|original| !original.is_empty()).unwrap_or_else(|| self.id.clone())
    }

    /// Of its body.
    pub fn digest(&self) -> String {
        digest(self.body.as_bytes())
    }

    /// What SQS counts towards a message's size.
    pub(crate) fn bytes(&self) -> usize {
        self.body.len() + self.attributes.len() * 64
    }
}

/// Bodies are full of personal data.
impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Letter")
            .field("id", &self.id)
            .field("sent_at", &self.sent_at)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// SHA-256, in hexadecimal digits.
pub fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
