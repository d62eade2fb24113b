use std::error::Error;
use std::sync::Arc;

use async_trait::async_trait;
use message::{Code, Effect, OperationKey};

use crate::{Item, Reopens};

/// The table, as conditional writes. One conformance suite holds every implementation.
///
/// Writes come in batches, because a round trip costs more than a write: an answer a write, in its order. The keys of
/// one call are distinct ([`crate::Ledger`] sees to it), and no write of a batch depends on another.
#[async_trait]
pub trait Store: Send + Sync {
    /// Claims each operation that is free:
    /// - there is no item, or
    /// - it is CLAIMED, its lease is over, its version is not newer, and the version is older or the fingerprint is
    ///   the same or another mapping has made it or the effect is ABSENT, or
    /// - it is REJECTED, by another message than this one, in a version that this one [`Reopens`], and no newer or equal version was
    ///   applied, or
    /// - it is DONE with an older version.
    ///
    /// A claim raises the epoch, hands what was assumed of the effect to the new owner as `prior_effect`, and from
    /// then on assumes UNKNOWN; `unknown_since` is the first claim since the effect was last known.
    async fn claim(&self, writes: &[ClaimWrite<'_>]) -> Vec<Result<ClaimAnswer, LedgerError>>;

    /// Settles each claim that still is this owner's in this epoch. What is done leaves nothing unknown: the effect of
    /// the next version is certainly absent.
    async fn settle(&self, writes: &[SettleWrite<'_>]) -> Vec<Result<SettleAnswer, LedgerError>>;

    /// The item, read consistently.
    async fn get(&self, key: &OperationKey) -> Result<Option<Item>, LedgerError>;

    /// Keys of the operations that were completed with this id of the target's. Eventually consistent.
    async fn by_target_id(&self, target_id: &str) -> Result<Vec<OperationKey>, LedgerError>;
}

#[derive(Clone, Debug)]
pub struct ClaimWrite<'a> {
    pub key: &'a OperationKey,
    pub fingerprint: &'a str,
    /// 0 where the entity has no versions.
    pub version: u64,
    pub owner: &'a str,
    pub message_id: &'a str,
    pub correlation_id: &'a str,
    pub mapping: &'a str,
    pub target_mapping: &'a str,
    pub reopens: Reopens,
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
    /// For [`Item::progress`]: empty where it has served its purpose; `None` leaves that as it is.
    pub progress: Option<&'a str>,
}

#[derive(Clone, Copy, Debug)]
pub enum Settle<'a> {
    Done {
        version: u64,
        outcome: &'a str,
        /// The target's id of the entity, where it has to be found by it.
        target_id: Option<&'a str>,
    },
    Released {
        effect: Effect,
    },
    Rejected {
        code: Code,
    },
    /// Goes on under a longer lease.
    Renewed {
        lease_until_ms: i64,
    },
}

/// What a claim's condition met.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ClaimAnswer {
    Granted {
        epoch: u64,
        prior: Effect,
        first_claimed_ms: i64,
        unknown_since_ms: i64,
        /// [`Item::progress`].
        progress: String,
    },
    /// The item as it stands, or none: it was deleted in between.
    Refused(Option<Box<Item>>),
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SettleAnswer {
    Applied,
    Refused(Option<Box<Item>>),
}

#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// Whether the write was applied is not known; the owner and epoch tell it on the next try.
    #[error("the ledger did not answer")]
    Unavailable {
        #[source]
        source: Arc<dyn Error + Send + Sync>,
    },
    /// The table will not have this write, now or later: it is this message's.
    #[error("the ledger refused a write with {code}")]
    Refused { code: String },
    #[error("ledger item: attribute {attribute} cannot be read")]
    Corrupt { attribute: &'static str },
}

impl LedgerError {
    pub fn unavailable(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Unavailable { source: Arc::from(source.into()) }
    }

    /// The same for another write of the same batch.
    pub(crate) fn again(&self) -> Self {
        match self {
            Self::Unavailable { source } => Self::Unavailable { source: Arc::clone(source) },
            Self::Refused { code } => Self::Refused { code: code.clone() },
            Self::Corrupt { attribute } => Self::Corrupt { attribute },
        }
    }

    pub const fn code(&self) -> Code {
        match self {
            Self::Unavailable { .. } | Self::Refused { .. } => Code::LedgerUnavailable,
            Self::Corrupt { .. } => Code::LedgerItemCorrupt,
        }
    }
}
