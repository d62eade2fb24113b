//! Records of a CRM that nobody has seen before, and an upserter on any Tryton.

use std::time::Duration;

use connector_tryton::{TrytonRecordUpserter, UpserterMappings};
use local::Partner;
use message::Redacted;
use serde_json::{Value, json};
use transform::canonical::{Account, Contact, CrmRecord, Currency, Deal, Origin};
use uuid::Uuid;

use crate::{built_in, credential, target};

pub fn upserter(partner: &Partner) -> TrytonRecordUpserter {
    upserter_selling(partner, "SKU-1", Duration::from_secs(20))
}

/// Which sells deals as this product.
pub fn upserter_selling(partner: &Partner, product: &str, timeout: Duration) -> TrytonRecordUpserter {
    let target = target("tryton", &partner.url, timeout);
    TrytonRecordUpserter::new(target, credential(&partner.api_key), 1, mappings(product))
}

pub fn mappings(product: &str) -> UpserterMappings {
    UpserterMappings {
        accounts: built_in("tryton-account", &Value::Null),
        contacts: built_in("tryton-contact", &Value::Null),
        deals: built_in("tryton-deal", &json!({ "product": product, "currency": null })),
    }
}

/// Of an organisation of its own.
fn origin() -> Origin {
    Origin {
        source: "bottlecrm".to_owned(),
        org: Uuid::new_v4().to_string(),
        id: Uuid::new_v4().to_string(),
        updated_at: "2026-11-24T10:00:00Z".parse().unwrap(),
        occurred_at: None,
    }
}

pub fn account() -> Account {
    Account {
        origin: origin(),
        name: Redacted::from("Acme GmbH"),
        email: Some(Redacted::from("ops@acme.example")),
        phone: Some(Redacted::from("+4930901820")),
        website: Some("https://acme.example".to_owned()),
    }
}

/// Of the same organisation as the account.
fn at(account: &Account) -> Origin {
    Origin { org: account.origin.org.clone(), ..origin() }
}

pub fn contact(account: &Account) -> Contact {
    Contact {
        origin: at(account),
        name: Redacted::from("Ann Example"),
        email: Some(Redacted::from("ann@acme.example")),
        phone: Some(Redacted::from("+4930901821")),
        account: Some(account.origin.id.clone()),
    }
}

pub fn won_deal(account: &Account) -> Deal {
    Deal {
        origin: at(account),
        name: Redacted::from("Rollout"),
        won: true,
        account: Some(account.origin.id.clone()),
        amount: Some("12500.50".to_owned()),
        currency: Some(Currency::parse("USD").unwrap()),
    }
}

pub fn record_of(account: &Account) -> CrmRecord {
    CrmRecord::Account(account.clone())
}
