use message::{Code, Rejection};
use serde_json::{Value, json};
use transform::canonical::Order;
use transform::{Kind, MappingError};

use crate::common::{the_one_problem, vendure_order, vendure_payload, vendure_webhook};

/// As many as the canonical order has.
const MAX_LINES: usize = 500;

fn full() -> Value {
    serde_json::from_str(&vendure_payload("full")).unwrap()
}

fn map(payload: &Value) -> Result<Order, MappingError> {
    vendure_order(&vendure_webhook(&payload.to_string()))
}

/// The one problem of the example order after a change.
fn problem(change: impl FnOnce(&mut Value)) -> (Code, String, Kind) {
    let mut payload = full();
    change(&mut payload);
    the_one_problem(map(&payload))
}

#[test]
fn takes_the_shop_from_the_source_and_refuses_what_is_none() {
    let mut envelope = vendure_webhook(&vendure_payload("full"));
    assert_eq!(vendure_order(&envelope).unwrap().reference(), "vendure/9JZZ19DZ1CDSUC34");
    for source in ["/standard-webhooks/", "/shopify/acme", "/standard-webhooks/a/b", "/standard-webhooks/A b"]
    {
        source.clone_into(&mut envelope.source);
        let rejection = Rejection::from(vendure_order(&envelope).unwrap_err());
        let named = (rejection.code, rejection.path.as_str());
        assert_eq!(named, (Code::ValueInvalid, "@envelope.source"), "{source}");
    }
}

#[test]
fn each_required_field_that_is_missing_null_or_empty_is_named() {
    for pointer in ["/data/code", "/data/orderPlacedAt", "/data/currencyCode", "/data/lines"]
        .into_iter()
        .chain(["/data/lines/1/quantity", "/data/lines/1/productVariant/sku"])
        .chain(["/data/shippingAddress", "/data/shippingAddress/streetLine1", "/data/shippingAddress/city"])
        .chain(["/data/shippingAddress/postalCode", "/data/shippingAddress/countryCode", "/data/customer/id"])
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

/// Vendure's amounts are hundredths of the unit, whatever minor unit the currency has.
#[test]
fn a_price_is_what_it_was_to_the_last_hundredth_in_any_currency() {
    let minor = |currency: &str, price: i64| {
        let mut payload = full();
        payload["data"]["currencyCode"] = json!(currency);
        payload["data"]["lines"] = json!([payload["data"]["lines"][0]]);
        payload["data"]["lines"][0]["unitPrice"] = json!(price);
        map(&payload).map(|order| order.lines[0].unit_price.minor).map_err(|error| error.problems[0].code)
    };
    let prices = [0, 1, 9, 10, 99, 100, 101, 1_000, 123_456_789, i64::MAX];
    assert_eq!(prices.map(|price| minor("EUR", price)), prices.map(Ok));
    assert_eq!(minor("JPY", 100_000), Ok(1_000));
    assert_eq!(minor("KWD", 1_234), Ok(12_340));
    assert_eq!(minor("JPY", 100_050), Err(Code::ValueInvalid));
    assert_eq!(minor("EUR", -1), Err(Code::ValueInvalid));
}

#[test]
fn a_province_is_taken_where_it_is_a_code() {
    let region = |province: &str| {
        let mut payload = full();
        payload["data"]["shippingAddress"]["province"] = json!(province);
        map(&payload).unwrap().ship_to.region
    };
    for (province, code) in [("CA", "CA"), ("US-CA", "CA"), ("13", "13"), (" NSW ", "NSW")] {
        assert_eq!(region(province).as_deref(), Some(code), "{province}");
    }
    for name in ["California", "Nord", "ca", "US-California", ""] {
        assert_eq!(region(name), None, "{name}");
    }
}

#[test]
fn limits_are_kept_at_their_edge() {
    let mut payload = full();
    let line = payload["data"]["lines"][0].clone();
    payload["data"]["lines"] = json!(vec![line.clone(); MAX_LINES]);
    payload["data"]["code"] = json!("A".repeat(64));
    assert_eq!(map(&payload).unwrap().lines.len(), MAX_LINES);

    let limit = |path: &str, came| (Code::LimitExceeded, path.to_owned(), came);
    let lines = problem(|order| order["data"]["lines"] = json!(vec![line; MAX_LINES + 1]));
    assert_eq!(lines, limit("$.data.lines", Kind::Array));
    let quantity = problem(|order| order["data"]["lines"][0]["quantity"] = json!(1_000_001));
    assert_eq!(quantity, limit("$.data.lines[0].quantity", Kind::Integer));
}
