//! Two operators at once, on a queue of few letters.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use local::sandbox::System;
use local::{Parked, Spillway, Stack};
use message::Code;
use testkit::poll_until;

use super::causes::{LABELS, reservations};
use super::on_queue;

pub(super) const LETTERS: &str = "InventoryToShippingDeadLetterQueueUrl";
const QUEUE: &str = "InventoryToShippingQueueUrl";
/// Of each cause.
const SOME: usize = 20;

pub(super) async fn two_who_redrive_the_same_do_each_once(stack: &Stack, spillway: &Spillway) {
    println!("two redrive the same plan at once");
    let letters = reservations(SOME, Code::TargetRefused);
    let ids = park(stack, &letters).await;
    let plan = planned(spillway, &["SPW4005"]).await;
    let redrive = redrive_of(&plan);
    let first = spillway.begin(&redrive).unwrap();
    has_begun(stack, letters.keys()).await;
    let (one, other) = tokio::join!(first.told(), spillway.ask(&redrive));
    let moved = [one.unwrap(), other.unwrap()].map(|told| told.json["flows"][0]["moved"].as_u64().unwrap());
    println!("moved {moved:?}");
    assert_eq!(moved.iter().sum::<u64>(), u64::try_from(SOME).unwrap());
    all_done(stack).await;
    let labels = labels(stack);
    assert!(letters.keys().all(|reference| labels.get(reference) == Some(&1)), "{labels:?}");
    let left = on_queue(stack, LETTERS).await;
    assert!(ids.values().all(|id| !left.contains(id)), "{left:?}");
}

/// One redrives two causes, the other discards one of them.
pub(super) async fn who_redrives_and_who_discards_lose_nothing(stack: &Stack, spillway: &Spillway) {
    println!("one redrives what another discards");
    let (kept, wanted) =
        (reservations(SOME, Code::TargetRefused), reservations(SOME, Code::CurrencyUnsupported));
    let mut ids = park(stack, &kept).await;
    ids.extend(park(stack, &wanted).await);
    let plan = planned(spillway, &["SPW4005", "SPW4010"]).await;
    let group = group(spillway, "SPW4010").await;
    let discard = ["dlq", "discard", "--flow", LABELS, "--group", &group, "--yes", "--reason", "test orders"];
    let redrive = redrive_of(&plan);
    let first = spillway.begin(&redrive).unwrap();
    has_begun(stack, kept.keys().chain(wanted.keys())).await;
    let (redriven, discarded) = tokio::join!(first.told(), spillway.ask(&discard));
    let (redriven, discarded) = (redriven.unwrap(), discarded.unwrap());
    println!("moved {}, discarded {}", redriven.json["flows"][0]["moved"], discarded.json["discarded"]);
    all_done(stack).await;
    let (labels, left) = (labels(stack), on_queue(stack, LETTERS).await);
    let archived = archived(stack, "discarded").await;
    for (reference, id) in &ids {
        let times = labels.get(reference).copied().unwrap_or_default();
        assert!(times <= 1, "{reference}: {times}");
        assert!(times == 1 || left.contains(id) || archived.contains(id), "{reference} is lost");
    }
    assert!(kept.keys().all(|reference| labels.contains_key(reference)), "only the others were discarded");
    assert!(ids.values().all(|id| !left.contains(id)), "each of them is somebody's");
}

/// Ids by reference.
pub(super) async fn park(stack: &Stack, letters: &HashMap<String, Parked>) -> HashMap<String, String> {
    let parked: Vec<_> = letters.values().cloned().collect();
    let ids = stack.park(LETTERS, &parked).await.unwrap();
    letters.keys().cloned().zip(ids).collect()
}

async fn planned(spillway: &Spillway, codes: &[&str]) -> String {
    let codes = codes.iter().flat_map(|code| ["--code", code]);
    let arguments: Vec<_> = ["dlq", "plan", "--flow", LABELS].into_iter().chain(codes).collect();
    let plan = spillway.ask(&arguments).await.unwrap();
    assert!(plan.good, "{}", plan.json);
    plan.json["plan"].as_str().unwrap().to_owned()
}

fn redrive_of(plan: &str) -> [&str; 11] {
    let reason = "the label system is mended";
    [
        "dlq",
        "redrive",
        plan,
        "--reason",
        reason,
        "--ramp",
        "2x10,2x10",
        "--settle",
        "1",
        "--hidden-seconds",
        "20",
    ]
}

/// Of the letters with this code.
pub(super) async fn group(spillway: &Spillway, code: &str) -> String {
    let list = spillway.ask(&["dlq", "list", "--flow", LABELS]).await.unwrap();
    let groups = list.json["groups"].as_array().unwrap();
    let group = groups.iter().find(|group| group["code"] == code).unwrap();
    group["fingerprint"].as_str().unwrap().to_owned()
}

/// Ids of the flow's letters that are in the archive for this reason.
pub(super) async fn archived(stack: &Stack, because: &str) -> BTreeSet<String> {
    let bucket = stack.output("ArchiveBucketName").unwrap();
    let prefix = format!("letters/{LABELS}/{because}/");
    let keys = stack.engine.inspect().objects(bucket, &prefix).await.unwrap();
    let id = |key: String| key.rsplit('/').next().unwrap().trim_end_matches(".json").to_owned();
    keys.into_iter().map(id).collect()
}

/// While some are moved the others can be seen.
async fn has_begun(stack: &Stack, references: impl Iterator<Item = &String> + Clone) {
    poll_until("the first label", Duration::from_secs(60), || async {
        let labels = labels(stack);
        references.clone().any(|reference| labels.contains_key(reference)).then_some(())
    })
    .await;
}

async fn all_done(stack: &Stack) {
    poll_until("the queue has drained", Duration::from_secs(60), || async {
        on_queue(stack, QUEUE).await.is_empty().then_some(())
    })
    .await;
}

/// How many labels there are of each reference.
fn labels(stack: &Stack) -> HashMap<String, usize> {
    let mut labels = HashMap::new();
    for effect in stack.sandbox.effects() {
        if effect.system == System::Labels {
            *labels.entry(effect.reference).or_default() += 1;
        }
    }
    labels
}
