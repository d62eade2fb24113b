//! Plays schedules: workers that crash, stand still and go on, then the queue until it is empty.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use receiver::{BatchError, Flow, Receiver};
use serde_json::{Value, json};
use tokio::time::{Instant, advance};

use crate::hook::{Fault, Hook, Stop};
use crate::world::World;

/// The function's time-out.
const INVOCATION: Duration = Duration::from_secs(30);
/// Longer than any lease: that ends two seconds after its invocation.
pub(crate) const PAST_THE_LEASE: Duration = Duration::from_secs(33);
/// A queue that is not empty by then never will be.
const MOST_INVOCATIONS: usize = 40;

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

    pub(crate) fn calls(&self) -> usize {
        self.hook.calls()
    }
}

/// Workers without faults until no message is left, however long they have to wait for one.
pub(crate) async fn drain<F: Flow + 'static>(
    world: &Arc<World>,
    receiver: impl Fn(&Arc<World>, &Hook) -> Receiver<F>,
) {
    for _ in 0..MOST_INVOCATIONS {
        let Some(next) = world.source.next_visible_ms() else { return };
        let wait = u64::try_from(next - world.now_ms()).unwrap_or(0);
        advance(Duration::from_millis(wait)).await;
        if let Some(mut worker) = Worker::start(world, &[], &receiver) {
            assert_eq!(worker.go().await, Came::Answered);
        }
    }
    panic!("messages are left: {:?}", world.source.messages());
}
