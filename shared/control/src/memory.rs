use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;
use transform::Overrides;

use crate::store::{ControlError, ControlStore, DriftCount, Entry, Stored, before, days};

/// By kind and path.
type Counts = BTreeMap<(String, String), u64>;

/// The same conditions as the DynamoDB store, on maps.
#[derive(Debug, Default)]
pub struct MemoryControlStore {
    /// By mapping: each change, and what it made.
    changes: Mutex<BTreeMap<String, Vec<(Overrides, Entry)>>>,
    /// By flow and day.
    drift: Mutex<BTreeMap<(String, String), Counts>>,
}

#[async_trait]
impl ControlStore for MemoryControlStore {
    async fn overrides(&self, mappings: &[&str]) -> Result<Vec<Stored>, ControlError> {
        let changes = lock(&self.changes);
        let of = |mapping: &&str| changes.get(*mapping)?.last().map(|(overrides, _)| overrides.clone());
        Ok(mappings.iter().map(|mapping| Ok(of(mapping).unwrap_or_default())).collect())
    }

    async fn earlier(&self, mapping: &str, revision: u64) -> Result<Vec<Overrides>, ControlError> {
        let changes = lock(&self.changes);
        let known = changes.get(mapping).map(Vec::as_slice).unwrap_or_default();
        let at = |revision| known.iter().find(|(overrides, _)| overrides.revision == revision);
        Ok(before(revision).filter_map(at).map(|(overrides, _)| overrides.clone()).collect())
    }

    async fn change(&self, mapping: &str, next: &Overrides, entry: &Entry) -> Result<bool, ControlError> {
        let mut changes = lock(&self.changes);
        let changes = changes.entry(mapping.to_owned()).or_default();
        let standing = changes.last().map_or(0, |(overrides, _)| overrides.revision);
        let fresh = standing + 1 == next.revision;
        if fresh {
            changes.push((next.clone(), entry.clone()));
        }
        Ok(fresh)
    }

    async fn history(&self, mapping: &str) -> Result<Vec<Entry>, ControlError> {
        let changes = lock(&self.changes);
        Ok(changes.get(mapping).into_iter().flatten().map(|(_, entry)| entry.clone()).collect())
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
