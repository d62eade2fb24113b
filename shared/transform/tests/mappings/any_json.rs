//! Any JSON in: never a panic, errors bounded in number and size, and no value of the message in them.

use message::{Envelope, Rejection};
use proptest::prelude::*;
use serde_json::{Value, json};
use transform::canonical::Order;
use transform::reservation::reserved_event;
use transform::{Catalog, MAX_PROBLEMS, MappingError};

use crate::common::{
    order, reservation, sale, shipment, shopify_payload, vendure_order, vendure_payload, vendure_webhook,
    webhook,
};

/// Stands for personal data: no name or sentence of ours has it.
pub(crate) const CANARY: &str = "qZx7canary";

fn names() -> impl Strategy<Value = String> {
    let known = [
        "id",
        "name",
        "created_at",
        "currency",
        "line_items",
        "shipping_address",
        "customer",
        "sku",
        "price",
        "quantity",
        "current_quantity",
        "grams",
        "zip",
        "country_code",
        "address1",
        "city",
        "email",
        "reference",
        "ship_to",
        "weight_grams",
        "postal_code",
    ];
    prop_oneof![4 => prop::sample::select(known.to_vec()).prop_map(str::to_owned), 1 => ".{0,8}"]
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        "[0-9.\\-e]{0,12}".prop_map(Value::from),
        Just(json!(CANARY)),
        Just(json!(CANARY.repeat(60))),
        Just(json!(format!("{CANARY}\u{0}"))),
    ];
    leaf.prop_recursive(4, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..40).prop_map(Value::from),
            prop::collection::vec((names(), inner), 0..12).prop_map(|members| members.into_iter().collect()),
        ]
    })
}

/// Every place of a value, as a JSON pointer.
pub(crate) fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(name, member)| places(member, &format!("{at}/{name}"), found));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| places(item, &format!("{at}/{index}"), found));
        }
        _ => {}
    }
}

pub(crate) fn check_error(error: &MappingError) {
    assert!((1..=MAX_PROBLEMS).contains(&error.problems.len()));
    assert!(error.problems.iter().all(|problem| problem.path.len() < 100 && problem.expected.len() < 100));
    let rejection = Rejection::from(error.clone());
    assert!(rejection.summary.chars().count() <= 200 && rejection.path.starts_with(['$', '@']));
    assert!(!format!("{error:?} {error} {rejection:?}").contains(CANARY), "{error:?}");
}

fn check_order(envelope: &Envelope, order: Result<Order, MappingError>) {
    match order {
        Ok(order) => {
            sale(&order).unwrap();
            let reserved = order.reserved_as("1".to_owned(), None);
            let event = reserved_event(&reserved, envelope, "m/1", envelope.time).unwrap();
            assert_eq!(reservation(&event).unwrap(), reserved);
            if let Err(error) = shipment(&reserved) {
                check_error(&error);
            }
        }
        Err(error) => check_error(&error),
    }
}

/// Through every mapping that would see this payload.
fn check(payload: &Value) {
    let mut envelope = webhook(&payload.to_string());
    check_order(&envelope, order(&envelope));
    let of_vendure = vendure_webhook(&payload.to_string());
    check_order(&of_vendure, vendure_order(&of_vendure));
    envelope.sourceversion = Some("1".to_owned());
    if let Err(error) = reservation(&envelope) {
        check_error(&error);
    }
}

proptest! {
    #[test]
    fn any_json_is_mapped_or_refused_within_bounds(payload in any_value()) {
        check(&payload);
    }

    #[test]
    fn an_order_with_anything_put_anywhere_is_mapped_or_refused_within_bounds(
        value in any_value(),
        place in any::<prop::sample::Index>(),
    ) {
        for payload in [shopify_payload("full"), vendure_payload("full")] {
            let mut order: Value = serde_json::from_str(&payload).unwrap();
            let mut found = Vec::new();
            places(&order, "", &mut found);
            let place: &String = place.get(&found);
            *order.pointer_mut(place).unwrap() = value.clone();
            check(&order);
        }
    }
}

proptest! {
    /// What is no JSON at all, or is by luck: bytes of a real order, changed, cut and doubled.
    #[test]
    fn any_text_is_translated_or_refused_within_bounds(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..20),
        cut in any::<prop::sample::Index>(),
        doubled in any::<bool>(),
    ) {
        let plan = Catalog::built_in().unwrap().plan("shopify-order", &Value::Null).unwrap();
        let mut bytes = shopify_payload("full").into_bytes();
        let length = bytes.len();
        for (place, byte) in changes {
            bytes[place.index(length)] = byte;
        }
        if cut.index(4) == 0 {
            bytes.truncate(cut.index(length));
        }
        let mut text = String::from_utf8_lossy(&bytes).into_owned();
        if doubled {
            text = format!("{text}{text}");
        }
        if let Err(error) = plan.translate(&text, Some(&webhook("{}"))) {
            check_error(&error);
        }
    }
}

#[test]
fn no_value_of_an_order_that_is_wrong_everywhere_is_told() {
    let order: Value = serde_json::from_str(&shopify_payload("full")).unwrap();
    let mut found = Vec::new();
    places(&order, "", &mut found);
    for wrong in
        [json!(CANARY), json!(CANARY.repeat(60)), json!(format!("{CANARY}\n")), json!({CANARY: [CANARY]})]
    {
        for place in &found {
            let mut order = order.clone();
            *order.pointer_mut(place).unwrap() = wrong.clone();
            check(&order);
        }
    }
}

#[test]
fn a_name_in_the_envelope_is_not_told_either() {
    let mut envelope = webhook("{}");
    envelope.sourceversion = Some(CANARY.to_owned());
    check_error(&order(&envelope).unwrap_err());
    check_error(&reservation(&envelope).unwrap_err());
    envelope.sourceversion = Some("2026-10".to_owned());
    envelope.source = format!("/{CANARY}/{CANARY}");
    check_error(&order(&envelope).unwrap_err());
}
