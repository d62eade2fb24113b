//! The flow against a scripted desk.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use connector_stripe::Accounts;
use message::{Code, Effect, Envelope, Rejection};
use outbound::{Attempt, Budget, CallError, CaseDesk, Told};
use payments_to_operations::{Mappings, PaymentsToOperations};
use receiver::{Claim, Flow, Translated};
use serde_json::{Value, json};
use transform::Translator;
use transform::canonical::{Bearing, PaymentEvent, PaymentEventKind};

const FAILED: &str =
    include_str!("../../../shared/transform/cases/stripe-payment-intent/failed-by-the-issuer/input.json");
const SUCCEEDED: &str =
    include_str!("../../../shared/transform/cases/stripe-payment-intent/succeeded/input.json");
const CAPTURED: &str = include_str!(
    "../../../shared/transform/cases/stripe-payment-intent/succeeded-as-localstripe-sends-it/input.json"
);
const REFUNDED: &str =
    include_str!("../../../shared/transform/cases/stripe-charge/refunded-in-part/input.json");
const REFUND_FAILED: &str = include_str!("../../../shared/transform/cases/stripe-refund/failed/input.json");
const REFUND_UPDATED: &str =
    include_str!("../../../shared/transform/cases/stripe-refund/failed-as-an-update/input.json");
const REFUND_PENDING: &str = include_str!("../../../shared/transform/cases/stripe-refund/pending/input.json");
const OPENED: &str = include_str!("../../../shared/transform/cases/stripe-dispute/opened/input.json");
const WON: &str = include_str!("../../../shared/transform/cases/stripe-dispute/closed-won/input.json");

/// One payment's.
#[derive(Default)]
struct Desk {
    told: Mutex<Vec<String>>,
    lost_answer: bool,
}

#[async_trait]
impl CaseDesk for Desk {
    fn mapping(&self) -> &'static str {
        "redmine-issue/1 redmine.issue@5.0"
    }

    async fn find(&self, event: &PaymentEvent, _: &Budget) -> Result<Option<Told>, CallError> {
        let told = self.told.lock().unwrap();
        if told.is_empty() && event.kind.bearing() != Bearing::Opens {
            return Ok(Some(Told::NoCase));
        }
        Ok(told.contains(&event.id).then(|| Told::Case("7".to_owned())))
    }

    async fn tell(&self, event: &PaymentEvent, _: &Budget) -> Result<Told, CallError> {
        self.told.lock().unwrap().push(event.id.clone());
        if self.lost_answer {
            return Err(CallError::OutcomeUnknown { code: Code::OutcomeUnknown, after: None });
        }
        Ok(Told::Case("7".to_owned()))
    }
}

fn flow(desk: &Arc<Desk>) -> PaymentsToOperations {
    let built_in = |name| Arc::new(Translator::built_in(name, &Value::Null).unwrap());
    let mappings = Mappings {
        payment_intents: built_in("stripe-payment-intent"),
        charges: built_in("stripe-charge"),
        refunds: built_in("stripe-refund"),
        disputes: built_in("stripe-dispute"),
    };
    PaymentsToOperations::new(mappings, Arc::<Desk>::clone(desk))
}

fn payload(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// As ingest puts it on the queue.
fn envelope(payload: &Value) -> Envelope {
    let body = json!({
        "specversion": "1.0", "id": payload["id"], "source": "/stripe/acct_1", "sourceversion": payload["api_version"],
        "type": format!("stripe.{}", payload["type"].as_str().unwrap()), "time": "2026-11-24T10:00:00Z",
        "correlationid": payload["id"], "data": payload
    });
    Envelope::decode(&body.to_string()).unwrap()
}

fn translated(payload: &Value) -> Result<Translated<PaymentEvent>, Rejection> {
    flow(&Arc::default()).translate(&envelope(payload))
}

async fn perform(desk: &Arc<Desk>, text: &str) -> Result<String, Attempt> {
    let (flow, envelope) = (flow(desk), envelope(&payload(text)));
    let translated = flow.translate(&envelope).unwrap();
    let claim = Claim::of(&translated, Effect::Absent);
    let performed = flow.perform(&envelope, &translated.operation, &claim).await?;
    assert!(performed.events.is_empty());
    Ok(performed.outcome.ids)
}

#[test]
fn each_aspect_of_a_payment_is_an_operation_of_its_own() {
    let account = "22:payments-to-operations/13:stripe/acct_1/27:pi_3Example0000000000000001";
    for (text, aspect, mapping) in [
        (FAILED, "7:outcome", "stripe-payment-intent/2 canonical.payment-event@1"),
        (SUCCEEDED, "7:outcome", "stripe-payment-intent/2 canonical.payment-event@1"),
        (REFUNDED, "6:refund", "stripe-charge/3 canonical.payment-event@1"),
        (REFUND_FAILED, "34:refund/re_3Example0000000000000001", "stripe-refund/2 canonical.payment-event@1"),
        (
            REFUND_PENDING,
            "34:refund/re_3Example0000000000000001",
            "stripe-refund/2 canonical.payment-event@1",
        ),
        (OPENED, "19:dispute/du_1Example", "stripe-dispute/2 canonical.payment-event@1"),
        (WON, "19:dispute/du_1Example", "stripe-dispute/2 canonical.payment-event@1"),
    ] {
        let translated = translated(&payload(text)).unwrap();
        assert_eq!(translated.key.as_str(), format!("{account}/{aspect}"));
        assert_eq!(translated.mapping, mapping);
    }
}

/// Deliveries keep no order; what happened later is the newer version, whichever comes first.
#[test]
fn a_later_event_of_an_aspect_is_a_newer_version() {
    let version = |text: &str, created: i64| {
        let mut payload = payload(text);
        payload["created"] = json!(created);
        translated(&payload).unwrap().version
    };
    let now = 1_795_514_398;
    assert!(version(FAILED, now) < version(SUCCEEDED, now + 1));
    assert!(version(SUCCEEDED, now) < version(FAILED, now + 1));
    assert!(version(FAILED, now) < version(SUCCEEDED, now), "of one second");
    assert!(version(OPENED, now) < version(WON, now), "of one second");
    let refunded = |amount: i64| {
        let mut payload = payload(REFUNDED);
        payload["data"]["object"]["amount_refunded"] = json!(amount);
        translated(&payload).unwrap().version
    };
    assert!(refunded(1_000) < refunded(2_000), "of one second");
    assert!(refunded(5_000_000_000) < refunded(6_000_000_000), "of one second");
}

/// Stripe tells one thing by several events, each with an id of its own: to the ledger they are one, or the second would be other content
/// under a known key.
#[test]
fn events_that_say_the_same_of_a_refund_are_one_operation() {
    let mut again = payload(REFUNDED);
    again["id"] = json!("evt_3RefundedAgain");
    for (one, other) in [(payload(REFUNDED), again), (payload(REFUND_FAILED), payload(REFUND_UPDATED))] {
        assert_ne!(one["id"], other["id"]);
        let (one, other) = (translated(&one).unwrap(), translated(&other).unwrap());
        assert_eq!((one.key, one.version, one.operation), (other.key, other.version, other.operation));
    }
}

#[test]
fn what_has_become_of_a_refund_last_is_its_newest_version() {
    let version = |text: &str, status: &str, created: i64| {
        let mut payload = payload(text);
        payload["created"] = json!(created);
        payload["data"]["object"]["status"] = json!(status);
        translated(&payload).unwrap().version
    };
    let now = 1_795_600_798;
    for (earlier, later) in [
        ("pending", "succeeded"),
        ("requires_action", "succeeded"),
        ("succeeded", "failed"),
        ("requires_action", "canceled"),
    ] {
        assert!(version(REFUND_PENDING, earlier, now) < version(REFUND_UPDATED, later, now), "of one second");
        assert!(version(REFUND_PENDING, earlier, now) < version(REFUND_UPDATED, later, now + 1));
    }
    assert!(version(REFUND_UPDATED, "succeeded", now) < version(REFUND_PENDING, "pending", now + 1));
}

#[test]
fn a_repeat_is_the_same_version_with_the_same_content() {
    let (one, other) = (translated(&payload(FAILED)).unwrap(), translated(&payload(FAILED)).unwrap());
    assert_eq!((one.key, one.version, one.operation), (other.key, other.version, other.operation));
}

#[test]
fn what_localstripe_sends_is_read() {
    let event = translated(&payload(CAPTURED)).unwrap().operation;
    assert_eq!((event.kind, event.payment.as_str()), (PaymentEventKind::Succeeded, "pi_HudY7WzwVpVBeC"));
    assert_eq!((event.amount.minor, event.amount.currency.as_str()), (4_200, "EUR"));
}

/// As a rule of EventBridge puts it on the queue.
fn on_the_bus(detail: &Value, destination: &str) -> Envelope {
    let body = json!({
        "version": "0", "id": "7bf73129-1428-4cd3-a780-95db273d1602", "detail-type": detail["type"],
        "source": format!("aws.partner/stripe.com/{destination}"), "account": "123456789012",
        "time": "2026-11-24T10:00:00Z", "region": "eu-central-1", "resources": [], "detail": detail
    });
    Envelope::decode(&body.to_string()).unwrap()
}

#[test]
fn an_event_of_stripes_bus_that_names_its_account_is_the_same_event() {
    let mut detail = payload(FAILED);
    detail["account"] = json!("acct_1");
    let of_the_bus = flow(&Arc::default()).translate(&on_the_bus(&detail, "ed_test_61")).unwrap();
    let of_the_webhook = translated(&detail).unwrap();
    assert_eq!(of_the_bus.key, of_the_webhook.key);
    assert_eq!(
        (of_the_bus.version, of_the_bus.operation),
        (of_the_webhook.version, of_the_webhook.operation)
    );
}

/// A connected account's events name it. Those of the account itself do not, and each way has its own name for it: told which account that
/// is, they are one operation, in one order.
#[test]
fn an_event_of_the_account_itself_is_the_same_whichever_way_it_comes() {
    let accounts =
        Accounts::parse(r#"{"stripe": "acct_1", "ed_test_61": "acct_1", "stripe-us": "acct_2"}"#).unwrap();
    let told = flow(&Arc::default()).of_accounts(accounts);
    let by = |source: &str, text: &str| {
        told.translate(&Envelope { source: source.to_owned(), ..envelope(&payload(text)) }).unwrap()
    };
    for text in [FAILED, SUCCEEDED, REFUNDED, OPENED, WON] {
        let webhook = by("/stripe/stripe", text);
        let bus = told.translate(&on_the_bus(&payload(text), "ed_test_61")).unwrap();
        for other in [bus, by("/stripe/acct_1", text)] {
            assert_eq!(
                (&webhook.key, webhook.version, &webhook.operation),
                (&other.key, other.version, &other.operation)
            );
        }
        assert_ne!(webhook.key, by("/stripe/stripe-us", text).key, "another account");
        assert_ne!(webhook.key, by("/stripe/stripe-de", text).key, "of which nothing is said");
    }
}

#[test]
fn nothing_of_a_person_is_read() {
    for text in [FAILED, REFUNDED, OPENED] {
        assert!(text.contains("Ann Example") && text.contains("ann@example.com"));
        let event = translated(&payload(text)).unwrap().operation;
        assert!(!serde_json::to_string(&event).unwrap().to_lowercase().contains("ann"), "{event:?}");
    }
}

#[tokio::test]
async fn an_event_is_told_once_however_often_it_is_performed() {
    let desk = Arc::new(Desk::default());
    let first = perform(&desk, FAILED).await.unwrap();
    assert_eq!(first, r#"{"case_id":"7"}"#);
    assert_eq!(perform(&desk, FAILED).await.unwrap(), first);
    assert_eq!(perform(&desk, REFUNDED).await.unwrap(), first);
    assert_eq!(desk.told.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn each_state_of_a_refund_is_told_once_by_however_many_events() {
    let desk = Arc::new(Desk::default());
    for text in [REFUND_FAILED, REFUND_UPDATED] {
        for later in 0..2 {
            let mut event = payload(text);
            event["created"] = json!(event["created"].as_i64().unwrap() + later);
            perform(&desk, &event.to_string()).await.unwrap();
        }
    }
    perform(&desk, REFUND_PENDING).await.unwrap();
    let refund = "re_3Example0000000000000001";
    assert_eq!(*desk.told.lock().unwrap(), [format!("{refund}-failed"), format!("{refund}-pending")]);
}

/// The customer has to act then, and nobody knows of it by the refund being pending.
#[tokio::test]
async fn a_refund_that_requires_action_is_told_after_it_was_pending() {
    let (desk, pending) = (Arc::new(Desk::default()), payload(REFUND_PENDING));
    perform(&desk, FAILED).await.unwrap();
    perform(&desk, &pending.to_string()).await.unwrap();
    let mut requires_action = pending.clone();
    requires_action["data"]["object"]["status"] = json!("requires_action");
    let version = |payload: &Value| translated(payload).unwrap().version;
    assert!(version(&pending) < version(&requires_action), "of one second");
    perform(&desk, &requires_action.to_string()).await.unwrap();
    let told = desk.told.lock().unwrap().split_off(1);
    let refund = "re_3Example0000000000000001";
    assert_eq!(told, [format!("{refund}-pending"), format!("{refund}-requires-action")]);
}

#[tokio::test]
async fn an_event_whose_answer_was_lost_is_found_not_told_again() {
    let desk = Arc::new(Desk { lost_answer: true, ..Desk::default() });
    perform(&desk, FAILED).await.unwrap();
    assert_eq!(desk.told.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn what_has_nothing_to_do_says_so_and_is_done() {
    for text in [SUCCEEDED, REFUNDED, WON] {
        let desk = Arc::new(Desk::default());
        let outcome = perform(&desk, text).await.unwrap();
        assert_eq!(outcome, r#"{"case_id":null,"nothing_to_do":"the payment has no case"}"#);
        assert!(desk.told.lock().unwrap().is_empty());
    }
}

#[test]
fn an_event_of_another_type_is_rejected() {
    for other in ["payment_intent.canceled", "customer.created", "charge.dispute.updated"] {
        let mut payload = payload(FAILED);
        payload["type"] = json!(other);
        let rejection = translated(&payload).unwrap_err();
        assert_eq!((rejection.code, rejection.path.as_str()), (Code::EventTypeUnknown, "$.type"));
    }
}

#[test]
fn bad_input_is_rejected_with_its_code_and_place() {
    for (text, pointer, value, code, path) in [
        (FAILED, "/data/object/id", Value::Null, Code::FieldMissing, "$.data.object.id"),
        (FAILED, "/data/object/amount", json!("4200"), Code::TypeMismatch, "$.data.object.amount"),
        (FAILED, "/data/object/currency", json!("euro"), Code::ValueInvalid, "$.data.object.currency"),
        (FAILED, "/created", json!("yesterday"), Code::TypeMismatch, "$.created"),
        (FAILED, "/id", json!("evt 1]"), Code::ValueInvalid, "$.id"),
        (FAILED, "/api_version", json!("1999-01-01"), Code::VersionUnsupported, "@envelope.sourceversion"),
        (
            REFUNDED,
            "/data/object/amount_refunded",
            Value::Null,
            Code::FieldMissing,
            "$.data.object.amount_refunded",
        ),
        (WON, "/data/object/status", json!("charge_refunded"), Code::ValueUnknown, "$.data.object.status"),
        (WON, "/data/object/status", json!("under_review"), Code::ValueInvalid, "$.data.object.status"),
    ] {
        let mut payload = payload(text);
        *payload.pointer_mut(pointer).unwrap() = value;
        let rejection = translated(&payload).unwrap_err();
        assert_eq!((rejection.code, rejection.path.as_str()), (code, path), "{pointer}");
    }
}
