use message::Effect;

use crate::LedgerError;
use crate::store::ClaimWrite;

/// One operation as the table holds it. Small on purpose: a failed condition still consumes write units by size.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Item {
    pub status: Status,
    /// Fresh for every claim: tells our own retried write from another worker's.
    pub owner: String,
    /// Raised by every claim.
    pub epoch: u64,
    /// Milliseconds since the epoch; 0 once released. Compared by us: TTL deletion can be days late.
    pub lease_until_ms: i64,
    pub fingerprint: String,
    /// Of the claim; 0 where the entity has no versions.
    pub version: u64,
    /// The version that was last completed; 0 until then.
    pub applied_version: u64,
    /// What a successor has to assume of the effect if the lease runs out.
    pub effect: Effect,
    /// What this claim's owner was told of the effect of earlier attempts.
    pub prior_effect: Effect,
    pub attempts: u64,
    /// When the operation was first claimed, in milliseconds: our idempotency keys at the target are counted from it.
    pub first_claimed_ms: i64,
    /// When the first of the attempts was claimed whose effect is not known to be absent; `None` where there is none.
    pub unknown_since_ms: Option<i64>,
    /// SQS message id of the claim: a rejected message that is delivered again is recognised by it.
    pub message_id: String,
    pub correlation_id: String,
    /// Mapping and version that read the message: `shopify-order/2 canonical.order@1`.
    pub mapping: String,
    /// Of the mapping into the target's words: `tryton-sale/2 tryton.sale@8.2`. Empty where there is none. It has no part in
    /// what the message asks for.
    pub target_mapping: String,
    /// The target's ids, small JSON: of the last completed version; empty until DONE.
    pub outcome: String,
    /// What the last attempt has left that did not complete, and what that was of ([`crate::Grant::progress`]). Empty where none has,
    /// and once it is done.
    pub progress: String,
    /// Why it was rejected; empty unless REJECTED.
    pub code: String,
    /// Seconds since the epoch: the table's TTL attribute.
    pub expires_at_s: i64,
}

impl Item {
    /// Whether [`crate::Store::claim`] grants this write over this item.
    pub(crate) fn is_free_for(&self, write: &ClaimWrite<'_>) -> bool {
        match self.status {
            Status::Done => self.version < write.version,
            Status::Rejected => {
                self.message_id != write.message_id
                    && u128::from(self.version) < write.reopens_below()
                    && (self.applied_version == 0 || self.applied_version < write.version)
            }
            Status::Claimed => {
                self.lease_until_ms <= write.now_ms
                    && self.version <= write.version
                    && (self.version < write.version
                        || self.fingerprint == write.fingerprint
                        || self.mapping != write.mapping
                        || self.effect == Effect::Absent)
            }
        }
    }
}

impl ClaimWrite<'_> {
    /// Rejections of versions below this may be opened again.
    pub(crate) fn reopens_below(&self) -> u128 {
        self.reopens.below(self.version)
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status {
    Claimed,
    Done,
    Rejected,
}

impl Status {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Claimed => "CLAIMED",
            Self::Done => "DONE",
            Self::Rejected => "REJECTED",
        }
    }

    pub(crate) fn parse(text: &str) -> Result<Self, LedgerError> {
        match text {
            "CLAIMED" => Ok(Self::Claimed),
            "DONE" => Ok(Self::Done),
            "REJECTED" => Ok(Self::Rejected),
            _ => Err(LedgerError::Corrupt { attribute: "status" }),
        }
    }
}

pub(crate) const fn effect_name(effect: Effect) -> &'static str {
    match effect {
        Effect::Absent => "ABSENT",
        Effect::Unknown => "UNKNOWN",
    }
}

pub(crate) fn parse_effect(text: &str, attribute: &'static str) -> Result<Effect, LedgerError> {
    match text {
        "ABSENT" => Ok(Effect::Absent),
        "UNKNOWN" => Ok(Effect::Unknown),
        _ => Err(LedgerError::Corrupt { attribute }),
    }
}
