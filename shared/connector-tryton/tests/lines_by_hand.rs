//! Lines that people have added to a sale of ours: Tryton does not insist on a code, and a product without one must not make the sale
//! unreadable. Against answers as Tryton's REST gives them.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail by panicking")]

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use connector_tryton::{TrytonRecordUpserter, TrytonStockReserver, UpserterMappings};
use message::Code;
use outbound::{
    Budget, CallError, Credential, HttpTarget, RecordUpserter, SecretString, StockReserver, TargetConfig,
    Transport, TransportError, Upserted,
};
use serde_json::{Value, json};
use tokio::time::Instant;
use transform::Translator;
use transform::canonical::{CrmRecord, Order};

const ORDER: &str = include_str!("../../transform/cases/tryton-sale/minimal/input.json");
const DEAL: &str = include_str!("../../transform/cases/tryton-deal/bottlecrm-won/input.json");

/// Answers a search of a model with these records.
struct Tryton {
    sale: Value,
}

#[async_trait]
impl Transport for Tryton {
    async fn exchange(
        &self,
        request: http::Request<Vec<u8>>,
        _: Duration,
    ) -> Result<http::Response<Vec<u8>>, TransportError> {
        let answer = match request.uri().path().rsplit('/').next() {
            Some("sale.sale") => json!([self.sale]),
            Some("party.party") => json!([{
                "id": 5, "name": "Example GmbH", "active": true, "replaced_by": null, "contact_mechanisms": [],
                "identifiers": [], "addresses": [9]
            }]),
            other => panic!("nobody asks for {other:?}"),
        };
        Ok(http::Response::new(answer.to_string().into_bytes()))
    }
}

struct Key;

#[async_trait]
impl Credential for Key {
    async fn get(&self) -> Result<SecretString, CallError> {
        Ok("key".to_owned().into())
    }
}

fn target(sale: Value) -> HttpTarget {
    let config = TargetConfig {
        name: "tryton",
        base_url: "http://127.0.0.1/erp".to_owned(),
        connect_timeout: Duration::from_secs(2),
        timeout: Duration::from_secs(8),
        max_body_bytes: 1_000_000,
    };
    HttpTarget::over(Arc::new(Tryton { sale }), config).unwrap()
}

fn budget() -> Budget {
    Budget::of_work(Instant::now(), Duration::from_secs(60))
}

fn mapping(name: &str, settings: &Value) -> Arc<Translator> {
    Arc::new(Translator::built_in(name, settings).unwrap())
}

/// Lines of products without a code, as people add them: null or empty, and a title without a product.
fn by_hand() -> Vec<Value> {
    vec![
        json!({ "id": 90, "quantity": 1.0, "unit_price": null, "product": { "id": 70, "code": null } }),
        json!({ "id": 91, "quantity": 4.0, "unit_price": null, "product": { "id": 71, "code": "" } }),
        json!({ "id": 92, "quantity": null, "unit_price": null, "product": null }),
    ]
}

async fn reservation(lines: Vec<Value>) -> Result<Option<String>, CallError> {
    let order: Order = serde_json::from_str(ORDER).unwrap();
    let sale = json!({
        "id": 7, "state": "processing", "lines": lines,
        "shipments": [{ "id": 41, "state": "assigned", "number": "S-41" }]
    });
    let sales = mapping("tryton-sale", &Value::Null);
    let reserver = TrytonStockReserver::new(target(sale), Arc::new(Key), 1, sales);
    Ok(reserver.find(&order, &budget()).await?.map(|reservation| reservation.shipment_id))
}

/// The order's lines as Tryton has them.
fn sold() -> Vec<Value> {
    let order: Order = serde_json::from_str(ORDER).unwrap();
    let line = |line: &transform::canonical::OrderLine| json!({ "id": 1, "quantity": line.quantity, "product": { "id": 2, "code": line.sku } });
    order.lines.iter().map(line).collect()
}

#[tokio::test]
async fn a_sale_with_lines_of_products_without_a_code_is_the_orders() {
    let found = reservation([sold(), by_hand()].concat()).await;
    assert_eq!(found, Ok(Some("41".to_owned())));
}

#[tokio::test]
async fn lines_of_products_without_a_code_stand_for_none_of_ours() {
    let error = reservation(by_hand()).await.unwrap_err();
    assert_eq!(error.code(), Code::FingerprintConflict);
}

fn upserter(sale: Value) -> TrytonRecordUpserter {
    let settings = json!({ "product": "DEAL", "currency": "USD" });
    let mappings = UpserterMappings {
        accounts: mapping("tryton-account", &Value::Null),
        contacts: mapping("tryton-contact", &Value::Null),
        deals: mapping("tryton-deal", &settings),
    };
    TrytonRecordUpserter::new(target(sale), Arc::new(Key), 1, mappings)
}

#[tokio::test]
async fn a_deals_sale_with_lines_of_products_without_a_code_is_found() {
    let deal = CrmRecord::Deal(serde_json::from_str(DEAL).unwrap());
    let sale = |lines: Vec<Value>| {
        json!({
            "id": 7, "state": "quotation", "description": "Rollout", "party": 5,
            "currency": { "id": 1, "code": "EUR" }, "lines": lines
        })
    };
    let price = json!({ "__class__": "Decimal", "decimal": "12500.0000" });
    let ours = vec![
        json!({ "id": 1, "quantity": 1.0, "unit_price": price, "product": { "id": 2, "code": "DEAL" } }),
    ];
    let found = Ok(Some(Upserted { target_id: "tryton.sale/7".to_owned() }));
    let both = upserter(sale([by_hand(), ours].concat()));
    assert_eq!(both.find(&deal, &budget()).await, found);
    // People have put theirs in place of ours: then the lines are theirs.
    let theirs = upserter(sale(by_hand()));
    assert_eq!(theirs.find(&deal, &budget()).await, found);
}
