//! Accounts, contacts and won deals of a real BottleCRM: customers, contacts and sales in a real Tryton.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::{Journal, Stage, Way, event_of, text};
use crate::real::bottlecrm::{EVENTS, RealBottleCrm};
use crate::real::relay::{Delivery, Relay};
use crate::real::tryton::RealTryton;
use crate::real::until;
use crate::scenario::Outcome;

const WAY: Way =
    Way { title: "BottleCRM -> Tryton", source: "bottlecrm", function: "crm-to-erp", flows: &["CrmToErp"] };
const SIGNATURE: &str = "x-bottlecrm-signature";
const PARTY: [&str; 4] = ["name", "contact_mechanisms.type", "contact_mechanisms.value", "identifiers.code"];
const SALE: [&str; 4] = ["state", "party", "currency.code", "lines.unit_price"];

/// The stage's ERP is this one. BottleCRM starts here, and makes the secret itself.
pub async fn play(stage: Stage<'_>, tryton: &RealTryton) -> Result<Outcome> {
    let mut journal = Journal::begin(stage, WAY).await?;
    let relay = Relay::start(Some(journal.url.clone())).await?;
    let crm = RealBottleCrm::up(stage.tools).await?;
    let secret = crm.register_webhook(&relay.url, &EVENTS).await?;
    stage.stack.trust_bottlecrm(&secret).await?;
    let way = Systems { relay: &relay, tryton };

    journal.says("an account, a contact and a won deal are made in BottleCRM");
    let acme = json!({
        "name": "Acme GmbH", "email": "ops@acme.example", "phone": "+4930901820",
        "website": "https://acme.example",
    });
    let account = crm.create_account(&acme).await?;
    let created = way.told("account.created", &account, 0).await?;
    let of = |entity: &str, id: &str| -> Result<String> {
        Ok(format!("bottlecrm/{}/{entity}/{id}", text(&created.json()["org_id"], "organization")?))
    };
    let customer = of("account", &account)?;
    let party = way.party(&customer, "Acme GmbH").await?;
    journal.done("an account made in BottleCRM", &created, "customer").await?;
    journal.check("the customer's mail", &mechanism(&party, "email"), &json!("ops@acme.example"));

    let ann = json!({
        "first_name": "Ann", "last_name": "Example", "email": "ann@acme.example", "account": account,
    });
    let contact = crm.create_contact(&ann).await?;
    let told = way.told("contact.created", &contact, 0).await?;
    let person = of("contact", &contact)?;
    let party = way.party(&person, "Ann Example").await?;
    journal.done("a contact of it", &told, "contact").await?;
    let is_known_by = party["identifiers"].as_array().into_iter().flatten().any(|it| it["code"] == *customer);
    journal.check("the contact has its account's code", &json!(is_known_by), &json!(true));

    let deal = crm.create_deal("Ten widgets", &account, "100.00").await?;
    let open = way.told("deal.created", &deal, 0).await?;
    journal.done("an open deal", &open, "nothing to sell yet").await?;
    // Two events of one save. At the same time the second would find the first one's claim, and come again after a minute and a half.
    relay.hold(true);
    crm.win_deal(&deal, "2026-01-31").await?;
    let (won, saved) = (way.told("deal.won", &deal, 0).await?, way.told("deal.updated", &deal, 0).await?);
    relay.hold(false);
    let status = won.post(&journal.url).await?;
    let sale = of("deal", &deal)?;
    let sold = until("the deal's sale", async || {
        let sales = tryton.search("sale.sale", &json!(["reference", "=", sale]), &SALE).await?;
        Ok(sales.into_iter().find(|sale| sale["state"] == "quotation"))
    })
    .await?;
    journal.ended(&event_of(&won)?, "Done", 1).await?;
    journal.row("the deal is won", status, "sale in quotation");
    journal.again("deal.updated of the same save", &saved, "Duplicate").await?;
    let price = sold["lines"][0]["unit_price"]["decimal"].as_str().and_then(|it| it.parse::<f64>().ok());
    journal.check("the sale's price", &json!(price), &json!(100.0));
    journal.check("the sale's currency", &sold["currency"]["code"], &json!("EUR"));
    let buyer = way.only("party.party", "code", &customer, &["name"]).await?;
    journal.check("the sale's customer", &sold["party"], &buyer["id"]);

    journal.says("the account is renamed, and what was before is repeated and replayed");
    crm.update_account(&account, &json!({ "name": "Acme AG" })).await?;
    let renamed = way.told("account.updated", &account, 0).await?;
    way.party(&customer, "Acme AG").await?;
    journal.done("the account is renamed", &renamed, "customer renamed").await?;
    journal.again("the same delivery again", &renamed, "Duplicate").await?;
    journal.again("the older delivery again", &created, "Stale").await?;
    let replayed = created.timed_anew(SIGNATURE, &secret)?;
    journal.again("the older one, signed anew", &replayed, "Stale").await?;
    journal.again("the won deal, signed anew", &won.timed_anew(SIGNATURE, &secret)?, "Duplicate").await?;
    journal.forged(&created.timed_anew(SIGNATURE, "whsec_forged")?).await?;

    journal.says("two changes of the contact arrive in the other order");
    relay.hold(true);
    for last_name in ["Older", "Newer"] {
        crm.update_contact(&contact, &json!({ "last_name": last_name })).await?;
    }
    let (older, newer) =
        (way.told("contact.updated", &contact, 0).await?, way.told("contact.updated", &contact, 1).await?);
    let status = newer.post(&journal.url).await?;
    way.party(&person, "Ann Newer").await?;
    journal.row("the newer of two changes, before", status, "contact renamed");
    journal.again("the older one of them", &older, "Stale").await?;

    way.party(&customer, "Acme AG").await?;
    way.party(&person, "Ann Newer").await?;
    for (model, field, reference) in [
        ("party.party", "code", &customer),
        ("party.party", "code", &person),
        ("sale.sale", "reference", &sale),
    ] {
        way.only(model, field, reference, &[field]).await?;
    }
    journal.end().await
}

struct Systems<'a> {
    relay: &'a Relay,
    tryton: &'a RealTryton,
}

impl Systems<'_> {
    /// What BottleCRM has told of a record, by its place among the events of this kind.
    async fn told(&self, event: &str, id: &str, place: usize) -> Result<Delivery> {
        until(event, async || {
            let all = self.relay.deliveries().into_iter();
            let mut ours = all.filter(|it| it.json()["event"] == event && it.json()["data"]["id"] == id);
            Ok(ours.nth(place))
        })
        .await
    }

    async fn party(&self, code: &str, name: &str) -> Result<Value> {
        until(name, async || {
            let found = self.tryton.search("party.party", &json!(["code", "=", code]), &PARTY).await?;
            Ok(found.into_iter().find(|party| party["name"] == name))
        })
        .await
    }

    /// The one record under a reference: two of them are an error.
    async fn only(&self, model: &str, field: &str, reference: &str, fields: &[&str]) -> Result<Value> {
        let found = self.tryton.search(model, &json!([field, "=", reference]), fields).await?;
        anyhow::ensure!(found.len() == 1, "{} of {model} under {reference}", found.len());
        found.into_iter().next().context("none")
    }
}

/// The one value of this type.
fn mechanism(party: &Value, kind: &str) -> Value {
    let all = party["contact_mechanisms"].as_array().into_iter().flatten();
    let ours: Vec<_> = all.filter(|it| it["type"] == kind).map(|it| it["value"].clone()).collect();
    match ours.as_slice() {
        [one] => one.clone(),
        several => json!(several),
    }
}
