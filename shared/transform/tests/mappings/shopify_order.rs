use message::{Code, Rejection};
use serde_json::{Value, json};
use transform::canonical::Order;
use transform::{Catalog, Kind, MappingError};

use crate::common::{order, shopify_payload, the_one_problem, webhook};

/// As many as a Shopify cart holds: the contract says so.
const MAX_LINES: usize = 500;

fn full() -> Value {
    serde_json::from_str(&shopify_payload("full")).unwrap()
}

fn map(payload: &Value) -> Result<Order, MappingError> {
    order(&webhook(&payload.to_string()))
}

/// The one problem of the example order after a change.
fn problem(change: impl FnOnce(&mut Value)) -> (Code, String, Kind) {
    let mut payload = full();
    change(&mut payload);
    the_one_problem(map(&payload))
}

#[test]
fn accepts_every_listed_version_and_refuses_others_and_none() {
    let mut envelope = webhook(&shopify_payload("full"));
    let mapping = Catalog::built_in().unwrap().mapping("shopify-order").unwrap();
    for version in &mapping.file.accepts {
        envelope.sourceversion = Some(version.clone());
        assert!(order(&envelope).is_ok(), "{version}");
    }
    for (version, came) in
        [(Some("2024-10"), Kind::String), (Some("unstable"), Kind::String), (None, Kind::Missing)]
    {
        envelope.sourceversion = version.map(str::to_owned);
        let error = order(&envelope).unwrap_err();
        assert_eq!(error.problems[0].came, came);
        let rejection = Rejection::from(error);
        assert_eq!(rejection.code, Code::VersionUnsupported, "{version:?}");
        assert_eq!(rejection.path, "@envelope.sourceversion");
        assert_eq!(rejection.mapping, "shopify-order/2 canonical.order@1");
    }
}

#[test]
fn takes_the_shop_from_the_source_and_refuses_what_is_no_shop() {
    let mut envelope = webhook(&shopify_payload("full"));
    assert_eq!(order(&envelope).unwrap().reference(), "acme.myshopify.com/820982911946154508");
    for source in ["/shopify/", "/stripe/acme", "/shopify/a/b", "/shopify/Ac me", "acme.myshopify.com"] {
        source.clone_into(&mut envelope.source);
        let rejection = Rejection::from(order(&envelope).unwrap_err());
        assert_eq!(
            (rejection.code, rejection.path.as_str()),
            (Code::ValueInvalid, "@envelope.source"),
            "{source}"
        );
    }
}

#[test]
fn keeps_ids_exact_up_to_64_bits_and_refuses_larger_ones() {
    for id in ["9007199254740993", "18446744073709551615"] {
        let payload = shopify_payload("full").replacen("820982911946154508", id, 1);
        assert_eq!(order(&webhook(&payload)).unwrap().id, id);
    }
    for (id, code) in [
        ("18446744073709551616", Code::TypeMismatch),
        ("1.0", Code::TypeMismatch),
        ("1e3", Code::TypeMismatch),
        ("0", Code::ValueInvalid),
        ("-1", Code::ValueInvalid),
    ] {
        let payload = shopify_payload("full").replacen("820982911946154508", id, 1);
        let rejection = Rejection::from(order(&webhook(&payload)).unwrap_err());
        assert_eq!((rejection.code, rejection.path.as_str()), (code, "$.id"), "{id}");
    }
}

#[test]
fn each_required_field_that_is_missing_null_or_empty_is_named() {
    for pointer in ["/id", "/name", "/created_at", "/currency", "/line_items", "/shipping_address"]
        .into_iter()
        .chain(["/line_items/1/sku", "/line_items/1/price", "/customer/id"])
        .chain(["/shipping_address/address1", "/shipping_address/city", "/shipping_address/zip"])
        .chain(["/shipping_address/country_code"])
    {
        let path = format!("${}", pointer.replace("/1/", "[1].").replace('/', "."));
        let expected = |came| (Code::FieldMissing, path.clone(), came);
        assert_eq!(problem(|order| *order.pointer_mut(pointer).unwrap() = Value::Null), expected(Kind::Null));
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let remove = |order: &mut Value| {
            order.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(name).unwrap();
        };
        assert_eq!(problem(remove), expected(Kind::Missing));
        if full().pointer(pointer).unwrap().is_string() {
            let empty = |order: &mut Value| *order.pointer_mut(pointer).unwrap() = json!(" ");
            assert_eq!(problem(empty), expected(Kind::EmptyString));
        }
    }
}

#[test]
fn a_line_without_any_quantity_is_named_where_the_order_says_it_first() {
    let (code, path, _) = problem(|order| {
        let line = order["line_items"][0].as_object_mut().unwrap();
        line.remove("quantity");
        line.remove("current_quantity");
    });
    assert_eq!((code, path.as_str()), (Code::FieldMissing, "$.line_items[0].quantity"));
}

#[test]
fn limits_are_kept_at_their_edge() {
    let mut payload = full();
    let line = payload["line_items"][0].clone();
    payload["line_items"] = json!(vec![line.clone(); MAX_LINES]);
    payload["shipping_address"]["address1"] = json!("ß".repeat(255));
    assert_eq!(map(&payload).unwrap().lines.len(), MAX_LINES);

    let over = |change: fn(&mut Value)| problem(change);
    let limit = |path: &str, came| (Code::LimitExceeded, path.to_owned(), came);
    let lines = over(|order| {
        let line = order["line_items"][0].clone();
        order["line_items"] = json!(vec![line; MAX_LINES + 1]);
    });
    assert_eq!(lines, limit("$.line_items", Kind::Array));
    let address = over(|order| order["shipping_address"]["address1"] = json!("ß".repeat(256)));
    assert_eq!(address, limit("$.shipping_address.address1", Kind::String));
    let quantity = over(|order| order["line_items"][0]["current_quantity"] = json!(1_000_001));
    assert_eq!(quantity, limit("$.line_items[0].current_quantity", Kind::Integer));
    let weight = over(|order| order["line_items"][0]["grams"] = json!(1_000_001));
    assert_eq!(weight, limit("$.line_items[0].grams", Kind::Integer));
}

#[test]
fn a_payload_that_is_too_large_or_out_of_range_is_refused_whole() {
    let large = format!("{{\"note\":\"{}\"}}", "x".repeat(1_048_576));
    for (payload, code) in [
        (large.as_str(), Code::LimitExceeded),
        (r#"{"id":1e999}"#, Code::ValueInvalid),
        (r#"{"name":"\ud800"}"#, Code::ValueInvalid),
        ("[]", Code::TypeMismatch),
        ("null", Code::FieldMissing),
    ] {
        let rejection = Rejection::from(order(&webhook(payload)).unwrap_err());
        assert_eq!((rejection.code, rejection.path.as_str()), (code, "$"), "{:.20}", payload);
    }
}

#[test]
fn what_is_not_read_is_passed_over_however_deep_it_is() {
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    let payload = shopify_payload("full").replacen("\"note\": null", &format!("\"note\": {deep}"), 1);
    assert!(order(&webhook(&payload)).is_ok());
    let (code, path, came) = problem_of(&format!("{{\"line_items\": {deep}}}"));
    assert_eq!((code, path.as_str(), came), (Code::TypeMismatch, "$.line_items[0]", Kind::Array));
}

/// The first problem with the lines.
fn problem_of(payload: &str) -> (Code, String, Kind) {
    let error = order(&webhook(payload)).unwrap_err();
    let problem =
        error.problems.into_iter().find(|problem| problem.path.starts_with("$.line_items")).unwrap();
    (problem.code, problem.path, problem.came)
}

#[test]
fn control_characters_do_not_reach_a_target() {
    for pointer in ["/name", "/line_items/0/sku", "/shipping_address/address2", "/shipping_address/phone"] {
        let (code, _, came) = problem(|order| *order.pointer_mut(pointer).unwrap() = json!("a\u{1b}b"));
        assert_eq!((code, came), (Code::ValueInvalid, Kind::String), "{pointer}");
    }
}

#[test]
fn a_field_that_is_wrong_twice_over_is_told_once() {
    let (code, path, _) = problem(|order| {
        let address = order["shipping_address"].as_object_mut().unwrap();
        address.insert("name".to_owned(), json!(7));
        address.remove("first_name");
        address.remove("last_name");
    });
    assert_eq!((code, path.as_str()), (Code::TypeMismatch, "$.shipping_address.name"));
    let (code, path, _) = problem(|order| order["shipping_address"]["zip"] = json!(10115));
    assert_eq!((code, path.as_str()), (Code::TypeMismatch, "$.shipping_address.zip"));
}

#[test]
fn unknown_fulfilment_status_is_an_unknown_value() {
    let (code, path, _) = problem(|order| order["fulfillment_status"] = json!("teleported"));
    assert_eq!((code, path.as_str()), (Code::ValueUnknown, "$.fulfillment_status"));
}

#[test]
fn test_orders_pass_as_others_do() {
    let mut payload = full();
    let order = map(&payload).unwrap();
    payload["test"] = json!(true);
    assert_eq!(map(&payload).unwrap(), order);
}

#[test]
fn the_time_is_the_same_instant_in_every_offset_and_needs_one() {
    let mut payload = full();
    let instant = map(&payload).unwrap().placed_at;
    for text in ["2026-11-24T09:15:30Z", "2026-11-24T04:15:30-05:00"] {
        payload["created_at"] = json!(text);
        assert_eq!(map(&payload).unwrap().placed_at, instant);
    }
    for text in ["2026-11-24T09:15:30", "2026-11-24", "1764000000"] {
        let (code, path, _) = problem(|order| order["created_at"] = json!(text));
        assert_eq!((code, path.as_str()), (Code::ValueInvalid, "$.created_at"), "{text}");
    }
}

#[test]
fn an_email_that_none_could_mail_to_is_left_out_and_does_not_stop_the_order() {
    for text in ["", "none", "@example.com", "ann@", "ann @example.com"] {
        let mut payload = full();
        payload["email"] = json!(text);
        let order = map(&payload).unwrap();
        assert_eq!(order.ship_to.email, None, "{text}");
        assert_eq!(order.customer.email.unwrap().expose(), "ann@example.com", "the account's own");
    }
    let (code, path, _) = problem(|order| order["email"] = json!(7));
    assert_eq!((code, path.as_str()), (Code::TypeMismatch, "$.email"));
}

#[test]
fn a_line_break_in_an_address_is_a_blank() {
    let mut payload = full();
    payload["shipping_address"]["address1"] = json!("1 Main St\r\nGate\t4");
    assert_eq!(map(&payload).unwrap().ship_to.line1.expose(), "1 Main St  Gate 4");
}

#[test]
fn a_region_is_told_without_its_country_however_the_shop_writes_it() {
    let mut payload = full();
    for (province, region) in [("BE", Some("BE")), ("DE-BE", Some("BE")), ("DE-", None), ("", None)] {
        payload["shipping_address"]["province_code"] = json!(province);
        assert_eq!(map(&payload).unwrap().ship_to.region.as_deref(), region, "{province}");
    }
}

#[test]
fn what_only_a_condition_reads_has_to_be_of_its_type_as_well() {
    for cancelled in [json!({ "at": "2026-11-24" }), json!(["2026-11-24"]), json!(7)] {
        let (code, path, _) = problem(|order| order["cancelled_at"] = cancelled);
        assert_eq!((code, path.as_str()), (Code::TypeMismatch, "$.cancelled_at"));
    }
    let (code, path, _) = problem(|order| order["line_items"][0]["requires_shipping"] = json!("false"));
    assert_eq!((code, path.as_str()), (Code::TypeMismatch, "$.line_items[0].requires_shipping"));
    let (code, path, _) = problem(|order| order["fulfillment_status"] = json!({}));
    assert_eq!((code, path.as_str()), (Code::TypeMismatch, "$.fulfillment_status"));
}
