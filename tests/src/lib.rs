//! What the end-to-end tests share: connectors on any partner, orders that nobody has seen before, and the contract
//! suite that the sandbox and the real system both have to hold.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail by panicking"
)]

pub mod case_desk_suite;
pub mod crm;
pub mod dataset_refresher_suite;
pub mod hubspot;
pub mod karrio;
pub mod label_buyer_suite;
pub mod object_reader_suite;
pub mod record_upserter_suite;
pub mod redmine;
pub mod sources;
pub mod stock_reserver_suite;
pub mod superset;
pub mod tryton_people;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use connector_tryton::TrytonStockReserver;
use local::Partner;
use message::Redacted;
use outbound::{Budget, CallError, Credential, HttpTarget, SecretString, TargetConfig};
use serde_json::Value;
use tokio::time::Instant;
use transform::Translator;
use transform::canonical::{Address, Currency, Customer, Money, Order, OrderLine};
use uuid::Uuid;

/// A key that does not change.
struct FixedKey(SecretString);

#[async_trait]
impl Credential for FixedKey {
    async fn get(&self) -> Result<SecretString, CallError> {
        Ok(self.0.clone())
    }
}

pub fn credential(key: &str) -> Arc<dyn Credential> {
    Arc::new(FixedKey(key.into()))
}

pub fn target(name: &'static str, base_url: &str, timeout: Duration) -> HttpTarget {
    HttpTarget::new(TargetConfig {
        name,
        base_url: base_url.to_owned(),
        connect_timeout: Duration::from_secs(2),
        timeout,
        max_body_bytes: 4_194_304,
    })
    .unwrap()
}

pub fn reserver(partner: &Partner) -> TrytonStockReserver {
    reserver_waiting(partner, Duration::from_secs(20))
}

pub fn reserver_waiting(partner: &Partner, timeout: Duration) -> TrytonStockReserver {
    reserver_by(built_in("tryton-sale", &Value::Null), partner, timeout)
}

pub fn reserver_by(translator: Arc<Translator>, partner: &Partner, timeout: Duration) -> TrytonStockReserver {
    let target = target("tryton", &partner.url, timeout);
    TrytonStockReserver::new(target, credential(&partner.api_key), 1, translator)
}

pub fn built_in(mapping: &str, settings: &Value) -> Arc<Translator> {
    Arc::new(Translator::built_in(mapping, settings).unwrap())
}

pub fn budget() -> Budget {
    Budget::of_work(Instant::now(), Duration::from_secs(120))
}

/// An order of its own shop and customer.
pub fn order(lines: &[(&str, u32)]) -> Order {
    let unique = Uuid::new_v4().simple().to_string();
    let usd = Currency::parse("USD").unwrap();
    Order {
        shop: format!("{}.example.com", &unique[..8]),
        id: "1001".to_owned(),
        number: "#1001".to_owned(),
        placed_at: "2026-11-24T10:00:00Z".parse().unwrap(),
        currency: usd,
        customer: Customer {
            id: Some("7".to_owned()),
            name: Redacted::from("Ann Example"),
            email: Some(Redacted::from("ann@example.com")),
        },
        ship_to: address(),
        lines: lines
            .iter()
            .map(|(sku, quantity)| OrderLine {
                sku: (*sku).to_owned(),
                quantity: *quantity,
                unit_price: Money { minor: 1_990, currency: usd },
                weight_grams: 250,
            })
            .collect(),
    }
}

pub fn address() -> Address {
    Address {
        name: Redacted::from("Ann Example"),
        company: None,
        line1: Redacted::from("1 Example Way"),
        line2: Some(Redacted::from("Suite 5")),
        city: Redacted::from("Sacramento"),
        postal_code: Redacted::from("95814"),
        region: Some("CA".to_owned()),
        country: "US".to_owned(),
        phone: Some(Redacted::from("+14155550123")),
        email: None,
    }
}
