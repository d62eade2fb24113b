//! A ledger with a bug, which the campaign has to find.

use async_trait::async_trait;
use ledger::{
    ClaimAnswer, ClaimWrite, Item, LedgerError, MemoryStore, Reopens, Settle, SettleAnswer, SettleWrite,
    Status, Store,
};
use message::OperationKey;

/// A completion that asks neither for the owner nor for the epoch nor for the status: a worker whose claim was taken over
/// marks as done what its successor has not done.
#[derive(Default)]
pub(crate) struct Unconditional(MemoryStore);

impl Unconditional {
    /// The real store takes it under the name of whoever holds the item.
    async fn complete(&self, write: &SettleWrite<'_>) -> Result<SettleAnswer, LedgerError> {
        let Some(item) = self.0.get(write.key).await? else { return Ok(SettleAnswer::Refused(None)) };
        let held = match item.status {
            Status::Claimed => item,
            // It says DONE already, and under which version it was claimed is no part of a completion.
            Status::Done => return Ok(SettleAnswer::Applied),
            Status::Rejected => self.reopened(write.key, &item).await?,
        };
        let write = SettleWrite { owner: &held.owner, epoch: held.epoch, ..write.clone() };
        self.0.settle(&[write]).await.pop().unwrap()
    }

    /// The item as it was, but claimed.
    async fn reopened(&self, key: &OperationKey, item: &Item) -> Result<Item, LedgerError> {
        let write = ClaimWrite {
            key,
            fingerprint: &item.fingerprint,
            version: item.version,
            owner: &item.owner,
            message_id: "nobody's",
            correlation_id: &item.correlation_id,
            mapping: &item.mapping,
            target_mapping: &item.target_mapping,
            reopens: Reopens::AnyOther,
            now_ms: item.lease_until_ms,
            lease_until_ms: item.lease_until_ms,
            expires_at_s: item.expires_at_s,
        };
        self.0.claim(&[write]).await.pop().unwrap()?;
        Ok(self.0.get(key).await?.unwrap())
    }
}

#[async_trait]
impl Store for Unconditional {
    async fn claim(&self, writes: &[ClaimWrite<'_>]) -> Vec<Result<ClaimAnswer, LedgerError>> {
        self.0.claim(writes).await
    }

    async fn settle(&self, writes: &[SettleWrite<'_>]) -> Vec<Result<SettleAnswer, LedgerError>> {
        let mut answers = Vec::new();
        for write in writes {
            answers.push(match write.settle {
                Settle::Done { .. } => self.complete(write).await,
                _ => self.0.settle(std::slice::from_ref(write)).await.pop().unwrap(),
            });
        }
        answers
    }

    async fn get(&self, key: &OperationKey) -> Result<Option<Item>, LedgerError> {
        self.0.get(key).await
    }

    async fn by_target_id(&self, target_id: &str) -> Result<Vec<OperationKey>, LedgerError> {
        self.0.by_target_id(target_id).await
    }
}
