//! Plays schedules: workers that crash, stand still and go on, then the queue until it is empty.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use receiver::{BatchError, Flow, Receiver};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::hook::{Fault, Hook, Stop};
use crate::world::World;

/// The function's time-out.
const INVOCATION: Duration = Duration::from_secs(30);
/// Longer than any lease: that ends a minute and two seconds after its invocation.
pub(crate) const PAST_THE_LEASE: Duration = Duration::from_secs(93);
/// How soon the next worker comes while the one before holds its claim.
pub(crate) const WITHIN_THE_LEASE: Duration = Duration::from_secs(1);
/// A queue that is not empty by then never will be.
const MOST_INVOCATIONS: usize = 400;

type Work = Pin<Box<dyn Future<Output = Result<SqsBatchResponse, BatchError>>>>;

/// An invocation on its way.
pub(crate) struct Worker {
    work: Work,
    hook: Hook,
    records: Vec<Value>,
    world: Arc<World>,
}

/// How far a worker has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Came {
    /// To its answer; the queue has it.
    Answered,
    Stopped(Stop),
}

impl Worker {
    /// Receives what is visible. `None` where nothing is.
    pub(crate) fn start<F: Flow + 'static>(
        world: &Arc<World>,
        faults: &[Fault],
        receiver: impl FnOnce(&Arc<World>, &Hook) -> Receiver<F>,
    ) -> Option<Self> {
        let records = world.source.receive(world.now_ms());
        if records.is_empty() {
            return None;
        }
        let hook = Hook::with(faults);
        let receiver = receiver(world, &hook);
        let event: SqsEvent = serde_json::from_value(json!({ "Records": records })).unwrap();
        let deadline = Instant::now() + INVOCATION;
        let work = Box::pin(async move { receiver.receive(event, deadline).await });
        Some(Self { work, hook, records, world: Arc::clone(world) })
    }

    /// Goes on until it answers or stops.
    pub(crate) async fn go(&mut self) -> Came {
        let response = tokio::select! {
            biased;
            stop = self.hook.stopped() => return Came::Stopped(stop),
            response = &mut self.work => response.unwrap(),
        };
        let failures: Vec<_> =
            response.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect();
        self.world.source.answered(&self.records, &failures);
        Came::Answered
    }

    pub(crate) async fn go_on(&mut self) -> Came {
        self.hook.release();
        self.go().await
    }

    pub(crate) fn calls(&self) -> Vec<&'static str> {
        self.hook.calls()
    }
}

/// What each invocation has called, in turn.
pub(crate) type Turns = Vec<Vec<&'static str>>;

/// Worker after worker until no message is left, however long they have to wait for one. `schedule` says what happens to
/// which of them.
pub(crate) async fn drain<F: Flow + 'static>(
    world: &Arc<World>,
    schedule: &[(usize, Fault)],
    receiver: impl Fn(&Arc<World>, &Hook) -> Receiver<F>,
) -> Turns {
    let mut turns = Turns::new();
    while world.next_message().await {
        assert!(turns.len() < MOST_INVOCATIONS, "messages are left: {:?}", world.source.messages());
        let faults: Vec<_> =
            schedule.iter().filter(|(turn, _)| *turn == turns.len()).map(|(_, fault)| *fault).collect();
        if let Some(mut worker) = Worker::start(world, &faults, &receiver) {
            worker.go().await;
            turns.push(worker.calls());
        }
    }
    turns
}
