use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use gate::Breaker;
use jiff::{SignedDuration, Timestamp};
use ledger::Item;
use message::{Envelope, OperationKey};
use thiserror::Error;

use crate::archive::Archiving;
use crate::reconcile::{Asked, WINDOW};
use crate::watch::Watch;

/// Why a look could not be made: without anything that a message or an answer of a source says.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("{0}")]
pub struct Failure(pub String);

/// The start of a datapoint, and what came in it.
pub type Hour = (Timestamp, f64);

/// Everything that is looked at. Deployed it is AWS ([`crate::aws::Aws`]).
#[async_trait]
pub trait World: Send + Sync {
    /// Arrivals of the function, by periods of so many seconds; only those that had any.
    async fn arrivals(
        &self,
        function: &str,
        from: Timestamp,
        until: Timestamp,
        period: i32,
    ) -> Result<Vec<Hour>, Failure>;
    /// How long messages of the flow have waited, as the last twenty minutes have shown.
    async fn waiting(&self, function: &str, queue: &str, now: Timestamp) -> Result<Waiting, Failure>;
    async fn poller(&self, mapping_id: &str) -> Result<PollerState, Failure>;
    async fn queue(&self, queue_url: &str) -> Result<QueueState, Failure>;
    /// Codes of the first hundred dead letters, without hiding one from anybody. Each is received for it, which SQS counts.
    async fn letters(&self, queue_url: &str) -> Result<BTreeMap<String, u64>, Failure>;
    async fn secret(&self, arn: &str) -> Result<SecretDates, Failure>;
    async fn breaker(&self, target: &str) -> Result<Breaker, Failure>;
    async fn item(&self, key: &OperationKey) -> Result<Option<Item>, Failure>;
    async fn state(&self, flow: &str) -> Result<Option<WatchState>, Failure>;
    async fn remember(&self, flow: &str, state: &WatchState) -> Result<(), Failure>;
    /// Puts events on the queue, and says of each whether it was accepted.
    async fn send(&self, queue_url: &str, events: &[Envelope]) -> Result<Vec<bool>, Failure>;
    /// Posts a canary as a source posts its webhooks.
    async fn post_canary(&self, entry: &str, now: Timestamp) -> Result<(), Failure>;
    /// What is asked about the flow's source, where it has one that can be.
    fn asked(&self, watch: &Watch) -> Result<Option<Asked>, Failure>;
    /// What the flow's letters are archived with.
    fn archiving(&self, watch: &Watch) -> Archiving;
    /// The public address of a source's webhooks.
    fn webhook_url(&self, source: &str) -> String;
}

#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Waiting {
    /// Since the oldest held message was sent for the first time.
    pub held: Duration,
    /// Of the oldest message on the queue.
    pub queued: Duration,
}

/// What SQS says of a queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct QueueState {
    /// Messages that wait.
    pub visible: u64,
    /// Received by somebody, and neither deleted nor back yet.
    pub hidden: u64,
    pub retention: Duration,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PollerState {
    /// As Lambda says it: Enabled, Disabled, Creating …
    pub state: String,
    pub last_result: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SecretDates {
    pub created: Timestamp,
    pub changed: Timestamp,
}

/// SQS counts by estimate: one look that finds no letter does not make those young that the next one finds.
pub(crate) const LOOKS_TO_BE_EMPTY: u64 = 2;

/// What is kept of a watch between two looks, in the ledger table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WatchState {
    pub since: Timestamp,
    /// Up to here the source's events are known.
    pub reconciled_until: Timestamp,
    /// How much of the source's time the next look asks for.
    pub window: SignedDuration,
    /// Events that were put on the queue, as the ledger did not know them, with their times: none goes there twice, whatever became of it.
    pub sent: BTreeMap<String, Timestamp>,
    /// When it began, messages had come before of which this table should know. Nobody has said yet that it may not.
    pub unconfirmed: bool,
    /// Dead letters at the last look, hidden or not, and since when there have been any.
    pub letters: u64,
    pub letters_since: Timestamp,
    /// Looks in a row that have found none.
    pub looks_without_letters: u64,
    /// Their codes, when they were last read.
    pub codes: BTreeMap<String, u64>,
    /// When all of them that SQS drops soon were last found to be in the archive.
    pub archived_at: Option<Timestamp>,
}

impl WatchState {
    /// Of a watch that begins now.
    pub fn beginning(now: Timestamp) -> Self {
        Self {
            since: now,
            reconciled_until: now,
            window: WINDOW,
            sent: BTreeMap::new(),
            unconfirmed: false,
            letters: 0,
            letters_since: now,
            looks_without_letters: LOOKS_TO_BE_EMPTY,
            codes: BTreeMap::new(),
            archived_at: None,
        }
    }
}
