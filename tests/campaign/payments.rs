//! Payments under test: a failure that makes a case, and a refund that is told one.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use connector_redmine::RedmineCaseDesk;
use payments_to_operations::{Mappings, PaymentsToOperations};
use receiver::Receiver;
use serde_json::{Value, json};
use tests::redmine::sandbox_settings;

use crate::flows::{Subject, Translators, envelope, http};
use crate::hook::Hook;
use crate::world::World;

static FAILED: LazyLock<Value> = LazyLock::new(|| {
    let text =
        include_str!("../../shared/transform/cases/stripe-payment-intent/failed-by-the-issuer/input.json");
    serde_json::from_str(text).unwrap()
});
static REFUNDED: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!(
        "../../shared/transform/cases/stripe-charge/refunded-in-part/input.json"
    ))
    .unwrap()
});

/// The two events by which Stripe tells that a refund has failed.
static REFUND_FAILED: LazyLock<[Value; 2]> = LazyLock::new(|| {
    [
        include_str!("../../shared/transform/cases/stripe-refund/failed/input.json"),
        include_str!("../../shared/transform/cases/stripe-refund/failed-as-an-update/input.json"),
    ]
    .map(|text| serde_json::from_str(text).unwrap())
});

const TARGET: &str = "redmine";
/// Cases that a person has made before: as many as any weather asks for.
const MOST_ORDERS: u32 = 10;

pub(crate) fn receiver(by: &Translators, world: &Arc<World>, hook: &Hook) -> Receiver<PaymentsToOperations> {
    let seen = world.seen_by(hook);
    let gate = seen.gate(TARGET);
    let target = http(TARGET, world.sandbox.redmine_url(), Arc::clone(&seen));
    let desk = RedmineCaseDesk::new(target, world.credential(), sandbox_settings(), Arc::clone(&by.issues));
    let mappings = Mappings {
        payment_intents: Arc::clone(&by.payment_intents),
        charges: Arc::clone(&by.charges),
        refunds: Arc::clone(&by.refunds),
        disputes: Arc::clone(&by.disputes),
    };
    seen.receiver(PaymentsToOperations::new(mappings, Arc::new(desk)), gate)
}

fn webhook(event_type: &str, payload: &Value) -> String {
    envelope(&format!("stripe.{event_type}"), "/stripe/acct_1", "2026-10-28", payload)
}

/// How often cases of the payment say that they were told of the event.
fn told(world: &World, order: u32, event: &str) -> usize {
    let mark = format!("[spillway {event} ");
    let cases = world.sandbox.cases(&reference(order));
    let notes =
        |case: &Value| case["journals"].as_array().unwrap().iter().map(|it| it["notes"].clone()).collect();
    let texts = cases.iter().flat_map(|case| {
        let notes: Vec<Value> = notes(case);
        std::iter::once(case["description"].clone()).chain(notes)
    });
    texts.filter(|text| text.as_str().is_some_and(|text| text.contains(&mark))).count()
}

fn reference(order: u32) -> String {
    format!("PAY-pi-{order}")
}

/// A failed payment.
#[derive(Clone, Copy)]
pub(crate) struct Cases;

impl Subject for Cases {
    type Flow = PaymentsToOperations;

    fn target(self) -> &'static str {
        TARGET
    }

    fn receiver_by(
        self,
        by: &Translators,
        world: &Arc<World>,
        hook: &Hook,
    ) -> Receiver<PaymentsToOperations> {
        receiver(by, world, hook)
    }

    fn good(self, order: u32) -> String {
        let mut payload = FAILED.clone();
        payload["id"] = json!(format!("evt_failed_{order}"));
        payload["data"]["object"]["id"] = json!(format!("pi_{order}"));
        webhook("payment_intent.payment_failed", &payload)
    }

    fn poison(self) -> String {
        let mut payload = FAILED.clone();
        payload["data"]["object"]["amount"] = Value::Null;
        webhook("payment_intent.payment_failed", &payload)
    }

    /// Told once, in one case.
    fn effects(self, world: &World, order: u32) -> usize {
        told(world, order, &format!("evt_failed_{order}")).max(world.sandbox.cases(&reference(order)).len())
    }

    fn follow_ons(self) -> usize {
        0
    }
}

/// A refund of a payment that has a case.
#[derive(Clone, Copy)]
pub(crate) struct Notes;

impl Subject for Notes {
    type Flow = PaymentsToOperations;

    fn target(self) -> &'static str {
        TARGET
    }

    fn receiver_by(
        self,
        by: &Translators,
        world: &Arc<World>,
        hook: &Hook,
    ) -> Receiver<PaymentsToOperations> {
        for reference in (1..=MOST_ORDERS).map(reference) {
            if world.sandbox.cases(&reference).is_empty() {
                world.sandbox.open_case(&reference);
            }
        }
        receiver(by, world, hook)
    }

    fn good(self, order: u32) -> String {
        let mut payload = REFUNDED.clone();
        payload["id"] = json!(format!("evt_refunded_{order}"));
        payload["data"]["object"]["payment_intent"] = json!(format!("pi_{order}"));
        webhook("charge.refunded", &payload)
    }

    fn poison(self) -> String {
        let mut payload = REFUNDED.clone();
        payload["data"]["object"]["currency"] = json!("");
        webhook("charge.refunded", &payload)
    }

    fn effects(self, world: &World, order: u32) -> usize {
        // By the second and the sum, whatever the event is called.
        told(world, order, &format!("refund-{}", 1_795_514_398_u64 << 32 | 1_000))
    }

    fn follow_ons(self) -> usize {
        0
    }
}

/// A refund that failed, of a payment that has a case. Every second time that it is asked for it comes by the other of Stripe's events.
#[derive(Clone, Copy)]
pub(crate) struct Refunds<'a>(pub(crate) &'a AtomicUsize);

impl Subject for Refunds<'_> {
    type Flow = PaymentsToOperations;

    fn target(self) -> &'static str {
        TARGET
    }

    fn receiver_by(
        self,
        by: &Translators,
        world: &Arc<World>,
        hook: &Hook,
    ) -> Receiver<PaymentsToOperations> {
        Notes.receiver_by(by, world, hook)
    }

    fn good(self, order: u32) -> String {
        let mut payload = REFUND_FAILED[self.0.fetch_add(1, Ordering::SeqCst) % 2].clone();
        payload["data"]["object"]["payment_intent"] = json!(format!("pi_{order}"));
        payload["data"]["object"]["id"] = json!(format!("re_{order}"));
        webhook(payload["type"].as_str().unwrap(), &payload)
    }

    fn poison(self) -> String {
        Notes.poison()
    }

    fn effects(self, world: &World, order: u32) -> usize {
        told(world, order, &format!("re_{order}-failed"))
    }

    fn follow_ons(self) -> usize {
        0
    }
}
