//! What only the DynamoDB store can meet: items that cannot be read, an engine that does not answer, lost replies.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use ledger::{ClaimWrite, DynamoDbStore, Ledger, LedgerError, Operation, Store, Written};
use message::{Code, Fingerprint, OperationKey};

async fn table() -> (Client, String) {
    let client = testkit::dynamodb::dynoxide().await;
    let table = testkit::dynamodb::ledger_table(&client).await;
    (client, table)
}

async fn claim(store: DynamoDbStore, key: &OperationKey) -> Result<ledger::Claimed, LedgerError> {
    let ledger = Ledger::new(Arc::new(store), Duration::from_secs(60));
    let fingerprint = Fingerprint::of(&1).unwrap();
    let operation = Operation { key, fingerprint: &fingerprint, message_id: "m", correlation_id: "c" };
    ledger.claim(&operation, Duration::from_secs(30)).await
}

#[tokio::test]
async fn a_corrupt_item_names_its_attribute_and_is_left_as_it_is() {
    let (client, table) = table().await;
    let key = OperationKey::new("corrupt", &["1"]);
    let put = client
        .put_item()
        .table_name(&table)
        .item("pk", AttributeValue::S(key.to_string()))
        .item("status", AttributeValue::S("BROKEN".to_owned()));
    put.send().await.unwrap();
    let error = claim(DynamoDbStore::new(client.clone(), &table), &key).await.unwrap_err();
    assert_eq!(error.code(), Code::LedgerItemCorrupt);
    assert!(matches!(error, LedgerError::Corrupt { attribute: "status" }));
    let get = client.get_item().table_name(&table).key("pk", AttributeValue::S(key.to_string()));
    let item = get.send().await.unwrap().item.unwrap();
    assert_eq!(item.len(), 2);
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
    let key = OperationKey::new("lost-reply", &["1"]);
    let now_ms = Timestamp::now().as_millisecond();
    let write = ClaimWrite {
        key: &key,
        fingerprint: "f",
        owner: "owner",
        message_id: "m",
        correlation_id: "c",
        now_ms,
        lease_until_ms: now_ms + 30_000,
        expires_at_s: now_ms / 1_000 + 60,
    };
    assert!(matches!(store.claim(&write).await.unwrap(), Written::Applied(_)));
    // The SDK sends the same request again: the item that refuses it carries our own owner.
    match store.claim(&write).await.unwrap() {
        Written::Refused(Some(item)) => assert_eq!((item.owner.as_str(), item.epoch), ("owner", 1)),
        other => panic!("expected a refusal by our own item, got {other:?}"),
    }
}
