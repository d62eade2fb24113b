//! Orders of two shops: stock set aside, and with it the label that follows.

use anyhow::Result;
use serde_json::{Value, json};

use super::part::{Part, only, payload, unique};
use super::shop::{CREATED, Shop};
use super::stage::{LABELS, ORDERS, Stage};

const VENDURE_ORDER: &str =
    include_str!("../../../../shared/transform/cases/vendure-order/as-captured/input.json");

pub(super) async fn shopify<'a>(stage: &'a Stage<'a>) -> Result<Part<'a>> {
    let mut part = Part::new(stage, "orders-to-inventory, by Shopify");
    let shop = Shop::new(&stage.stack.api_url()?, stage.stack.webhook_secret());
    let order = shop.order();
    let webhook = shop.webhook(&order, &shop.delivery(), CREATED)?;
    let answer = part.post(&webhook).await?;
    let (result, should) = reserved_and_labelled(&part, &order.event_id, &order.reference()).await?;
    part.row("one order", Some(&answer), result, should);
    part.repeated("the same delivery again", &webhook, (&ORDERS, &order.event_id, 2)).await?;
    let another = shop.webhook(&order, &shop.delivery(), CREATED)?;
    part.repeated("the same order, another delivery", &another, (&ORDERS, &order.event_id, 3)).await?;
    part.refused_when_forged(&webhook).await?;

    let other = shop.order();
    let updated = shop.webhook(&other, &shop.delivery(), "orders/updated")?;
    part.ignored(("shopify", "an event of another type"), &updated, &other.event_id).await?;
    let broken = shop.order_without_address();
    let answer = part.post(&shop.webhook(&broken, &shop.delivery(), CREATED)?).await?;
    let should = "SPW2001 at $.shipping_address (orders-to-inventory, shopify-order/2 canonical.order@1)";
    let broken = (&ORDERS, broken.event_id.as_str());
    part.rejected("an order that can never be mapped", Some(&answer), broken, should).await?;
    part.once.reservations.push(order.reference());
    part.once.labels.push(order.reference());
    Ok(part)
}

pub(super) async fn vendure<'a>(stage: &'a Stage<'a>) -> Result<Part<'a>> {
    let mut part = Part::new(stage, "orders-to-inventory, by Vendure");
    let (order, id) = (vendure_order(|_| {})?, unique());
    let reference = format!("vendure/{}", order["data"]["code"].as_str().unwrap_or_default());
    let webhook = stage.sources.vendure(&id, &order)?;
    let answer = part.post(&webhook).await?;
    let (result, should) = reserved_and_labelled(&part, &id, &reference).await?;
    part.row("one order", Some(&answer), result, should);
    part.repeated("the same webhook again", &webhook, (&ORDERS, &id, 2)).await?;
    part.refused_when_forged(&webhook).await?;

    let id = unique();
    let cancelled = vendure_order(|order| order["type"] = json!("order.cancelled"))?;
    let cancelled = stage.sources.vendure(&id, &cancelled)?;
    part.ignored(("vendure", "an event of another type"), &cancelled, &id).await?;
    let id = unique();
    let broken = vendure_order(|order| order["data"]["lines"][0]["productVariant"]["sku"] = Value::Null)?;
    let answer = part.post(&stage.sources.vendure(&id, &broken)?).await?;
    let should = "SPW2001 at $.data.lines[0].productVariant.sku (orders-to-inventory, vendure-order/1 canonical.order@1)";
    part.rejected("a line without a product", Some(&answer), (&ORDERS, &id), should).await?;
    part.once.reservations.push(reference.clone());
    part.once.labels.push(reference);
    Ok(part)
}

fn vendure_order(change: impl FnOnce(&mut Value)) -> Result<Value> {
    let mut order = payload(VENDURE_ORDER)?;
    order["data"]["code"] = json!(unique().to_uppercase().get(..16));
    change(&mut order);
    Ok(order)
}

/// Once both flows are done with the event.
async fn reserved_and_labelled(part: &Part<'_>, event_id: &str, reference: &str) -> Result<(String, String)> {
    let partners = part.stage.partners;
    part.stage.ended(&ORDERS, event_id, 1).await?;
    part.stage.ended(&LABELS, event_id, 1).await?;
    let (reservation, should_be_reserved) = only(&partners.reservations(reference).await?);
    let (label, should_be_labelled) = only(&partners.labels(reference).await?);
    let say = |reservation, label| format!("reserved {reservation}, label {label}");
    Ok((say(reservation, label), say(should_be_reserved, should_be_labelled)))
}
