//! Accounts, contacts and won deals of a real BottleCRM: customers, contacts and sales in a real Tryton.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::{Journal, Stage, text};
use crate::real::bottlecrm::{EVENTS, RealBottleCrm};
use crate::real::relay::{Delivery, Relay};
use crate::real::tryton::RealTryton;
use crate::real::until::until;
use crate::scenario::Outcome;

const FLOW: &str = "crm-to-erp";
const SIGNATURE: &str = "x-bottlecrm-signature";
const PARTY: [&str; 4] = ["name", "contact_mechanisms.type", "contact_mechanisms.value", "identifiers.code"];
const SALE: [&str; 4] = ["state", "party", "currency.code", "lines.unit_price"];

/// The stage's ERP is this one. BottleCRM starts here, and makes the secret itself.
pub async fn play(stage: Stage<'_>, tryton: &RealTryton) -> Result<Outcome> {
    let mut journal = Journal::begin(stage, &["CrmToErp"]).await?;
    let url = stage.webhooks("bottlecrm")?;
    let relay = Relay::start(Some(url.clone())).await?;
    let crm = RealBottleCrm::up(stage.tools).await?;
    let secret = crm.register_webhook(&relay.url, &EVENTS).await?;
    stage.stack.trust_bottlecrm(&secret).await?;
    let way = Way { stage, url: &url, relay: &relay, tryton };

    (stage.progress)("an account, a contact and a won deal are made in BottleCRM");
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
    way.done(&mut journal, "an account made in BottleCRM", &created, "customer").await?;
    journal.check("the customer's mail", &mechanism(&party, "email"), &json!("ops@acme.example"));

    let ann = json!({
        "first_name": "Ann", "last_name": "Example", "email": "ann@acme.example", "account": account,
    });
    let contact = crm.create_contact(&ann).await?;
    let told = way.told("contact.created", &contact, 0).await?;
    let person = of("contact", &contact)?;
    let party = way.party(&person, "Ann Example").await?;
    way.done(&mut journal, "a contact of it", &told, "contact").await?;
    let is_known_by = party["identifiers"].as_array().into_iter().flatten().any(|it| it["code"] == *customer);
    journal.check("the contact has its account's code", &json!(is_known_by), &json!(true));

    let deal = crm.create_deal("Ten widgets", &account, "100.00").await?;
    let open = way.told("deal.created", &deal, 0).await?;
    way.done(&mut journal, "an open deal", &open, "nothing to sell yet").await?;
    // Two events of one save. At the same time the second would find the first one's claim, and come again after a minute and a half.
    relay.hold(true);
    crm.win_deal(&deal, "2026-01-31").await?;
    let (won, saved) = (way.told("deal.won", &deal, 0).await?, way.told("deal.updated", &deal, 0).await?);
    relay.hold(false);
    let status = won.post(&url).await?;
    let sale = of("deal", &deal)?;
    let sold = until("the deal's sale", async || {
        let sales = tryton.search("sale.sale", &json!(["reference", "=", sale]), &SALE).await?;
        Ok(sales.into_iter().find(|sale| sale["state"] == "quotation"))
    })
    .await?;
    stage.ended(FLOW, &event_of(&won)?, "Done", 1).await?;
    journal.row("the deal is won", status, "sale in quotation");
    way.again(&mut journal, "deal.updated of the same save", &saved, "Duplicate").await?;
    let price = sold["lines"][0]["unit_price"]["decimal"].as_str().and_then(|it| it.parse::<f64>().ok());
    journal.check("the sale's price", &json!(price), &json!(100.0));
    journal.check("the sale's currency", &sold["currency"]["code"], &json!("EUR"));
    let buyer = way.only("party.party", "code", &customer, &["name"]).await?;
    journal.check("the sale's customer", &sold["party"], &buyer["id"]);

    (stage.progress)("the account is renamed, and what was before is repeated and replayed");
    crm.update_account(&account, &json!({ "name": "Acme AG" })).await?;
    let renamed = way.told("account.updated", &account, 0).await?;
    way.party(&customer, "Acme AG").await?;
    way.done(&mut journal, "the account is renamed", &renamed, "customer renamed").await?;
    way.again(&mut journal, "the same delivery again", &renamed, "Duplicate").await?;
    way.again(&mut journal, "the older delivery again", &created, "Stale").await?;
    let replayed = created.timed_anew(SIGNATURE, &secret)?;
    way.again(&mut journal, "the older one, signed anew", &replayed, "Stale").await?;
    way.again(&mut journal, "the won deal, signed anew", &won.timed_anew(SIGNATURE, &secret)?, "Duplicate")
        .await?;
    journal.forged(&created.timed_anew(SIGNATURE, "whsec_forged")?, &url).await?;

    (stage.progress)("two changes of the contact arrive in the other order");
    relay.hold(true);
    for last_name in ["Older", "Newer"] {
        crm.update_contact(&contact, &json!({ "last_name": last_name })).await?;
    }
    let (older, newer) =
        (way.told("contact.updated", &contact, 0).await?, way.told("contact.updated", &contact, 1).await?);
    let status = newer.post(&url).await?;
    way.party(&person, "Ann Newer").await?;
    journal.row("the newer of two changes, before", status, "contact renamed");
    way.again(&mut journal, "the older one of them", &older, "Stale").await?;

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

struct Way<'a> {
    stage: Stage<'a>,
    url: &'a str,
    relay: &'a Relay,
    tryton: &'a RealTryton,
}

impl Way<'_> {
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

    async fn done(
        &self,
        journal: &mut Journal<'_>,
        what: &'static str,
        delivery: &Delivery,
        result: &str,
    ) -> Result<()> {
        self.stage.ended(FLOW, &event_of(delivery)?, "Done", 1).await?;
        journal.row(what, delivery.status.unwrap_or_default(), result);
        Ok(())
    }

    /// Posts what came before, and waits until it has ended so.
    async fn again(
        &self,
        journal: &mut Journal<'_>,
        what: &'static str,
        delivery: &Delivery,
        disposition: &str,
    ) -> Result<()> {
        let event = event_of(delivery)?;
        let before = self.stage.dispositions(FLOW, &event, disposition).await?;
        let status = delivery.post(self.url).await?;
        self.stage.ended(FLOW, &event, disposition, before + 1).await?;
        journal.row(what, status, disposition.to_lowercase());
        Ok(())
    }
}

fn event_of(delivery: &Delivery) -> Result<String> {
    text(&delivery.json()["id"], "event id").map(str::to_owned)
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
