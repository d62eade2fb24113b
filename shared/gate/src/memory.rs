use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::{Breaker, GateError, GateStore, Lease};

/// The same conditions as the DynamoDB store, on maps.
#[derive(Debug, Default)]
pub struct MemoryGateStore {
    records: Mutex<HashMap<String, Breaker>>,
    taken: Mutex<HashMap<(String, i64), u32>>,
}

#[async_trait]
impl GateStore for MemoryGateStore {
    async fn load(&self, target: &str) -> Result<Breaker, GateError> {
        Ok(lock(&self.records).get(target).cloned().unwrap_or_default())
    }

    async fn swap(&self, target: &str, record: &Breaker, _: i64) -> Result<bool, GateError> {
        let mut records = lock(&self.records);
        let standing = records.get(target).map_or(0, |record| record.revision);
        let fresh = standing + 1 == record.revision;
        if fresh {
            records.insert(target.to_owned(), record.clone());
        }
        Ok(fresh)
    }

    async fn lease(&self, lease: &Lease<'_>) -> Result<u32, GateError> {
        let mut taken = lock(&self.taken);
        let used = taken.entry((lease.target.to_owned(), lease.window)).or_default();
        let granted = lease.wanted.min(lease.supply.saturating_sub(*used));
        if granted < lease.least {
            return Ok(0);
        }
        *used += granted;
        Ok(granted)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
