//! Schedules from their messages to the judgement, and which of them there are.

use std::sync::Arc;
use std::time::Duration;

use channel::Attributes;
use ledger::MemoryStore;

use crate::checker::{Sent, violations, violations_of_giving_up};
use crate::flows::Subject;
use crate::hook::Fault;
use crate::run::{Turns, drain};
use crate::weather::Weather;
use crate::world::World;

/// A good message of each operation, a repeat of the first under another id, and a poison one.
pub(crate) fn send(subject: impl Subject, world: &Arc<World>) -> Sent {
    let send = |body: &str, delay| world.source.send(body, Attributes::new(), world.now_ms(), delay);
    let Weather { orders, repeat_after, .. } = *world.weather;
    let mut good: Vec<_> = (1..=orders).map(|order| send(&subject.good(order), Duration::ZERO)).collect();
    good.push(send(&subject.good(1), repeat_after));
    Sent { orders, good, poison: vec![send(&subject.poison(), Duration::ZERO)] }
}

/// Plays one schedule: which fault happens in which invocation.
pub(crate) async fn play<S: Subject + 'static>(
    subject: S,
    weather: &'static Weather,
    schedule: &[(usize, Fault)],
) -> Turns {
    fastrand::seed(7);
    let world = World::on(Arc::new(MemoryStore::default()), weather);
    weather.begin(&world, subject.target()).await;
    let sent = send(subject, &world);
    let receiver = |world: &Arc<World>, hook: &_| subject.receiver(world, hook);
    let mut turns = drain(&world, schedule, receiver).await;
    let judge = |turns: &Turns, wrong: Vec<String>| {
        let (target, weather) = (subject.target(), weather.name);
        assert!(
            wrong.is_empty(),
            "{target}, {weather}, {schedule:?} of {turns:?} (sent {:?}): {wrong:#?}",
            sent.good
        );
    };
    if let Some(redriven) = weather.redriven {
        judge(&turns, violations_of_giving_up(subject, &world, &sent));
        world.wait_until(redriven).await;
        world.dead_letters.redrive(&world.source, world.now_ms());
        let later = |(turn, fault): &(usize, Fault)| Some((turn.checked_sub(turns.len())?, *fault));
        let schedule: Vec<_> = schedule.iter().filter_map(later).collect();
        turns.extend(drain(&world, &schedule, receiver).await);
    }
    judge(&turns, violations(subject, &world, &sent));
    turns
}

/// One fault at any call of any invocation.
pub(crate) async fn one_fault<S: Subject + 'static>(subject: S, weather: &'static Weather) -> usize {
    let mut schedules = 0;
    for (turn, calls) in play(subject, weather, &[]).await.iter().enumerate() {
        for fault in (0..calls.len()).flat_map(Fault::at) {
            play(subject, weather, &[(turn, fault)]).await;
            schedules += 1;
        }
    }
    schedules
}

/// In the first invocation: request or reply of any call lost, and then a fault at any call that the worker makes because of
/// that. A crash before a call is one after the call before.
pub(crate) async fn a_loss_and_a_fault<S: Subject + 'static>(subject: S, weather: &'static Weather) -> usize {
    let mut schedules = 0;
    let calls = play(subject, weather, &[]).await[0].len();
    for (call, kind) in (0..calls).flat_map(|call| Fault::LOSSES.map(|kind| (call, kind))) {
        let lost = (0, kind(call));
        let calls = play(subject, weather, &[lost]).await[0].len();
        let after = [Fault::CrashAfter, Fault::RequestLost, Fault::ReplyLost];
        for fault in (call + 1..calls).flat_map(|call| after.map(|kind| kind(call))) {
            play(subject, weather, &[lost, (0, fault)]).await;
            schedules += 1;
        }
    }
    schedules
}

/// In each of two invocations any fault at any call.
pub(crate) async fn two_faults<S: Subject + 'static>(subject: S, weather: &'static Weather) -> usize {
    let calls = play(subject, weather, &[]).await[0].len();
    let all: Vec<_> = (0..calls).flat_map(Fault::at).collect();
    for (first, second) in all.iter().flat_map(|first| all.iter().map(move |second| (*first, *second))) {
        play(subject, weather, &[(0, first), (1, second)]).await;
    }
    all.len() * all.len()
}
