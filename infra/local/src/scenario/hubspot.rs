//! HubSpot's notifications carry ids: hubspot-enricher reads the objects, crm-to-erp carries them over.

use std::collections::BTreeMap;

use anyhow::Result;
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::part::{Part, only};
use super::stage::{CRM, ENRICHER, Stage};
use crate::sandbox::HubSpotObject;

/// A HubSpot account with one of each object.
pub(super) struct Portal {
    id: u64,
    pub(super) company: u64,
    contact: u64,
    deal: u64,
    now: Timestamp,
}

impl Portal {
    pub(super) fn new() -> Self {
        // Ids of one run, far from each other's and from those of another.
        let id = u64::from(Uuid::new_v4().as_fields().0);
        Self { id, company: id + 1, contact: id + 2, deal: id + 3, now: Timestamp::now() }
    }

    pub(super) fn reference(&self, entity: &str, id: u64) -> String {
        format!("hubspot/{}/{entity}/{id}", self.id)
    }

    pub(super) fn object(&self, object: &str, id: u64, properties: &[(&str, &str)]) -> HubSpotObject {
        let properties = properties.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        HubSpotObject {
            object: object.to_owned(),
            id,
            updated_at: self.now.to_string(),
            properties: properties.collect::<BTreeMap<_, _>>(),
            companies: if object == "companies" { Vec::new() } else { vec![self.company] },
        }
    }

    /// With the id that ingest gives it.
    pub(super) fn notification(&self, kind: &str, object: u64, property: Option<&str>) -> (String, Value) {
        let occurred_at = self.now.as_millisecond() + i64::from(property.is_some());
        let mut notification = json!({
            "appId": 1, "eventId": 100, "subscriptionId": 7, "portalId": self.id, "occurredAt": occurred_at,
            "subscriptionType": kind, "attemptNumber": 0, "objectId": object, "changeSource": "CRM"
        });
        let mut id = format!("{}-7-{object}-{occurred_at}", self.id);
        if let Some(property) = property {
            notification["propertyName"] = json!(property);
            notification["propertyValue"] = json!("");
            id = format!("{id}-{property}");
        }
        (id, notification)
    }
}

pub(super) async fn play<'a>(stage: &'a Stage<'a>) -> Result<Part<'a>> {
    let mut part = Part::new(stage, "crm-to-erp, by HubSpot and hubspot-enricher");
    let portal = Portal::new();
    company(&mut part, &portal).await?;
    contact_and_deal(&mut part, &portal).await?;

    let (id, ticket) = portal.notification("ticket.creation", portal.id, None);
    let ticket = stage.sources.hubspot(&json!([ticket]))?;
    part.ignored(("hubspot", "an event of another type"), &ticket, &id).await?;
    let broken = portal.id + 4;
    let properties = [("dealname", "Rollout"), ("amount", "a lot"), ("hs_is_closed_won", "true")];
    stage.stack.sandbox.put_hubspot(portal.object("deals", broken, &properties));
    let (id, notification) = portal.notification("deal.creation", broken, None);
    let answer = part.post(&stage.sources.hubspot(&json!([notification]))?).await?;
    let should = "SPW2003 at $.properties.amount (crm-to-erp, hubspot-deal/2 canonical.deal@1)";
    part.rejected("a deal whose amount is no number", Some(&answer), (&CRM, &id), should).await?;
    Ok(part)
}

/// Two notifications of one object, and one of a type that nobody wants, in one delivery.
async fn company(part: &mut Part<'_>, portal: &Portal) -> Result<()> {
    let properties = [("name", "Acme GmbH"), ("phone", "+49 30 901820")];
    part.stage.stack.sandbox.put_hubspot(portal.object("companies", portal.company, &properties));
    let (_, made) = portal.notification("company.creation", portal.company, None);
    let (_, changed) = portal.notification("company.propertyChange", portal.company, Some("phone"));
    let (_, ticket) = portal.notification("ticket.creation", portal.id, Some("subject"));
    let answer = part.post(&part.stage.sources.hubspot(&json!([made, changed, ticket]))?).await?;
    part.will_ignore("hubspot", 1);
    part.check(
        "queued and ignored",
        (&answer.body["queued"], &answer.body["ignored"]),
        (&json!(2), &json!(1)),
    );
    let code = portal.reference("account", portal.company);
    let found = part.stage.poll("the company's customer", async || {
        let found = part.stage.partners.records("party.party", ("code", &code), "name").await?;
        Ok((!found.is_empty()).then_some(found))
    });
    let (name, _) = only(&found.await?);
    part.row(
        "an array of two about a company, and another",
        Some(&answer),
        format!("customer {name}"),
        "customer Acme GmbH",
    );
    part.once.records.push(("party.party", "code", code));
    Ok(())
}

async fn contact_and_deal(part: &mut Part<'_>, portal: &Portal) -> Result<()> {
    let (stage, sandbox) = (part.stage, &part.stage.stack.sandbox);
    let person = [("firstname", "Ann"), ("lastname", "Example"), ("email", "ann@acme.example")];
    sandbox.put_hubspot(portal.object("contacts", portal.contact, &person));
    let won = [
        ("dealname", "Rollout"),
        ("amount", "12500.5"),
        ("deal_currency_code", "USD"),
        ("hs_is_closed_won", "true"),
    ];
    sandbox.put_hubspot(portal.object("deals", portal.deal, &won));
    let (contact, of_contact) = portal.notification("contact.creation", portal.contact, None);
    let (deal, of_deal) = portal.notification("deal.propertyChange", portal.deal, Some("dealstage"));
    let webhook = stage.sources.hubspot(&json!([of_contact, of_deal]))?;
    let answer = part.post(&webhook).await?;
    let (code, reference) =
        (portal.reference("contact", portal.contact), portal.reference("deal", portal.deal));
    for id in [&contact, &deal] {
        stage.ended(&CRM, id, 1).await?;
    }
    let (name, _) = only(&stage.partners.records("party.party", ("code", &code), "name").await?);
    let (state, _) = only(&stage.partners.records("sale.sale", ("reference", &reference), "state").await?);
    let result = format!("contact {name}, sale in {state}");
    part.row(
        "an array of a contact and a won deal",
        Some(&answer),
        result,
        "contact Ann Example, sale in quotation",
    );

    let answer = part.post(&webhook).await?;
    let mut ends = Vec::new();
    for id in [&contact, &deal] {
        ends.extend(stage.ended(&ENRICHER, id, 2).await?.pop());
    }
    part.row("the same array again", Some(&answer), ends.join(", "), "duplicate, duplicate");
    part.refused_when_forged(&webhook).await?;
    part.once.records.push(("party.party", "code", code));
    part.once.records.push(("sale.sale", "reference", reference));
    Ok(())
}
