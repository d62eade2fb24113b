//! Versions of one entity, at a target that takes whatever comes: only the ledger keeps an older one from overwriting a
//! newer one. And a ledger with a planted bug, which has to be caught.

use std::sync::Arc;

use async_trait::async_trait;
use ledger::{
    ClaimAnswer, ClaimWrite, Item, LedgerError, MemoryStore, Settle, SettleAnswer, SettleWrite, Store,
};
use message::OperationKey;
use tokio::sync::Mutex;
use tokio::time::advance;

use crate::flows::{Register, Versions};
use crate::hook::{Fault, Stop};
use crate::run::{Came, PAST_THE_LEASE, Worker, drain};
use crate::world::World;

/// Calls of one invocation: the gate's record, claim, write, settlement.
const CALLS: usize = 4;

/// A worker with version 1 stands still; version 3 comes and is applied; the first goes on; version 2 comes late.
/// Answers with what the target has taken, in its order.
async fn play(store: Arc<dyn Store>, fault: Fault) -> Vec<u64> {
    fastrand::seed(7);
    let (world, register) = (World::on(store), Register::default());
    let receiver = |world: &Arc<World>, hook: &_| Versions::receiver(world, hook, &register);
    Versions::send(&world, 1);
    let mut first = Worker::start(&world, &[fault], receiver).unwrap();
    let stalled = first.go().await == Came::Stopped(Stop::Stalled);
    advance(PAST_THE_LEASE).await;
    Versions::send(&world, 3);
    let mut second = Worker::start(&world, &[], receiver).unwrap();
    assert_eq!(second.go().await, Came::Answered);
    if stalled {
        assert_eq!(first.go_on().await, Came::Answered);
    }
    Versions::send(&world, 2);
    drain(&world, receiver).await;
    register.lock().unwrap().clone()
}

fn in_order(taken: &[u64]) -> bool {
    taken.is_sorted() && taken.last() == Some(&3)
}

fn stalls() -> impl Iterator<Item = Fault> {
    (0..CALLS).flat_map(|call| [Fault::StallBefore(call), Fault::StallAfter(call)])
}

#[tokio::test(start_paused = true)]
async fn an_older_version_never_overwrites_a_newer_one_whoever_stands_still_where() {
    let mut schedules = 0;
    for fault in stalls() {
        let taken = play(Arc::new(MemoryStore::default()), fault).await;
        assert!(in_order(&taken), "{fault:?}: {taken:?}");
        schedules += 1;
    }
    println!("schedules: {schedules}");
}

/// The bug that this campaign is there to catch: a completion that does not ask whose the claim is.
#[derive(Default)]
struct Unconditional {
    store: MemoryStore,
    /// What a completion has overwritten, as the claims to come have to find it.
    overwritten: Mutex<Option<u64>>,
}

#[async_trait]
impl Store for Unconditional {
    async fn claim(&self, writes: &[ClaimWrite<'_>]) -> Vec<Result<ClaimAnswer, LedgerError>> {
        let overwritten = *self.overwritten.lock().await;
        let mut answers = Vec::new();
        for write in writes {
            answers.push(match overwritten {
                // The item says DONE under the version of whoever completed last.
                Some(version) if write.version > version => Ok(ClaimAnswer::Granted {
                    epoch: 100,
                    prior: message::Effect::Absent,
                    first_claimed_ms: write.now_ms,
                    unknown_since_ms: write.now_ms,
                }),
                _ => self.store.claim(std::slice::from_ref(write)).await.pop().unwrap(),
            });
        }
        answers
    }

    async fn settle(&self, writes: &[SettleWrite<'_>]) -> Vec<Result<SettleAnswer, LedgerError>> {
        let mut answers = Vec::new();
        for write in writes {
            let answer = self.store.settle(std::slice::from_ref(write)).await.pop().unwrap();
            answers.push(match (&answer, write.settle) {
                (Ok(SettleAnswer::Refused(_)), Settle::Done { version, .. }) => {
                    *self.overwritten.lock().await = Some(version);
                    Ok(SettleAnswer::Applied)
                }
                _ => answer,
            });
        }
        answers
    }

    async fn get(&self, key: &OperationKey) -> Result<Option<Item>, LedgerError> {
        self.store.get(key).await
    }

    async fn by_target_id(&self, target_id: &str) -> Result<Vec<OperationKey>, LedgerError> {
        self.store.by_target_id(target_id).await
    }
}

#[tokio::test(start_paused = true)]
async fn an_unconditional_completion_is_caught() {
    let mut caught = Vec::new();
    for fault in stalls() {
        let taken = play(Arc::new(Unconditional::default()), fault).await;
        if !in_order(&taken) {
            caught.push(fault);
        }
    }
    // After the write and before the completion: that is where a late worker overwrites its successor.
    assert_eq!(caught, [Fault::StallAfter(2), Fault::StallBefore(3)]);
}
