//! Reservations become labels. No webhook leads here: what another flow sends comes twice where that flow dies before it is done.

use anyhow::Result;
use serde_json::{Value, json};

use super::part::{Part, only, payload, unique};
use super::stage::{LABELS, Stage};

const RESERVATION: &str =
    include_str!("../../../../shared/transform/cases/canonical-reservation/full/input.json");

pub(super) async fn play<'a>(stage: &'a Stage<'a>) -> Result<Part<'a>> {
    let mut part = Part::new(stage, "inventory-to-shipping");
    let reference = format!("acme-demo.example.com/{}", unique());
    let (id, event) = reserved(&reference, |_| {})?;
    stage.send(&LABELS, &event).await?;
    stage.ended(&LABELS, &id, 1).await?;
    let (label, should) = only(&stage.partners.labels(&reference).await?);
    part.row("stock that was set aside", None, format!("label {label}"), format!("label {should}"));
    stage.send(&LABELS, &event).await?;
    let ends = stage.ended(&LABELS, &id, 2).await?;
    part.row("the same event again", None, ends.last().cloned().unwrap_or_default(), "duplicate");
    let (id, broken) = reserved(&unique(), |data| data["ship_to"]["country"] = Value::Null)?;
    stage.send(&LABELS, &broken).await?;
    let should = "SPW2001 at $.ship_to.country (inventory-to-shipping, canonical-reservation/2 canonical.reservation@1)";
    part.rejected("an address without a country", None, (&LABELS, &id), should).await?;
    part.once.labels.push(reference);
    Ok(part)
}

/// Correlation id and event, as orders-to-inventory makes them.
fn reserved(reference: &str, change: impl FnOnce(&mut Value)) -> Result<(String, Value)> {
    let (mut data, correlation_id) = (payload(RESERVATION)?, unique());
    data["reference"] = json!(reference);
    change(&mut data);
    let event = json!({
        "specversion": "1.0", "id": format!("spillway.stock.reserved/{reference}"), "sourceversion": "1",
        "source": "/spillway/orders-to-inventory", "type": "spillway.stock.reserved",
        "time": jiff::Timestamp::now().to_string(), "correlationid": correlation_id, "data": data
    });
    Ok((correlation_id, event))
}
