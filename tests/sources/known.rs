//! What a ledger knows an event by is the same for those who reconcile as for the flow.

use std::path::Path;
use std::sync::Arc;

use connector_stripe::Accounts;
use local::Partner;
use local::sandbox::Sandbox;
use message::{Code, Envelope};
use orders_to_inventory::OrdersToInventory;
use payments_to_operations::{Mappings, PaymentsToOperations};
use receiver::Flow;
use serde_json::{Value, json};
use tests::redmine::DeskPartner;
use tests::{built_in, reserver};
use transform::cases::{self, Case};
use transform::reconcile::{KnownAs, OrderEvent, Orders, Payments, Reconcile, StripeObject};

/// Of a mapping, in envelopes of this type.
fn cases_of(mapping: &str, kind: impl Fn(&Value) -> String) -> Vec<(Case, Envelope)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/transform/cases");
    let found = cases::read(&folder).unwrap().cases.into_iter().filter(|case| case.mapping == mapping);
    let found = found.map(|case| {
        let payload: Value = serde_json::from_str(&case.input).unwrap();
        let mut envelope = json!({
            "specversion": "1.0", "id": "1", "source": "/none", "type": kind(&payload),
            "time": "2026-11-24T10:00:00Z", "correlationid": "1", "sourceversion": "2026-10", "data": payload
        });
        if let Some(version) = payload["api_version"].as_str() {
            envelope["sourceversion"] = json!(version);
        }
        envelope.as_object_mut().unwrap().extend(case.attributes.clone());
        (case, Envelope::decode(&envelope.to_string()).unwrap())
    });
    found.collect()
}

fn known_to<F: Flow>(flow: &F, envelope: &Envelope) -> Result<KnownAs, message::Rejection> {
    flow.translate(envelope).map(|it| KnownAs { key: it.key, version: it.version })
}

#[test]
fn payments_are_known_by_what_their_flow_says_and_refused_where_it_refuses() {
    let accounts = || Accounts::parse(r#"{"stripe": "acct_1"}"#).unwrap();
    let mappings = Mappings {
        payment_intents: built_in("stripe-payment-intent", &Value::Null),
        charges: built_in("stripe-charge", &Value::Null),
        refunds: built_in("stripe-refund", &Value::Null),
        disputes: built_in("stripe-dispute", &Value::Null),
    };
    let desk = Arc::new(DeskPartner::of(&Sandbox::in_process()).desk());
    let flow = PaymentsToOperations::new(mappings, desk).of_accounts(accounts());
    let accounts = accounts();
    let known = Payments::built_in(move |event| accounts.name(event)).unwrap();
    assert_eq!(known.flow(), flow.name());
    let (mut seen, mut refused) = (0, 0);
    for object in
        [StripeObject::PaymentIntent, StripeObject::Charge, StripeObject::Refund, StripeObject::Dispute]
    {
        let kind = |payload: &Value| format!("stripe.{}", payload["type"].as_str().unwrap_or("other"));
        for (case, envelope) in cases_of(object.mapping(), kind) {
            for source in [envelope.source.as_str(), "/stripe/stripe"] {
                let envelope = Envelope { source: source.to_owned(), ..envelope.clone() };
                let (by_flow, by_us) = (known_to(&flow, &envelope), known.known_as(&envelope));
                assert_eq!(by_us, by_flow, "{} {}", case.mapping, case.name);
                (seen, refused) = (seen + 1, refused + usize::from(by_us.is_err()));
            }
        }
    }
    assert!(seen > 40 && refused > 5 && refused < seen, "{refused} of {seen} refused");
}

fn kind_of(event: OrderEvent) -> &'static str {
    match event {
        OrderEvent::Shopify => "shopify.orders/create",
        OrderEvent::Vendure => "vendure.order.placed",
    }
}

#[test]
fn orders_are_known_by_what_their_flow_says() {
    let partner = Partner { url: "http://127.0.0.1:1".to_owned(), api_key: String::new() };
    let read = |event: OrderEvent| built_in(event.mapping(), &Value::Null);
    let flow = OrdersToInventory::new(
        read(OrderEvent::Shopify),
        read(OrderEvent::Vendure),
        Arc::new(reserver(&partner)),
    );
    let known = Orders::built_in().unwrap();
    assert_eq!(known.flow(), flow.name());
    for event in [OrderEvent::Shopify, OrderEvent::Vendure] {
        let mut taken = 0;
        for (case, envelope) in cases_of(event.mapping(), |_| kind_of(event).to_owned()) {
            if let Ok(by_flow) = known_to(&flow, &envelope) {
                assert_eq!(known.known_as(&envelope).unwrap(), by_flow, "{} {}", case.mapping, case.name);
                taken += 1;
            }
        }
        assert!(taken > 3, "{taken} cases of {}", event.mapping());
    }
}

/// It was reserved while it was paid: asked for later it is another state of the same order, and no news.
#[test]
fn an_order_whose_state_has_changed_is_known_by_the_same_key() {
    let known = Orders::built_in().unwrap();
    let key = |name: &str| {
        let all = cases_of("vendure-order", |_| kind_of(OrderEvent::Vendure).to_owned());
        let (_, envelope) = all.into_iter().find(|(case, _)| case.name == name).unwrap();
        let code = envelope.data.get().to_owned();
        let code = serde_json::from_str::<Value>(&code).unwrap()["data"]["code"].as_str().unwrap().to_owned();
        (known.known_as(&envelope).unwrap().key.to_string(), code)
    };
    for name in
        ["shipped", "cancelled", "being-changed", "delivered", "nothing-left", "state-that-nobody-knows"]
    {
        let (key, code) = key(name);
        let expected = format!("19:orders-to-inventory/7:vendure/{}:{code}/7:reserve", code.len());
        assert_eq!(key, expected, "{name}");
    }
}

#[test]
fn what_no_flow_knows_has_no_key() {
    let (orders, payments) = (Orders::built_in().unwrap(), Payments::built_in(|_| {}).unwrap());
    for (source, kind) in [
        ("/stripe/acct_1", "stripe.customer.created"),
        ("/shopify/acme.myshopify.com", "shopify.orders/updated"),
        ("/hubspot/33", "vendure.order.placed"),
    ] {
        let envelope = json!({
            "specversion": "1.0", "id": "1", "source": source, "type": kind, "time": "2026-11-24T10:00:00Z",
            "correlationid": "1", "data": {}
        });
        let envelope = Envelope::decode(&envelope.to_string()).unwrap();
        for known in [&orders as &dyn Reconcile, &payments] {
            let rejection = known.known_as(&envelope).unwrap_err();
            assert_eq!(
                (rejection.code, rejection.path.as_str()),
                (Code::EventTypeUnknown, "$.type"),
                "{kind}"
            );
        }
    }
}
