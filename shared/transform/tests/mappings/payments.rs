//! Payment events: any of the model goes to the desk, and any JSON in Stripe's place is refused without a word of it.

use std::sync::LazyLock;

use message::{Envelope, Rejection};
use proptest::prelude::*;
use serde_json::{Value, json};
use transform::canonical::{Currency, Money, PaymentEvent, PaymentEventKind};
use transform::cases::validators;
use transform::{Catalog, Decoded, Translator};

use crate::common::webhook;

fn kind() -> impl Strategy<Value = PaymentEventKind> {
    use PaymentEventKind::{
        DisputeLost, DisputeOpened, DisputeWon, Failed, RefundCanceled, RefundFailed, RefundPending,
        RefundRequiresAction, RefundSucceeded, Refunded, Succeeded,
    };
    let refunds =
        [Refunded, RefundPending, RefundRequiresAction, RefundSucceeded, RefundCanceled, RefundFailed];
    let others = [Succeeded, Failed, DisputeOpened, DisputeWon, DisputeLost];
    prop::sample::select([&refunds[..], &others[..]].concat())
}

fn event() -> impl Strategy<Value = PaymentEvent> {
    let about = || prop::option::of("[A-Za-z0-9_]{1,40}");
    let ids = ("[A-Za-z0-9_-]{1,40}", "[A-Za-z0-9_]{1,100}", about(), about());
    let words = (prop::option::of("cus_[A-Za-z0-9]{1,20}"), prop::option::of("[a-z_]{1,30}"));
    let amount = (0..=i64::MAX, prop::sample::select(vec!["EUR", "JPY", "KWD"]));
    let times = (0..=4_000_000_000_i64, prop::option::of(0..=4_000_000_000_i64));
    let time = |second| jiff::Timestamp::from_second(second).unwrap();
    (ids, kind(), words, amount, times).prop_map(
        move |((id, payment, dispute, refund), kind, (customer, reason), (minor, currency), (at, by))| {
            PaymentEvent {
                id,
                account: "stripe/acct_1".to_owned(),
                link: format!("https://dashboard.stripe.com/payments/{payment}"),
                payment,
                dispute,
                refund,
                kind,
                amount: Money { minor, currency: Currency::parse(currency).unwrap() },
                customer,
                reason,
                respond_by: by.map(time),
                occurred_at: time(at),
            }
        },
    )
}

fn settings() -> Value {
    let text = include_str!("../../cases/redmine-issue/settings.json");
    serde_json::from_str(text).unwrap()
}

#[test]
fn what_the_desk_holds_of_any_event_says_the_same_and_keeps_every_contract() {
    let desk = Translator::built_in("redmine-issue", &settings()).unwrap();
    let mut validators = validators(Catalog::built_in().unwrap()).unwrap();
    let [canonical, redmine] =
        ["canonical.payment-event@1", "redmine.issue@5.0"].map(|id| validators.remove(id).unwrap());
    proptest!(|(event in event())| {
        let written = serde_json::to_value(&event).unwrap();
        prop_assert!(canonical.is_valid(&written), "{written}");
        prop_assert_eq!(&serde_json::from_value::<PaymentEvent>(written).unwrap(), &event);
        let case = desk.encode_json(&event).unwrap();
        prop_assert!(redmine.is_valid(&case), "{case}");
        let fields = &case["issue"]["custom_fields"];
        prop_assert_eq!(fields[0]["value"].as_str().unwrap(), format!("PAY-{}", event.payment.replace('_', "-")));
        let decimal = fields[1]["value"].as_str().unwrap();
        prop_assert_eq!(Money::parse(decimal, event.amount.currency), Ok(event.amount));
        let what = case["lines"]["what"].as_str().unwrap();
        let amount = format!(": {decimal} {}", event.amount.currency.as_str());
        prop_assert!(what.ends_with(&amount), "{what}");
        let subject = case["issue"]["subject"].as_str().unwrap();
        prop_assert_eq!(subject, format!("{what} ({})", event.payment));
    });
}

/// Stands for personal data: no name or sentence of ours has it.
const CANARY: &str = "qZx7canary";

fn any_object() -> impl Strategy<Value = Value> {
    let names = prop::sample::select(vec![
        "id",
        "amount",
        "amount_refunded",
        "currency",
        "customer",
        "payment_intent",
        "charge",
        "reason",
        "status",
        "last_payment_error",
        "failure_reason",
        "evidence_details",
        "due_by",
        "code",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        Just(json!("eur")),
        Just(json!(CANARY)),
        Just(json!(CANARY.repeat(60))),
    ];
    leaf.prop_recursive(3, 24, 8, move |inner| {
        let members = prop::collection::vec((names.clone().prop_map(str::to_owned), inner.clone()), 0..10);
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(Value::from),
            members.prop_map(|members| members.into_iter().collect()),
        ]
    })
}

fn stripe(payload: &Value) -> Envelope {
    Envelope { source: "/stripe/acct_1".to_owned(), ..webhook(&payload.to_string()) }
}

#[test]
fn nothing_that_stripe_might_send_makes_a_mapping_panic_or_tell_what_it_was() {
    static MAPPINGS: LazyLock<Vec<Translator>> = LazyLock::new(|| {
        let names = ["stripe-payment-intent", "stripe-charge", "stripe-refund", "stripe-dispute"];
        names.map(|name| Translator::built_in(name, &Value::Null).unwrap()).into()
    });
    let types = [
        "payment_intent.payment_failed",
        "charge.refunded",
        "refund.failed",
        "charge.dispute.closed",
        CANARY,
    ];
    proptest!(|(object in any_object(), kind in prop::sample::select(types.to_vec()), created in any::<i64>())| {
        let payload = json!({
            "id": "evt_1", "type": kind, "created": created, "livemode": true, "data": { "object": object }
        });
        for mapping in MAPPINGS.iter() {
            let decoded: Result<Decoded<PaymentEvent>, _> = mapping.decode(&stripe(&payload));
            if let Err(error) = decoded {
                let said = format!("{error} {error:?} {:?}", Rejection::from(error.clone()));
                prop_assert!(!said.contains(CANARY), "{said}");
            }
        }
    });
}
