//! Dead letters, their archive and its audit in memory, where calls take time and fail as they are told to.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use channel::Attributes;
use jiff::{SignedDuration, Timestamp};
use review::memory::World as Memory;
use review::{Archive, Clock as _, Count, Letter, LetterQueue, Put, ReviewError, Sent};
use watchdog::Archiving;

pub(crate) const BY: &str = "shop-watchdog";

#[derive(Clone)]
pub(crate) struct Desk {
    pub(crate) memory: Memory,
    told: Arc<Told>,
}

#[derive(Default)]
struct Told {
    /// What each receive and each object put takes.
    milliseconds: AtomicU64,
    never_receives: AtomicBool,
    lists_nothing: AtomicBool,
    puts_nothing: AtomicBool,
    puts: AtomicU64,
}

impl Desk {
    pub(crate) fn new(begun_at: Timestamp) -> Self {
        Self { memory: Memory::new(begun_at), told: Arc::default() }
    }

    pub(crate) fn archiving(&self) -> Archiving {
        Archiving {
            queue: Box::new(self.clone()),
            archive: Box::new(self.clone()),
            records: Box::new(self.memory.clone()),
            clock: Box::new(self.memory.clone()),
            by: BY.to_owned(),
        }
    }

    /// Letters that were sent so long before the clock's time.
    pub(crate) fn add(&self, ids: impl IntoIterator<Item = String>, age: SignedDuration) {
        for id in ids {
            self.memory.add(Letter {
                id,
                receipt: String::new(),
                body: "{}".to_owned(),
                attributes: Attributes::new(),
                sent_at: self.memory.now() - age,
                receive_count: 1,
                trace_header: None,
                group_id: None,
            });
        }
    }

    pub(crate) fn takes(&self, time: Duration) {
        self.told.milliseconds.store(time.as_millis().try_into().unwrap(), Ordering::SeqCst);
    }

    pub(crate) fn never_receives(&self) {
        self.told.never_receives.store(true, Ordering::SeqCst);
    }

    pub(crate) fn lists_nothing(&self, is_so: bool) {
        self.told.lists_nothing.store(is_so, Ordering::SeqCst);
    }

    pub(crate) fn puts_nothing(&self, is_so: bool) {
        self.told.puts_nothing.store(is_so, Ordering::SeqCst);
    }

    /// How often an object was put, or would have been.
    pub(crate) fn puts(&self) -> u64 {
        self.told.puts.load(Ordering::SeqCst)
    }

    /// Ids of what is in the archive.
    pub(crate) fn archived(&self) -> Vec<String> {
        let file = |key: &String| key.rsplit('/').next().unwrap().trim_end_matches(".json").to_owned();
        let mut ids: Vec<_> = self.memory.objects().keys().map(file).collect();
        ids.sort();
        ids
    }

    /// Ids of what the audit says was archived.
    pub(crate) fn recorded(&self) -> Vec<String> {
        let records = self.memory.records().into_iter();
        let mut ids: Vec<_> = records.flat_map(|record| record.letters).map(|letter| letter.id).collect();
        ids.sort();
        ids
    }

    fn take_time(&self) {
        self.memory.advance(Duration::from_millis(self.told.milliseconds.load(Ordering::SeqCst)));
    }

    fn denies(&self, is_so: &AtomicBool, operation: &'static str) -> Result<(), ReviewError> {
        if is_so.load(Ordering::SeqCst) { Err(ReviewError::Denied(operation)) } else { Ok(()) }
    }
}

#[async_trait]
impl LetterQueue for Desk {
    async fn receive(&self, hidden: Duration) -> Result<Vec<Letter>, ReviewError> {
        if self.told.never_receives.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        self.take_time();
        self.memory.receive(hidden).await
    }

    async fn release(&self, receipts: &[String]) -> Result<(), ReviewError> {
        self.memory.release(receipts).await
    }

    async fn delete(&self, letters: &[Letter]) -> Sent {
        LetterQueue::delete(&self.memory, letters).await
    }

    async fn put(&self, letters: &[Letter]) -> Sent {
        LetterQueue::put(&self.memory, letters).await
    }

    async fn count(&self) -> Result<Count, ReviewError> {
        self.memory.count().await
    }

    async fn retention(&self) -> Result<Duration, ReviewError> {
        self.memory.retention().await
    }
}

#[async_trait]
impl Archive for Desk {
    async fn put(&self, key: &str, object: &str) -> Result<Put, ReviewError> {
        self.told.puts.fetch_add(1, Ordering::SeqCst);
        self.denies(&self.told.puts_nothing, "PutObject")?;
        self.take_time();
        Archive::put(&self.memory, key, object).await
    }

    async fn get(&self, key: &str) -> Result<Option<String>, ReviewError> {
        self.memory.get(key).await
    }

    async fn keys(
        &self,
        prefix: &str,
        after: Option<String>,
    ) -> Result<(Vec<String>, Option<String>), ReviewError> {
        self.denies(&self.told.lists_nothing, "ListObjectsV2")?;
        self.memory.keys(prefix, after).await
    }

    async fn delete(&self, key: &str) -> Result<(), ReviewError> {
        Archive::delete(&self.memory, key).await
    }
}
