//! The sale of a won deal: what the mapping `tryton-deal` makes, what Tryton answers, and what we write beside it: Tryton's own ids.

use message::Redacted;
use serde::{Deserialize, Serialize};

use crate::document::{OtherFields, TrytonDecimal};
use crate::wire::{Create, LineProduct};

/// `sale.sale`. Fields are named as Tryton 8.2 names them.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct SaleDocument {
    /// What the sale is looked up by.
    pub(crate) reference: String,
    pub(crate) description: Redacted<String>,
    /// `party.party` by code: the account's.
    pub(crate) party: String,
    /// `currency.currency` by code.
    pub(crate) currency: String,
    pub(crate) line: LineDocument,
    #[serde(flatten)]
    pub(crate) other: OtherFields,
}

/// The line that stands for the deal.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct LineDocument {
    /// `product.product` by code.
    pub(crate) product: String,
    pub(crate) quantity: u32,
    pub(crate) unit_price: TrytonDecimal,
    #[serde(flatten)]
    pub(crate) other: OtherFields,
}

/// `sale.sale`, with [`SaleRecord::FIELDS`].
#[derive(Deserialize)]
pub(crate) struct SaleRecord {
    pub(crate) id: i64,
    pub(crate) state: String,
    pub(crate) description: Option<String>,
    pub(crate) party: Option<i64>,
    pub(crate) currency: Option<Coded>,
    pub(crate) lines: Vec<LineRecord>,
}

impl SaleRecord {
    pub(crate) const FIELDS: &[&str] = &[
        "state",
        "description",
        "party",
        "currency.code",
        "lines.quantity",
        "lines.unit_price",
        "lines.product.code",
    ];

    /// The deal's line. Where people have put others in its place, there is none, and the lines are theirs.
    pub(crate) fn line(&self, document: &SaleDocument) -> Option<&LineRecord> {
        let product = |line: &&LineRecord| {
            line.product.as_ref().and_then(LineProduct::code) == Some(document.line.product.as_str())
        };
        self.lines.iter().filter(product).min_by_key(|line| line.id)
    }
}

#[derive(Deserialize)]
pub(crate) struct Coded {
    pub(crate) code: String,
}

/// `sale.line`.
#[derive(Deserialize)]
pub(crate) struct LineRecord {
    pub(crate) id: i64,
    pub(crate) quantity: Option<f64>,
    pub(crate) unit_price: Option<TrytonDecimal>,
    pub(crate) product: Option<LineProduct>,
}

impl LineRecord {
    pub(crate) fn says(&self, document: &LineDocument) -> bool {
        self.quantity == Some(f64::from(document.quantity))
            && self.unit_price.as_ref().is_some_and(|price| price.is(&document.unit_price))
    }
}

#[derive(Serialize)]
pub(crate) struct NewDealSale<'a> {
    pub(crate) reference: &'a str,
    pub(crate) description: &'a str,
    pub(crate) currency: i64,
    pub(crate) party: i64,
    pub(crate) invoice_address: i64,
    pub(crate) shipment_address: i64,
    pub(crate) lines: Create<crate::wire::NewLine<'a>>,
    #[serde(flatten)]
    pub(crate) other: &'a OtherFields,
}
