//! Letters are in the archive before SQS drops them.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use review::LetterQueue as _;
use telemetry::metrics::OLDEST_DEAD_LETTER;
use watchdog::Report;

use crate::desk::BY;
use crate::world::{FLOW, Scripted, failed, now, watch};

const DAY: SignedDuration = SignedDuration::from_hours(24);

fn ids(name: &str, count: usize) -> Vec<String> {
    (0..count).map(|number| format!("{name}-{number:03}")).collect()
}

/// A world with so many letters, all sent so long ago, which have been on the queue for so long.
fn world(count: usize, age: SignedDuration, on_queue: SignedDuration) -> Scripted {
    let world =
        Scripted { letters: BTreeMap::from([("SPW2001".to_owned(), count as u64)]), ..Scripted::new() };
    world.desk.add(ids("old", count), age);
    let mut state = world.state.lock().unwrap().clone().unwrap();
    state.letters = count as u64;
    state.letters_since = now() - on_queue;
    state.looks_without_letters = 0;
    *world.state.lock().unwrap() = Some(state);
    world
}

fn minutes(minutes: i64) -> Timestamp {
    now() + SignedDuration::from_mins(minutes)
}

fn archived_at(world: &Scripted) -> Option<Timestamp> {
    world.state.lock().unwrap().as_ref().unwrap().archived_at
}

/// Put now, and there already; `None` where nobody has looked.
fn notes(report: &Report) -> Option<(u64, u64)> {
    let note = |name: &str| report.notes.get(name).and_then(serde_json::Value::as_u64);
    Some((note("archived")?, note("archived_before")?))
}

#[tokio::test]
async fn letters_are_archived_once_one_of_them_could_be_dropped_within_two_days() {
    let nearly = DAY * 8 - SignedDuration::from_mins(1);
    let world = world(2, DAY * 13, nearly);
    assert_eq!(notes(&world.look(&watch()).await), None);
    assert!(world.desk.archived().is_empty());
    let report = world.look_at(&watch(), minutes(1)).await;
    assert_eq!((notes(&report), failed(&report)), (Some((2, 0)), vec![]));
    assert_eq!((world.desk.archived(), world.desk.recorded()), (ids("old", 2), ids("old", 2)));
    let record = world.desk.memory.records().remove(0);
    let told = (record.by.as_str(), record.why.as_str(), record.flow.as_str());
    assert_eq!(told, (BY, "SQS drops it within 48 hours", FLOW));
    // For whoever redrives them.
    assert_eq!((world.desk.memory.on_queue(), world.desk.memory.hidden()), (ids("old", 2), 0));
}

#[tokio::test]
async fn letters_that_have_longer_stay_out_of_the_archive() {
    let world = world(2, DAY * 12 + SignedDuration::from_mins(1), DAY * 9);
    world.desk.add(ids("young", 3), DAY * 12 - SignedDuration::from_mins(1));
    assert_eq!(notes(&world.look(&watch()).await), Some((2, 0)));
    assert_eq!(world.desk.archived(), ids("old", 2));
}

#[tokio::test]
async fn a_flow_without_letters_is_not_looked_at_for_it() {
    let world = world(0, DAY, DAY * 9);
    assert_eq!(notes(&world.look(&watch()).await), None);
    assert_eq!(archived_at(&world), None);
}

/// SQS counts by estimate.
#[tokio::test]
async fn letters_are_as_old_as_before_where_one_look_has_found_none() {
    let mut world = world(2, DAY * 13, DAY * 9);
    let letters = std::mem::take(&mut world.letters);
    assert_eq!(notes(&world.look(&watch()).await), None);
    world.letters = letters;
    let report = world.look_at(&watch(), minutes(5)).await;
    assert_eq!(report.value(OLDEST_DEAD_LETTER), Some(9.0 * 86_400.0 + 300.0));
    assert_eq!((notes(&report), world.desk.archived()), (Some((2, 0)), ids("old", 2)));
}

/// Since when they are there nobody knows.
#[tokio::test]
async fn letters_that_were_there_before_the_watch_may_be_near_their_end() {
    let world = world(1, DAY * 13, DAY);
    *world.state.lock().unwrap() = None;
    assert_eq!(notes(&world.look(&watch()).await), Some((1, 0)));
}

#[tokio::test]
async fn the_archive_is_looked_after_once_an_hour() {
    let world = world(1, DAY * 13, DAY * 9);
    assert_eq!(notes(&world.look(&watch()).await), Some((1, 0)));
    world.desk.add(ids("late", 1), DAY * 13);
    for later in [5, 30, 59] {
        assert_eq!(notes(&world.look_at(&watch(), minutes(later)).await), None, "{later}");
        assert_eq!(archived_at(&world), Some(now()));
    }
    assert_eq!(notes(&world.look_at(&watch(), minutes(60)).await), Some((1, 1)));
    assert_eq!(archived_at(&world), Some(minutes(60)));
    // What is there is not put again.
    assert_eq!(world.desk.puts(), 2);
    // By a clock that was set back it would never be again.
    assert_eq!(notes(&world.look_at(&watch(), minutes(30)).await), Some((0, 2)));
}

#[tokio::test]
async fn an_archive_that_takes_nothing_is_this_checks_alone_and_asked_again_at_the_next_look() {
    let whole = world(1, DAY * 13, DAY * 9).look(&watch()).await.measures;
    let world = world(1, DAY * 13, DAY * 9);
    world.desk.puts_nothing(true);
    let report = world.look(&watch()).await;
    assert_eq!((failed(&report), &report.measures), (vec!["archive"], &whole));
    assert_eq!((archived_at(&world), world.desk.memory.hidden()), (None, 0));
    world.desk.puts_nothing(false);
    let report = world.look_at(&watch(), minutes(5)).await;
    assert_eq!((failed(&report), notes(&report)), (vec![], Some((1, 0))));
    assert_eq!(archived_at(&world), Some(minutes(5)));
}

#[tokio::test]
async fn a_panic_is_this_checks_alone() {
    let whole = world(1, DAY * 13, DAY * 9).look(&watch()).await.measures;
    let world = Scripted { panics: "archive", ..world(1, DAY * 13, DAY * 9) };
    let report = world.look(&watch()).await;
    assert_eq!((failed(&report), report.measures), (vec!["archive"], whole));
}

#[tokio::test]
async fn whatever_does_not_answer_rings_and_is_asked_again() {
    for call in 0.. {
        let world = world(1, DAY * 13, DAY * 9);
        // From this call on, whether of the queue, the archive or the audit.
        world.desk.memory.break_at(call, review::memory::Break::Before);
        let report = world.look(&watch()).await;
        if !world.desk.memory.begin_again() {
            assert!(call > 6, "{call}");
            break;
        }
        assert_eq!((failed(&report), archived_at(&world)), (vec!["archive"], None), "{call}");
    }
}

#[tokio::test]
async fn what_the_time_does_not_suffice_for_goes_on_at_the_next_look_and_nothing_is_put_twice() {
    let world = world(300, DAY * 13, DAY * 9);
    world.desk.takes(Duration::from_millis(100));
    let mut before = 0;
    for look in 0.. {
        let report = world.look_at(&watch(), minutes(5 * look)).await;
        assert_eq!((failed(&report), world.desk.memory.hidden()), (vec![], 0));
        let (archived, there) = notes(&report).unwrap();
        assert!(archived > 0 && there <= before, "{archived} {there} {before}");
        before += archived;
        if archived_at(&world).is_some() {
            assert_eq!((before, archived_at(&world)), (300, Some(minutes(5 * look))));
            assert!(look > 1, "{look}");
            break;
        }
    }
    assert_eq!((world.desk.archived(), world.desk.recorded()), (ids("old", 300), ids("old", 300)));
    assert_eq!(world.desk.puts(), 300);
}

#[tokio::test]
async fn more_letters_than_a_look_comes_to_the_end_of_are_told_where_none_was_new() {
    let world = world(60, DAY * 13, DAY * 9);
    assert_eq!(notes(&world.look(&watch()).await), Some((60, 0)));
    // Four receives.
    world.desk.takes(Duration::from_millis(3_500));
    let report = world.look_at(&watch(), minutes(60)).await;
    assert_eq!((failed(&report), notes(&report)), (vec!["archive"], Some((0, 40))));
    assert!(report.failures[0].1.0.contains("the 40 that one look takes"), "{:?}", report.failures);
    assert_eq!(archived_at(&world), Some(now()));
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_never_answers_leaves_time_to_say_so() {
    let world = world(1, DAY * 13, DAY * 9);
    world.desk.never_receives();
    let begun = tokio::time::Instant::now();
    assert_eq!(failed(&world.look(&watch()).await), ["archive"]);
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn where_the_archive_cannot_be_listed_letters_are_put_all_the_same_and_it_is_told() {
    let world = world(2, DAY * 13, DAY * 9);
    world.desk.lists_nothing(true);
    let report = world.look(&watch()).await;
    assert_eq!((failed(&report), notes(&report)), (vec!["archive"], Some((2, 0))));
    assert_eq!(world.desk.recorded(), ids("old", 2));
}

#[tokio::test]
async fn what_somebody_else_was_looking_at_is_looked_for_again_at_the_next_look() {
    let world = world(12, DAY * 13, DAY * 9);
    let theirs = world.desk.memory.receive(Duration::from_secs(120)).await.unwrap();
    let report = world.look(&watch()).await;
    assert_eq!((failed(&report), notes(&report), archived_at(&world)), (vec![], Some((2, 0)), None));
    let receipts: Vec<_> = theirs.into_iter().map(|letter| letter.receipt).collect();
    world.desk.memory.release(&receipts).await.unwrap();
    assert_eq!(notes(&world.look_at(&watch(), minutes(5)).await), Some((10, 2)));
    assert_eq!(archived_at(&world), Some(minutes(5)));
}

/// Else whoever lists them would make them young again.
#[tokio::test]
async fn letters_that_somebody_looks_at_are_as_old_as_before() {
    let mut world = world(3, DAY, DAY);
    world.state.lock().unwrap().as_mut().unwrap().codes = world.letters.clone();
    world.hidden = 3;
    let report = world.look(&watch()).await;
    assert_eq!((report.value(OLDEST_DEAD_LETTER), &report.letters), (Some(86_400.0), &world.letters));
    assert_eq!(report.notes["dead_letters"], 3);
    // Another comes meanwhile: codes are read once all can be seen.
    *world.letters.get_mut("SPW2001").unwrap() += 1;
    let report = world.look_at(&watch(), minutes(5)).await;
    assert_eq!((report.letters["SPW2001"], *world.peeks.lock().unwrap()), (3, 0));
    world.hidden = 0;
    let report = world.look_at(&watch(), minutes(10)).await;
    assert_eq!((report.letters["SPW2001"], *world.peeks.lock().unwrap()), (4, 1));
    assert_eq!(report.value(OLDEST_DEAD_LETTER), Some(87_000.0));
}
