//! Workers that stand still, within their lease and past it, while others come, and then go on.

use std::sync::Arc;
use std::time::Duration;

use channel::Attributes;
use tokio::time::advance;

use crate::checker::{Sent, violations};
use crate::flows::{Labels, Orders, Subject};
use crate::hook::{Fault, Stop};
use crate::run::{Came, PAST_THE_LEASE, Worker, drain};
use crate::world::World;

/// Where a worker stands still: before or after one of its calls.
fn stalls(calls: usize) -> impl Iterator<Item = Fault> + Clone {
    (0..calls).flat_map(|call| [Fault::StallBefore(call), Fault::StallAfter(call)])
}

/// How long after a worker stands still the next one comes.
const WITHIN_THE_LEASE: Duration = Duration::from_secs(1);

/// Each worker gets a message of its own for the same operation, `gap` after the one before has stopped; then they go on,
/// the earliest first or the latest.
async fn play<S: Subject + 'static>(subject: S, schedule: &[Fault], gap: Duration, latest_first: bool) {
    fastrand::seed(7);
    let world = World::new();
    let (mut good, mut workers) = (Vec::new(), Vec::new());
    for fault in schedule {
        good.push(world.source.send(&subject.good(), Attributes::new(), world.now_ms(), Duration::ZERO));
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
    drain(&world, |world, hook| subject.receiver(world, hook)).await;
    let sent = Sent { good, poison: Vec::new() };
    let wrong = violations(subject, &world, &sent);
    assert!(
        wrong.is_empty(),
        "{schedule:?} {gap:?} latest first {latest_first} (sent {:?}): {wrong:#?}",
        sent.good
    );
}

async fn calls<S: Subject + 'static>(subject: S) -> usize {
    let world: Arc<World> = World::new();
    world.source.send(&subject.good(), Attributes::new(), world.now_ms(), Duration::ZERO);
    let mut worker = Worker::start(&world, &[], |world, hook| subject.receiver(world, hook)).unwrap();
    assert_eq!(worker.go().await, Came::Answered);
    worker.calls()
}

async fn two_workers<S: Subject + 'static>(subject: S) -> usize {
    let all = stalls(calls(subject).await);
    let mut schedules = 0;
    for first in all.clone() {
        for second in all.clone() {
            for gap in [WITHIN_THE_LEASE, PAST_THE_LEASE] {
                for latest_first in [false, true] {
                    play(subject, &[first, second], gap, latest_first).await;
                    schedules += 1;
                }
            }
        }
    }
    schedules
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
async fn three_workers_of_the_shipping_flow_over_expired_leases_have_one_effect() {
    let all = stalls(calls(Labels).await);
    let mut schedules = 0;
    for first in all.clone() {
        for second in all.clone() {
            for third in all.clone() {
                for latest_first in [false, true] {
                    play(Labels, &[first, second, third], PAST_THE_LEASE, latest_first).await;
                    schedules += 1;
                }
            }
        }
    }
    println!("schedules: {schedules}");
}
