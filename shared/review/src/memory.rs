//! A queue, a bucket and a table in memory. Each call can break off, before it has done anything or after: from then on none answers, as
//! the process is gone, until another is begun.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use channel::Attributes;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use crate::audit::{Class, Entry, Record};
use crate::edit::Edit;
use crate::error::ReviewError;
use crate::fingerprint::Fingerprint;
use crate::letter::Letter;
use crate::plan::Plan;
use crate::ports::{Ack, Archive, Clock, Count, LetterQueue, Put, Records, Sent, SourceQueue};

/// Where a call breaks off.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Break {
    Before,
    After,
}

struct Message {
    letter: Letter,
    visible_at: Duration,
    receives: u64,
}

/// What a redriven body becomes: `Some` of attributes is a letter again.
type Flow = Box<dyn Fn(&Letter) -> Option<Attributes> + Send + Sync>;

struct State {
    queue: Vec<Message>,
    sent: Vec<Letter>,
    sent_after: Vec<Duration>,
    objects: BTreeMap<String, String>,
    deleted_objects: Vec<(String, String)>,
    entries: HashMap<(Class, Date), Vec<Entry>>,
    plans: HashMap<String, Plan>,
    acks: HashMap<Fingerprint, Ack>,
    edits: HashMap<String, Edit>,
    elapsed: Duration,
    calls: usize,
    receives: usize,
    breaks: Option<(usize, Break)>,
    gone: bool,
    ids: u64,
    flow: Flow,
    retention: Duration,
    seed: u64,
    steps: bool,
    latency: Duration,
}

/// All of it, shared by whoever has a copy.
#[derive(Clone)]
pub struct World {
    state: Arc<Mutex<State>>,
    begun_at: Timestamp,
}

impl World {
    pub fn new(begun_at: Timestamp) -> Self {
        let state = State {
            queue: Vec::new(),
            sent: Vec::new(),
            sent_after: Vec::new(),
            objects: BTreeMap::new(),
            deleted_objects: Vec::new(),
            entries: HashMap::new(),
            plans: HashMap::new(),
            acks: HashMap::new(),
            edits: HashMap::new(),
            elapsed: Duration::ZERO,
            calls: 0,
            receives: 0,
            breaks: None,
            gone: false,
            ids: 0,
            flow: Box::new(|_| None),
            retention: Duration::from_secs(14 * 24 * 3_600),
            seed: 0,
            steps: false,
            latency: Duration::ZERO,
        };
        Self { state: Arc::new(Mutex::new(state)), begun_at }
    }

    /// Puts a letter on the queue.
    pub fn add(&self, letter: Letter) {
        self.lock().queue.push(Message { letter, visible_at: Duration::ZERO, receives: 0 });
    }

    /// What becomes of each redriven letter: attributes are a letter's again, `None` is an effect.
    pub fn flow(&self, flow: impl Fn(&Letter) -> Option<Attributes> + Send + Sync + 'static) {
        self.lock().flow = Box::new(flow);
    }

    /// The process ends at its `call`th call from now on, counted from 0.
    pub fn break_at(&self, call: usize, at: Break) {
        let mut state = self.lock();
        state.calls = 0;
        state.breaks = Some((call, at));
    }

    /// Another process, which breaks off nowhere. Whether the one before it did.
    pub fn begin_again(&self) -> bool {
        let mut state = self.lock();
        state.breaks = None;
        std::mem::take(&mut state.gone)
    }

    /// Lets others go first before each call, as often as this says: two that work at once meet otherwise with every seed.
    pub fn interleave(&self, seed: u64) {
        self.lock().seed = seed;
    }

    /// Each call waits once before it is made: whoever polls says whose is next.
    pub fn step_by_step(&self) {
        self.lock().steps = true;
    }

    /// So long each call takes, by the clock that stands still otherwise.
    pub fn slow_down(&self, latency: Duration) {
        self.lock().latency = latency;
    }

    async fn turn(&self) {
        let (turns, until) = {
            let mut state = self.lock();
            // Knuth's MMIX generator: all that is needed are other turns with each seed.
            state.seed =
                state.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(u64::from(state.seed != 0));
            let until = state.elapsed + state.latency;
            (if state.steps { 1 } else { (state.seed >> 33) % 4 }, until)
        };
        for _ in 0..turns {
            tokio::task::yield_now().await;
        }
        // Of those that wait at the same time one lets the time pass.
        let mut seen = self.elapsed();
        while self.elapsed() < until {
            if self.elapsed() == seen {
                self.advance(Duration::from_millis(1));
            }
            seen = self.elapsed();
            tokio::task::yield_now().await;
        }
    }

    pub fn advance(&self, by: Duration) {
        self.lock().elapsed += by;
    }

    /// How often letters were asked for.
    pub fn receives(&self) -> usize {
        self.lock().receives
    }

    /// Ids of the letters on the queue, hidden or not.
    pub fn on_queue(&self) -> Vec<String> {
        self.lock().queue.iter().map(|message| message.letter.id.clone()).collect()
    }

    pub fn hidden(&self) -> usize {
        let state = self.lock();
        state.queue.iter().filter(|message| message.visible_at > state.elapsed).count()
    }

    /// What was sent to the flow's queue.
    pub fn sent(&self) -> Vec<Letter> {
        self.lock().sent.clone()
    }

    /// When each of them was sent.
    pub fn sent_after(&self) -> Vec<Duration> {
        self.lock().sent_after.clone()
    }

    pub fn objects(&self) -> BTreeMap<String, String> {
        self.lock().objects.clone()
    }

    pub fn deleted_objects(&self) -> Vec<(String, String)> {
        self.lock().deleted_objects.clone()
    }

    pub fn records(&self) -> Vec<Record> {
        let state = self.lock();
        let mut entries: Vec<_> = state.entries.values().flatten().filter_map(Entry::record).collect();
        entries.sort_by_key(|record| record.at);
        entries
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One call, which may break off.
    async fn call<T>(
        &self,
        operation: &'static str,
        work: impl FnOnce(&mut State) -> T + Send,
    ) -> Result<T, ReviewError> {
        self.turn().await;
        let mut state = self.lock();
        let broken = || ReviewError::Unavailable { operation, problem: "the process is gone".to_owned() };
        if state.gone {
            return Err(broken());
        }
        let number = state.calls;
        state.calls += 1;
        match state.breaks {
            Some((at, when)) if at == number => {
                state.gone = true;
                if when == Break::After {
                    work(&mut state);
                }
                Err(broken())
            }
            _ => Ok(work(&mut state)),
        }
    }
}

/// A call about several letters breaks off as a whole.
fn each(letters: usize, answer: Result<(), ReviewError>) -> Sent {
    vec![answer; letters]
}

/// Receives of one receipt.
fn is_of(message: &Message, receipt: &str) -> bool {
    message.letter.receipt == receipt
}

#[async_trait]
impl LetterQueue for World {
    async fn receive(&self, hidden: Duration) -> Result<Vec<Letter>, ReviewError> {
        self.call("ReceiveMessage", |state| {
            state.receives += 1;
            let now = state.elapsed;
            let visible = state.queue.iter_mut().filter(|message| message.visible_at <= now).take(10);
            visible
                .map(|message| {
                    message.receives += 1;
                    message.visible_at = now + hidden;
                    message.letter.receipt = format!("{}#{}", message.letter.id, message.receives);
                    message.letter.clone()
                })
                .collect()
        })
        .await
    }

    async fn release(&self, receipts: &[String]) -> Result<(), ReviewError> {
        if receipts.is_empty() {
            return Ok(());
        }
        self.call("ChangeMessageVisibility", |state| {
            for message in &mut state.queue {
                if receipts.iter().any(|receipt| is_of(message, receipt)) {
                    message.visible_at = state.elapsed;
                }
            }
        })
        .await
    }

    async fn delete(&self, letters: &[Letter]) -> Sent {
        if letters.is_empty() {
            return Sent::new();
        }
        // SQS may delete by an earlier receipt as well: the worse of the two.
        let answer = self
            .call("DeleteMessage", |state| {
                state.queue.retain(|message| !letters.iter().any(|letter| letter.id == message.letter.id));
            })
            .await;
        each(letters.len(), answer)
    }

    async fn put(&self, letters: &[Letter]) -> Sent {
        let answer = self
            .call("SendMessage", |state| {
                for letter in letters {
                    put(state, letter.clone(), self.begun_at);
                }
            })
            .await;
        each(letters.len(), answer)
    }

    async fn count(&self) -> Result<Count, ReviewError> {
        self.call("GetQueueAttributes", |state| {
            let hidden = state.queue.iter().filter(|message| message.visible_at > state.elapsed).count();
            let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
            Count { visible: number(state.queue.len() - hidden), hidden: number(hidden) }
        })
        .await
    }

    async fn retention(&self) -> Result<Duration, ReviewError> {
        self.call("GetQueueAttributes", |state| state.retention).await
    }
}

fn after(begun_at: Timestamp, elapsed: Duration) -> Timestamp {
    let elapsed = SignedDuration::try_from(elapsed).unwrap_or(SignedDuration::MAX);
    begun_at.saturating_add(elapsed).unwrap_or(Timestamp::MAX)
}

fn put(state: &mut State, letter: Letter, begun_at: Timestamp) {
    state.ids += 1;
    let (id, sent_at) = (format!("put-{:06}", state.ids), after(begun_at, state.elapsed));
    let letter = Letter { id, receipt: String::new(), sent_at, ..letter };
    state.queue.push(Message { letter, visible_at: Duration::ZERO, receives: 0 });
}

#[async_trait]
impl SourceQueue for World {
    async fn send(&self, letters: &[Letter]) -> Sent {
        let answer = self
            .call("SendMessage", |state| {
                for letter in letters {
                    state.sent.push(letter.clone());
                    state.sent_after.push(state.elapsed);
                    if let Some(attributes) = (state.flow)(letter) {
                        put(state, Letter { attributes, ..letter.clone() }, self.begun_at);
                    }
                }
            })
            .await;
        each(letters.len(), answer)
    }
}

#[async_trait]
impl Archive for World {
    async fn put(&self, key: &str, object: &str) -> Result<Put, ReviewError> {
        self.call("PutObject", |state| {
            if state.objects.contains_key(key) {
                return Put::There;
            }
            state.objects.insert(key.to_owned(), object.to_owned());
            Put::Stored
        })
        .await
    }

    async fn get(&self, key: &str) -> Result<Option<String>, ReviewError> {
        self.call("GetObject", |state| state.objects.get(key).cloned()).await
    }

    async fn keys(
        &self,
        prefix: &str,
        after: Option<String>,
    ) -> Result<(Vec<String>, Option<String>), ReviewError> {
        const PAGE: usize = 3;
        self.call("ListObjectsV2", |state| {
            let keys = state.objects.keys().filter(|key| key.starts_with(prefix));
            let page: Vec<_> = keys
                .filter(|key| after.as_ref().is_none_or(|after| *key > after))
                .take(PAGE)
                .cloned()
                .collect();
            let next = page.last().filter(|_| page.len() == PAGE).cloned();
            (page, next)
        })
        .await
    }

    async fn delete(&self, key: &str) -> Result<(), ReviewError> {
        self.call("DeleteObject", |state| {
            if let Some(object) = state.objects.remove(key) {
                state.deleted_objects.push((key.to_owned(), object));
            }
        })
        .await
    }
}

#[async_trait]
impl Records for World {
    async fn append(&self, record: &Record) -> Result<(), ReviewError> {
        self.call("TransactWriteItems", |state| {
            let entries = state.entries.entry((record.action.class(), record.day())).or_default();
            let last = entries.last().map(|entry| (entry.number, entry.digest()));
            let last = last.as_ref().map(|(number, digest)| (*number, digest.as_str()));
            entries.push(Entry::after(last, record)?);
            Ok(())
        })
        .await?
    }

    async fn entries(&self, class: Class, day: Date) -> Result<Vec<Entry>, ReviewError> {
        self.call("BatchGetItem", |state| state.entries.get(&(class, day)).cloned().unwrap_or_default()).await
    }

    async fn last(&self, class: Class, day: Date) -> Result<Option<(u64, String)>, ReviewError> {
        self.call("GetItem", |state| {
            let newest = state.entries.get(&(class, day)).and_then(|entries| entries.last());
            newest.map(|entry| (entry.number, entry.digest()))
        })
        .await
    }

    async fn put_plan(&self, plan: &Plan) -> Result<(), ReviewError> {
        self.call("PutItem", |state| {
            let stored = state.plans.entry(plan.id.clone()).or_insert_with(|| plan.clone());
            if stored == plan { Ok(()) } else { Err(Plan::taken(&plan.id)) }
        })
        .await?
    }

    async fn plan(&self, id: &str) -> Result<Option<Plan>, ReviewError> {
        self.call("GetItem", |state| state.plans.get(id).cloned()).await
    }

    async fn put_ack(&self, group: &Fingerprint, ack: &Ack) -> Result<(), ReviewError> {
        self.call("PutItem", |state| drop(state.acks.insert(group.clone(), ack.clone()))).await
    }

    async fn acks(
        &self,
        groups: &[Fingerprint],
        now: Timestamp,
    ) -> Result<HashMap<Fingerprint, Ack>, ReviewError> {
        self.call("BatchGetItem", |state| {
            let known =
                groups.iter().filter_map(|group| Some((group.clone(), state.acks.get(group)?.clone())));
            known.filter(|(_, ack)| ack.until > now).collect()
        })
        .await
    }

    async fn put_edit(&self, edit: &Edit, before: Option<&Edit>) -> Result<bool, ReviewError> {
        self.call("PutItem", |state| {
            let there = state.edits.get(&edit.id);
            let stands = there == before || there == Some(edit);
            if stands {
                state.edits.insert(edit.id.clone(), edit.clone());
            }
            stands
        })
        .await
    }

    async fn edits(&self, letters: &[String]) -> Result<HashMap<String, Edit>, ReviewError> {
        self.call("BatchGetItem", |state| {
            letters.iter().filter_map(|id| Some((id.clone(), state.edits.get(id)?.clone()))).collect()
        })
        .await
    }
}

#[async_trait]
impl Clock for World {
    fn now(&self) -> Timestamp {
        after(self.begun_at, self.elapsed())
    }

    fn elapsed(&self) -> Duration {
        self.lock().elapsed
    }

    async fn sleep(&self, time: Duration) {
        self.advance(time);
        tokio::task::yield_now().await;
    }
}
