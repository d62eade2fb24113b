//! Everything around a flow, in one process: queues, ledger, gate, partners, and one clock for all of them.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::body::{Body, to_bytes};
use channel::{
    Attribute, Attributes, ChannelError, DeadLetter, DeadLetterChannel, Delay, EventChannel, HeldMessage,
    OutgoingEvent, Sent, SourceQueue,
};
use gate::{Breaker, Gate, GateConfig, GateError, GateStore, Lease, MemoryGateStore};
use jiff::Timestamp;
use ledger::{
    ClaimAnswer, ClaimWrite, Clock, Item, Ledger, LedgerError, MemoryStore, SettleAnswer, SettleWrite, Store,
};
use local::sandbox::Sandbox;
use message::OperationKey;
use outbound::{Transport, TransportError};
use receiver::{Flow, Limits, Receiver, ReceiverParts};
use tokio::time::Instant;
use tower::ServiceExt;

use crate::hook::{Hook, Way};
use crate::queue::{MAX_RECEIVE_COUNT, Queue};

pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    pub(crate) source: Queue,
    pub(crate) dead_letters: Queue,
    /// Where follow-on events go.
    pub(crate) next: Queue,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) gates: MemoryGateStore,
    started: Instant,
}

impl World {
    pub(crate) fn new() -> Arc<Self> {
        Self::on(Arc::new(MemoryStore::default()))
    }

    pub(crate) fn on(store: Arc<dyn Store>) -> Arc<Self> {
        Arc::new(Self {
            sandbox: Sandbox::in_process(),
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
        let epoch: Timestamp = "2026-11-24T10:00:00Z".parse().unwrap();
        Arc::new(move || epoch + jiff::SignedDuration::try_from(started.elapsed()).unwrap())
    }

    pub(crate) fn now_ms(self: &Arc<Self>) -> i64 {
        (self.clock())().as_millisecond()
    }

    /// What a worker has of the world: every call goes through its hook.
    pub(crate) fn seen_by(self: &Arc<Self>, hook: &Hook) -> Arc<Hooked> {
        Arc::new(Hooked { world: Arc::clone(self), router: self.sandbox.router(), hook: hook.clone() })
    }
}

pub(crate) struct Hooked {
    pub(crate) world: Arc<World>,
    router: Router,
    hook: Hook,
}

impl Hooked {
    pub(crate) fn gate(self: &Arc<Self>, target: &'static str) -> Arc<Gate> {
        let store: Arc<dyn GateStore> = Arc::<Self>::clone(self);
        Arc::new(Gate::new(store, GateConfig::new(target), self.world.clock()))
    }

    pub(crate) fn receiver<F: Flow>(self: &Arc<Self>, flow: F, gate: Arc<Gate>) -> Receiver<F> {
        let clock = self.world.clock();
        Receiver::new(ReceiverParts {
            flow,
            ledger: Ledger::with_clock(
                Arc::<Self>::clone(self),
                Duration::from_secs(30 * 24 * 3_600),
                Arc::clone(&clock),
            ),
            gate,
            events: Some(Arc::<Self>::clone(self)),
            dead_letters: Arc::<Self>::clone(self),
            source: Arc::<Self>::clone(self),
            limits: Limits { max_receive_count: MAX_RECEIVE_COUNT, ..Limits::default() },
            clock,
        })
    }

    /// One call: `lost` is what the caller is told where request or reply is lost.
    pub(crate) async fn call<T>(&self, lost: impl Fn() -> T, call: impl AsyncFnOnce() -> T) -> T {
        let (number, way) = self.hook.before().await;
        if way == Way::Lost {
            return lost();
        }
        let answer = call().await;
        match self.hook.after(number).await {
            Way::Call => answer,
            Way::Lost => lost(),
        }
    }
}

fn no_answer() -> LedgerError {
    LedgerError::unavailable("lost")
}

#[async_trait]
impl Store for Hooked {
    async fn claim(&self, writes: &[ClaimWrite<'_>]) -> Vec<Result<ClaimAnswer, LedgerError>> {
        let lost = || writes.iter().map(|_| Err(no_answer())).collect();
        self.call(lost, async || self.world.store.claim(writes).await).await
    }

    async fn settle(&self, writes: &[SettleWrite<'_>]) -> Vec<Result<SettleAnswer, LedgerError>> {
        let lost = || writes.iter().map(|_| Err(no_answer())).collect();
        self.call(lost, async || self.world.store.settle(writes).await).await
    }

    async fn get(&self, key: &OperationKey) -> Result<Option<Item>, LedgerError> {
        self.call(|| Err(no_answer()), async || self.world.store.get(key).await).await
    }

    async fn by_target_id(&self, target_id: &str) -> Result<Vec<OperationKey>, LedgerError> {
        self.call(|| Err(no_answer()), async || self.world.store.by_target_id(target_id).await).await
    }
}

#[async_trait]
impl GateStore for Hooked {
    async fn load(&self, target: &str) -> Result<Breaker, GateError> {
        let lost = || Err(GateError::Corrupt { attribute: "lost" });
        self.call(lost, async || self.world.gates.load(target).await).await
    }

    async fn swap(&self, target: &str, record: &Breaker, expires_at_s: i64) -> Result<bool, GateError> {
        let lost = || Err(GateError::Corrupt { attribute: "lost" });
        self.call(lost, async || self.world.gates.swap(target, record, expires_at_s).await).await
    }

    async fn lease(&self, lease: &Lease<'_>) -> Result<u32, GateError> {
        let lost = || Err(GateError::Corrupt { attribute: "lost" });
        self.call(lost, async || self.world.gates.lease(lease).await).await
    }
}

fn not_sent<T>(messages: &[T]) -> Sent {
    let error = ChannelError::Refused { operation: "SendMessageBatch", code: "lost".to_owned() };
    messages.iter().map(|_| Err(error.clone())).collect()
}

#[async_trait]
impl EventChannel for Hooked {
    async fn send(&self, events: &[OutgoingEvent<'_>]) -> Sent {
        let send = async || {
            let now_ms = self.world.now_ms();
            let bodies = events.iter().map(|event| event.envelope.encode().unwrap());
            bodies
                .map(|body| {
                    self.world.next.send(&body, Attributes::new(), now_ms, Duration::ZERO);
                    Ok(())
                })
                .collect()
        };
        self.call(|| not_sent(events), send).await
    }
}

#[async_trait]
impl DeadLetterChannel for Hooked {
    async fn send(&self, letters: &[DeadLetter<'_>]) -> Sent {
        let send = async || {
            let now_ms = self.world.now_ms();
            let each = letters.iter().map(|letter| {
                let attributes = letter.attributes().into_iter();
                let attributes =
                    attributes.map(|(name, value)| (name.to_owned(), Attribute::string(value))).collect();
                self.world.dead_letters.send(letter.body(), attributes, now_ms, Duration::ZERO);
                Ok(())
            });
            each.collect()
        };
        self.call(|| not_sent(letters), send).await
    }
}

#[async_trait]
impl SourceQueue for Hooked {
    async fn retry_after(&self, delays: &[Delay<'_>]) -> Sent {
        let change = async || {
            let now_ms = self.world.now_ms();
            let each = delays.iter().map(|delay| {
                self.world.source.change_visibility(delay.receipt_handle, now_ms, delay.delay);
                Ok(())
            });
            each.collect()
        };
        self.call(|| not_sent(delays), change).await
    }

    async fn hold(&self, messages: &[HeldMessage<'_>]) -> Sent {
        let send = async || {
            let now_ms = self.world.now_ms();
            let each = messages.iter().map(|message| {
                self.world.source.send(message.body, message.attributes(), now_ms, message.delay);
                Ok(())
            });
            each.collect()
        };
        self.call(|| not_sent(messages), send).await
    }
}

#[async_trait]
impl Transport for Hooked {
    async fn exchange(
        &self,
        request: http::Request<Vec<u8>>,
        timeout: Duration,
    ) -> Result<http::Response<Vec<u8>>, TransportError> {
        let ends = Instant::now() + timeout;
        let exchange = async || {
            // A worker that stood still for longer than its time-out has given the call up.
            if Instant::now() >= ends {
                return Err(TransportError::NoAnswer);
            }
            let answer = self.router.clone().oneshot(request.map(Body::from)).await.unwrap();
            let (parts, body) = answer.into_parts();
            let body = to_bytes(body, usize::MAX).await.unwrap();
            Ok(http::Response::from_parts(parts, body.to_vec()))
        };
        self.call(|| Err(TransportError::NoAnswer), exchange).await
    }
}
