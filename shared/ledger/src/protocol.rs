use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use message::{Code, Effect, Fingerprint, OperationKey};
use uuid::Uuid;

use crate::grant::Grant;
use crate::item::{Item, Status};
use crate::progress::Progress;
use crate::store::{ClaimAnswer, ClaimWrite, LedgerError, Settle, SettleAnswer, SettleWrite, Store};

/// No lease is longer: an invocation lasts at most 15 minutes, and a target may need a minute more. One that seems to be was written, or is read, by a
/// clock that is far off.
pub const LONGEST_LEASE: Duration = Duration::from_secs(17 * 60);

/// What a message asks for, and which message it is.
#[derive(Clone, Debug)]
pub struct Operation<'a> {
    pub key: &'a OperationKey,
    pub fingerprint: &'a Fingerprint,
    /// Of a versioned entity, rising with every change at the source; 0 where there are no versions.
    pub version: u64,
    /// SQS message id.
    pub message_id: &'a str,
    pub correlation_id: &'a str,
    /// Mapping and version that read the message.
    pub mapping: &'a str,
    /// Of the mapping into the target's words; empty where there is none.
    pub target_mapping: &'a str,
    pub reopens: Reopens,
}

/// Which rejections of its operation a message may open again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reopens {
    /// Any but its own: a letter that was redriven, or what a source sends again once it has mended its data.
    AnyOther,
    /// Of an older version. All messages of a version ask for the same, and the dead letter of one stands for all of them: whoever
    /// redrives it does what each of them has asked for.
    OlderVersions,
    /// Of its own version and older ones: such a letter, redriven. A newer version's letter stands for it.
    UpToItsVersion,
}

impl Reopens {
    /// A message of this version may open rejections of versions below what this gives.
    pub fn below(self, version: u64) -> u128 {
        match self {
            Self::AnyOther => u128::from(u64::MAX) + 1,
            Self::OlderVersions => u128::from(version),
            Self::UpToItsVersion => u128::from(version) + 1,
        }
    }
}

/// What a claim has met.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Claimed {
    /// Ours, until the lease is over.
    Granted(Grant),
    /// Done before: the outcome that was recorded.
    Done { outcome: String },
    /// A newer version of the entity was applied, or is being applied.
    Stale,
    /// Another worker's, for so long.
    InProgress { left: Duration },
    /// Another worker's, for longer than a lease can be.
    ClockSkewed,
    /// This very message was rejected and dead-lettered before.
    Rejected,
    /// Another message was, of this version or a newer one, and its dead letter stands for this one too.
    CoveredByLetter,
    /// The operation is known with other content.
    Conflict,
}

/// How a claim ends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Settlement {
    /// The effect is there.
    Done(Outcome),
    /// Given back before the lease is over, with what is known of the effect.
    Released(Effect),
    /// This message can never succeed. Only after its dead letter was accepted.
    Rejected(Code),
    /// Not given back, and held for so long from now: the target may still be working on it.
    Kept(Duration),
}

/// What a completed operation leaves in the ledger: the cross reference between our key and the target's ids.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Outcome {
    /// The target's ids as small JSON, read by our key ([`Ledger::get`]). No personal data.
    pub ids: String,
    /// The one of them that our key is found by ([`Ledger::by_target_id`]): `tryton.party/42`. Costs a write to an index.
    pub target_id: Option<String>,
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

/// `Err(ClaimLost)`: somebody took over, and nothing was changed.
pub type Settled = Result<Result<(), ClaimLost>, LedgerError>;

/// The claim was taken over: whoever holds it now has looked the effect up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ClaimLost;

impl Ledger {
    /// `retention` must cover the time a message can live on its queue and its DLQ, and the time people need.
    pub fn new(store: Arc<dyn Store>, retention: Duration) -> Self {
        Self::with_clock(store, retention, Arc::new(Timestamp::now))
    }

    pub fn with_clock(store: Arc<dyn Store>, retention: Duration, clock: Clock) -> Self {
        Self { store, clock, retention }
    }

    pub async fn claim(&self, operation: &Operation<'_>, lease: Duration) -> Result<Claimed, LedgerError> {
        only(self.claim_all(std::slice::from_ref(operation), lease).await)
    }

    /// An answer an operation, in their order, in as few round trips as the store can. An operation that stands here
    /// twice is in progress by its first.
    pub async fn claim_all(
        &self,
        operations: &[Operation<'_>],
        lease: Duration,
    ) -> Vec<Result<Claimed, LedgerError>> {
        let now = (self.clock)();
        let now_ms = now.as_millisecond();
        let owners: Vec<_> = operations.iter().map(|_| Uuid::new_v4().to_string()).collect();
        let mut seen = HashSet::new();
        let first: Vec<_> = operations.iter().map(|operation| seen.insert(operation.key)).collect();
        let writes: Vec<_> = operations
            .iter()
            .zip(&owners)
            .zip(&first)
            .filter(|(_, first)| **first)
            .map(|((operation, owner), _)| ClaimWrite {
                key: operation.key,
                fingerprint: operation.fingerprint.as_str(),
                version: operation.version,
                owner,
                message_id: operation.message_id,
                correlation_id: operation.correlation_id,
                mapping: operation.mapping,
                target_mapping: operation.target_mapping,
                reopens: operation.reopens,
                now_ms,
                lease_until_ms: now_ms.saturating_add(whole_ms(lease)),
                expires_at_s: now.as_second().saturating_add(whole_ms(self.retention) / 1_000),
            })
            .collect();
        let answers = if writes.is_empty() { Vec::new() } else { self.store.claim(&writes).await };
        let mut claimed =
            writes.iter().zip(answers).map(|(write, answer)| answer.map(|answer| meaning(write, answer)));
        let in_progress = || Ok(Claimed::InProgress { left: lease });
        first
            .iter()
            .map(|first| if *first { claimed.next().unwrap_or_else(unanswered) } else { in_progress() })
            .collect()
    }

    pub async fn settle(&self, grant: &Grant, settlement: &Settlement) -> Settled {
        only(self.settle_all(&[(grant, settlement)]).await)
    }

    /// An answer a claim, in their order, in as few round trips as the store can.
    pub async fn settle_all(&self, settlements: &[(&Grant, &Settlement)]) -> Vec<Settled> {
        let writes: Vec<_> = settlements
            .iter()
            .map(|(grant, settlement)| {
                let settle = match settlement {
                    Settlement::Done(outcome) => Settle::Done {
                        version: grant.version,
                        outcome: &outcome.ids,
                        target_id: outcome.target_id.as_deref(),
                    },
                    Settlement::Released(effect) => Settle::Released { effect: *effect },
                    Settlement::Rejected(code) => Settle::Rejected { code: *code },
                    Settlement::Kept(lease) => {
                        Settle::Renewed { lease_until_ms: self.lease_until_ms(*lease) }
                    }
                };
                let progress = match settle {
                    Settle::Done { .. } => grant.progress.emptied(),
                    Settle::Released { .. } | Settle::Rejected { .. } | Settle::Renewed { .. } => {
                        grant.progress.left()
                    }
                };
                SettleWrite { key: &grant.key, owner: &grant.owner, epoch: grant.epoch, settle, progress }
            })
            .collect();
        let answers = if writes.is_empty() { Vec::new() } else { self.store.settle(&writes).await };
        let mut settled =
            writes.iter().zip(answers).map(|(write, answer)| answer.map(|answer| settled(write, answer)));
        writes.iter().map(|_| settled.next().unwrap_or_else(unanswered)).collect()
    }

    /// Goes on holding the claim, for so long from now.
    pub async fn renew(&self, grant: &Grant, lease: Duration) -> Settled {
        self.settle(grant, &Settlement::Kept(lease)).await
    }

    fn lease_until_ms(&self, lease: Duration) -> i64 {
        (self.clock)().as_millisecond().saturating_add(whole_ms(lease))
    }

    /// The operation as it stands: where it was completed, with the target's ids.
    pub async fn get(&self, key: &OperationKey) -> Result<Option<Item>, LedgerError> {
        self.store.get(key).await
    }

    /// Our keys of what the target knows by this id. A completion may take a second to show here.
    pub async fn by_target_id(&self, target_id: &str) -> Result<Vec<OperationKey>, LedgerError> {
        self.store.by_target_id(target_id).await
    }
}

fn meaning(write: &ClaimWrite<'_>, answer: ClaimAnswer) -> Claimed {
    let grant = |epoch, prior, first_claimed_ms, unknown_since_ms, stored: &str| {
        Claimed::Granted(Grant {
            key: write.key.clone(),
            owner: write.owner.to_owned(),
            epoch,
            version: write.version,
            prior,
            first_claimed_ms,
            unknown_since_ms,
            progress: Progress::of(write.version, write.fingerprint, stored),
        })
    };
    match answer {
        ClaimAnswer::Granted { epoch, prior, first_claimed_ms, unknown_since_ms, progress } => {
            grant(epoch, prior, first_claimed_ms, unknown_since_ms, &progress)
        }
        // The reply of our own write was lost and the SDK sent it again.
        ClaimAnswer::Refused(Some(item)) if item.status == Status::Claimed && item.owner == write.owner => {
            grant(
                item.epoch,
                item.prior_effect,
                item.first_claimed_ms,
                item.unknown_since_ms.unwrap_or(write.now_ms),
                &item.progress,
            )
        }
        ClaimAnswer::Refused(Some(item)) => judge(&item, write),
        // Deleted between the condition and the answer: free again in a moment.
        ClaimAnswer::Refused(None) => Claimed::InProgress { left: Duration::ZERO },
    }
}

/// Why the claim's condition did not hold.
fn judge(item: &Item, write: &ClaimWrite<'_>) -> Claimed {
    // Another mapping, or another version of it, makes another form of the same message.
    let same_content = item.fingerprint == write.fingerprint || item.mapping != write.mapping;
    match item.status {
        Status::Done | Status::Claimed if write.version < item.version => Claimed::Stale,
        Status::Done if same_content => Claimed::Done { outcome: item.outcome.clone() },
        Status::Done => Claimed::Conflict,
        Status::Claimed => {
            let left_ms = item.lease_until_ms.saturating_sub(write.now_ms);
            match u64::try_from(left_ms).map(Duration::from_millis) {
                Ok(left) if left > LONGEST_LEASE => Claimed::ClockSkewed,
                Ok(left) if !left.is_zero() => Claimed::InProgress { left },
                _ => Claimed::Conflict,
            }
        }
        Status::Rejected if item.applied_version > 0 && write.version <= item.applied_version => {
            Claimed::Stale
        }
        Status::Rejected if item.message_id == write.message_id => Claimed::Rejected,
        Status::Rejected => Claimed::CoveredByLetter,
    }
}

fn settled(write: &SettleWrite<'_>, answer: SettleAnswer) -> Result<(), ClaimLost> {
    let item = match answer {
        SettleAnswer::Applied => return Ok(()),
        SettleAnswer::Refused(None) => return Err(ClaimLost),
        SettleAnswer::Refused(Some(item)) => item,
    };
    let applied = match write.settle {
        Settle::Done { .. } => Status::Done,
        Settle::Rejected { .. } => Status::Rejected,
        Settle::Released { .. } | Settle::Renewed { .. } => Status::Claimed,
    };
    // Our own write, sent twice by the SDK.
    if item.status == applied && item.owner == write.owner && item.epoch == write.epoch {
        Ok(())
    } else {
        Err(ClaimLost)
    }
}

fn only<T>(answers: Vec<Result<T, LedgerError>>) -> Result<T, LedgerError> {
    answers.into_iter().next().unwrap_or_else(unanswered)
}

/// A store that answers fewer writes than it was given: nothing is known of the rest.
fn unanswered<T>() -> Result<T, LedgerError> {
    Err(LedgerError::unavailable("the store did not answer each write"))
}

fn whole_ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
