use async_trait::async_trait;
use message::{Code, Effect, OperationKey};
use thiserror::Error;

use crate::Item;

/// The table, as three conditional operations. One conformance suite holds every implementation.
#[async_trait]
pub trait Store: Send + Sync {
    /// Claims the operation if it is free:
    /// - there is no item, or
    /// - it is CLAIMED, its lease is over, and either the fingerprint is the same or the effect is ABSENT, or
    /// - it is REJECTED, and by another message than this one.
    ///
    /// A claim raises the epoch, hands what was assumed of the effect to the new owner as `prior_effect`, and from
    /// then on assumes UNKNOWN.
    async fn claim(&self, write: &ClaimWrite<'_>) -> Result<Written, LedgerError>;

    /// Settles a claim while it still is this owner's in this epoch.
    async fn settle(&self, write: &SettleWrite<'_>) -> Result<Written, LedgerError>;

    /// The item, read consistently.
    async fn get(&self, key: &OperationKey) -> Result<Option<Item>, LedgerError>;
}

#[derive(Clone, Debug)]
pub struct ClaimWrite<'a> {
    pub key: &'a OperationKey,
    pub fingerprint: &'a str,
    pub owner: &'a str,
    pub message_id: &'a str,
    pub correlation_id: &'a str,
    pub now_ms: i64,
    pub lease_until_ms: i64,
    pub expires_at_s: i64,
}

#[derive(Clone, Debug)]
pub struct SettleWrite<'a> {
    pub key: &'a OperationKey,
    pub owner: &'a str,
    pub epoch: u64,
    pub settle: Settle<'a>,
}

#[derive(Clone, Copy, Debug)]
pub enum Settle<'a> {
    Done { outcome: &'a str },
    Released { effect: Effect },
    Rejected { code: Code },
}

/// What a conditional write met.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Written {
    /// The condition held: the item as it is now.
    Applied(Item),
    /// The condition failed: the item as it stands, or none.
    Refused(Option<Item>),
}

#[derive(Debug, Error)]
pub enum LedgerError {
    /// Whether the write was applied is not known; the owner and epoch tell it on the next try.
    #[error("the ledger did not answer")]
    Unavailable {
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error("ledger item: attribute {attribute} cannot be read")]
    Corrupt { attribute: &'static str },
}

impl LedgerError {
    pub const fn code(&self) -> Code {
        match self {
            Self::Unavailable { .. } => Code::LedgerUnavailable,
            Self::Corrupt { .. } => Code::LedgerItemCorrupt,
        }
    }
}
