//! The world as a worker sees it: every port of the receiver's and of its flow's, with the worker's hook at each call.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::body::{Body, to_bytes};
use channel::{
    Attribute, Attributes, ChannelError, DeadLetter, DeadLetterChannel, Delay, EventChannel, HeldMessage,
    OutgoingEvent, Sent, SourceQueue,
};
use gate::{Breaker, Gate, GateConfig, GateError, GateStore, Lease};
use ledger::{ClaimAnswer, ClaimWrite, Item, Ledger, LedgerError, SettleAnswer, SettleWrite, Store};
use message::OperationKey;
use outbound::{Transport, TransportError};
use receiver::{Flow, Limits, Receiver, ReceiverParts};
use tokio::time::{Instant, advance, timeout};
use tower::ServiceExt;

use crate::hook::{Hook, Way};
use crate::queue::{MAX_RECEIVE_COUNT, MOST_ATTRIBUTES};
use crate::weather::Weather;
use crate::world::World;

/// What SQS delays a message by at most.
const LONGEST_DELAY: Duration = Duration::from_secs(900);

pub(crate) struct Hooked {
    pub(crate) world: Arc<World>,
    hook: Hook,
}

impl Hooked {
    pub(crate) fn new(world: Arc<World>, hook: Hook) -> Arc<Self> {
        Arc::new(Self { world, hook })
    }

    pub(crate) fn gate(self: &Arc<Self>, target: &'static str) -> Arc<Gate> {
        let store: Arc<dyn GateStore> = Arc::<Self>::clone(self);
        let Weather { failures_to_open, limit, .. } = *self.world.weather;
        let config = GateConfig { failures_to_open, limit, ..GateConfig::new(target) };
        Arc::new(Gate::new(store, config, self.world.clock()))
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
            mappings: None,
            limits: Limits {
                max_receive_count: MAX_RECEIVE_COUNT,
                longest_hold: self.world.weather.longest_hold,
                ..Limits::default()
            },
            clock,
        })
    }

    /// One call: `lost` is what the caller is told where request or reply is lost.
    pub(crate) async fn call<T>(
        &self,
        name: &'static str,
        lost: impl Fn() -> T,
        call: impl AsyncFnOnce() -> T,
    ) -> T {
        let (number, way) = self.hook.before(name).await;
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
        let claim = async || {
            if self.world.ledger_answers() { self.world.store.claim(writes).await } else { lost() }
        };
        self.call("claim", lost, claim).await
    }

    async fn settle(&self, writes: &[SettleWrite<'_>]) -> Vec<Result<SettleAnswer, LedgerError>> {
        let lost = || writes.iter().map(|_| Err(no_answer())).collect();
        let settle = async || {
            if self.world.ledger_answers() { self.world.store.settle(writes).await } else { lost() }
        };
        self.call("settle", lost, settle).await
    }

    async fn get(&self, key: &OperationKey) -> Result<Option<Item>, LedgerError> {
        self.call("get", || Err(no_answer()), async || self.world.store.get(key).await).await
    }

    async fn by_target_id(&self, target_id: &str) -> Result<Vec<OperationKey>, LedgerError> {
        self.call(
            "by target id",
            || Err(no_answer()),
            async || self.world.store.by_target_id(target_id).await,
        )
        .await
    }
}

#[async_trait]
impl GateStore for Hooked {
    async fn load(&self, target: &str) -> Result<Breaker, GateError> {
        let lost = || Err(GateError::Corrupt { attribute: "lost" });
        self.call("gate: load", lost, async || self.world.gates.load(target).await).await
    }

    async fn swap(&self, target: &str, record: &Breaker, expires_at_s: i64) -> Result<bool, GateError> {
        let lost = || Err(GateError::Corrupt { attribute: "lost" });
        self.call("gate: swap", lost, async || self.world.gates.swap(target, record, expires_at_s).await)
            .await
    }

    async fn lease(&self, lease: &Lease<'_>) -> Result<u32, GateError> {
        let lost = || Err(GateError::Corrupt { attribute: "lost" });
        self.call("gate: lease", lost, async || self.world.gates.lease(lease).await).await
    }
}

fn refused(code: &str) -> ChannelError {
    ChannelError::Refused { operation: "SendMessageBatch", code: code.to_owned() }
}

fn not_sent<T>(messages: &[T]) -> Sent {
    messages.iter().map(|_| Err(refused("lost"))).collect()
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
        self.call("event", || not_sent(events), send).await
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
        self.call("dead letter", || not_sent(letters), send).await
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
        self.call("visibility", || not_sent(delays), change).await
    }

    async fn hold(&self, messages: &[HeldMessage<'_>]) -> Sent {
        let send = async || {
            let now_ms = self.world.now_ms();
            let each = messages.iter().map(|message| {
                let (attributes, delay) = (message.attributes(), message.delay.min(LONGEST_DELAY));
                if attributes.len() > MOST_ATTRIBUTES {
                    return Err(refused("InvalidParameterValue"));
                }
                self.world.source.send(message.body, attributes, now_ms, delay);
                Ok(())
            });
            each.collect()
        };
        self.call("hold", || not_sent(messages), send).await
    }
}

#[async_trait]
impl Transport for Hooked {
    async fn exchange(
        &self,
        request: http::Request<Vec<u8>>,
        longest: Duration,
    ) -> Result<http::Response<Vec<u8>>, TransportError> {
        let ends = Instant::now() + longest;
        let exchange = async || {
            // A worker that stood still for longer than its time-out has given the call up.
            if Instant::now() >= ends {
                return Err(TransportError::NoAnswer);
            }
            self.world.catch_up().await;
            if self.world.takes_its_time(&request) {
                advance(longest).await;
                return Err(TransportError::NoAnswer);
            }
            if let Some(echo) = self.world.echo.get().filter(|echo| echo.takes(request.method())) {
                return echo.answer(&request);
            }
            let answer = self.world.router.clone().oneshot(request.map(Body::from));
            let answer = timeout(longest, answer).await.map_err(|_| TransportError::NoAnswer)?.unwrap();
            let (parts, body) = answer.into_parts();
            let body = to_bytes(body, usize::MAX).await.unwrap();
            Ok(http::Response::from_parts(parts, body.to_vec()))
        };
        self.call("target", || Err(TransportError::NoAnswer), exchange).await
    }
}
