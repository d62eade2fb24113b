//! Payments of Stripe become cases at the operations desk.

use anyhow::Result;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::part::{Part, payload, unique};
use super::stage::{PAYMENTS, Stage};

const FAILED: &str =
    include_str!("../../../../shared/transform/cases/stripe-payment-intent/failed-by-the-issuer/input.json");
const SUCCEEDED: &str =
    include_str!("../../../../shared/transform/cases/stripe-payment-intent/succeeded/input.json");
const REFUNDED: &str =
    include_str!("../../../../shared/transform/cases/stripe-charge/refunded-in-part/input.json");
const DISPUTED: &str = include_str!("../../../../shared/transform/cases/stripe-dispute/opened/input.json");
const WON: &str = include_str!("../../../../shared/transform/cases/stripe-dispute/closed-won/input.json");

/// A payment that began an hour ago.
pub(super) struct Payment {
    id: String,
    began: Timestamp,
}

impl Payment {
    fn new() -> Self {
        Self { id: unique(), began: Timestamp::now() - SignedDuration::from_hours(1) }
    }

    /// What the desk knows its case by.
    fn reference(&self) -> String {
        format!("PAY-pi-{}", self.id)
    }

    /// An event of the payment, so many seconds after it began.
    fn event(&self, case: &str, seconds: i64) -> Result<(String, Value)> {
        let (mut event, id) = (payload(case)?, format!("evt_{}", unique()));
        event["id"] = json!(id);
        event["created"] = json!(self.began.as_second() + seconds);
        let object = &mut event["data"]["object"];
        if object["object"] == "payment_intent" {
            object["id"] = json!(format!("pi_{}", self.id));
        } else {
            object["payment_intent"] = json!(format!("pi_{}", self.id));
            object["id"] =
                json!(format!("{}_{}", if object["object"] == "dispute" { "du" } else { "ch" }, self.id));
        }
        Ok((id, event))
    }
}

pub(super) async fn play<'a>(stage: &'a Stage<'a>) -> Result<Part<'a>> {
    let mut part = Part::new(stage, "payments-to-operations, by Stripe");
    let payment = Payment::new();
    let (id, failed) = payment.event(FAILED, 0)?;
    let webhook = stage.sources.stripe(&failed)?;
    told(&mut part, &payment, "a payment failed", (&id, &failed), "open, notes: 0").await?;
    part.repeated("the same event again", &webhook, (&PAYMENTS, &id, 2)).await?;
    for (what, case, seconds, should) in [
        ("it succeeded", SUCCEEDED, 120, "closed, notes: 1"),
        ("it is disputed", DISPUTED, 180, "open, notes: 2"),
        ("it is refunded in part", REFUNDED, 240, "open, notes: 3"),
        ("the dispute is won", WON, 300, "closed, notes: 4"),
    ] {
        let (id, event) = payment.event(case, seconds)?;
        told(&mut part, &payment, what, (&id, &event), should).await?;
    }
    let (id, late) = payment.event(FAILED, 60)?;
    let answer = part.post(&stage.sources.stripe(&late)?).await?;
    let ends = stage.ended(&PAYMENTS, &id, 1).await?;
    part.row("a failure before that, out of order", Some(&answer), ends.join(", "), "stale");
    let cases = stage.stack.sandbox.cases(&payment.reference());
    part.check("the case after that", text(&cases), said(&cases, "closed, notes: 4"));
    without_a_case(&mut part).await?;
    part.refused_when_forged(&webhook).await?;

    let (id, mut other) = payment.event(FAILED, 0)?;
    other["type"] = json!("payment_intent.canceled");
    let other = stage.sources.stripe(&other)?;
    part.ignored(("stripe", "an event of another type"), &other, &id).await?;
    let (id, mut broken) = payment.event(FAILED, 0)?;
    broken["data"]["object"]["amount"] = json!("4200");
    let answer = part.post(&stage.sources.stripe(&broken)?).await?;
    let should = "SPW2002 at $.data.object.amount (payments-to-operations, stripe-payment-intent/2 canonical.payment-event@1)";
    part.rejected("an amount that is a text", Some(&answer), (&PAYMENTS, &id), should).await?;
    Ok(part)
}

/// Posts an event, and has a look at the payment's case.
async fn told(
    part: &mut Part<'_>,
    payment: &Payment,
    what: &'static str,
    (id, event): (&str, &Value),
    should: &str,
) -> Result<()> {
    let answer = part.post(&part.stage.sources.stripe(event)?).await?;
    part.stage.ended(&PAYMENTS, id, 1).await?;
    let cases = part.stage.stack.sandbox.cases(&payment.reference());
    part.row(what, Some(&answer), text(&cases), said(&cases, should));
    Ok(())
}

/// A success that comes before the failure that it was an answer to.
async fn without_a_case(part: &mut Part<'_>) -> Result<()> {
    let payment = Payment::new();
    let (id, succeeded) = payment.event(SUCCEEDED, 120)?;
    let answer = part.post(&part.stage.sources.stripe(&succeeded)?).await?;
    let mut ends = part.stage.ended(&PAYMENTS, &id, 1).await?;
    let (id, failed) = payment.event(FAILED, 60)?;
    part.post(&part.stage.sources.stripe(&failed)?).await?;
    ends.extend(part.stage.ended(&PAYMENTS, &id, 1).await?);
    let cases = part.stage.stack.sandbox.cases(&payment.reference()).len();
    let result = format!("{}, {cases} cases", ends.join(", "));
    part.row("another succeeded, then failed before that", Some(&answer), result, "done, stale, 0 cases");
    Ok(())
}

fn text(cases: &[Value]) -> String {
    match cases {
        [case] => {
            let state = if case["status"]["is_closed"] == true { "closed" } else { "open" };
            let journals = case["journals"].as_array().into_iter().flatten();
            let notes = journals.filter(|journal| journal["notes"].as_str().is_some_and(|it| !it.is_empty()));
            format!("case {}, {state}, notes: {}", case["id"], notes.count())
        }
        cases => format!("{} cases", cases.len()),
    }
}

fn said(cases: &[Value], state: &str) -> String {
    let id = cases.first().map(|case| case["id"].to_string());
    format!("case {}, {state}", id.unwrap_or_default())
}
