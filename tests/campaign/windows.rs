//! Messages that wait for the end of their window: each is covered by an effect after it, whatever happens while they wait or
//! later, and what was covered is not done again. Where a window is refused or given up, one letter stands for its messages until it is
//! redriven.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use receiver::ReopenedBy;
use tokio::time::Instant;

use crate::hook::Fault;
use crate::queue::original_id;
use crate::register::{Register, Versions};
use crate::run::{Turns, drain};
use crate::world::World;

/// Ends of the windows, and how many messages each has.
const WINDOWS: [(u64, usize); 2] = [(60, 3), (120, 2)];

fn send(world: &Arc<World>) {
    for (end, messages) in WINDOWS {
        for _ in 0..messages {
            Versions::send_due(world, end, Duration::from_secs(end));
        }
    }
}

async fn play(schedule: &[(usize, Fault)]) -> Turns {
    fastrand::seed(7);
    let (world, register) = (World::new(), Register::default());
    let began = Instant::now();
    send(&world);
    let receiver =
        |world: &Arc<World>, hook: &_| Versions::reopened_by(ReopenedBy::Redrive, world, hook, &register);
    let turns = drain(&world, schedule, receiver).await;
    let taken = register.taken_at();
    for (end, _) in WINDOWS {
        // By its own effect or a later window's: one that waited for too long is covered by that.
        let covered = taken.iter().any(|(version, _)| *version >= end);
        // A lost answer of a target that cannot be asked is made good by a repeat; nothing else is.
        let most = 1 + schedule.len();
        let made = taken.iter().filter(|(version, _)| *version == end).count();
        assert!(covered && made <= most, "{schedule:?} of {turns:?}: {taken:?}");
    }
    let early = taken.iter().any(|(version, at)| at.duration_since(began) < Duration::from_secs(*version));
    assert!(!early, "{schedule:?} of {turns:?}: {taken:?}");
    assert!(taken.is_sorted(), "{schedule:?}: {taken:?}");
    let (left, letters) = (world.source.messages(), world.dead_letters.messages());
    assert!(
        left.is_empty() && world.source.moved().is_empty() && letters.is_empty(),
        "{schedule:?}: {letters:?}"
    );
    turns
}

/// Plays once in fair weather, and then with one fault at each call that was made; how many schedules that were.
async fn with_each_fault(play: impl AsyncFn(&[(usize, Fault)]) -> Turns) -> usize {
    let mut schedules = 0;
    for (turn, calls) in play(&[]).await.iter().enumerate() {
        for fault in (0..calls.len()).flat_map(Fault::at) {
            play(&[(turn, fault)]).await;
            schedules += 1;
        }
    }
    assert!(schedules > 0);
    schedules
}

#[tokio::test(start_paused = true)]
async fn each_window_is_covered_and_none_early_whatever_crashes_or_is_lost_on_its_way() {
    println!("schedules: {}", with_each_fault(async |schedule| play(schedule).await).await);
}

/// How the target fails.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fails {
    /// It refuses.
    ForGood,
    /// It reports a failure until the messages are given up.
    EachTime,
}

/// The target fails the last window; its messages come, and some come late; then it is mended, and the letters are redriven.
async fn play_failed(fails: Fails, faults: &[(usize, Fault)]) -> Turns {
    fastrand::seed(7);
    let (world, register) = (World::new(), Register::default());
    let (refused, _) = WINDOWS[WINDOWS.len() - 1];
    register.refuse([refused]);
    if fails == Fails::EachTime {
        register.says_not_now();
    }
    send(&world);
    Versions::send_late(&world, refused, Duration::from_secs(refused), Duration::from_secs(refused + 300));
    let receiver =
        |world: &Arc<World>, hook: &_| Versions::reopened_by(ReopenedBy::Redrive, world, hook, &register);
    let mut turns = drain(&world, faults, receiver).await;
    let letters: BTreeSet<_> = world.dead_letters.messages().iter().map(original_id).collect();
    // A fault between a letter and its settlement leaves the rejection unknown: then the next message is tried as well.
    let most = 1 + faults.len();
    assert!(
        (1..=most).contains(&letters.len()) && (fails == Fails::EachTime || register.refusals() <= most),
        "{fails:?} {faults:?} of {turns:?}: {letters:?}, {} refusals",
        register.refusals()
    );
    register.refuse(None);
    world.dead_letters.redrive(&world.source, world.now_ms());
    let later = |(turn, fault): &(usize, Fault)| Some((turn.checked_sub(turns.len())?, *fault));
    let schedule: Vec<_> = faults.iter().filter_map(later).collect();
    turns.extend(drain(&world, &schedule, receiver).await);
    let taken = register.taken();
    let made = taken.iter().filter(|version| **version == refused).count();
    assert!((1..=1 + schedule.len()).contains(&made) && taken.is_sorted(), "{fails:?} {faults:?}: {taken:?}");
    let (left, letters) = (world.source.messages(), world.dead_letters.messages());
    assert!(left.is_empty() && letters.is_empty(), "{fails:?} {faults:?}: {letters:?}");
    // A worker that crashes on a last receive takes the letters of its batch with it: SQS moves the messages by itself then.
    let moved = world.source.moved();
    assert!(
        moved.is_empty() || fails == Fails::EachTime && !faults.is_empty(),
        "{fails:?} {faults:?}: {moved:?}"
    );
    turns
}

/// The target refuses both windows. Their letters are redriven, the older one by itself, before it is mended and after.
async fn play_older_letter(schedule: &[(usize, Fault)]) -> Turns {
    fastrand::seed(7);
    let (world, register) = (World::new(), Register::default());
    let ends = WINDOWS.map(|(end, _)| end);
    register.refuse(ends);
    send(&world);
    let receiver =
        |world: &Arc<World>, hook: &_| Versions::reopened_by(ReopenedBy::Redrive, world, hook, &register);
    let mut turns = Turns::new();
    let letters = || {
        let letters: BTreeSet<_> = world.dead_letters.messages().iter().map(original_id).collect();
        letters.len()
    };
    let mut go_on = async |redriven: usize| {
        world.dead_letters.redrive_first(redriven, &world.source, world.now_ms());
        let later = |(turn, fault): &(usize, Fault)| Some((turn.checked_sub(turns.len())?, *fault));
        let schedule: Vec<_> = schedule.iter().filter_map(later).collect();
        turns.extend(drain(&world, &schedule, receiver).await);
    };
    go_on(0).await;
    // A message that comes late after a crash is covered by the newer window's letter.
    let (least, most) = (if schedule.is_empty() { ends.len() } else { 1 }, ends.len() + schedule.len());
    assert!((least..=most).contains(&letters()), "{schedule:?}: {} letters", letters());
    let refusals = register.refusals();
    go_on(1).await;
    let tried = register.refusals() - refusals;
    assert!(tried <= schedule.len(), "{schedule:?}: the older letter had the newer window tried");
    assert!(letters() >= 1, "{schedule:?}: the newer window's letter is there");
    register.refuse(None);
    go_on(usize::MAX).await;
    let taken = register.taken();
    assert!((1..=1 + schedule.len()).contains(&taken.len()), "{schedule:?}: {taken:?}");
    assert!(taken.is_sorted() && taken.last() == ends.last(), "{schedule:?}: {taken:?}");
    assert!(world.source.messages().is_empty() && letters() == 0, "{schedule:?}: {} letters", letters());
    turns
}

#[tokio::test(start_paused = true)]
async fn an_older_letter_that_is_redriven_leaves_a_newer_windows_rejection_alone_whatever_crashes() {
    println!("schedules: {}", with_each_fault(async |schedule| play_older_letter(schedule).await).await);
}

#[tokio::test(start_paused = true)]
async fn a_window_that_is_refused_or_given_up_is_one_letter_and_is_done_once_that_is_redriven_whatever_crashes()
 {
    let mut schedules = 0;
    for fails in [Fails::ForGood, Fails::EachTime] {
        schedules += with_each_fault(async |schedule| play_failed(fails, schedule).await).await;
    }
    println!("schedules: {schedules}");
}
