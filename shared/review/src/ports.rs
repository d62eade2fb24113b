//! What a review needs of the world. Each has an implementation on AWS and one in memory, whose calls can break off.

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::audit::{Class, Entry, Record};
use crate::edit::Edit;
use crate::error::ReviewError;
use crate::fingerprint::Fingerprint;
use crate::letter::Letter;
use crate::plan::Plan;

/// How many messages SQS says that a queue has; it counts by estimate.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Count {
    pub visible: u64,
    /// Received by somebody, and neither deleted nor back yet.
    pub hidden: u64,
}

/// An answer a letter, in their order.
pub type Sent = Vec<Result<(), ReviewError>>;

/// A dead letter queue.
#[async_trait]
pub trait LetterQueue: Send + Sync {
    /// Ten at most that nobody else is looking at, hidden from now on for so long.
    async fn receive(&self, hidden: Duration) -> Result<Vec<Letter>, ReviewError>;

    /// For anybody to be received at once. One whose time has run out is back already, which is no error.
    async fn release(&self, receipts: &[String]) -> Result<(), ReviewError>;

    async fn delete(&self, letters: &[Letter]) -> Sent;

    /// Puts letters on it that were taken off, as they were.
    async fn put(&self, letters: &[Letter]) -> Sent;

    async fn count(&self) -> Result<Count, ReviewError>;

    /// `MessageRetentionPeriod`.
    async fn retention(&self) -> Result<Duration, ReviewError>;
}

/// The queue that a flow works from.
#[async_trait]
pub trait SourceQueue: Send + Sync {
    /// With body, attributes, trace header and group as the letters have them. By the attributes of a dead letter the receiver knows
    /// that it is redriven.
    async fn send(&self, letters: &[Letter]) -> Sent;
}

/// What has become of a write that never replaces anything.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Put {
    Stored,
    /// Left as it was.
    There,
}

/// The versioned bucket.
#[async_trait]
pub trait Archive: Send + Sync {
    /// Writes the object if there is none of that key.
    async fn put(&self, key: &str, object: &str) -> Result<Put, ReviewError>;

    async fn get(&self, key: &str) -> Result<Option<String>, ReviewError>;

    /// A page of keys that begin so, in their order, and what to ask for the next page with.
    async fn keys(
        &self,
        prefix: &str,
        after: Option<String>,
    ) -> Result<(Vec<String>, Option<String>), ReviewError>;

    /// Earlier versions stay.
    async fn delete(&self, key: &str) -> Result<(), ReviewError>;
}

/// Somebody knows of a group, until a time.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Ack {
    pub until: Timestamp,
    pub by: String,
    pub reason: String,
    pub at: Timestamp,
}

/// What is written down of reviews, in the ledger table.
#[async_trait]
pub trait Records: Send + Sync {
    /// Adds a record to those of its class and day. An error leaves unknown whether it is there: what it tells of is not done then.
    async fn append(&self, record: &Record) -> Result<(), ReviewError>;

    /// Of a class and day, in their order.
    async fn entries(&self, class: Class, day: Date) -> Result<Vec<Entry>, ReviewError>;

    /// Number and digest of the newest of them, as noted beside them, for [`crate::audit::broken`]. While somebody appends it may differ from
    /// what is read of the entries: who compares them reads both again.
    async fn last(&self, class: Class, day: Date) -> Result<Option<(u64, String)>, ReviewError>;

    /// Never replaces one: another of that id is refused.
    async fn put_plan(&self, plan: &Plan) -> Result<(), ReviewError>;

    async fn plan(&self, id: &str) -> Result<Option<Plan>, ReviewError>;

    async fn put_ack(&self, group: &Fingerprint, ack: &Ack) -> Result<(), ReviewError>;

    /// Those that have not run out.
    async fn acks(
        &self,
        groups: &[Fingerprint],
        now: Timestamp,
    ) -> Result<HashMap<Fingerprint, Ack>, ReviewError>;

    /// In place of the one before it, or of none. Whether it stands there now: where another does, it stays.
    async fn put_edit(&self, edit: &Edit, before: Option<&Edit>) -> Result<bool, ReviewError>;

    /// By [`Letter::lasting_id`].
    async fn edits(&self, letters: &[String]) -> Result<HashMap<String, Edit>, ReviewError>;
}

/// Time, as it passes or as a test says.
#[async_trait]
pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;

    /// Since some moment, never backwards.
    fn elapsed(&self) -> Duration;

    async fn sleep(&self, time: Duration);
}
