//! One fault, and two, at every call of a flow.

use std::sync::Arc;
use std::time::Duration;

use channel::Attributes;
use message::OperationKey;

use crate::checker::{Sent, violations};
use crate::flows::{Labels, Orders, Subject};
use crate::hook::Fault;
use crate::run::{Worker, drain};
use crate::world::World;

const KINDS: [fn(usize) -> Fault; 4] =
    [Fault::CrashBefore, Fault::CrashAfter, Fault::RequestLost, Fault::ReplyLost];

/// A good message, a repeat of it under another id, and a poison one.
fn send(subject: impl Subject, world: &Arc<World>) -> Sent {
    let send = |body: &str| world.source.send(body, Attributes::new(), world.now_ms(), Duration::ZERO);
    let (good, poison) = (subject.good(), subject.poison());
    Sent { good: vec![send(&good), send(&good)], poison: vec![send(&poison)] }
}

/// Plays one schedule: `faults` of the first invocations in turn. Answers how many calls the first has made.
async fn play<S: Subject + 'static>(subject: S, faults: &[Fault]) -> usize
where
    S::Flow: 'static,
{
    fastrand::seed(7);
    let world = World::new();
    let sent = send(subject, &world);
    let mut calls = 0;
    for (turn, fault) in faults.iter().enumerate() {
        let Some(next) = world.source.next_visible_ms() else { break };
        let wait = u64::try_from(next - world.now_ms()).unwrap_or(0);
        tokio::time::advance(Duration::from_millis(wait)).await;
        let worker = Worker::start(&world, &[*fault], |world, hook| subject.receiver(world, hook));
        if let Some(mut worker) = worker {
            worker.go().await;
            if turn == 0 {
                calls = worker.calls();
            }
        }
    }
    drain(&world, |world, hook| subject.receiver(world, hook)).await;
    let wrong = violations(subject, &world, &sent);
    assert!(wrong.is_empty(), "{faults:?} (sent {:?}): {wrong:#?}", sent.good);
    calls
}

/// Calls of an invocation that nothing happens to.
async fn calls<S: Subject + 'static>(subject: S) -> usize {
    play(subject, &[Fault::CrashBefore(usize::MAX)]).await
}

async fn one_fault<S: Subject + 'static>(subject: S) -> usize {
    let calls = calls(subject).await;
    for call in 0..calls {
        for kind in KINDS {
            play(subject, &[kind(call)]).await;
        }
    }
    calls * KINDS.len()
}

async fn two_faults<S: Subject + 'static>(subject: S) -> usize {
    let calls = calls(subject).await;
    for (first, second) in (0..calls).flat_map(|first| (0..calls).map(move |second| (first, second))) {
        for (one, other) in KINDS.iter().flat_map(|one| KINDS.iter().map(move |other| (one, other))) {
            play(subject, &[one(first), other(second)]).await;
        }
    }
    calls * calls * KINDS.len() * KINDS.len()
}

#[tokio::test(start_paused = true)]
async fn a_fault_at_any_call_of_the_shipping_flow_loses_and_doubles_nothing() {
    println!("schedules: {}", one_fault(Labels).await);
}

#[tokio::test(start_paused = true)]
async fn a_fault_at_any_call_of_the_order_flow_loses_and_doubles_nothing() {
    println!("schedules: {}", one_fault(Orders).await);
}

#[tokio::test(start_paused = true)]
async fn two_faults_at_any_calls_of_two_attempts_of_the_shipping_flow_lose_and_double_nothing() {
    println!("schedules: {}", two_faults(Labels).await);
}

#[tokio::test(start_paused = true)]
async fn two_faults_at_any_calls_of_two_attempts_of_the_order_flow_lose_and_double_nothing() {
    println!("schedules: {}", two_faults(Orders).await);
}

/// What is recorded as done was done: the ledger is never ahead of the target.
#[tokio::test(start_paused = true)]
async fn nothing_is_recorded_as_done_before_its_effect_is_there() {
    let keys = [
        OperationKey::new("inventory-to-shipping", &["acme.myshopify.com/1001", "label"]),
        OperationKey::new("orders-to-inventory", &["acme.myshopify.com", "1001", "reserve"]),
    ];
    let mut schedules = 0;
    schedules += ahead(Labels, &keys[0]).await;
    schedules += ahead(Orders, &keys[1]).await;
    println!("schedules: {schedules}");
}

async fn ahead<S: Subject + 'static>(subject: S, key: &OperationKey) -> usize {
    let calls = calls(subject).await;
    for call in 0..calls {
        for fault in [Fault::CrashBefore(call), Fault::CrashAfter(call)] {
            let world = World::new();
            send(subject, &world);
            let worker = Worker::start(&world, &[fault], |world, hook| subject.receiver(world, hook));
            worker.unwrap().go().await;
            let item = world.store.get(key).await.unwrap();
            let done = item.is_some_and(|item| item.status == ledger::Status::Done);
            assert!(!done || subject.effects(&world) == 1, "{fault:?}");
        }
    }
    calls * 2
}
