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
    async fn overrides(&self, mappings: &[&str]) -> Result<Vec<Stored>, ControlError>;

    /// As they stood at the revisions before this one, the newest first, [`MOST_EARLIER`] at most. One that cannot be read
    /// is left out.
    async fn earlier(&self, mapping: &str, revision: u64) -> Result<Vec<Overrides>, ControlError>;

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

/// How far one looks back, in revisions.
pub(crate) const MOST_EARLIER: u64 = 20;

pub type Stored = Result<Overrides, Unreadable>;

/// Something stands there that this build cannot read: another build's.
#[derive(Debug, Error)]
#[error("revision {revision} of the overrides of {mapping} cannot be read")]
pub struct Unreadable {
    pub mapping: String,
    pub revision: u64,
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
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
}

impl ControlError {
    pub(crate) fn unavailable(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Unavailable { source: source.into() }
    }
}

/// Of revisions before this one, those that one looks back to, the newest first.
pub(crate) fn before(revision: u64) -> impl Iterator<Item = u64> {
    (revision.saturating_sub(MOST_EARLIER).max(1)..revision).rev()
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
