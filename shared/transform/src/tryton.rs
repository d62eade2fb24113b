//! The canonical order to a sale in Tryton's words ([`TRYTON_SALE`]).
//!
//! Fields are named as Tryton 8.2 names them. What Tryton knows by its own ids (party, product, unit, currency,
//! country, subdivision) stands here by its code: the connector looks the ids up.

use message::{Code, Redacted};
use serde::Serialize;

use crate::canonical::{Address, Order};
use crate::mapping_names::TRYTON_SALE;
use crate::problem::{Kind, MappingError};

/// `sale.sale`, with what it refers to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct TrytonSale {
    /// [`Order::reference`]: what the sale is looked up by.
    pub reference: String,
    /// What people call the order.
    pub description: String,
    pub party: TrytonParty,
    /// To ship to; an address of the party.
    pub shipment_address: TrytonAddress,
    /// `currency.currency` by code.
    pub currency: String,
    pub lines: Vec<TrytonSaleLine>,
}

/// `party.party`: found by its code, created where it is not there.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct TrytonParty {
    /// Unique in Tryton. `<shop>/customer/<id>`, or `<shop>/order/<id>` for a guest, who is a party of one order: the
    /// two kinds of id must not meet.
    pub code: String,
    pub name: Redacted<String>,
    /// A `contact_mechanism` of type `email`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<Redacted<String>>,
}

/// `party.address`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct TrytonAddress {
    /// Stands on labels in place of the party's name: the company, else the recipient.
    pub party_name: Redacted<String>,
    /// The recipient at a company.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attn: Option<Redacted<String>>,
    /// Lines as the shop has them: telling street from number would be guessing.
    pub street_unstructured: Redacted<String>,
    pub city: Redacted<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<Redacted<String>>,
    /// `country.country` by ISO 3166-1 alpha-2 code.
    pub country: String,
    /// `country.subdivision` by ISO 3166-2 code (`US-CA`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subdivision: Option<String>,
}

/// `sale.line`, in the product's own unit.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct TrytonSaleLine {
    /// `product.product` by code: the SKU.
    pub product: String,
    /// A whole number, which Tryton's float holds exactly.
    pub quantity: u32,
    pub unit_price: TrytonDecimal,
}

/// A decimal as Tryton's JSON writes it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct TrytonDecimal {
    #[serde(rename = "__class__")]
    class: &'static str,
    decimal: String,
}

impl TrytonDecimal {
    pub const fn new(decimal: String) -> Self {
        Self { class: "Decimal", decimal }
    }

    pub fn as_str(&self) -> &str {
        &self.decimal
    }
}

/// Translates the order. Refused is what Tryton could not say: a line in another currency than the sale's.
pub fn sale(order: &Order) -> Result<TrytonSale, MappingError> {
    let foreign = order.lines.iter().position(|line| line.unit_price.currency != order.currency);
    if let Some(index) = foreign {
        let path = format!("$.lines[{index}].unit_price.currency");
        let expected = "the currency of the order";
        return Err(MappingError::one(TRYTON_SALE, Code::ValueInvalid, path, expected, Kind::String));
    }
    let lines = order.lines.iter().map(|line| TrytonSaleLine {
        product: line.sku.clone(),
        quantity: line.quantity,
        unit_price: TrytonDecimal::new(line.unit_price.to_decimal()),
    });
    Ok(TrytonSale {
        reference: order.reference(),
        description: order.number.clone(),
        party: party(order),
        shipment_address: address(&order.ship_to),
        currency: order.currency.as_str().to_owned(),
        lines: lines.collect(),
    })
}

fn party(order: &Order) -> TrytonParty {
    let code = match &order.customer.id {
        Some(id) => format!("{}/customer/{id}", order.shop),
        None => format!("{}/order/{}", order.shop, order.id),
    };
    TrytonParty { code, name: order.customer.name.clone(), email: order.customer.email.clone() }
}

fn address(ship_to: &Address) -> TrytonAddress {
    let (party_name, attn) = match &ship_to.company {
        Some(company) => (company.clone(), Some(ship_to.name.clone())),
        None => (ship_to.name.clone(), None),
    };
    let mut street = ship_to.line1.expose().clone();
    if let Some(line2) = &ship_to.line2 {
        street.push('\n');
        street.push_str(line2.expose());
    }
    TrytonAddress {
        party_name,
        attn,
        street_unstructured: street.into(),
        city: ship_to.city.clone(),
        postal_code: Some(ship_to.postal_code.clone()).filter(|code| !code.expose().is_empty()),
        country: ship_to.country.clone(),
        subdivision: ship_to.region.as_ref().map(|region| format!("{}-{region}", ship_to.country)),
    }
}
