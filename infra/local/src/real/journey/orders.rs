//! An order placed in a real Vendure: stock set aside in a real Tryton, a label bought of a real Karrio.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::{Journal, Stage, Way};
use crate::real::karrio::RealKarrio;
use crate::real::relay::{Delivery, Relay};
use crate::real::tryton::RealTryton;
use crate::real::until;
use crate::real::vendure::{RealVendure, Webhook};
use crate::scenario::Outcome;

const WAY: Way = Way {
    title: "Vendure -> Tryton -> Karrio",
    source: "vendure",
    function: "orders-to-inventory",
    flows: &["OrdersToInventory", "InventoryToShipping"],
};
const SKU: &str = "SKU-2";

/// From the shop on.
struct Systems<'a> {
    relay: Relay,
    vendure: RealVendure,
    tryton: &'a RealTryton,
    karrio: &'a RealKarrio,
}

/// The stage's targets are these systems. Vendure starts here: it has to be told beforehand where its webhooks go.
pub async fn play(stage: Stage<'_>, tryton: &RealTryton, karrio: &RealKarrio) -> Result<Outcome> {
    let mut journal = Journal::begin(stage, WAY).await?;
    let relay = Relay::start(Some(journal.url.clone())).await?;
    relay.lose_first_answers();
    let secret = stage.stack.vendure_secret();
    let vendure = RealVendure::up(stage.tools, Some(Webhook { url: &relay.url, secret })).await?;
    let way = Systems { relay, vendure, tryton, karrio };
    let free = tryton.free_stock(SKU).await?;

    journal.says("an order is placed in Vendure, whose webhook is answered only when it comes again");
    let code = way.order(3).await?;
    let posted = way.posted(&code, 2).await?;
    let made = way.made(&code).await?;
    for (delivery, what) in
        posted.iter().zip(["an order placed in Vendure", "the same, as its answer was lost"])
    {
        journal.row(what, delivery.status.unwrap_or_default(), &made);
    }
    let first = posted.first().context("nothing was posted")?;
    journal.ended(first.header("webhook-id"), "Duplicate", 1).await?;

    journal.says("the order is replayed, and forged");
    let replayed = first.signed_anew(secret, &format!("replayed-{code}"))?;
    journal.again("replayed later, signed anew", &replayed, "Duplicate").await?;
    let forged = first.signed_anew("whsec_Zm9yZ2VkZm9yZ2VkZm9yZ2VkZm9yZ2Vk", "forged")?;
    journal.forged(&forged).await?;

    journal.says("two orders arrive in the other order");
    way.relay.hold(true);
    let (older, newer) = (way.order(1).await?, way.order(2).await?);
    for (code, what) in [(&newer, "the newer of two orders, before"), (&older, "the older one of them")] {
        let held = way.posted(code, 1).await?;
        let status = held.first().context("nothing was posted")?.post(&journal.url).await?;
        journal.row(what, status, way.made(code).await?);
    }

    for code in [&code, &older, &newer] {
        way.checked(&mut journal, code).await?;
    }
    let set_aside = free - tryton.free_stock(SKU).await?;
    journal.check("stock set aside by all three orders", &json!(set_aside), &json!(6.0));
    journal.end().await
}

impl Systems<'_> {
    async fn order(&self, quantity: u32) -> Result<String> {
        let address = json!({
            "fullName": "Ann Example", "streetLine1": "1 Example Way", "streetLine2": "Suite 5",
            "city": "Sacramento", "province": "CA", "postalCode": "95814", "countryCode": "US",
            "phoneNumber": "+14155550123",
        });
        self.vendure.place_order(SKU, quantity, &address).await
    }

    /// The order's webhooks, once there are so many.
    async fn posted(&self, code: &str, count: usize) -> Result<Vec<Delivery>> {
        until("the order's webhook", async || {
            let all = self.relay.deliveries().into_iter();
            let ours: Vec<_> = all.filter(|it| it.json()["data"]["code"] == code).collect();
            Ok((ours.len() >= count).then_some(ours))
        })
        .await
    }

    /// What the order became, once it is all there.
    async fn made(&self, code: &str) -> Result<String> {
        let reference = format!("vendure/{code}");
        until("the order's reservation and label", async || {
            let reservation = self.tryton.reservations(&reference).await?.into_iter().next();
            let label = self.karrio.shipments(&reference).await?.into_iter().next();
            let Some((reservation, label)) = reservation.zip(label) else { return Ok(None) };
            let number = label["tracking_number"].as_str().unwrap_or_default();
            Ok(Some(format!("reserved {reservation}, label {number}")))
        })
        .await
    }

    async fn checked(&self, journal: &mut Journal<'_>, code: &str) -> Result<()> {
        let reference = format!("vendure/{code}");
        let reserved = self.tryton.reservations(&reference).await?.len();
        journal.check(&format!("reservations of {code}"), &json!(reserved), &json!(1));
        let labels = self.karrio.shipments(&reference).await?;
        journal.check(&format!("labels of {code}"), &json!(labels.len()), &json!(1));
        for label in &labels {
            let pdf = self.karrio.label(label).await?;
            let begins = String::from_utf8_lossy(pdf.get(..5).unwrap_or_default()).into_owned();
            journal.check(&format!("the label of {code} begins"), &json!(begins), &json!("%PDF-"));
            let to: &Value = &label["recipient"]["postal_code"];
            journal.check(&format!("the label of {code} goes to"), to, &json!("95814"));
        }
        Ok(())
    }
}
