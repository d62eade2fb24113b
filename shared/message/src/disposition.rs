use std::time::Duration;

use crate::Code;

/// What has become of one record. The receiver acts on it; nothing else decides about a message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Disposition {
    /// The effect was made and recorded: acknowledge.
    Done,
    /// The ledger says that it was done before: acknowledge and count.
    Duplicate,
    /// The ledger has applied a newer version of the entity: acknowledge and count.
    Stale,
    /// A rule of EventBridge has put it here, and the flow knows no such type: acknowledge and count, as ingest does.
    Ignored,
    /// It can succeed later: a batch item failure, visible again after the delay.
    Retry(Retry),
    /// The target is not to be called now: sent again with a delay, then acknowledged, so that waiting costs no receive.
    Hold(Hold),
    /// It can never succeed as it is: copied to the dead letter queue with its reason, then acknowledged.
    Reject(Rejection),
}

impl Disposition {
    /// The name for logs and metrics.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Done => "Done",
            Self::Duplicate => "Duplicate",
            Self::Stale => "Stale",
            Self::Ignored => "Ignored",
            Self::Retry(_) => "Retry",
            Self::Hold(_) => "Hold",
            Self::Reject(_) => "Reject",
        }
    }

    /// Why, where there is something to say.
    pub const fn code(&self) -> Option<Code> {
        match self {
            Self::Done | Self::Duplicate | Self::Stale | Self::Ignored => None,
            Self::Retry(retry) => Some(retry.code),
            Self::Hold(hold) => Some(hold.code),
            Self::Reject(rejection) => Some(rejection.code),
        }
    }

    /// The mappings that it went through, where it did not end well.
    pub const fn mapping(&self) -> &'static str {
        match self {
            Self::Done | Self::Duplicate | Self::Stale | Self::Ignored => "",
            Self::Retry(retry) => retry.mapping,
            Self::Hold(hold) => hold.mapping,
            Self::Reject(rejection) => rejection.mapping,
        }
    }

    /// Whether the record ended well: nothing more is to be done for it.
    pub const fn is_settled(&self) -> bool {
        matches!(self, Self::Done | Self::Duplicate | Self::Stale | Self::Ignored)
    }
}

/// Not now, and not this message's fault.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Hold {
    /// Why the target is not to be called.
    pub code: Code,
    pub after: Duration,
    /// The mapping in force, for the dead letter that holding for too long becomes.
    pub mapping: &'static str,
}

/// Try again: the delay is a floor, `None` leaves it to the receiver's backoff.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Retry {
    pub code: Code,
    pub after: Option<Duration>,
    /// The mapping in force, for the dead letter that the last permitted receive becomes.
    pub mapping: &'static str,
    /// What it is about, for the same letter: `$` where the whole is meant.
    pub path: &'static str,
}

impl Retry {
    pub const fn new(code: Code, after: Option<Duration>, mapping: &'static str) -> Self {
        Self { code, after, mapping, path: "$" }
    }
}

/// The reason that goes onto the dead letter. Holds no value of the message: it is shown in consoles and logs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rejection {
    pub code: Code,
    /// JSON path in the payload (`$.line_items[0].sku`), `$` where the whole is meant.
    pub path: String,
    /// Mapping and version (`shopify-order/2 canonical.order@1`), and those into the target's words behind a comma where the
    /// message came so far; empty where no mapping was reached.
    pub mapping: &'static str,
    /// One sentence without personal data: what was expected, what kind of thing came.
    pub summary: String,
}

impl Rejection {
    pub fn new(code: Code, path: impl Into<String>, summary: impl Into<String>) -> Self {
        Self { code, path: path.into(), mapping: "", summary: summary.into() }
    }

    #[must_use]
    pub const fn with_mapping(mut self, mapping: &'static str) -> Self {
        self.mapping = mapping;
        self
    }
}

/// What is known of the effect of an attempt that did not end in success. Never guessed: in doubt it is `Unknown`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effect {
    /// The target has certainly not done it.
    Absent,
    /// The target may have done it: look it up before calling again.
    Unknown,
}
