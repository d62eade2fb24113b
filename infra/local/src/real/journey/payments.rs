//! Payments at a real localstripe that fail and succeed: cases at a real Redmine. localstripe sends no event of a refund or a dispute:
//! those are made here out of Stripe's own examples, with the id of a payment that localstripe has, and signed as Stripe does.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Journal, Stage, Way, event_of, text};
use crate::real::localstripe::RealLocalStripe;
use crate::real::redmine::RealRedmine;
use crate::real::relay::{Delivery, Relay};
use crate::real::until;
use crate::scenario::Outcome;

const WAY: Way = Way {
    title: "localstripe -> Redmine",
    source: "stripe",
    function: "payments-to-operations",
    flows: &["PaymentsToOperations"],
};
const SIGNATURE: &str = "stripe-signature";
const DISPUTED: &str = include_str!("../../../../../shared/transform/cases/stripe-dispute/opened/input.json");
const WON: &str = include_str!("../../../../../shared/transform/cases/stripe-dispute/closed-won/input.json");
const REFUNDED: &str =
    include_str!("../../../../../shared/transform/cases/stripe-charge/refunded-in-part/input.json");

/// The stage's desk is this one. localstripe starts here.
pub async fn play(stage: Stage<'_>, redmine: &RealRedmine) -> Result<Outcome> {
    let mut journal = Journal::begin(stage, WAY).await?;
    let relay = Relay::start(Some(journal.url.clone())).await?;
    let secret = stage.stack.stripe_webhook_secret();
    let stripe = RealLocalStripe::up(stage.tools).await?;
    stripe.register_webhook(&relay.url, secret).await?;
    let way = Systems { relay: &relay, redmine };

    journal.says("a payment fails at localstripe");
    let customer = stripe.create_customer("Ann Example", "ann@example.com").await?;
    let customer = text(&customer["id"], "customer")?;
    let unknown = relay.delivery("customer.created", |body| body["type"] == "customer.created").await?;
    journal.row("a customer, whom no flow waits for", unknown.status.unwrap_or_default(), "acknowledged");
    let payment = stripe.fail_to_pay(customer, 2_999, "eur").await?;
    let id = text(&payment["id"], "payment")?;
    let failed = way.told(id, "payment_intent.payment_failed").await?;
    let case = way.case(id, false).await?;
    journal.done("a payment fails at localstripe", &failed, "a case").await?;
    let case_id = case["id"].as_u64().context("a case without an id")?;
    for (field, should) in [(redmine.desk.amount_field, "29.99"), (redmine.desk.currency_field, "EUR")] {
        journal.check(&format!("field {field} of the case"), &field_of(&case, field), &json!(should));
    }
    let says = case["description"].as_str().is_some_and(|it| it.contains(customer) && it.contains(id));
    journal.check("the case names customer and payment", &json!(says), &json!(true));

    journal.says("the same again, and replayed");
    journal.again("the same delivery again", &failed, "Duplicate").await?;
    journal.again("replayed later, signed anew", &failed.timed_anew(SIGNATURE, secret)?, "Duplicate").await?;
    journal.forged(&failed.timed_anew(SIGNATURE, "whsec_forged")?).await?;
    let notes = redmine.issue(case_id).await?["journals"].as_array().map_or(0, Vec::len);
    journal.check("notes of the case after its repeats", &json!(notes), &json!(0));

    journal.says("the payment succeeds after all");
    stripe.pay_after_all(&payment).await?;
    let succeeded = way.told(id, "payment_intent.succeeded").await?;
    way.case(id, true).await?;
    journal.done("it succeeds with another card", &succeeded, "case closed").await?;
    journal.again("its failure, late", &failed, "Stale").await?;

    journal.says("the payment is disputed and refunded, told by us as localstripe does not");
    let happened = jiff::Timestamp::now().as_second();
    for (place, (what, event, closed, result)) in [
        ("signed by us: it is disputed", DISPUTED, false, "case open again"),
        ("signed by us: a part is refunded", REFUNDED, false, "a note"),
        ("signed by us: the dispute is won", WON, true, "case closed"),
    ]
    .into_iter()
    .enumerate()
    {
        let seconds = happened.saturating_add(i64::try_from(place)?);
        let told = made_up(event, id, seconds, secret)?;
        let status = told.post(&journal.url).await?;
        journal.ended(&event_of(&told)?, "Done", 1).await?;
        way.case(id, closed).await?;
        journal.row(what, status, result);
    }

    journal.says("another payment fails and succeeds, told in the other order");
    relay.hold(true);
    let other = stripe.fail_to_pay(customer, 1_000, "eur").await?;
    stripe.pay_after_all(&other).await?;
    let other = text(&other["id"], "payment")?;
    let (older, newer) = (
        way.told(other, "payment_intent.payment_failed").await?,
        way.told(other, "payment_intent.succeeded").await?,
    );
    journal.again("another payment's success, before", &newer, "Done").await?;
    journal.again("the failure of that payment", &older, "Stale").await?;

    let cases = redmine.issues(&reference(id)).await?.len();
    journal.check("cases of the payment", &json!(cases), &json!(1));
    let cases = redmine.issues(&reference(other)).await?.len();
    journal.check("cases of the payment that had succeeded already", &json!(cases), &json!(0));
    let notes = redmine.issue(case_id).await?["journals"].clone();
    let notes = notes.as_array().into_iter().flatten().filter(|it| it["notes"] != "").count();
    journal.check("notes of the case in the end", &json!(notes), &json!(4));
    journal.end().await
}

struct Systems<'a> {
    relay: &'a Relay,
    redmine: &'a RealRedmine,
}

impl Systems<'_> {
    async fn told(&self, payment: &str, kind: &str) -> Result<Delivery> {
        self.relay
            .delivery(kind, |body| body["type"] == kind && body["data"]["object"]["id"] == payment)
            .await
    }

    /// The payment's case, once it is open or closed.
    async fn case(&self, payment: &str, closed: bool) -> Result<Value> {
        until(if closed { "a closed case" } else { "an open case" }, async || {
            let cases = self.redmine.issues(&reference(payment)).await?;
            Ok(cases.into_iter().find(|case| case["status"]["is_closed"] == closed))
        })
        .await
    }
}

/// One of Stripe's examples as an event of this payment.
fn made_up(example: &str, payment: &str, seconds: i64, secret: &str) -> Result<Delivery> {
    let mut event: Value = serde_json::from_str(example)?;
    event["id"] = json!(format!("evt_{}", Uuid::new_v4().simple()));
    event["created"] = json!(seconds);
    event["data"]["object"]["payment_intent"] = json!(payment);
    Delivery::of(&event)?.timed_anew(SIGNATURE, secret)
}

/// Of the payment at the desk.
fn reference(payment: &str) -> String {
    format!("PAY-{}", payment.replace('_', "-"))
}

fn field_of(case: &Value, id: u64) -> Value {
    let fields = case["custom_fields"].as_array().into_iter().flatten();
    fields.filter(|field| field["id"] == id).map(|field| field["value"].clone()).next().unwrap_or_default()
}
