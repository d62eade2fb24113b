use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;
use transform::Overrides;

use crate::store::{ControlError, ControlStore, DriftCount, Entry, days};

/// By kind and path.
type Counts = BTreeMap<(String, String), u64>;

/// The same conditions as the DynamoDB store, on maps.
#[derive(Debug, Default)]
pub struct MemoryControlStore {
    overrides: Mutex<BTreeMap<String, (Overrides, Vec<Entry>)>>,
    /// By flow and day.
    drift: Mutex<BTreeMap<(String, String), Counts>>,
}

#[async_trait]
impl ControlStore for MemoryControlStore {
    async fn overrides(&self, mappings: &[&str]) -> Result<Vec<Overrides>, ControlError> {
        let overrides = lock(&self.overrides);
        let of = |mapping: &&str| overrides.get(*mapping).map(|(overrides, _)| overrides.clone());
        Ok(mappings.iter().map(|mapping| of(mapping).unwrap_or_default()).collect())
    }

    async fn change(&self, mapping: &str, next: &Overrides, entry: &Entry) -> Result<bool, ControlError> {
        let mut overrides = lock(&self.overrides);
        let (standing, history) = overrides.entry(mapping.to_owned()).or_default();
        let fresh = standing.revision + 1 == next.revision;
        if fresh {
            *standing = next.clone();
            history.push(entry.clone());
        }
        Ok(fresh)
    }

    async fn history(&self, mapping: &str) -> Result<Vec<Entry>, ControlError> {
        Ok(lock(&self.overrides).get(mapping).map(|(_, history)| history.clone()).unwrap_or_default())
    }

    async fn add_drift(&self, flow: &str, now: Timestamp, counts: &[DriftCount]) -> Result<(), ControlError> {
        let day = days(now, 0).concat();
        let mut drift = lock(&self.drift);
        let of_day = drift.entry((flow.to_owned(), day)).or_default();
        for DriftCount { kind, path, count } in counts {
            *of_day.entry((kind.clone(), path.clone())).or_default() += count;
        }
        Ok(())
    }

    async fn drift(&self, flow: &str, now: Timestamp, before: u16) -> Result<Vec<DriftCount>, ControlError> {
        let drift = lock(&self.drift);
        let mut sums = Counts::new();
        for day in days(now, before) {
            for (place, count) in drift.get(&(flow.to_owned(), day)).into_iter().flatten() {
                *sums.entry(place.clone()).or_default() += count;
            }
        }
        Ok(sums.into_iter().map(|((kind, path), count)| DriftCount { kind, path, count }).collect())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
