//! Both stores keep the same promises.

use std::sync::Arc;

use control::{ControlStore, DriftCount, DynamoDbControlStore, Entry, MemoryControlStore};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use transform::{Change, Overrides};

async fn stores() -> [Arc<dyn ControlStore>; 2] {
    let client = testkit::dynamodb::dynoxide().await;
    let table = testkit::dynamodb::ledger_table(&client).await;
    [Arc::new(MemoryControlStore::default()), Arc::new(DynamoDbControlStore::new(client, table))]
}

fn now() -> Timestamp {
    "2026-11-24T10:00:00Z".parse().unwrap_or_default()
}

fn changed(before: &Overrides, value: &str) -> (Overrides, Entry) {
    let change = Change::SetValue {
        map: "fulfillment".to_owned(),
        value: value.to_owned(),
        becomes: json!({ "open": true }),
    };
    let next = before.with(&change).unwrap_or_default();
    let (author, reason) = ("arn:aws:iam::123456789012:user/ann".to_owned(), "the shop has it".to_owned());
    let entry = Entry { revision: next.revision, change, author, at: now(), reason };
    (next, entry)
}

fn count(kind: &str, path: &str, count: u64) -> DriftCount {
    DriftCount { kind: kind.to_owned(), path: path.to_owned(), count }
}

#[tokio::test]
async fn overrides_are_read_as_they_were_written_with_who_and_why() {
    for store in stores().await {
        let nothing = Overrides::default();
        assert_eq!(store.overrides(&["a", "b"]).await.unwrap(), [nothing.clone(), nothing.clone()]);
        let (first, told) = changed(&nothing, "scheduled");
        assert!(store.change("a", &first, &told).await.unwrap());
        let (second, told_again) = changed(&first, "on_hold");
        assert!(store.change("a", &second, &told_again).await.unwrap());
        assert_eq!(store.overrides(&["b", "a"]).await.unwrap(), [nothing, second]);
        assert_eq!(store.history("a").await.unwrap(), [told, told_again]);
        assert_eq!(store.history("b").await.unwrap(), []);
    }
}

#[tokio::test]
async fn of_two_who_change_the_same_revision_one_is_told_that_it_was_late_and_leaves_no_trace() {
    for store in stores().await {
        let (ann, told) = changed(&Overrides::default(), "scheduled");
        let (bob, late) = changed(&Overrides::default(), "on_hold");
        assert!(store.change("a", &ann, &told).await.unwrap());
        assert!(!store.change("a", &bob, &late).await.unwrap());
        assert_eq!(store.overrides(&["a"]).await.unwrap(), [ann]);
        assert_eq!(store.history("a").await.unwrap(), [told]);
    }
}

#[tokio::test]
async fn drift_is_summed_over_the_days_that_are_asked_for() {
    for store in stores().await {
        let (new, gone) = (count("UnknownField", "$.a b", 3), count("MissingField", "$.c", 1));
        store.add_drift("orders", now(), &[new.clone(), gone.clone()]).await.unwrap();
        let yesterday = now() - SignedDuration::from_hours(24);
        store.add_drift("orders", yesterday, std::slice::from_ref(&new)).await.unwrap();
        store.add_drift("labels", now(), std::slice::from_ref(&gone)).await.unwrap();
        assert_eq!(store.drift("orders", now(), 0).await.unwrap(), [gone.clone(), new]);
        assert_eq!(store.drift("orders", now(), 7).await.unwrap(), [gone, count("UnknownField", "$.a b", 6)]);
        assert_eq!(store.drift("nobody", now(), 7).await.unwrap(), []);
    }
}

#[tokio::test]
async fn more_counts_than_one_write_takes_are_all_added() {
    for store in stores().await {
        let counts: Vec<_> = (100..220).map(|n| count("UnknownField", &format!("$.f{n}"), n)).collect();
        store.add_drift("orders", now(), &counts).await.unwrap();
        assert_eq!(store.drift("orders", now(), 0).await.unwrap(), counts);
    }
}
