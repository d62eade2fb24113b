//! What Tryton answers, as far as we read it, and what we write beside the mapping's document: its own ids.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::document::{OtherFields, TrytonDecimal, TrytonSale};

/// `sale.sale`, with [`Sale::FIELDS`].
#[derive(Deserialize)]
pub(crate) struct Sale {
    pub id: i64,
    pub state: String,
    pub shipments: Vec<Shipment>,
    pub lines: Vec<Line>,
}

impl Sale {
    pub(crate) const FIELDS: &[&str] =
        &["state", "shipments.state", "shipments.number", "lines.quantity", "lines.product.code"];

    /// Whether it is a sale of what the order asks for: as many of each product.
    pub(crate) fn sells(&self, document: &TrytonSale) -> bool {
        let mut balance: BTreeMap<&str, f64> = BTreeMap::new();
        for line in &self.lines {
            // Lines without a product are titles and comments, and one whose product has no code is a person's: we find ours by it.
            let code = line.product.as_ref().and_then(LineProduct::code);
            if let (Some(code), Some(quantity)) = (code, line.quantity) {
                *balance.entry(code).or_default() += quantity;
            }
        }
        for line in &document.lines {
            *balance.entry(&line.product).or_default() -= f64::from(line.quantity);
        }
        // Whole numbers, which a float holds exactly.
        balance.values().all(|left| *left == 0.0)
    }
}

/// `sale.line`.
#[derive(Deserialize)]
pub(crate) struct Line {
    pub quantity: Option<f64>,
    pub product: Option<LineProduct>,
}

/// The product of a line, whoever has added that. Tryton does not insist on a code.
#[derive(Deserialize)]
pub(crate) struct LineProduct {
    code: Option<String>,
}

impl LineProduct {
    /// What it is known by; null and an empty text are none.
    pub(crate) fn code(&self) -> Option<&str> {
        self.code.as_deref().filter(|code| !code.is_empty())
    }
}

/// `stock.shipment.out`.
#[derive(Clone, Deserialize)]
pub(crate) struct Shipment {
    pub id: i64,
    pub state: String,
    pub number: Option<String>,
}

impl Shipment {
    pub(crate) const FIELDS: &[&str] = &["state", "number"];

    /// The stock is set aside, or has even left.
    pub(crate) fn holds_stock(&self) -> bool {
        matches!(self.state.as_str(), "assigned" | "picked" | "packed" | "shipped" | "done")
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.state == "cancelled"
    }
}

/// A record that is only looked up for its id.
#[derive(Deserialize)]
pub(crate) struct Identified {
    pub id: i64,
}

/// `product.product`.
#[derive(Deserialize)]
pub(crate) struct Product {
    pub id: i64,
    pub code: String,
    pub default_uom: i64,
}

/// `party.party`, with its addresses.
#[derive(Deserialize)]
pub(crate) struct Party {
    pub id: i64,
    pub addresses: Vec<Address>,
}

impl Party {
    pub(crate) const FIELDS: &[&str] = &[
        "addresses.party_name",
        "addresses.attn",
        "addresses.street_unstructured",
        "addresses.city",
        "addresses.postal_code",
        "addresses.country.code",
    ];
}

#[derive(Deserialize)]
pub(crate) struct Address {
    pub id: i64,
    pub party_name: Option<String>,
    pub attn: Option<String>,
    pub street_unstructured: Option<String>,
    pub city: Option<String>,
    pub postal_code: Option<String>,
    pub country: Option<Coded>,
}

#[derive(Deserialize)]
pub(crate) struct Coded {
    pub code: String,
}

impl Address {
    /// Whether it says the same as the order's: then no second one is made.
    pub(crate) fn says(&self, sale: &TrytonSale) -> bool {
        let wanted = &sale.shipment_address;
        // Tryton answers null or an empty string for what was never set.
        let same = |is: &Option<String>, should: Option<&String>| {
            is.as_deref().unwrap_or_default() == should.map_or("", String::as_str)
        };
        same(&self.party_name, Some(wanted.party_name.expose()))
            && same(&self.attn, wanted.attn.as_ref().map(|attn| attn.expose()))
            && same(&self.street_unstructured, Some(wanted.street_unstructured.expose()))
            && same(&self.city, Some(wanted.city.expose()))
            && same(&self.postal_code, wanted.postal_code.as_ref().map(|code| code.expose()))
            && self.country.as_ref().map_or("", |country| country.code.as_str()) == wanted.country
    }
}

/// The value of a one-to-many field: records to be made with their parent.
#[derive(Serialize)]
pub(crate) struct Create<T>([(&'static str, Vec<T>); 1]);

impl<T> Create<T> {
    pub(crate) fn new(records: Vec<T>) -> Self {
        Self([("create", records)])
    }
}

#[derive(Serialize)]
pub(crate) struct NewAddress<'a> {
    /// Left out where the address is made with its party.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub party: Option<i64>,
    pub party_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attn: Option<&'a str>,
    pub street_unstructured: &'a str,
    pub city: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<&'a str>,
    pub country: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subdivision: Option<i64>,
    #[serde(flatten)]
    pub other: &'a OtherFields,
}

#[derive(Serialize)]
pub(crate) struct NewContact<'a> {
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub value: &'a str,
}

#[derive(Serialize)]
pub(crate) struct NewParty<'a> {
    pub code: &'a str,
    pub name: &'a str,
    pub addresses: Create<NewAddress<'a>>,
    pub contact_mechanisms: Create<NewContact<'a>>,
    #[serde(flatten)]
    pub other: &'a OtherFields,
}

#[derive(Serialize)]
pub(crate) struct NewSale<'a> {
    pub reference: &'a str,
    pub description: &'a str,
    pub currency: i64,
    pub party: i64,
    pub invoice_address: i64,
    pub shipment_address: i64,
    pub lines: Create<NewLine<'a>>,
    #[serde(flatten)]
    pub other: &'a OtherFields,
}

#[derive(Serialize)]
pub(crate) struct NewLine<'a> {
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub product: i64,
    pub unit: i64,
    pub quantity: u32,
    pub unit_price: &'a TrytonDecimal,
    #[serde(flatten)]
    pub other: &'a OtherFields,
}
