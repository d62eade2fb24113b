//! Accounts, contacts and won deals of BottleCRM become customers, contacts and sales in the ERP.

use anyhow::Result;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

use super::part::{Part, only, payload};
use super::signed::Webhook;
use super::stage::{CRM, Stage};

const ACCOUNT: &str = include_str!("../../../../shared/transform/cases/bottlecrm-account/full/input.json");
const CONTACT: &str = include_str!("../../../../shared/transform/cases/bottlecrm-contact/full/input.json");
const DEAL: &str = include_str!("../../../../shared/transform/cases/bottlecrm-deal/won/input.json");

/// An organisation that uses BottleCRM, and one account of it.
struct Organisation {
    id: String,
    account: String,
    now: Timestamp,
}

impl Organisation {
    fn new() -> Self {
        Self { id: Uuid::new_v4().to_string(), account: Uuid::new_v4().to_string(), now: Timestamp::now() }
    }

    /// What the ERP knows a record by.
    fn reference(&self, entity: &str, id: &str) -> String {
        format!("bottlecrm/{}/{entity}/{id}", self.id)
    }

    /// An event of its own, saved so many seconds ago.
    fn event(
        &self,
        case: &str,
        seconds_ago: i64,
        change: impl FnOnce(&mut Value),
    ) -> Result<(String, Value)> {
        let (mut event, id) = (payload(case)?, Uuid::new_v4().to_string());
        let saved = self.now - SignedDuration::from_secs(seconds_ago);
        event["id"] = json!(id);
        event["org_id"] = json!(self.id);
        event["created_at"] = json!(saved.to_string());
        event["data"]["updated_at"] = json!(saved.to_string());
        change(&mut event);
        Ok((id, event))
    }

    fn of_account(&self, seconds_ago: i64, change: impl FnOnce(&mut Value)) -> Result<(String, Value)> {
        self.event(ACCOUNT, seconds_ago, |event| {
            event["data"]["id"] = json!(self.account);
            change(event);
        })
    }
}

pub(super) async fn play<'a>(stage: &'a Stage<'a>) -> Result<Part<'a>> {
    let mut part = Part::new(stage, "crm-to-erp, by BottleCRM");
    let us = Organisation::new();
    let (customer, webhook, id) = accounts(&mut part, &us).await?;
    contact(&mut part, &us).await?;
    won_deal(&mut part, &us).await?;
    part.repeated("the account's delivery again", &webhook, (&CRM, &id, 2)).await?;

    let (id, older) = us.of_account(60, |event| {
        event["event"] = json!("account.updated");
        event["data"]["name"] = json!("Acme before");
    })?;
    let answer = part.post(&stage.sources.bottlecrm(&older)?).await?;
    let ends = stage.ended(&CRM, &id, 1).await?;
    part.row("an older state of the account", Some(&answer), ends.join(", "), "stale");
    let names = stage.partners.records("party.party", ("code", &customer), "name").await?;
    part.check("the customer's name", names, vec!["Acme GmbH".to_owned()]);
    part.refused_when_forged(&webhook).await?;

    let (id, lead) = us.of_account(0, |event| event["event"] = json!("lead.created"))?;
    let lead = stage.sources.bottlecrm(&lead)?;
    part.ignored(("bottlecrm", "an event of another type"), &lead, &id).await?;
    let (id, nameless) = us.of_account(0, |event| event["data"]["name"] = Value::Null)?;
    let answer = part.post(&stage.sources.bottlecrm(&nameless)?).await?;
    let should = "SPW2001 at $.data.name (crm-to-erp, bottlecrm-account/1 canonical.account@1)";
    part.rejected("an account without a name", Some(&answer), (&CRM, &id), should).await?;
    Ok(part)
}

/// The customer's code, and the webhook that made it.
async fn accounts(part: &mut Part<'_>, us: &Organisation) -> Result<(String, Webhook, String)> {
    let (id, event) = us.of_account(30, |_| {})?;
    let webhook = part.stage.sources.bottlecrm(&event)?;
    let answer = part.post(&webhook).await?;
    part.stage.ended(&CRM, &id, 1).await?;
    let code = us.reference("account", &us.account);
    let (name, _) = only(&part.stage.partners.records("party.party", ("code", &code), "name").await?);
    part.row("a new account", Some(&answer), format!("customer {name}"), "customer Acme GmbH");
    part.once.records.push(("party.party", "code", code.clone()));
    Ok((code, webhook, id))
}

async fn contact(part: &mut Part<'_>, us: &Organisation) -> Result<()> {
    let contact = Uuid::new_v4().to_string();
    let (id, event) = us.event(CONTACT, 20, |event| {
        event["event"] = json!("contact.created");
        event["data"]["id"] = json!(contact);
        event["data"]["account_id"] = json!(us.account);
    })?;
    let answer = part.post(&part.stage.sources.bottlecrm(&event)?).await?;
    part.stage.ended(&CRM, &id, 1).await?;
    let code = us.reference("contact", &contact);
    let (name, _) = only(&part.stage.partners.records("party.party", ("code", &code), "name").await?);
    part.row("a contact of it", Some(&answer), format!("contact {name}"), "contact Ann B");
    part.once.records.push(("party.party", "code", code));
    Ok(())
}

/// BottleCRM tells of one save twice.
async fn won_deal(part: &mut Part<'_>, us: &Organisation) -> Result<()> {
    let deal = Uuid::new_v4().to_string();
    let saved = |kind: &str| {
        us.event(DEAL, 10, |event| {
            event["event"] = json!(kind);
            event["data"]["id"] = json!(deal);
            event["data"]["account_id"] = json!(us.account);
            event["data"]["currency"] = json!("USD");
        })
    };
    let (id, won) = saved("deal.won")?;
    let answer = part.post(&part.stage.sources.bottlecrm(&won)?).await?;
    part.stage.ended(&CRM, &id, 1).await?;
    let reference = us.reference("deal", &deal);
    let (state, _) =
        only(&part.stage.partners.records("sale.sale", ("reference", &reference), "state").await?);
    part.row("a deal that was won", Some(&answer), format!("sale in {state}"), "sale in quotation");
    let (id, update) = saved("deal.updated")?;
    let answer = part.post(&part.stage.sources.bottlecrm(&update)?).await?;
    let ends = part.stage.ended(&CRM, &id, 1).await?;
    part.row("the update of the same save", Some(&answer), ends.join(", "), "duplicate");
    part.once.records.push(("sale.sale", "reference", reference));
    Ok(())
}
