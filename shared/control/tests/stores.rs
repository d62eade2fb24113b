//! Both stores keep the same promises.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use control::{
    ChangeError, ControlError, ControlStore, DriftCount, DynamoDbControlStore, Entry, MemoryControlStore,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use transform::{Catalog, Change, Overrides};

async fn stores() -> [Arc<dyn ControlStore>; 2] {
    let client = testkit::dynamodb::dynoxide().await;
    let table = testkit::dynamodb::ledger_table(&client).await;
    [Arc::new(MemoryControlStore::default()), Arc::new(DynamoDbControlStore::new(client, table))]
}

async fn stored(store: &Arc<dyn ControlStore>, mappings: &[&str]) -> Vec<Overrides> {
    store.overrides(mappings).await.unwrap().into_iter().map(Result::unwrap).collect()
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
        assert_eq!(stored(&store, &["a", "b"]).await, [nothing.clone(), nothing.clone()]);
        let (first, told) = changed(&nothing, "scheduled");
        assert!(store.change("a", &first, &told).await.unwrap());
        let (second, told_again) = changed(&first, "on_hold");
        assert!(store.change("a", &second, &told_again).await.unwrap());
        assert_eq!(stored(&store, &["b", "a"]).await, [nothing, second]);
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
        assert_eq!(stored(&store, &["a"]).await, [ann]);
        assert_eq!(store.history("a").await.unwrap(), [told]);
    }
}

#[tokio::test]
async fn earlier_revisions_are_read_as_they_stood_the_newest_first_and_no_more_than_twenty() {
    for store in stores().await {
        let mut standing = vec![Overrides::default()];
        for number in 1..=23 {
            let (next, told) = changed(&standing[number - 1], &format!("status {number}"));
            assert!(store.change("a", &next, &told).await.unwrap());
            standing.push(next);
        }
        let back = |from: usize, to: usize| standing[to..=from].iter().rev().cloned().collect::<Vec<_>>();
        assert_eq!(store.earlier("a", 23).await.unwrap(), back(22, 3));
        assert_eq!(store.earlier("a", 3).await.unwrap(), back(2, 1));
        assert_eq!(store.earlier("a", 1).await.unwrap(), []);
        assert_eq!(store.earlier("b", 5).await.unwrap(), []);
    }
}

/// Of a later build, say.
#[tokio::test]
async fn what_this_build_cannot_read_hides_no_other_mapping_and_stays_as_it_is() {
    let client = testkit::dynamodb::dynoxide().await;
    let table = testkit::dynamodb::ledger_table(&client).await;
    let store = DynamoDbControlStore::new(client.clone(), &table);
    let (first, told) = changed(&Overrides::default(), "scheduled");
    assert!(store.change("shopify-order", &first, &told).await.unwrap());
    for (key, overrides) in
        [("mapping:shopify-order", r#"{"revision": 3, "news": 1}"#), ("mapping:shopify-order#2", "{}")]
    {
        let put = client.put_item().table_name(&table).item("pk", AttributeValue::S(key.to_owned()));
        let put = put.item("revision", AttributeValue::N("3".to_owned()));
        put.item("overrides", AttributeValue::S(overrides.to_owned())).send().await.unwrap();
    }
    let mut found = store.overrides(&["shopify-order", "b"]).await.unwrap();
    assert_eq!(found.pop().unwrap().unwrap(), Overrides::default());
    let unreadable = found.pop().unwrap().unwrap_err();
    assert_eq!(unreadable.to_string(), "revision 3 of the overrides of shopify-order cannot be read");
    assert_eq!(store.earlier("shopify-order", 3).await.unwrap(), [first]);
    let catalog = Catalog::built_in().unwrap();
    let error = control::change(&store, catalog, "shopify-order", told).await.unwrap_err();
    assert!(matches!(error, ChangeError::Store(ControlError::Unreadable(_))), "{error}");
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
