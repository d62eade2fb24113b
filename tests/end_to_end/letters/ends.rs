//! What is taken off a queue, by people or by SQS at the end of its retention, is in the archive and comes back.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use local::inspect::QueuedMessage;
use local::{Spillway, Stack};
use message::Code;
use testkit::poll_until;

use super::beside::{LETTERS, archived, group, park};
use super::causes::{LABELS, reservations};
use super::on_queue;

const SOME: usize = 10;
const HOUR: u64 = 3_600;
/// As the template says.
const RETENTION: u64 = 14 * 24 * HOUR;

/// What a letter is, whatever its id: body and attributes.
type Content = BTreeSet<(String, BTreeMap<String, String>)>;

async fn content(stack: &Stack) -> Content {
    let letters = stack.engine.inspect().messages(stack.output(LETTERS).unwrap()).await.unwrap();
    letters.into_iter().map(|QueuedMessage { body, attributes, .. }| (body, attributes)).collect()
}

/// By a person, and by the watchdog. Answers with what is in the archive and on the queue.
pub(super) async fn what_sqs_drops_soon_is_archived(stack: &Stack, spillway: &Spillway) -> Content {
    is_discarded_and_restored(stack, spillway).await;
    println!("what SQS drops soon is archived");
    let before = on_queue(stack, LETTERS).await;
    // All of them: the engine's clock cannot be moved, and SQS keeps none longer.
    let within = (RETENTION / HOUR).to_string();
    let arguments =
        ["dlq", "archive", "--flow", LABELS, "--within", &within, "--reason", "the shop is closed"];
    let told = spillway.ask(&arguments).await.unwrap();
    assert!(told.good && told.json["flows"][0]["archived"] == before.len(), "{}", told.json);
    assert_eq!(
        (archived(stack, "expiring").await, on_queue(stack, LETTERS).await),
        (before.clone(), before.clone())
    );

    println!("and the watchdog does it by itself");
    let more = park(stack, &reservations(SOME, Code::ResponseUnreadable)).await;
    // Of the two days that it looks ahead one hour is left.
    stack.keeps_for(LETTERS, 47 * HOUR).await.unwrap();
    // It looks once an hour.
    stack.watched_since(LABELS, Timestamp::now() - SignedDuration::from_hours(1)).await.unwrap();
    let line = stack.look_at(LABELS).await.unwrap();
    assert_eq!(
        (line["archived"].as_u64(), line["archived_before"].as_u64()),
        (u64::try_from(SOME).ok(), u64::try_from(before.len()).ok(),),
        "{line}"
    );
    let all: BTreeSet<_> = before.into_iter().chain(more.into_values()).collect();
    assert_eq!((archived(stack, "expiring").await, on_queue(stack, LETTERS).await), (all.clone(), all));
    stack.keeps_for(LETTERS, RETENTION).await.unwrap();
    content(stack).await
}

async fn is_discarded_and_restored(stack: &Stack, spillway: &Spillway) {
    println!("a group is discarded, and restored");
    let ids: BTreeSet<_> =
        park(stack, &reservations(SOME, Code::ResponseUnreadable)).await.into_values().collect();
    let before = content(stack).await;
    let group = group(spillway, "SPW4007").await;
    let discard = ["dlq", "discard", "--flow", LABELS, "--group", &group, "--yes", "--reason", "test orders"];
    let told = spillway.ask(&discard).await.unwrap();
    assert!(told.good && told.json["discarded"] == SOME, "{}", told.json);
    assert!(on_queue(stack, LETTERS).await.is_disjoint(&ids));
    assert_eq!(archived(stack, "discarded").await, ids);
    let restore = ["dlq", "restore", LABELS, "--group", &group, "--reason", "they were none"];
    let told = spillway.ask(&restore).await.unwrap();
    assert!(told.good && told.json["restored"] == SOME, "{}", told.json);
    assert_eq!(content(stack).await, before);
    assert!(archived(stack, "discarded").await.is_empty());
    let bucket = stack.output("ArchiveBucketName").unwrap();
    let prefix = format!("letters/{LABELS}/discarded/");
    assert_eq!(stack.engine.inspect().versions(bucket, &prefix).await.unwrap().len(), SOME, "versions stay");
}

pub(super) async fn what_sqs_has_dropped_comes_back(stack: &Stack, spillway: &Spillway, archived: Content) {
    println!("SQS drops what has been there for a minute");
    stack.keeps_for(LETTERS, 60).await.unwrap();
    poll_until("the queue is empty", Duration::from_secs(90), || async {
        let list = spillway.ask(&["dlq", "list", "--flow", LABELS]).await.unwrap();
        (list.json["flows"][0]["letters"] == 0).then_some(())
    })
    .await;
    stack.keeps_for(LETTERS, RETENTION).await.unwrap();
    assert!(on_queue(stack, LETTERS).await.is_empty());
    let restore = ["dlq", "restore", LABELS, "--all", "--expiring", "--reason", "the shop is open again"];
    let told = spillway.ask(&restore).await.unwrap();
    assert!(told.good && told.json["restored"] == archived.len(), "{}", told.json);
    assert_eq!(content(stack).await, archived);
}
