use async_trait::async_trait;
use ledger::Outcome;
use message::{Effect, Envelope, OperationKey, Rejection};
use outbound::{Attempt, Budget, IdempotencySeed};
use serde::Serialize;

use crate::{Due, Progress};

/// One integration: all that a new one has to write.
#[async_trait]
pub trait Flow: Send + Sync {
    /// What a message asks for, in canonical terms. Its JSON form is the ledger's fingerprint.
    type Operation: Serialize + Send + Sync;

    /// Kebab-case, the same in logs, ledger keys and dead letters: `orders-to-inventory`.
    fn name(&self) -> &'static str;

    /// About how many calls to its target an operation takes: what a limiter counts.
    fn calls(&self) -> u32;

    /// What opens an operation again that was rejected.
    fn reopened_by(&self) -> ReopenedBy {
        ReopenedBy::AnyOther
    }

    /// Message Translator: from the source's payload to the canonical operation. Pure.
    fn translate(&self, envelope: &Envelope) -> Result<Translated<Self::Operation>, Rejection>;

    /// Makes the effect, or finds that it was made. No call may start outside the claim's budget.
    async fn perform(
        &self,
        envelope: &Envelope,
        operation: &Self::Operation,
        claim: &Claim,
    ) -> Result<Performed, Attempt>;
}

/// What opens an operation again whose message is a dead letter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReopenedBy {
    /// Any other message: a source may send again what it has mended.
    AnyOther,
    /// The letter, redriven, or a message of a newer version. All messages of a version ask for the same, so that one letter stands
    /// for all of them, whether it was refused or given up: the others are acknowledged and counted. So is a redriven letter where that of a newer version
    /// stands for it.
    Redrive,
}

/// A message, understood.
#[derive(Debug)]
pub struct Translated<T> {
    pub operation: T,
    /// The business key: shop, order id and operation, never an id of the transport.
    pub key: OperationKey,
    /// Of a versioned entity, rising with every change at the source; 0 where there are no versions.
    pub version: u64,
    /// Mapping and version that read it: `shopify-order/2 canonical.order@1`.
    pub mapping: &'static str,
    /// Those that put it into the target's words: `tryton-sale/2 tryton.sale@8.2`. Empty where there are none.
    pub target_mapping: &'static str,
    pub due: Due,
}

/// What the ledger has granted.
#[derive(Clone, Debug)]
pub struct Claim {
    /// What is known of earlier attempts.
    pub prior: Effect,
    /// How long targets may be called.
    pub budget: Budget,
    /// For targets that take an idempotency key.
    pub idempotency: IdempotencySeed,
    /// What read the message: stamped on what follows from it.
    pub mapping: &'static str,
    /// How far earlier attempts have come, for an operation of many steps.
    pub progress: Progress,
}

#[cfg(feature = "test-claims")]
impl Claim {
    /// A first claim of what was translated, with half a minute for it.
    pub fn of<T>(translated: &Translated<T>, prior: Effect) -> Self {
        use std::time::Duration;
        let work = Duration::from_secs(30);
        Self {
            prior,
            budget: Budget::of_work(tokio::time::Instant::now(), work),
            idempotency: IdempotencySeed {
                operation: translated.key.clone(),
                version: translated.version,
                age: Duration::ZERO,
                unknown_for: Duration::ZERO,
            },
            mapping: translated.mapping,
            progress: Progress::default(),
        }
    }
}

/// An effect that was made or found.
#[derive(Debug, Default)]
pub struct Performed {
    /// The target's ids: kept in the ledger, shown for duplicates.
    pub outcome: Outcome,
    /// Follow-on events. They are sent before the operation is completed: a crash in between sends them twice, and the next
    /// flow's own ledger knows them again. The other way round they could be lost.
    pub events: Vec<Envelope>,
}
