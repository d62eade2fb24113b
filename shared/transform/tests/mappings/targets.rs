use message::{Code, Rejection};
use proptest::prelude::*;
use serde_json::Value;
use transform::canonical::{Currency, Order, Reservation};

use crate::common::{order as decoded, sale, ship_from, shipment, shipping_from, shopify_payload, webhook};

fn order(case: &str) -> Order {
    decoded(&webhook(&shopify_payload(case))).unwrap()
}

fn reservation() -> Reservation {
    order("full").reserved_as("42".to_owned(), None)
}

/// The parcel's weight as it stands in the JSON text.
fn weight_of(grams: u32) -> String {
    let reservation = Reservation { weight_grams: grams, ..reservation() };
    shipment(&reservation).unwrap()["parcels"][0]["weight"].to_string()
}

#[test]
fn a_line_in_another_currency_than_the_sale_is_refused() {
    let mut order = order("full");
    order.lines[1].unit_price.currency = Currency::parse("USD").unwrap();
    let rejection = Rejection::from(sale(&order).unwrap_err());
    assert_eq!(rejection.code, Code::ValueInvalid);
    assert_eq!(rejection.path, "$.lines[1].unit_price.currency");
    assert_eq!(rejection.mapping, "tryton-sale/2 tryton.sale@8.2");
}

#[test]
fn a_guest_and_a_customer_of_the_same_number_are_two_parties() {
    let customer = order("full");
    let mut guest = customer.clone();
    guest.id = customer.customer.id.clone().unwrap();
    guest.customer.id = None;
    let code = |order| sale(order).unwrap()["party"]["code"].clone();
    assert_ne!(code(&customer), code(&guest));
}

#[test]
fn orders_of_one_customer_share_the_party_and_nothing_else() {
    let first = sale(&order("full")).unwrap();
    let second = sale(&order("yen")).unwrap();
    assert_eq!(first["party"]["code"], second["party"]["code"]);
    assert_ne!(first["reference"], second["reference"]);
}

#[test]
fn an_unknown_weight_and_a_tiny_one_become_the_documented_ones() {
    assert_eq!(weight_of(0), "1");
    assert_eq!(weight_of(1), "0.01");
    assert_eq!(weight_of(9), "0.01");
    assert_eq!(weight_of(11), "0.011");
}

#[test]
fn all_that_karrio_would_not_hold_is_told_together_and_nothing_is_cut() {
    let mut reservation = reservation();
    reservation.reference = "r".repeat(101);
    reservation.ship_to.line1 = "l".repeat(101).into();
    reservation.ship_to.line2 = Some("l".repeat(100).into());
    let mut ship_from = ship_from();
    ship_from.city = "c".repeat(51).into();
    let error = shipping_from(&ship_from).encode::<Value>(&reservation).unwrap_err();
    let paths: Vec<_> = error.problems.iter().map(|problem| problem.path.as_str()).collect();
    assert_eq!(paths, ["$.reference", "$.ship_to.line1", "@settings.ship_from.city"]);
    assert!(error.problems.iter().all(|problem| problem.code == Code::LimitExceeded));
}

#[test]
fn debug_of_the_canonical_order_shows_no_person() {
    let shown = format!("{:?}", order("full"));
    for personal in ["Ann", "example.com\"", "Musterstra", "10115", "901820", "Berlin", "Hinterhaus"] {
        assert!(!shown.contains(personal), "{personal} in {shown}");
    }
}

proptest! {
    #[test]
    fn kilograms_are_the_grams_exactly(grams in 10..=u32::MAX) {
        let written = weight_of(grams);
        let (whole, fraction) = written.split_once('.').unwrap_or((&written, ""));
        let read: u32 = format!("{whole}{fraction:0<3}").parse().unwrap();
        prop_assert_eq!(read, grams);
    }
}
