use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use message::{Effect, OperationKey};

use crate::item::{Item, Status};
use crate::store::{ClaimAnswer, ClaimWrite, LedgerError, Settle, SettleAnswer, SettleWrite, Store};

/// The same conditions as the DynamoDB store, on a map.
#[derive(Debug, Default)]
pub struct MemoryStore {
    items: Mutex<HashMap<OperationKey, Row>>,
}

#[derive(Clone, Debug)]
struct Row {
    item: Item,
    target_id: Option<String>,
}

impl MemoryStore {
    fn with<T>(&self, change: impl FnOnce(&mut HashMap<OperationKey, Row>) -> T) -> T {
        change(&mut self.items.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Every item, for checkers that look at the whole.
    pub fn items(&self) -> Vec<(OperationKey, Item)> {
        self.with(|items| items.iter().map(|(key, row)| (key.clone(), row.item.clone())).collect())
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn claim(&self, writes: &[ClaimWrite<'_>]) -> Vec<Result<ClaimAnswer, LedgerError>> {
        self.with(|items| writes.iter().map(|write| Ok(claim(items, write))).collect())
    }

    async fn settle(&self, writes: &[SettleWrite<'_>]) -> Vec<Result<SettleAnswer, LedgerError>> {
        self.with(|items| writes.iter().map(|write| Ok(settle(items, write))).collect())
    }

    async fn get(&self, key: &OperationKey) -> Result<Option<Item>, LedgerError> {
        Ok(self.with(|items| items.get(key).map(|row| row.item.clone())))
    }

    async fn by_target_id(&self, target_id: &str) -> Result<Vec<OperationKey>, LedgerError> {
        Ok(self.with(|items| {
            let found = items.iter().filter(|(_, row)| row.target_id.as_deref() == Some(target_id));
            found.map(|(key, _)| key.clone()).collect()
        }))
    }
}

fn claim(items: &mut HashMap<OperationKey, Row>, write: &ClaimWrite<'_>) -> ClaimAnswer {
    let old = items.get(write.key);
    if let Some(row) = old.filter(|row| !row.item.is_free_for(write)) {
        return ClaimAnswer::Refused(Some(Box::new(row.item.clone())));
    }
    let before = old.map(|row| &row.item);
    let item = Item {
        status: Status::Claimed,
        owner: write.owner.to_owned(),
        epoch: before.map_or(0, |item| item.epoch) + 1,
        lease_until_ms: write.lease_until_ms,
        fingerprint: write.fingerprint.to_owned(),
        version: write.version,
        applied_version: before.map_or(0, |item| item.applied_version),
        effect: Effect::Unknown,
        prior_effect: before.map_or(Effect::Absent, |item| item.effect),
        attempts: before.map_or(0, |item| item.attempts) + 1,
        first_claimed_ms: before.map_or(write.now_ms, |item| item.first_claimed_ms),
        unknown_since_ms: Some(before.and_then(|item| item.unknown_since_ms).unwrap_or(write.now_ms)),
        message_id: write.message_id.to_owned(),
        correlation_id: write.correlation_id.to_owned(),
        mapping: write.mapping.to_owned(),
        target_mapping: write.target_mapping.to_owned(),
        outcome: before.map(|item| item.outcome.clone()).unwrap_or_default(),
        progress: before.map(|item| item.progress.clone()).unwrap_or_default(),
        code: String::new(),
        expires_at_s: write.expires_at_s,
    };
    let granted = ClaimAnswer::Granted {
        epoch: item.epoch,
        prior: item.prior_effect,
        first_claimed_ms: item.first_claimed_ms,
        unknown_since_ms: item.unknown_since_ms.unwrap_or(write.now_ms),
        progress: item.progress.clone(),
    };
    let target_id = old.and_then(|row| row.target_id.clone());
    items.insert(write.key.clone(), Row { item, target_id });
    granted
}

fn settle(items: &mut HashMap<OperationKey, Row>, write: &SettleWrite<'_>) -> SettleAnswer {
    let Some(row) = items.get_mut(write.key) else { return SettleAnswer::Refused(None) };
    let item = &mut row.item;
    if item.status != Status::Claimed || item.owner != write.owner || item.epoch != write.epoch {
        return SettleAnswer::Refused(Some(Box::new(item.clone())));
    }
    if let Some(progress) = write.progress {
        progress.clone_into(&mut item.progress);
    }
    match write.settle {
        Settle::Done { version, outcome, target_id } => {
            item.status = Status::Done;
            item.applied_version = version;
            item.unknown_since_ms = None;
            item.effect = Effect::Absent;
            outcome.clone_into(&mut item.outcome);
            if let Some(target_id) = target_id {
                row.target_id = Some(target_id.to_owned());
            }
        }
        Settle::Released { effect } => {
            item.lease_until_ms = 0;
            item.effect = effect;
            if effect == Effect::Absent {
                item.unknown_since_ms = None;
            }
        }
        Settle::Rejected { code } => {
            item.status = Status::Rejected;
            code.as_str().clone_into(&mut item.code);
        }
        Settle::Renewed { lease_until_ms } => item.lease_until_ms = lease_until_ms,
    }
    SettleAnswer::Applied
}
