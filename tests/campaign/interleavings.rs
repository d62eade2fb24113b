//! Workers that stand still, within their lease and past it, while others come, crash or stand still as well, and then go
//! on.

use std::sync::Arc;
use std::time::Duration;

use channel::Attributes;
use tokio::time::advance;

use crate::checker::{Sent, violations};
use crate::flows::{Labels, Orders, Subject};
use crate::hook::{Fault, Stop};
use crate::payments::{Cases, Notes};
use crate::run::{Came, PAST_THE_LEASE, WITHIN_THE_LEASE, Worker, drain};
use crate::world::World;

/// Each worker gets a message of its own for the same operation, `gap` after the one before has stopped; then they go on,
/// the earliest first or the latest.
async fn play<S: Subject + 'static>(subject: S, schedule: &[Fault], gap: Duration, latest_first: bool) {
    fastrand::seed(7);
    let world = World::new();
    let (mut good, mut workers) = (Vec::new(), Vec::new());
    for fault in schedule {
        good.push(world.source.send(&subject.good(1), Attributes::new(), world.now_ms(), Duration::ZERO));
        if let Some(mut worker) =
            Worker::start(&world, &[*fault], |world, hook| subject.receiver(world, hook))
            && worker.go().await == Came::Stopped(Stop::Stalled)
        {
            workers.push(worker);
        }
        advance(gap).await;
    }
    if latest_first {
        workers.reverse();
    }
    for worker in &mut workers {
        assert_eq!(worker.go_on().await, Came::Answered);
    }
    drain(&world, &[], |world, hook| subject.receiver(world, hook)).await;
    let sent = Sent { orders: 1, good, poison: Vec::new() };
    let wrong = violations(subject, &world, &sent);
    assert!(
        wrong.is_empty(),
        "{schedule:?} {gap:?} latest first {latest_first} (sent {:?}): {wrong:#?}",
        sent.good
    );
}

/// Each of `kinds` at each call of an invocation that nothing happens to.
async fn faults<S: Subject + 'static>(subject: S, kinds: &[fn(usize) -> Fault]) -> Vec<Fault> {
    let world: Arc<World> = World::new();
    world.source.send(&subject.good(1), Attributes::new(), world.now_ms(), Duration::ZERO);
    let mut worker = Worker::start(&world, &[], |world, hook| subject.receiver(world, hook)).unwrap();
    assert_eq!(worker.go().await, Came::Answered);
    Fault::each(kinds, worker.calls().len())
}

async fn two_workers<S: Subject + 'static>(subject: S) -> usize {
    let all = faults(subject, &Fault::STALLS).await;
    let mut schedules = 0;
    for (first, second) in all.iter().flat_map(|first| all.iter().map(move |second| (*first, *second))) {
        for gap in [WITHIN_THE_LEASE, PAST_THE_LEASE] {
            for latest_first in [false, true] {
                play(subject, &[first, second], gap, latest_first).await;
                schedules += 1;
            }
        }
    }
    schedules
}

/// The first stands still, its successor gets into trouble, the first goes on; then every message comes again.
async fn troubled_successor<S: Subject + 'static>(
    subject: S,
    kinds: &[fn(usize) -> Fault],
    gaps: &[Duration],
) -> usize {
    let (stalls, troubles) = (faults(subject, &Fault::STALLS).await, faults(subject, kinds).await);
    for (first, second) in stalls.iter().flat_map(|first| troubles.iter().map(move |it| (*first, *it))) {
        for gap in gaps {
            play(subject, &[first, second], *gap, false).await;
        }
    }
    stalls.len() * troubles.len() * gaps.len()
}

#[tokio::test(start_paused = true)]
async fn two_workers_of_the_shipping_flow_within_a_lease_and_past_it_have_one_effect() {
    println!("schedules: {}", two_workers(Labels).await);
}

#[tokio::test(start_paused = true)]
async fn two_workers_of_the_order_flow_within_a_lease_and_past_it_have_one_effect() {
    println!("schedules: {}", two_workers(Orders).await);
}

#[tokio::test(start_paused = true)]
async fn two_workers_of_the_payment_flow_within_a_lease_and_past_it_make_one_case_and_tell_it_once() {
    println!("schedules: {}", two_workers(Cases).await + two_workers(Notes).await);
}

#[tokio::test(start_paused = true)]
async fn a_successor_of_the_shipping_flow_that_crashes_or_loses_a_call_costs_no_effect() {
    let kinds = [Fault::CRASHES, Fault::LOSSES].concat();
    println!("schedules: {}", troubled_successor(Labels, &kinds, &[WITHIN_THE_LEASE, PAST_THE_LEASE]).await);
}

#[tokio::test(start_paused = true)]
async fn a_successor_of_the_order_flow_that_crashes_costs_no_effect() {
    println!("schedules: {}", troubled_successor(Orders, &Fault::CRASHES, &[PAST_THE_LEASE]).await);
}

#[tokio::test(start_paused = true)]
async fn three_workers_of_the_shipping_flow_over_expired_leases_have_one_effect() {
    let all = faults(Labels, &Fault::STALLS).await;
    let mut schedules = 0;
    for first in &all {
        for second in &all {
            for third in &all {
                for latest_first in [false, true] {
                    play(Labels, &[*first, *second, *third], PAST_THE_LEASE, latest_first).await;
                    schedules += 1;
                }
            }
        }
    }
    println!("schedules: {schedules}");
}
