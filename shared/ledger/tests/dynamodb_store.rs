//! What only the DynamoDB store can meet: items that cannot be read, an engine that does not answer, lost replies.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use ledger::{
    ClaimAnswer, ClaimWrite, Claimed, DynamoDbStore, Ledger, LedgerError, Operation, Reopens, Store,
};
use message::{Code, Fingerprint, OperationKey};

async fn table() -> (Client, String) {
    let client = testkit::dynamodb::dynoxide().await;
    let table = testkit::dynamodb::ledger_table(&client).await;
    (client, table)
}

async fn claim(store: DynamoDbStore, key: &OperationKey) -> Result<ledger::Claimed, LedgerError> {
    let ledger = Ledger::new(Arc::new(store), Duration::from_secs(60));
    let fingerprint = Fingerprint::of(&1).unwrap();
    ledger.claim(&operation(key, &fingerprint), Duration::from_secs(30)).await
}

fn operation<'a>(key: &'a OperationKey, fingerprint: &'a Fingerprint) -> Operation<'a> {
    Operation {
        key,
        fingerprint,
        version: 0,
        message_id: "m",
        correlation_id: "c",
        mapping: "m/1",
        target_mapping: "",
        reopens: Reopens::AnyOther,
    }
}

async fn put(client: &Client, table: &str, key: &OperationKey, attributes: &[(&str, AttributeValue)]) {
    let mut put = client.put_item().table_name(table).item("pk", AttributeValue::S(key.to_string()));
    for (name, value) in attributes {
        put = put.item(*name, value.clone());
    }
    put.send().await.unwrap();
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

#[tokio::test]
async fn a_corrupt_item_names_its_attribute_and_is_left_as_it_is() {
    let (client, table) = table().await;
    let key = OperationKey::new("corrupt", &["1"]);
    put(&client, &table, &key, &[("status", text("BROKEN"))]).await;
    let error = claim(DynamoDbStore::new(client.clone(), &table), &key).await.unwrap_err();
    assert_eq!(error.code(), Code::LedgerItemCorrupt);
    assert!(matches!(error, LedgerError::Corrupt { attribute: "status" }));
    let get = client.get_item().table_name(&table).key("pk", AttributeValue::S(key.to_string()));
    let item = get.send().await.unwrap().item.unwrap();
    assert_eq!(item.len(), 2);
}

/// The condition holds, and the epoch cannot be raised.
#[tokio::test]
async fn an_attribute_of_another_type_is_named_too() {
    let (client, table) = table().await;
    let key = OperationKey::new("corrupt", &["2"]);
    let attributes = [
        ("status", text("REJECTED")),
        ("message_id", text("another")),
        ("version", AttributeValue::N("0".to_owned())),
        ("applied_version", AttributeValue::N("0".to_owned())),
        ("owner", text("o")),
        ("epoch", text("one")),
    ];
    put(&client, &table, &key, &attributes).await;
    let error = claim(DynamoDbStore::new(client, &table), &key).await.unwrap_err();
    assert!(matches!(error, LedgerError::Corrupt { attribute: "epoch" }), "{error:?}");
}

#[tokio::test]
async fn a_corrupt_item_fails_only_its_own_claim_of_a_batch() {
    let (client, table) = table().await;
    let keys = ["good", "corrupt", "also-good"].map(|name| OperationKey::new("batch", &[name]));
    put(&client, &table, &keys[1], &[("status", text("BROKEN"))]).await;
    let ledger = Ledger::new(Arc::new(DynamoDbStore::new(client, table)), Duration::from_secs(60));
    let fingerprint = Fingerprint::of(&1).unwrap();
    let operations = keys.each_ref().map(|key| operation(key, &fingerprint));
    let claimed = ledger.claim_all(&operations, Duration::from_secs(30)).await;
    assert!(matches!(&claimed[0], Ok(Claimed::Granted(_))));
    assert!(matches!(&claimed[1], Err(LedgerError::Corrupt { attribute: "status" })));
    assert!(matches!(&claimed[2], Ok(Claimed::Granted(_))));
}

#[tokio::test]
async fn a_missing_table_is_unavailable_not_granted() {
    let (client, _) = table().await;
    let error =
        claim(DynamoDbStore::new(client, "no-such-table"), &OperationKey::new("x", &[])).await.unwrap_err();
    assert_eq!(error.code(), Code::LedgerUnavailable);
}

#[tokio::test]
async fn a_claim_whose_reply_was_lost_is_granted_when_it_is_sent_again() {
    let (client, table) = table().await;
    let store = DynamoDbStore::new(client, table);
    let keys = ["alone", "one", "other"].map(|name| OperationKey::new("lost-reply", &[name]));
    let now_ms = Timestamp::now().as_millisecond();
    let writes = keys.each_ref().map(|key| ClaimWrite {
        key,
        fingerprint: "f",
        version: 0,
        owner: "owner",
        message_id: "m",
        correlation_id: "c",
        mapping: "m/1",
        target_mapping: "",
        reopens: Reopens::AnyOther,
        now_ms,
        lease_until_ms: now_ms + 30_000,
        expires_at_s: now_ms / 1_000 + 60,
    });
    for batch in [&writes[..1], &writes[1..]] {
        for answer in store.claim(batch).await {
            assert!(matches!(answer.unwrap(), ClaimAnswer::Granted { epoch: 1, .. }));
        }
        // The SDK sends the same request again: the item that refuses it carries our own owner.
        for answer in store.claim(batch).await {
            match answer.unwrap() {
                ClaimAnswer::Refused(Some(item)) => {
                    assert_eq!((item.owner.as_str(), item.epoch), ("owner", 1));
                }
                other => panic!("expected a refusal by our own item, got {other:?}"),
            }
        }
    }
}
