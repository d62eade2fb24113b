use std::error::Error;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use transform::{Change, Overrides};

/// Where overrides and drift are. One suite holds every implementation.
#[async_trait]
pub trait ControlStore: Send + Sync {
    /// Of these mappings, in their order; the default where nothing was ever changed. Read consistently.
    async fn overrides(&self, mappings: &[&str]) -> Result<Vec<Overrides>, ControlError>;

    /// Writes the overrides together with the entry that tells of the change, if they are of the revision after the one that
    /// stands there. `false`: somebody was faster.
    async fn change(&self, mapping: &str, next: &Overrides, entry: &Entry) -> Result<bool, ControlError>;

    /// Every change of a mapping, oldest first.
    async fn history(&self, mapping: &str) -> Result<Vec<Entry>, ControlError>;

    /// Adds to the counts of a flow's day, UTC.
    async fn add_drift(&self, flow: &str, now: Timestamp, counts: &[DriftCount]) -> Result<(), ControlError>;

    /// The counts of a flow, of the day of `now` and as many days before it.
    async fn drift(&self, flow: &str, now: Timestamp, days: u16) -> Result<Vec<DriftCount>, ControlError>;
}

/// A change of a mapping's overrides: who, when and why.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// The revision that it made.
    pub revision: u64,
    #[serde(flatten)]
    pub change: Change,
    pub author: String,
    pub at: Timestamp,
    pub reason: String,
}

/// How often something came otherwise than the contract says.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct DriftCount {
    /// `UnknownField`, `UnknownValue`, `MissingField`, `ChangedType`.
    pub kind: String,
    pub path: String,
    pub count: u64,
}

#[derive(Debug, Error)]
pub enum ControlError {
    #[error("the table did not answer")]
    Unavailable {
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    #[error("item {key}: {attribute} cannot be read")]
    Corrupt { key: String, attribute: &'static str },
}

impl ControlError {
    pub(crate) fn unavailable(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Unavailable { source: source.into() }
    }
}

/// Days of drift that are kept.
pub(crate) const DRIFT_DAYS: u16 = 30;

/// The days of `now` and before it, newest first: `2026-11-24`.
pub(crate) fn days(now: Timestamp, before: u16) -> Vec<String> {
    (0..=before.min(DRIFT_DAYS))
        .map(|days| {
            let then = now - jiff::SignedDuration::from_hours(24 * i64::from(days));
            then.to_string().chars().take(10).collect()
        })
        .collect()
}
