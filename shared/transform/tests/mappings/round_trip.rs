//! Any canonical value of the contract goes to a target, and what the target holds of it says the same.

use message::Redacted;
use proptest::prelude::*;
use serde_json::Value;
use transform::Catalog;
use transform::canonical::{Address, Currency, Customer, Money, Order, OrderLine};
use transform::cases::validators;
use transform::reservation::reserved_event;

use crate::common::{reservation, sale, shipment, webhook};

/// Text as mappings let it through: nothing at its ends, and no control characters.
fn text(most: usize) -> impl Strategy<Value = String> {
    prop::collection::vec(prop_oneof![any::<char>(), prop::char::range('a', 'z'), Just(' ')], 1..=most)
        .prop_map(|chars| chars.into_iter().filter(|c| !c.is_control()).collect::<String>().trim().to_owned())
        .prop_filter("a text", |text| !text.is_empty())
}

pub(crate) fn redacted(most: usize) -> impl Strategy<Value = Redacted<String>> {
    text(most).prop_map(Redacted::from)
}

pub(crate) fn maybe<T: std::fmt::Debug + Clone>(
    of: impl Strategy<Value = T>,
) -> impl Strategy<Value = Option<T>> {
    prop::option::of(of)
}

pub(crate) fn email() -> impl Strategy<Value = Option<Redacted<String>>> {
    maybe("[a-z]{1,8}@[a-z]{1,8}\\.example".prop_map(Redacted::from))
}

fn currency() -> impl Strategy<Value = Currency> {
    prop::sample::select(vec!["EUR", "USD", "JPY", "KWD", "CLF"])
        .prop_map(|code| Currency::parse(code).unwrap())
}

fn address() -> impl Strategy<Value = Address> {
    let names = (redacted(40), maybe(redacted(40)), redacted(40), maybe(redacted(40)), redacted(30));
    let places = (prop_oneof![Just(String::new()), "[0-9]{5}"], maybe("[A-Z]{2}"), "[A-Z]{2}");
    let reach = (maybe(redacted(20)), email());
    (names, places, reach).prop_map(
        |((name, company, line1, line2, city), (code, region, country), (phone, email))| Address {
            name,
            company,
            line1,
            line2,
            city,
            postal_code: code.into(),
            region,
            country,
            phone,
            email,
        },
    )
}

fn order() -> impl Strategy<Value = Order> {
    let line = (text(30), 1..=1_000_000_u32, 0..=i64::MAX, 0..=1_000_000_u32);
    let of = ("[a-z.]{1,20}", "[0-9]{1,20}", text(20), 0..=4_000_000_000_i64, currency());
    let customer = (maybe("[0-9]{1,20}"), redacted(40), email());
    (of, customer, address(), prop::collection::vec(line, 1..4)).prop_map(
        |((shop, id, number, placed_at, currency), (customer, name, email), ship_to, lines)| Order {
            shop,
            id,
            number,
            placed_at: jiff::Timestamp::from_second(placed_at).unwrap(),
            currency,
            customer: Customer { id: customer, name, email },
            ship_to,
            lines: lines
                .into_iter()
                .map(|(sku, quantity, minor, weight_grams)| OrderLine {
                    sku,
                    quantity,
                    unit_price: Money { minor, currency },
                    weight_grams,
                })
                .collect(),
        },
    )
}

pub(crate) fn shown(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

pub(crate) fn exposed(value: &Redacted<String>) -> Option<String> {
    Some(value.expose().clone())
}

pub(crate) fn told(value: &Option<Redacted<String>>) -> Option<String> {
    value.as_ref().and_then(exposed)
}

/// Of what Tryton holds of an order, the order again.
fn check_sale(order: &Order, sale: &Value) {
    assert_eq!(shown(&sale["reference"]), Some(order.reference()));
    let (party, address) = (&sale["party"], &sale["shipment_address"]);
    assert_eq!(
        (shown(&party["name"]), shown(&party["email"])),
        (exposed(&order.customer.name), told(&order.customer.email))
    );
    let to = &order.ship_to;
    let at_company = address.get("attn").is_some();
    let (company, name) = if at_company {
        (shown(&address["party_name"]), shown(&address["attn"]))
    } else {
        (None, shown(&address["party_name"]))
    };
    assert_eq!((company, name), (told(&to.company), exposed(&to.name)));
    let street = shown(&address["street_unstructured"]).unwrap();
    let (line1, line2) = street
        .split_once('\n')
        .map_or((street.clone(), None), |(one, two)| (one.to_owned(), Some(two.to_owned())));
    assert_eq!((Some(line1), line2), (exposed(&to.line1), told(&to.line2)));
    let region = shown(&address["subdivision"]).map(|code| code[to.country.len() + 1..].to_owned());
    assert_eq!((region, shown(&address["country"])), (to.region.clone(), Some(to.country.clone())));
    for (line, told) in order.lines.iter().zip(sale["lines"].as_array().unwrap()) {
        let price = Money::parse(told["unit_price"]["decimal"].as_str().unwrap(), order.currency).unwrap();
        assert_eq!((price, told["quantity"].as_u64()), (line.unit_price, Some(u64::from(line.quantity))));
        assert_eq!(shown(&told["product"]).as_ref(), Some(&line.sku));
    }
}

#[test]
fn what_a_target_holds_of_any_order_says_the_same_and_keeps_every_contract() {
    let contracts =
        ["canonical.order@1", "tryton.sale@8.2", "canonical.reservation@1", "karrio.shipment@2026.1"];
    let mut validators = validators(Catalog::built_in().unwrap()).unwrap();
    let [canonical, tryton, reserved, karrio] = contracts.map(|id| validators.remove(id).unwrap());
    proptest!(|(order in order())| {
        prop_assert!(canonical.is_valid(&serde_json::to_value(&order).unwrap()));
        let sale = sale(&order).unwrap();
        prop_assert!(tryton.is_valid(&sale));
        check_sale(&order, &sale);
        let reservation_made = order.reserved_as("42".to_owned(), Some("SHP-42".to_owned()));
        prop_assert!(reserved.is_valid(&serde_json::to_value(&reservation_made).unwrap()));
        let cause = webhook("{}");
        let event = reserved_event(&reservation_made, &cause, "m/1", cause.time).unwrap();
        prop_assert_eq!(&reservation(&event).unwrap(), &reservation_made);
        let body = shipment(&reservation_made).unwrap();
        prop_assert!(karrio.is_valid(&body), "{body}");
        let to = &order.ship_to;
        let held = ["person_name", "company_name", "address_line1", "address_line2", "city", "phone_number"];
        let ours = [exposed(&to.name), told(&to.company), exposed(&to.line1), told(&to.line2), exposed(&to.city), told(&to.phone)];
        prop_assert_eq!(held.map(|name| shown(&body["recipient"][name])), ours);
    });
}
