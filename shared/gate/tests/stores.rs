//! Both stores keep the same promises.

use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use gate::{Breaker, DynamoDbGateStore, GateStore, Lease, MemoryGateStore, State};
use message::Code;

async fn stores() -> [Arc<dyn GateStore>; 2] {
    let client = testkit::dynamodb::dynoxide().await;
    let table = testkit::dynamodb::ledger_table(&client).await;
    [Arc::new(MemoryGateStore::default()), Arc::new(DynamoDbGateStore::new(client, table))]
}

fn records() -> Vec<Breaker> {
    let open = State::Open { code: Code::TargetFailed, until_ms: 30_000, for_ms: 30_000 };
    let probing = State::Probing {
        code: Code::CredentialsRefused,
        owner: "worker".to_owned(),
        until_ms: 90_000,
        for_ms: 60_000,
    };
    [State::Closed, open, probing, State::Closed]
        .into_iter()
        .zip(1..)
        .map(|(state, revision)| Breaker { state, not_before_ms: 7_000, revision })
        .collect()
}

fn lease(wanted: u32, least: u32) -> Lease<'static> {
    Lease { target: "erp", window: 12, supply: 10, wanted, least, expires_at_s: 4_000_000_000 }
}

#[tokio::test]
async fn a_record_is_read_as_it_was_written() {
    for store in stores().await {
        assert_eq!(store.load("erp").await.unwrap(), Breaker::default());
        for record in records() {
            assert!(store.swap("erp", &record, 4_000_000_000).await.unwrap());
            assert_eq!(store.load("erp").await.unwrap(), record);
        }
        assert_eq!(store.load("another").await.unwrap(), Breaker::default());
    }
}

#[tokio::test]
async fn of_two_writers_of_a_revision_one_is_told_that_it_was_late() {
    for store in stores().await {
        let record = records().remove(0);
        assert!(store.swap("erp", &record, 4_000_000_000).await.unwrap());
        assert!(!store.swap("erp", &record, 4_000_000_000).await.unwrap());
        let skipped = Breaker { revision: 3, ..record };
        assert!(!store.swap("erp", &skipped, 4_000_000_000).await.unwrap());
    }
}

#[tokio::test]
async fn a_windows_supply_is_given_out_once() {
    for store in stores().await {
        assert_eq!(store.lease(&lease(6, 2)).await.unwrap(), 6);
        assert_eq!(store.lease(&lease(6, 2)).await.unwrap(), 4, "what is left");
        assert_eq!(store.lease(&lease(6, 2)).await.unwrap(), 0);
        assert_eq!(store.lease(&Lease { window: 13, ..lease(99, 2) }).await.unwrap(), 10);
    }
}

#[tokio::test]
async fn less_than_the_least_is_nothing_and_stays_for_others() {
    for store in stores().await {
        assert_eq!(store.lease(&lease(9, 1)).await.unwrap(), 9);
        assert_eq!(store.lease(&lease(4, 2)).await.unwrap(), 0);
        assert_eq!(store.lease(&lease(1, 1)).await.unwrap(), 1);
    }
}

#[tokio::test]
async fn a_record_of_another_form_is_named_by_its_attribute() {
    let client = testkit::dynamodb::dynoxide().await;
    let table = testkit::dynamodb::ledger_table(&client).await;
    let text = |value: &str| AttributeValue::S(value.to_owned());
    let put = client.put_item().table_name(&table).item("pk", text("gate:erp")).item("state", text("AJAR"));
    put.send().await.unwrap();
    let error = DynamoDbGateStore::new(client, table).load("erp").await.unwrap_err();
    assert_eq!(error.to_string(), "the gate's record: attribute state cannot be read");
}
