//! Shopify's order, as `orders/*` webhooks carry it, to the canonical order ([`SHOPIFY_ORDER`]).
//!
//! What is decided here, where the contract leaves a choice:
//! - A delivery without `X-Shopify-API-Version` is refused: Shopify always sends it, and Shopify moves subscriptions
//!   on to newer versions by itself, so reading without it would be guessing the contract.
//! - `current_quantity` (without units removed by an edit or a refund) goes before `quantity`, what was first ordered:
//!   removed units must not be shipped.
//! - Lines with nothing left, and lines that need no shipping (digital goods, gift cards, tips), ask for no stock and are
//!   left out unread. An order of nothing else is refused at `$.line_items`: there is nothing to reserve.
//! - `price` is in the shop's currency, which is `currency`; presentment money is what the buyer saw and is not read.
//! - Test orders (`test: true`) pass: staging shops make no others, and which shop sends here is configuration.
//! - Cancelled orders, and orders that were shipped in whole or part before they came, are refused: reserving
//!   them would ship them, or ship them twice.
//! - Whether an order is paid (`financial_status`) is not read: when stock is set aside, before or after payment, is for the
//!   shop's own settings, which decide when `orders/create` is sent.
//! - An e-mail address that none could mail to is left out, and a line break inside an address line is a blank: neither is a
//!   reason not to ship.
//! - `customer` is absent for orders made without one; the order is then a guest's.
//! - `shipping_address.zip` is required but in countries whose addresses go without.
//!
//! Paths beginning with `$.source` name attributes of the envelope, all others places in the payload.

use message::{Code, Envelope, Redacted};

use crate::canonical::{Address, Currency, Customer, Order, OrderLine};
use crate::mapping_names::{SHOPIFY_ORDER, SHOPIFY_VERSIONS};
use crate::problem::{Kind, MappingError};
use crate::reader::{Field, Object, read};

/// As many as a Shopify cart holds.
pub const MAX_LINES: usize = 500;
const MAX_QUANTITY: u32 = 1_000_000;
/// A ton: no single parcel carries more.
const MAX_UNIT_GRAMS: u32 = 1_000_000;
const MAX_TEXT_CHARS: usize = 255;
const MAX_NUMBER_CHARS: usize = 64;
const MAX_PHONE_CHARS: usize = 50;
const MAX_POSTAL_CODE_CHARS: usize = 20;
const MAX_REGION_CHARS: usize = 10;
/// RFC 1035, 2.3.4.
const MAX_DOMAIN_CHARS: usize = 253;

/// Countries that have no postal codes, or whose people commonly do without: there an address is whole without one.
const WITHOUT_POSTAL_CODES: &[&str] = &[
    "AE", "AG", "AO", "AW", "BF", "BI", "BJ", "BO", "BS", "BW", "BZ", "CD", "CF", "CG", "CI", "CK", "CL",
    "CM", "CO", "DJ", "DM", "ER", "FJ", "GD", "GH", "GM", "GQ", "GY", "HK", "IE", "JM", "KI", "KM", "KN",
    "KP", "LY", "ML", "MO", "MR", "MW", "NR", "NU", "PA", "PE", "QA", "RW", "SB", "SC", "SL", "SR", "ST",
    "SY", "TD", "TF", "TG", "TK", "TL", "TO", "TV", "UG", "VU", "YE", "ZW",
];

/// Reads the order out of a webhook.
pub fn order(envelope: &Envelope) -> Result<Order, MappingError> {
    let refuse =
        |code, path, expected, came| Err(MappingError::one(SHOPIFY_ORDER, code, path, expected, came));
    match envelope.sourceversion.as_deref() {
        Some(version) if SHOPIFY_VERSIONS.contains(&version) => {}
        version => {
            let came = version.map_or(Kind::Missing, |_| Kind::String);
            return refuse(
                Code::VersionUnsupported,
                "$.sourceversion",
                "a version of Shopify's API that the mapping accepts",
                came,
            );
        }
    }
    let Some(shop) = shop(&envelope.source) else {
        return refuse(Code::ValueInvalid, "$.source", "/shopify/<shop domain>", Kind::String);
    };
    read(SHOPIFY_ORDER, envelope.data.get(), |payload| read_order(payload, shop))
}

fn shop(source: &str) -> Option<&str> {
    let shop = source.strip_prefix("/shopify/")?;
    let domain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-');
    (!shop.is_empty() && shop.len() <= MAX_DOMAIN_CHARS && shop.bytes().all(domain)).then_some(shop)
}

/// Every part is read before any is needed, so that all problems are told together.
fn read_order(payload: &Object<'_>, shop: &str) -> Option<Order> {
    let id = payload.field("id").numeric_id();
    let number = payload.field("name").text(MAX_NUMBER_CHARS);
    let placed_at = payload.field("created_at").instant();
    refuse_what_must_not_ship(payload);
    let currency = payload.field("currency").currency();
    let email = payload.field("email").optional_email().map(Redacted::from);
    let lines = read_lines(&payload.field("line_items"), currency);
    let ship_to = read_address(payload, email.clone());
    let customer = read_customer(payload, email);
    let ship_to = ship_to?;
    let (customer_id, customer_name, email) = customer?;
    Some(Order {
        shop: shop.to_owned(),
        id: id?,
        number: number?,
        placed_at: placed_at?,
        currency: currency?,
        customer: Customer {
            id: customer_id,
            name: customer_name.unwrap_or_else(|| ship_to.name.clone()),
            email,
        },
        ship_to,
        lines: lines?,
    })
}

fn refuse_what_must_not_ship(payload: &Object<'_>) {
    let cancelled_at = payload.field("cancelled_at");
    if !cancelled_at.is_absent() {
        cancelled_at.refuse::<()>(Code::ValueInvalid, "null, as a cancelled order is not reserved");
    }
    let status = payload.field("fulfillment_status");
    match status.optional_text(MAX_NUMBER_CHARS).as_deref() {
        None | Some("unfulfilled") => {}
        Some("fulfilled" | "partial" | "restocked") => {
            status.refuse::<()>(Code::ValueInvalid, "null, as a fulfilled order is not shipped again");
        }
        Some(_) => {
            status.refuse::<()>(Code::ValueUnknown, "a fulfilment status that the mapping knows");
        }
    }
}

/// `None` for the currency means that its problem is noted: prices are then read as text only.
fn read_lines(items: &Field<'_>, currency: Option<Currency>) -> Option<Vec<OrderLine>> {
    let mut lines = Vec::new();
    let mut whole = true;
    for item in items.items(MAX_LINES)?.iter() {
        match read_line(&item, currency) {
            Some(Line::Stock(line)) => lines.push(line),
            Some(Line::NoStock) => {}
            None => whole = false,
        }
    }
    if !whole {
        return None;
    }
    if lines.is_empty() {
        return items.refuse(Code::ValueInvalid, "a line that needs shipping");
    }
    let grams: u64 = lines.iter().map(|line| u64::from(line.weight_grams) * u64::from(line.quantity)).sum();
    if u32::try_from(grams).is_err() {
        return items.refuse(Code::LimitExceeded, "lines of at most 4294967295 grams together");
    }
    Some(lines)
}

enum Line {
    Stock(OrderLine),
    NoStock,
}

fn read_line(item: &Field<'_>, currency: Option<Currency>) -> Option<Line> {
    let line = item.object()?;
    let current = line.field("current_quantity");
    let quantity = if current.is_absent() { line.field("quantity") } else { current };
    let quantity = quantity.integer(0..=MAX_QUANTITY);
    let requires_shipping = line.field("requires_shipping").boolean_or(true);
    if quantity == Some(0) || requires_shipping == Some(false) {
        return Some(Line::NoStock);
    }
    let sku = line.field("sku").text(MAX_TEXT_CHARS);
    let price = line.field("price");
    let unit_price = match currency {
        Some(currency) => price.money(currency),
        None => price.text(MAX_TEXT_CHARS).and(None),
    };
    let grams = line.field("grams");
    let weight_grams = if grams.is_absent() { Some(0) } else { grams.integer(0..=MAX_UNIT_GRAMS) };
    requires_shipping?;
    Some(Line::Stock(OrderLine {
        sku: sku?,
        quantity: quantity?,
        unit_price: unit_price?,
        weight_grams: weight_grams?,
    }))
}

fn read_address(payload: &Object<'_>, email: Option<Redacted<String>>) -> Option<Address> {
    let order_phone = payload.field("phone").optional_text(MAX_PHONE_CHARS);
    let address = payload.field("shipping_address").object()?;
    let optional = |name, max| address.field(name).optional_text(max).map(Redacted::from);
    let name = match full_name(&address, Some("name")) {
        Some(name) => Some(name),
        None => address.field("name").text(MAX_TEXT_CHARS).map(Redacted::from),
    };
    let company = optional("company", MAX_TEXT_CHARS);
    let line1 = address.field("address1").text(MAX_TEXT_CHARS);
    let line2 = optional("address2", MAX_TEXT_CHARS);
    let city = address.field("city").text(MAX_TEXT_CHARS);
    let country = address.field("country_code").country();
    let zip = address.field("zip");
    let postal_code = match zip.optional_text(MAX_POSTAL_CODE_CHARS) {
        Some(postal_code) => Some(postal_code),
        None if country.as_deref().is_none_or(|country| WITHOUT_POSTAL_CODES.contains(&country)) => {
            Some(String::new())
        }
        None => zip.text(MAX_POSTAL_CODE_CHARS),
    };
    let region = address.field("province_code").optional_text(MAX_REGION_CHARS);
    let region = region.and_then(|region| without_country(&region, country.as_deref()));
    let phone = optional("phone", MAX_PHONE_CHARS).or_else(|| order_phone.map(Redacted::from));
    Some(Address {
        name: name?,
        company,
        line1: line1?.into(),
        line2,
        city: city?.into(),
        postal_code: postal_code?.into(),
        region,
        country: country?,
        phone,
        email,
    })
}

/// Shopify writes some countries' provinces with the country (`JP-13`), most without (`CA`).
fn without_country(region: &str, country: Option<&str>) -> Option<String> {
    let bare = country.and_then(|country| region.strip_prefix(country)?.strip_prefix('-'));
    let region = bare.unwrap_or(region).trim();
    (!region.is_empty()).then(|| region.to_owned())
}

type CustomerParts = (Option<String>, Option<Redacted<String>>, Option<Redacted<String>>);

/// Id, name and e-mail address of who ordered; the order's own address goes before the one of the account.
fn read_customer(payload: &Object<'_>, email: Option<Redacted<String>>) -> Option<CustomerParts> {
    let customer = payload.field("customer");
    if customer.is_absent() {
        return Some((None, None, email));
    }
    let customer = customer.object()?;
    let id = customer.field("id").numeric_id();
    let name = full_name(&customer, None);
    let of_account = customer.field("email").optional_email().map(Redacted::from);
    Some((Some(id?), name, email.or(of_account)))
}

/// The whole name where the object has such a field and it is set, else first and last name.
fn full_name(object: &Object<'_>, whole: Option<&'static str>) -> Option<Redacted<String>> {
    if let Some(name) = whole.and_then(|whole| object.field(whole).optional_text(MAX_TEXT_CHARS)) {
        return Some(name.into());
    }
    let parts = ["first_name", "last_name"].map(|part| object.field(part).optional_text(MAX_TEXT_CHARS));
    let name = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
    (!name.is_empty()).then(|| name.into())
}
