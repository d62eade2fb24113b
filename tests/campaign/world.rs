//! Everything around a flow, in one process: queues, ledger, gate, partners, and one clock for all of them.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use gate::MemoryGateStore;
use jiff::Timestamp;
use ledger::{Clock, MemoryStore, Store};
use local::sandbox::{API_KEY, Sandbox};
use outbound::Credential;
use tests::credential;
use tokio::time::{Instant, advance};
use tower::ServiceExt;

use crate::echo::Echo;
use crate::hook::Hook;
use crate::hooked::Hooked;
use crate::queue::Queue;
use crate::weather::Weather;

type Request = http::Request<Vec<u8>>;

/// 2026-11-24T10:00:00Z.
const BEGINNING: Timestamp = Timestamp::constant(1_795_514_400, 0);

pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    pub(crate) source: Queue,
    pub(crate) dead_letters: Queue,
    /// Where follow-on events go.
    pub(crate) next: Queue,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) gates: MemoryGateStore,
    pub(crate) weather: &'static Weather,
    /// The sandbox's. Made once: it costs as much as many calls of it.
    pub(crate) router: Router,
    /// Requests that the target still works on, and until when.
    late: Mutex<Vec<(Instant, Request)>>,
    /// What the target does instead of its work.
    pub(crate) echo: OnceLock<Echo>,
    /// What flows call it with, where that is not right.
    pub(crate) key: OnceLock<&'static str>,
    started: Instant,
}

impl World {
    pub(crate) fn new() -> Arc<Self> {
        Self::on(Arc::new(MemoryStore::default()), &Weather::FAIR)
    }

    pub(crate) fn on(store: Arc<dyn Store>, weather: &'static Weather) -> Arc<Self> {
        let sandbox = Sandbox::in_process();
        Arc::new(Self {
            router: sandbox.router(),
            sandbox,
            weather,
            source: Queue::named("source"),
            dead_letters: Queue::named("dlq"),
            next: Queue::named("next"),
            store,
            gates: MemoryGateStore::default(),
            late: Mutex::default(),
            echo: OnceLock::new(),
            key: OnceLock::new(),
            started: Instant::now(),
        })
    }

    /// Goes on with the runtime's own paused clock.
    pub(crate) fn clock(self: &Arc<Self>) -> Clock {
        let started = self.started;
        Arc::new(move || BEGINNING + jiff::SignedDuration::try_from(started.elapsed()).unwrap())
    }

    pub(crate) fn now_ms(self: &Arc<Self>) -> i64 {
        (self.clock())().as_millisecond()
    }

    /// To the time at which the next message is visible; whether there is one.
    pub(crate) async fn next_message(self: &Arc<Self>) -> bool {
        let Some(next) = self.source.next_visible_ms() else { return false };
        let wait = u64::try_from(next - self.now_ms()).unwrap_or(0);
        advance(Duration::from_millis(wait)).await;
        self.weather.pass(self, self.started.elapsed());
        self.catch_up().await;
        true
    }

    /// Whether the target takes its time over this request: then it does, and answers nobody.
    pub(crate) fn takes_its_time(&self, request: &Request) -> bool {
        let delay = self.weather.delays(request.method(), self.started.elapsed());
        if let Some(delay) = delay {
            self.late().push((Instant::now() + delay, request.clone()));
        }
        delay.is_some()
    }

    /// The target ends what it has worked on for long enough.
    pub(crate) async fn catch_up(&self) {
        let now = Instant::now();
        let due: Vec<_> = self.late().extract_if(.., |(at, _)| *at <= now).collect();
        for (_, request) in due {
            self.router.clone().oneshot(request.map(Body::from)).await.unwrap();
        }
    }

    fn late(&self) -> MutexGuard<'_, Vec<(Instant, Request)>> {
        self.late.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn credential(&self) -> Arc<dyn Credential> {
        credential(self.key.get().copied().unwrap_or(API_KEY))
    }

    pub(crate) fn ledger_answers(&self) -> bool {
        !self.weather.stops_the_ledger(self.started.elapsed())
    }

    /// To so long after the beginning.
    pub(crate) async fn wait_until(&self, since: Duration) {
        advance(since.saturating_sub(self.started.elapsed())).await;
    }

    /// What a worker has of the world: every call goes through its hook.
    pub(crate) fn seen_by(self: &Arc<Self>, hook: &Hook) -> Arc<Hooked> {
        Hooked::new(Arc::clone(self), hook.clone())
    }
}
