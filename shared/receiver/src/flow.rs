use async_trait::async_trait;
use message::{Effect, Envelope, OperationKey, Rejection};
use outbound::{Attempt, Budget};
use serde::Serialize;

/// One integration: all that a new one has to write.
#[async_trait]
pub trait Flow: Send + Sync {
    /// What a message asks for, in canonical terms. Its JSON form is the ledger's fingerprint.
    type Operation: Serialize + Send + Sync;

    /// Kebab-case, the same in logs, ledger keys and dead letters: `orders-to-inventory`.
    fn name(&self) -> &'static str;

    /// Message Translator: from the source's payload to the canonical operation. Pure.
    fn translate(&self, envelope: &Envelope) -> Result<Translated<Self::Operation>, Rejection>;

    /// Makes the effect and sends what follows from it. `prior` is what is known of earlier attempts; no call may
    /// start outside the budget.
    async fn perform(
        &self,
        envelope: &Envelope,
        operation: &Self::Operation,
        prior: Effect,
        budget: &Budget,
    ) -> Result<Performed, Attempt>;
}

/// A message, understood.
#[derive(Debug)]
pub struct Translated<T> {
    pub operation: T,
    /// The business key: shop, order id and operation, never an id of the transport.
    pub key: OperationKey,
    /// Mapping and version that read it: `shopify-order/1`.
    pub mapping: &'static str,
}

/// An effect that was made or found.
#[derive(Debug)]
pub struct Performed {
    /// The target's ids as small JSON: kept in the ledger, shown for duplicates. No personal data.
    pub outcome: String,
}
