//! A world that is scripted, and fails where it is told to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::desk::Desk;
use async_trait::async_trait;
use gate::Breaker;
use jiff::{SignedDuration, Timestamp};
use ledger::{Item, Status};
use message::{Code, Effect, Envelope, OperationKey, Rejection, canary_key};
use outbound::{Budget, CallError, EventSource, Refusal};
use serde_json::{Value, json};
use transform::reconcile::{KnownAs, Reconcile};
use watchdog::{
    Archiving, Asked, Failure, Hour, PollerState, QueueState, Report, SecretDates, Waiting, Watch,
    WatchState, World, look,
};

pub(crate) const FLOW: &str = "orders-to-inventory";
pub(crate) const NOW: &str = "2026-11-24T12:00:00Z";

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn now() -> Timestamp {
    at(NOW)
}

pub(crate) fn minutes_ago(minutes: i64) -> Timestamp {
    now() - SignedDuration::from_mins(minutes)
}

pub(crate) fn watch_with(change: impl FnOnce(&mut Value)) -> Watch {
    let mut event = json!({
        "flow": FLOW, "function": "shop-orders-to-inventory", "queue_url": "https://sqs.example/1/shop-orders-to-inventory",
        "dead_letter_queue_url": "https://sqs.example/1/shop-orders-to-inventory-dlq", "mapping_id": "6d3a", "target": "tryton",
        "secret_arns": ["arn:one", "arn:two"], "canary_path": [FLOW, "inventory-to-shipping"],
        "cadence": {"every_seconds": 3600},
        "source": {"system": "vendure", "name": "vendure", "url": "https://shop.example", "secret_arn": "arn:user"}
    });
    change(&mut event);
    Watch::read(event).unwrap()
}

pub(crate) fn watch() -> Watch {
    watch_with(|_| ())
}

/// What is right unless a test says otherwise.
pub(crate) struct Scripted {
    pub(crate) fails: BTreeSet<&'static str>,
    pub(crate) panics: &'static str,
    pub(crate) arrivals: Vec<Hour>,
    pub(crate) waiting: Waiting,
    pub(crate) poller: &'static str,
    pub(crate) letters: BTreeMap<String, u64>,
    /// So many of them somebody else is looking at.
    pub(crate) hidden: u64,
    /// With their archive.
    pub(crate) desk: Desk,
    pub(crate) secrets: BTreeMap<&'static str, Timestamp>,
    pub(crate) breaker: Breaker,
    pub(crate) items: Mutex<BTreeMap<String, Item>>,
    pub(crate) state: Mutex<Option<WatchState>>,
    pub(crate) sent: Mutex<Vec<Envelope>>,
    /// So many of what is sent are accepted.
    pub(crate) accepts: usize,
    /// How often dead letters were received.
    pub(crate) peeks: Mutex<usize>,
    pub(crate) canaries: Mutex<Vec<(String, Timestamp)>>,
    pub(crate) source: Arc<Source>,
}

/// A source with these events.
#[derive(Default)]
pub(crate) struct Source {
    pub(crate) events: Mutex<Vec<(Timestamp, &'static str)>>,
    pub(crate) answers_500: AtomicBool,
    /// So many an answer.
    pub(crate) holds: usize,
    pub(crate) windows: Mutex<Vec<(Timestamp, Timestamp)>>,
    pub(crate) subscribed: Option<BTreeSet<String>>,
}

impl Scripted {
    pub(crate) fn new() -> Self {
        let world = Self {
            fails: BTreeSet::new(),
            panics: "",
            arrivals: vec![(minutes_ago(10), 3.0)],
            waiting: Waiting::default(),
            poller: "Enabled",
            letters: BTreeMap::new(),
            hidden: 0,
            desk: Desk::new(now()),
            secrets: BTreeMap::from([("arn:one", minutes_ago(1_440)), ("arn:two", minutes_ago(2_880))]),
            breaker: Breaker::default(),
            items: Mutex::default(),
            state: Mutex::new(Some(WatchState {
                reconciled_until: minutes_ago(20),
                ..WatchState::beginning(minutes_ago(60 * 24 * 30))
            })),
            sent: Mutex::default(),
            accepts: usize::MAX,
            peeks: Mutex::default(),
            canaries: Mutex::default(),
            source: Arc::new(Source { holds: 1_000, ..Source::default() }),
        };
        for flow in [FLOW, "inventory-to-shipping"] {
            world.canary_came_through(flow, minutes_ago(5));
        }
        world
    }

    pub(crate) fn canary_came_through(&self, flow: &str, sent: Timestamp) {
        let version = u64::try_from(sent.as_millisecond()).unwrap();
        self.knows(canary_key(FLOW, flow), version);
    }

    pub(crate) fn knows(&self, key: OperationKey, version: u64) {
        let item = Item {
            status: Status::Done,
            owner: String::new(),
            epoch: 1,
            lease_until_ms: 0,
            fingerprint: String::new(),
            version,
            applied_version: version,
            effect: Effect::Absent,
            prior_effect: Effect::Absent,
            attempts: 1,
            first_claimed_ms: 0,
            unknown_since_ms: None,
            message_id: String::new(),
            correlation_id: String::new(),
            mapping: String::new(),
            target_mapping: String::new(),
            outcome: String::new(),
            progress: String::new(),
            code: String::new(),
            expires_at_s: 0,
        };
        self.items.lock().unwrap().insert(key.as_str().to_owned(), item);
    }

    pub(crate) async fn look(&self, watch: &Watch) -> Report {
        self.look_at(watch, now()).await
    }

    pub(crate) async fn look_at(&self, watch: &Watch, now: Timestamp) -> Report {
        look(watch, self, now).await
    }

    pub(crate) fn reconciled_until(&self) -> Timestamp {
        self.state.lock().unwrap().as_ref().unwrap().reconciled_until
    }

    fn try_to(&self, what: &'static str) -> Result<(), Failure> {
        assert!(self.panics != what, "panics, as told");
        if self.fails.contains(what) { Err(Failure(format!("{what}, as told"))) } else { Ok(()) }
    }
}

/// The checks of a report that could not be made.
pub(crate) fn failed(report: &Report) -> Vec<&'static str> {
    report.failures.iter().map(|(check, _)| *check).collect()
}

#[async_trait]
impl World for Scripted {
    async fn arrivals(
        &self,
        _: &str,
        from: Timestamp,
        until: Timestamp,
        _: i32,
    ) -> Result<Vec<Hour>, Failure> {
        self.try_to("arrivals")?;
        Ok(self.arrivals.iter().filter(|(time, _)| (from..until).contains(time)).copied().collect())
    }

    async fn waiting(&self, _: &str, _: &str, _: Timestamp) -> Result<Waiting, Failure> {
        self.try_to("waiting")?;
        Ok(self.waiting)
    }

    async fn poller(&self, _: &str) -> Result<PollerState, Failure> {
        self.try_to("poller")?;
        Ok(PollerState { state: self.poller.to_owned(), last_result: "OK".to_owned() })
    }

    async fn queue(&self, queue_url: &str) -> Result<QueueState, Failure> {
        self.try_to("queue")?;
        let days = |days: u64| Duration::from_secs(days * 24 * 3_600);
        if !queue_url.ends_with("-dlq") {
            return Ok(QueueState { visible: 0, hidden: 0, retention: days(4) });
        }
        let visible = self.letters.values().sum::<u64>() - self.hidden;
        Ok(QueueState { visible, hidden: self.hidden, retention: days(14) })
    }

    async fn letters(&self, _: &str) -> Result<BTreeMap<String, u64>, Failure> {
        self.try_to("letters")?;
        *self.peeks.lock().unwrap() += 1;
        Ok(self.letters.clone())
    }

    async fn secret(&self, arn: &str) -> Result<SecretDates, Failure> {
        self.try_to("secrets")?;
        let changed = self.secrets.get(arn).copied();
        let changed = changed.ok_or_else(|| Failure("no such secret".to_owned()))?;
        Ok(SecretDates { created: changed, changed })
    }

    async fn breaker(&self, _: &str) -> Result<Breaker, Failure> {
        self.try_to("breaker")?;
        Ok(self.breaker.clone())
    }

    async fn item(&self, key: &OperationKey) -> Result<Option<Item>, Failure> {
        self.try_to("ledger")?;
        Ok(self.items.lock().unwrap().get(key.as_str()).cloned())
    }

    async fn state(&self, _: &str) -> Result<Option<WatchState>, Failure> {
        self.try_to("ledger")?;
        Ok(self.state.lock().unwrap().clone())
    }

    async fn remember(&self, _: &str, state: &WatchState) -> Result<(), Failure> {
        self.try_to("ledger")?;
        *self.state.lock().unwrap() = Some(state.clone());
        Ok(())
    }

    async fn send(&self, _: &str, events: &[Envelope]) -> Result<Vec<bool>, Failure> {
        self.try_to("send")?;
        let accepted = self.accepts.min(events.len());
        self.sent.lock().unwrap().extend(events.iter().take(accepted).cloned());
        Ok((0..events.len()).map(|place| place < accepted).collect())
    }

    async fn post_canary(&self, entry: &str, now: Timestamp) -> Result<(), Failure> {
        self.try_to("post")?;
        self.canaries.lock().unwrap().push((entry.to_owned(), now));
        Ok(())
    }

    fn asked(&self, watch: &Watch) -> Result<Option<Asked>, Failure> {
        self.try_to("source")?;
        Ok(watch.source.as_ref().map(|_| Asked {
            source: Box::new(Shared(Arc::clone(&self.source))),
            known: Box::new(ById),
            types: vec!["order.placed", "order.cancelled"],
        }))
    }

    fn archiving(&self, watch: &Watch) -> Archiving {
        assert!(self.panics != "archive", "panics, as told");
        assert!(watch.dead_letter_queue_url.ends_with("-dlq"), "{}", watch.dead_letter_queue_url);
        self.desk.archiving()
    }

    fn webhook_url(&self, source: &str) -> String {
        format!("https://api.example/webhooks/{source}")
    }
}

struct ById;

pub(crate) fn key(id: &str) -> OperationKey {
    OperationKey::new(FLOW, &[id])
}

impl Reconcile for ById {
    fn flow(&self) -> &'static str {
        FLOW
    }

    fn known_as(&self, envelope: &Envelope) -> Result<KnownAs, Rejection> {
        if envelope.id.starts_with("unreadable") {
            return Err(Rejection::new(Code::FieldMissing, "$.id", "expected a string"));
        }
        Ok(KnownAs { key: key(&envelope.id), version: if envelope.id.ends_with("-v7") { 7 } else { 0 } })
    }
}

#[async_trait]
impl EventSource for Source {
    async fn events(
        &self,
        from: Timestamp,
        until: Timestamp,
        _: &Budget,
    ) -> Result<Vec<Envelope>, CallError> {
        self.windows.lock().unwrap().push((from, until));
        if self.answers_500.load(Ordering::SeqCst) {
            return Err(CallError::NotNow { code: Code::TargetFailed, after: None });
        }
        let events = self.events.lock().unwrap();
        let within: Vec<_> = events.iter().filter(|(time, _)| (from..until).contains(time)).collect();
        if within.len() > self.holds {
            return Err(CallError::Refused(Refusal::new(Code::WindowTooLarge, "$", "too many")));
        }
        Ok(within.into_iter().map(|(time, id)| envelope(id, *time)).collect())
    }

    async fn subscribed(&self, url: &str, _: &Budget) -> Result<Option<BTreeSet<String>>, CallError> {
        assert_eq!(url, "https://api.example/webhooks/vendure");
        if self.answers_500.load(Ordering::SeqCst) {
            return Err(CallError::NotNow { code: Code::TargetFailed, after: Some(Duration::ZERO) });
        }
        Ok(self.subscribed.clone())
    }
}

/// Shared with the test, which changes it between two looks.
struct Shared(Arc<Source>);

#[async_trait]
impl EventSource for Shared {
    async fn events(
        &self,
        from: Timestamp,
        until: Timestamp,
        budget: &Budget,
    ) -> Result<Vec<Envelope>, CallError> {
        self.0.events(from, until, budget).await
    }

    async fn subscribed(&self, url: &str, budget: &Budget) -> Result<Option<BTreeSet<String>>, CallError> {
        self.0.subscribed(url, budget).await
    }
}

fn envelope(id: &str, time: Timestamp) -> Envelope {
    let text = json!({
        "specversion": "1.0", "id": id, "source": "/standard-webhooks/vendure", "type": "vendure.order.placed",
        "time": time.to_string(), "correlationid": id, "data": {"id": id}
    });
    Envelope::decode(&text.to_string()).unwrap()
}
