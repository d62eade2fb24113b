//! Versions of one entity: a worker with an older one stands still while the newest comes and gets into trouble. And a
//! ledger with a planted bug, which has to be caught by the same schedules and the same judgement.

use std::sync::Arc;
use std::time::Duration;

use ledger::{MemoryStore, Status, Store};
use tokio::time::advance;

use crate::hook::{Fault, Stop};
use crate::planted::Unconditional;
use crate::register::{Register, Versions};
use crate::run::{Came, PAST_THE_LEASE, WITHIN_THE_LEASE, Worker, drain};
use crate::weather::Weather;
use crate::world::World;

const NEWEST: u64 = 3;

/// Version 1 stands still; `gap` later version 3 comes; the first goes on; version 2 comes late; everything comes again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Schedule {
    first: Fault,
    /// What happens to the worker with version 3.
    second: Option<Fault>,
    gap: Duration,
    /// The first goes on only when version 3 has come once more, if it has to.
    very_late: bool,
    /// The target says no to version 3; later it is mended, and the dead letter is redriven.
    refused: bool,
}

async fn schedules() -> Vec<Schedule> {
    let kinds = [Fault::CRASHES, Fault::LOSSES, Fault::STALLS].concat();
    let mut all = Vec::new();
    for (first, refused) in Fault::each(&Fault::STALLS, calls(false).await)
        .into_iter()
        .flat_map(|first| [false, true].map(|refused| (first, refused)))
    {
        let troubles = Fault::each(&kinds, calls(refused).await).into_iter().map(Some);
        for second in troubles.chain([None]) {
            for (gap, very_late) in
                [WITHIN_THE_LEASE, PAST_THE_LEASE].into_iter().flat_map(|gap| [(gap, false), (gap, true)])
            {
                all.push(Schedule { first, second, gap, very_late, refused });
            }
        }
    }
    all
}

/// Calls of an invocation that nothing happens to.
async fn calls(refused: bool) -> usize {
    let (world, register) = (World::new(), Register::default());
    register.refuse(refused.then_some(NEWEST));
    Versions::send(&world, NEWEST);
    drain(&world, &[], |world, hook| Versions::receiver(world, hook, &register)).await[0].len()
}

/// Everything that is wrong in the end, or was in between.
async fn play(store: Arc<dyn Store>, schedule: Schedule) -> Vec<String> {
    fastrand::seed(7);
    let (world, register) = (World::on(store, &Weather::FAIR), Register::default());
    let receiver = |world: &Arc<World>, hook: &_| Versions::receiver(world, hook, &register);
    let mut wrong = Vec::new();
    let mut standing = Vec::new();
    register.refuse(schedule.refused.then_some(NEWEST));

    Versions::send(&world, 1);
    let mut first = Worker::start(&world, &[schedule.first], receiver).unwrap();
    if first.go().await == Came::Stopped(Stop::Stalled) {
        standing.push(first);
    }
    advance(schedule.gap).await;
    Versions::send(&world, NEWEST);
    let faults: Vec<_> = schedule.second.into_iter().collect();
    let mut second = Worker::start(&world, &faults, receiver).unwrap();
    if second.go().await == Came::Stopped(Stop::Stalled) {
        standing.push(second);
    }
    wrong.extend(ahead(&world, &register).await);
    if schedule.very_late && world.next_message().await {
        Worker::start(&world, &[], receiver).unwrap().go().await;
    }
    for worker in &mut standing {
        assert_eq!(worker.go_on().await, Came::Answered);
        wrong.extend(ahead(&world, &register).await);
    }
    Versions::send(&world, 2);
    drain(&world, &[], receiver).await;
    if schedule.refused {
        register.refuse(None);
        world.dead_letters.redrive(&world.source, world.now_ms());
        drain(&world, &[], receiver).await;
    }
    wrong.extend(ahead(&world, &register).await);
    wrong.extend(end(&world, &register));
    wrong
}

/// What the ledger calls done is at the target.
async fn ahead(world: &World, register: &Register) -> Option<String> {
    let item = world.store.get(&Versions::key()).await.unwrap()?;
    let ahead = item.status == Status::Done && !register.taken().contains(&item.version);
    ahead.then(|| format!("version {} is done without its effect", item.version))
}

fn end(world: &World, register: &Register) -> Vec<String> {
    let taken = register.taken();
    let (left, letters) = (world.source.messages(), world.dead_letters.messages());
    let wrong = [
        (!taken.is_sorted(), format!("overwritten: {taken:?}")),
        (!taken.contains(&NEWEST), format!("lost: {taken:?}")),
        (!left.is_empty() || !world.source.moved().is_empty(), format!("left or moved: {left:?}")),
        (!letters.is_empty(), format!("dead letters: {letters:?}")),
    ];
    wrong.into_iter().filter(|(wrong, _)| *wrong).map(|(_, what)| what).collect()
}

#[tokio::test(start_paused = true)]
async fn an_older_version_never_overwrites_a_newer_one_whoever_stands_still_or_crashes_where() {
    let all = schedules().await;
    for schedule in &all {
        let wrong = play(Arc::new(MemoryStore::default()), *schedule).await;
        assert!(wrong.is_empty(), "{schedule:?}: {wrong:#?}");
    }
    println!("schedules: {}", all.len());
}

#[tokio::test(start_paused = true)]
async fn an_unconditional_completion_is_caught() {
    let mut caught = Vec::new();
    for schedule in schedules().await {
        let wrong = play(Arc::new(Unconditional::default()), schedule).await;
        if !wrong.is_empty() {
            caught.push((schedule, wrong));
        }
    }
    // After the write and before the completion: that is where a late worker completes what its successor has begun.
    let late = [Fault::StallAfter(2), Fault::StallBefore(3)];
    assert!(caught.iter().all(|(schedule, _)| late.contains(&schedule.first)), "{caught:#?}");
    for first in late {
        for refused in [false, true] {
            let lost = |(schedule, wrong): &(Schedule, Vec<String>)| {
                (schedule.first, schedule.refused) == (first, refused)
                    && wrong.iter().any(|wrong| wrong.starts_with("lost"))
            };
            assert!(caught.iter().any(lost), "{first:?}, refused {refused}: {caught:#?}");
        }
    }
    // The successor crashes before its own write.
    let plainest = Schedule {
        first: Fault::StallAfter(2),
        second: Some(Fault::CrashBefore(2)),
        gap: PAST_THE_LEASE,
        very_late: false,
        refused: false,
    };
    assert!(caught.iter().any(|(schedule, _)| *schedule == plainest), "{caught:#?}");
}
