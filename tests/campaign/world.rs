//! Everything around a flow, in one process: queues, ledger, gate, partners, and one clock for all of them.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use gate::MemoryGateStore;
use jiff::Timestamp;
use ledger::{Clock, MemoryStore, Store};
use local::sandbox::Sandbox;
use tokio::time::{Instant, advance};

use crate::hook::Hook;
use crate::hooked::Hooked;
use crate::queue::Queue;
use crate::weather::Weather;

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
        true
    }

    pub(crate) fn ledger_answers(&self) -> bool {
        !self.weather.stops_the_ledger(self.started.elapsed())
    }

    /// To a minute before the target is well again.
    pub(crate) async fn nearly_well_again(&self) {
        let minute = Duration::from_secs(60);
        advance(self.weather.well_again.saturating_sub(self.started.elapsed() + minute)).await;
    }

    /// What a worker has of the world: every call goes through its hook.
    pub(crate) fn seen_by(self: &Arc<Self>, hook: &Hook) -> Arc<Hooked> {
        Hooked::new(Arc::clone(self), hook.clone())
    }
}
