use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use message::{Code, Effect, Fingerprint, OperationKey};
use uuid::Uuid;

use crate::item::{Item, Status};
use crate::store::{ClaimWrite, LedgerError, Settle, SettleWrite, Store, Written};

/// What a message asks for, and which message it is.
#[derive(Clone, Debug)]
pub struct Operation<'a> {
    pub key: &'a OperationKey,
    pub fingerprint: &'a Fingerprint,
    /// SQS message id.
    pub message_id: &'a str,
    pub correlation_id: &'a str,
}

/// What a claim has met.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Claimed {
    /// Ours, until the lease is over.
    Granted(Grant),
    /// Done before: the outcome that was recorded.
    Done { outcome: String },
    /// Another worker's, for so long.
    InProgress { left: Duration },
    /// This very message was rejected and dead-lettered before.
    Rejected,
    /// The operation is known with other content.
    Conflict,
}

/// The right to make one effect. Completing, releasing and rejecting consume it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Grant {
    key: OperationKey,
    owner: String,
    epoch: u64,
    prior: Effect,
}

impl Grant {
    /// What is known of the effect of earlier attempts: where it is Unknown, look it up before calling.
    pub const fn prior(&self) -> Effect {
        self.prior
    }

    pub const fn epoch(&self) -> u64 {
        self.epoch
    }
}

/// The protocol over a store. The clock is injected; leases are lengths of time, compared in UTC milliseconds.
#[derive(Clone)]
pub struct Ledger {
    store: Arc<dyn Store>,
    clock: Clock,
    retention: Duration,
}

/// UTC now: the system's in a function, a settable one in tests.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

impl Ledger {
    /// `retention` must cover the time a message can live on its queue and its DLQ, and the time people need.
    pub fn new(store: Arc<dyn Store>, retention: Duration) -> Self {
        Self::with_clock(store, retention, Arc::new(Timestamp::now))
    }

    pub fn with_clock(store: Arc<dyn Store>, retention: Duration, clock: Clock) -> Self {
        Self { store, clock, retention }
    }

    pub async fn claim(&self, operation: &Operation<'_>, lease: Duration) -> Result<Claimed, LedgerError> {
        let now = (self.clock)();
        let now_ms = now.as_millisecond();
        let owner = Uuid::new_v4().to_string();
        let write = ClaimWrite {
            key: operation.key,
            fingerprint: operation.fingerprint.as_str(),
            owner: &owner,
            message_id: operation.message_id,
            correlation_id: operation.correlation_id,
            now_ms,
            lease_until_ms: now_ms.saturating_add(whole_ms(lease)),
            expires_at_s: now.as_second().saturating_add(whole_ms(self.retention) / 1_000),
        };
        let grant = |item: &Item| Grant {
            key: operation.key.clone(),
            owner: owner.clone(),
            epoch: item.epoch,
            prior: item.prior_effect,
        };
        Ok(match self.store.claim(&write).await? {
            Written::Applied(item) => Claimed::Granted(grant(&item)),
            // The reply of our own write was lost and the SDK sent it again.
            Written::Refused(Some(item)) if item.status == Status::Claimed && item.owner == owner => {
                Claimed::Granted(grant(&item))
            }
            Written::Refused(Some(item)) => judge(&item, &write),
            // Deleted between the condition and the answer: free again in a moment.
            Written::Refused(None) => Claimed::InProgress { left: Duration::ZERO },
        })
    }

    /// Records the effect. `Err(ClaimLost)` in the inner result: somebody took over, and nothing was changed.
    pub async fn complete(&self, grant: &Grant, outcome: &str) -> Result<Result<(), ClaimLost>, LedgerError> {
        self.settle(grant, Settle::Done { outcome }, Status::Done).await
    }

    /// Gives the claim back before its lease is over, with what is known of the effect.
    pub async fn release(&self, grant: &Grant, effect: Effect) -> Result<Result<(), ClaimLost>, LedgerError> {
        self.settle(grant, Settle::Released { effect }, Status::Claimed).await
    }

    /// Records that this message can never succeed. Only after its dead letter was accepted.
    pub async fn reject(&self, grant: &Grant, code: Code) -> Result<Result<(), ClaimLost>, LedgerError> {
        self.settle(grant, Settle::Rejected { code }, Status::Rejected).await
    }

    async fn settle(
        &self,
        grant: &Grant,
        settle: Settle<'_>,
        settled: Status,
    ) -> Result<Result<(), ClaimLost>, LedgerError> {
        let write = SettleWrite { key: &grant.key, owner: &grant.owner, epoch: grant.epoch, settle };
        Ok(match self.store.settle(&write).await? {
            Written::Applied(_) => Ok(()),
            // Our own write, sent twice by the SDK.
            Written::Refused(Some(item))
                if item.status == settled && item.owner == grant.owner && item.epoch == grant.epoch =>
            {
                Ok(())
            }
            Written::Refused(_) => Err(ClaimLost),
        })
    }
}

/// The claim was taken over: whoever holds it now has looked the effect up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ClaimLost;

/// Why the claim's condition did not hold.
fn judge(item: &Item, write: &ClaimWrite<'_>) -> Claimed {
    let same_content = item.fingerprint == write.fingerprint;
    match item.status {
        Status::Done if same_content => Claimed::Done { outcome: item.outcome.clone() },
        Status::Done => Claimed::Conflict,
        Status::Claimed => {
            let left_ms = item.lease_until_ms.saturating_sub(write.now_ms);
            match u64::try_from(left_ms) {
                Ok(left_ms) if left_ms > 0 => Claimed::InProgress { left: Duration::from_millis(left_ms) },
                _ => Claimed::Conflict,
            }
        }
        Status::Rejected => Claimed::Rejected,
    }
}

fn whole_ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
