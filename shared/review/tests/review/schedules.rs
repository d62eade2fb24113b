//! Every call of every action breaks off, before it has done anything and after; then another process does the same again.

use std::collections::BTreeSet;
use std::future::Future;
use std::time::Duration;

use review::audit::Action;
use review::memory::{Break, World};
use review::{Because, Filter, Letter, Moving, Plan, Planned, Restore, Restoring, Review, Stop, Why};

use super::redriving::{fast, plan_of_all};
use super::{FLOW, crashed, id, refused_by_target, review, unknown_status, world};

/// Longer than a letter is hidden by whoever is gone.
const HIDDEN: Duration = Duration::from_secs(120);

fn letters() -> Vec<Letter> {
    let pass = (0..6).map(refused_by_target);
    pass.chain((6..8).map(unknown_status)).chain((8..9).map(crashed)).collect()
}

/// Those that are to be moved: what a mapping refuses stays.
fn to_move() -> BTreeSet<String> {
    (0..6).chain(8..9).map(id).collect()
}

/// Plays an action that breaks off at each of its calls in turn, and at each pair of its calls and those of its repetition. How many
/// schedules those were.
async fn enumerate<F: Future<Output = bool>>(
    prepared: impl Fn() -> World,
    act: impl Fn(World) -> F,
    between: impl Fn(&World, &str),
    ended: impl Fn(&World, &str),
) -> usize {
    let mut schedules = 0;
    for first in 0.. {
        let mut broke = false;
        for at in [Break::Before, Break::After] {
            for second in 0.. {
                let mut broke_again = false;
                for again in [Break::Before, Break::After] {
                    let name = format!("{first} {at:?}, {second} {again:?}");
                    let world = prepared();
                    for (call, at, broke) in [(first, at, &mut broke), (second, again, &mut broke_again)] {
                        world.break_at(call, at);
                        let whole = act(world.clone()).await;
                        let gone = world.begin_again();
                        assert!(whole || gone, "{name}");
                        *broke |= gone;
                        between(&world, &name);
                        world.advance(HIDDEN);
                    }
                    assert!(act(world.clone()).await, "{name}");
                    ended(&world, &name);
                    schedules += 1;
                }
                if !broke_again {
                    break;
                }
            }
        }
        if !broke {
            return schedules;
        }
    }
    schedules
}

async fn planned(world: &World) -> Plan {
    plan_of_all(&review(world)).await
}

/// Nothing is lost: what is neither on the queue nor sent is in the archive.
fn nothing_is_lost(world: &World, name: &str) {
    let mut found: BTreeSet<String> = world.on_queue().into_iter().collect();
    found.extend(world.sent().into_iter().map(|letter| letter.id));
    found.extend(archived(world));
    for letter in letters() {
        assert!(found.contains(&letter.id), "{name}: {} is lost", letter.id);
    }
}

fn archived(world: &World) -> BTreeSet<String> {
    let keys = world.objects().into_keys();
    keys.map(|key| key.rsplit('/').next().unwrap().trim_end_matches(".json").to_owned()).collect()
}

/// Every letter that an action has touched stands in a record of it.
fn all_is_recorded(world: &World, action: Action, touched: &BTreeSet<String>, name: &str) {
    let records = world.records().into_iter().filter(|record| record.action == action);
    let recorded: BTreeSet<_> = records.flat_map(|record| record.letters).map(|letter| letter.id).collect();
    assert!(touched.is_subset(&recorded), "{name}: {touched:?} in {recorded:?}");
}

fn sent(world: &World) -> BTreeSet<String> {
    world.sent().into_iter().map(|letter| letter.id).collect()
}

fn on_queue(world: &World) -> BTreeSet<String> {
    world.on_queue().into_iter().collect()
}

#[tokio::test]
async fn a_redrive_that_breaks_off_anywhere_twice_moves_each_letter_and_no_other() {
    let plan = planned(&world(letters())).await;
    assert_eq!(plan.count(Planned::Fail), 2);
    let stays: BTreeSet<_> = (6..8).map(id).collect();
    let schedules = enumerate(
        || world(letters()),
        |world| {
            let plan = plan.clone();
            async move {
                let ended = review(&world)
                    .redrive(
                        &plan,
                        &Moving { why: "mended", failing: false, ramp: &fast() },
                        &Stop::default(),
                        &|_, _| {},
                    )
                    .await;
                ended.is_ok_and(|ended| ended[FLOW].why == Why::Done)
            }
        },
        |world, name| {
            nothing_is_lost(world, name);
            all_is_recorded(world, Action::Redrive, &sent(world), name);
            assert!(sent(world).is_subset(&to_move()), "{name}");
        },
        |world, name| {
            assert_eq!(sent(world), to_move(), "{name}");
            assert_eq!(on_queue(world), stays, "{name}");
            assert_eq!(world.hidden(), 0, "{name}");
            // Sent twice is what the ledger knows; each break can repeat one lot at most.
            assert!(world.sent().len() <= to_move().len() + 2 * 10, "{name}");
        },
    )
    .await;
    println!("redrive: {schedules} schedules");
    assert!(schedules > 500);
}

#[tokio::test]
async fn a_discard_that_breaks_off_anywhere_twice_deletes_nothing_that_is_not_in_the_archive() {
    let schedules = enumerate(
        || world(letters()),
        |world| async move {
            let review = review(&world);
            let filter = Filter::default().codes(["SPW4009"]);
            let Ok(selection) = review.select(&filter, None, &[], &Stop::default()).await else {
                return false;
            };
            review.discard(&selection, "a test order", &Stop::default()).await.is_ok()
        },
        |world, name| {
            nothing_is_lost(world, name);
            let gone = (0..6).map(id).filter(|id| !on_queue(world).contains(id)).collect();
            all_is_recorded(world, Action::Discard, &gone, name);
        },
        |world, name| {
            assert_eq!(on_queue(world), (6..9).map(id).collect(), "{name}");
            assert_eq!(world.objects().len(), 6, "{name}");
            assert!(world.sent().is_empty() && world.hidden() == 0, "{name}");
        },
    )
    .await;
    println!("discard: {schedules} schedules");
    assert!(schedules > 500);
}

#[tokio::test]
async fn what_was_discarded_comes_back_with_all_that_it_had_wherever_that_breaks_off() {
    async fn discarded() -> World {
        let world = world((0..12).map(refused_by_target));
        let review = review(&world);
        let selection = review.select(&Filter::default(), None, &[], &Stop::default()).await.unwrap();
        review.discard(&selection, "by mistake", &Stop::default()).await.unwrap();
        assert!(world.on_queue().is_empty());
        world
    }
    async fn restore(review: &Review) -> bool {
        let because = Because::Discarded;
        let restoring = Restoring { because, which: &Restore::All, why: "it was right", anyway: false };
        review.restore(FLOW, &restoring, &Stop::default()).await.is_ok()
    }
    let mut schedules = 0;
    for call in 0.. {
        let mut broke = false;
        for at in [Break::Before, Break::After] {
            let world = discarded().await;
            world.break_at(call, at);
            let whole = restore(&review(&world)).await;
            broke |= world.begin_again();
            assert!(whole || broke);
            // Until then it may seem that somebody is at it still.
            world.advance(HIDDEN);
            assert!(restore(&review(&world)).await);
            let filter = Filter::default();
            let listing = review(&world).list(&[], &Stop::default()).await.unwrap();
            // One that was put back twice is known by its operation: all of them are young.
            assert!((12..=22).contains(&listing.groups[0].group.count), "{call} {at:?}");
            assert_eq!((listing.groups.len(), listing.groups[0].group.code.as_str()), (1, "SPW4009"));
            let plan = review(&world).plan(&filter, &[], &Stop::default()).await.unwrap().plan;
            let digests: BTreeSet<_> =
                plan.letters[FLOW].iter().map(|letter| letter.digest.clone()).collect();
            let wanted: BTreeSet<_> = (0..12).map(|number| refused_by_target(number).digest()).collect();
            assert_eq!(digests, wanted, "{call} {at:?}");
            assert!(world.objects().is_empty() && world.deleted_objects().len() >= 12);
            schedules += 1;
        }
        if !broke {
            break;
        }
    }
    assert!(schedules > 40);
}

#[tokio::test]
async fn what_sqs_is_about_to_drop_is_in_the_archive_before_it_does_wherever_that_breaks_off() {
    let days = |days: u64| Duration::from_secs(days * 24 * 3_600);
    let prepared = || {
        let world = world(letters());
        world.advance(days(12) + Duration::from_secs(3_600));
        world
    };
    let schedules = enumerate(
        prepared,
        |world| async move {
            review(&world)
                .archive(&[], days(2), "SQS drops it within 48 hours", &Stop::default())
                .await
                .is_ok()
        },
        |world, name| {
            nothing_is_lost(world, name);
            assert_eq!(world.on_queue().len(), 9, "{name}: it stays where it is");
            all_is_recorded(world, Action::Archive, &archived(world), name);
        },
        |world, name| {
            assert_eq!(world.objects().len(), 9, "{name}");
            assert_eq!(world.hidden(), 0, "{name}");
        },
    )
    .await;
    assert!(schedules > 500);
    // A day before that none is near its end.
    let early = world(letters());
    early.advance(days(11));
    let done = review(&early).archive(&[], days(2), "by hand", &Stop::default()).await.unwrap();
    assert_eq!((done[FLOW].archived, done[FLOW].looked.seen, early.objects().len()), (0, 9, 0));
}
