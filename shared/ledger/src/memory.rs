use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use message::{Effect, OperationKey};

use crate::item::{Item, Status};
use crate::store::{ClaimWrite, LedgerError, Settle, SettleWrite, Store, Written};

/// The same conditions as the DynamoDB store, on a map.
#[derive(Debug, Default)]
pub struct MemoryStore {
    items: Mutex<HashMap<OperationKey, Item>>,
}

impl MemoryStore {
    fn with<T>(&self, change: impl FnOnce(&mut HashMap<OperationKey, Item>) -> T) -> T {
        change(&mut self.items.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn claim(&self, write: &ClaimWrite<'_>) -> Result<Written, LedgerError> {
        Ok(self.with(|items| {
            let old = items.get(write.key);
            let free = match old {
                None => true,
                Some(item) => match item.status {
                    Status::Done => false,
                    Status::Rejected => item.message_id != write.message_id,
                    Status::Claimed => {
                        item.lease_until_ms <= write.now_ms
                            && (item.fingerprint == write.fingerprint || item.effect == Effect::Absent)
                    }
                },
            };
            if !free {
                return Written::Refused(old.cloned());
            }
            let item = Item {
                status: Status::Claimed,
                owner: write.owner.to_owned(),
                epoch: old.map_or(0, |item| item.epoch) + 1,
                lease_until_ms: write.lease_until_ms,
                fingerprint: write.fingerprint.to_owned(),
                effect: Effect::Unknown,
                prior_effect: old.map_or(Effect::Absent, |item| item.effect),
                attempts: old.map_or(0, |item| item.attempts) + 1,
                message_id: write.message_id.to_owned(),
                correlation_id: write.correlation_id.to_owned(),
                outcome: String::new(),
                code: String::new(),
                expires_at_s: write.expires_at_s,
            };
            items.insert(write.key.clone(), item.clone());
            Written::Applied(item)
        }))
    }

    async fn settle(&self, write: &SettleWrite<'_>) -> Result<Written, LedgerError> {
        Ok(self.with(|items| match items.get_mut(write.key) {
            Some(item)
                if item.status == Status::Claimed
                    && item.owner == write.owner
                    && item.epoch == write.epoch =>
            {
                match write.settle {
                    Settle::Done { outcome } => {
                        item.status = Status::Done;
                        outcome.clone_into(&mut item.outcome);
                    }
                    Settle::Released { effect } => {
                        item.lease_until_ms = 0;
                        item.effect = effect;
                    }
                    Settle::Rejected { code } => {
                        item.status = Status::Rejected;
                        code.as_str().clone_into(&mut item.code);
                    }
                }
                Written::Applied(item.clone())
            }
            other => Written::Refused(other.cloned()),
        }))
    }

    async fn get(&self, key: &OperationKey) -> Result<Option<Item>, LedgerError> {
        Ok(self.with(|items| items.get(key).cloned()))
    }
}
