//! What the mapping `tryton-sale` makes of an order. Fields are named as Tryton 8.2 names them; what Tryton knows by its own ids
//! (party, product, unit, currency, country, subdivision) stands here by its code: the connector looks the ids up. What else the
//! mapping makes of a record is written as it stands, so that a field more in Tryton is a rule more in the mapping.

use message::Redacted;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Fields that the connector has no use for itself.
pub(crate) type OtherFields = Redacted<Map<String, Value>>;

/// `sale.sale`, with what it refers to.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub(crate) struct TrytonSale {
    /// [`transform::canonical::Order::reference`]: what the sale is looked up by.
    pub(crate) reference: String,
    /// What people call the order.
    pub(crate) description: String,
    pub(crate) party: TrytonParty,
    /// To ship to; an address of the party.
    pub(crate) shipment_address: TrytonAddress,
    /// `currency.currency` by code.
    pub(crate) currency: String,
    pub(crate) lines: Vec<TrytonSaleLine>,
    #[serde(flatten)]
    pub(crate) other: OtherFields,
}

/// `party.party`: found by its code, created where it is not there.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub(crate) struct TrytonParty {
    /// Unique in Tryton. `<shop>/customer/<id>`, or `<shop>/order/<id>` for a guest, who is a party of one order: the
    /// two kinds of id must not meet.
    pub(crate) code: String,
    pub(crate) name: Redacted<String>,
    /// A `contact_mechanism` of type `email`.
    #[serde(default)]
    pub(crate) email: Option<Redacted<String>>,
    #[serde(flatten)]
    pub(crate) other: OtherFields,
}

/// `party.address`.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub(crate) struct TrytonAddress {
    /// Stands on labels in place of the party's name: the company, else the recipient.
    pub(crate) party_name: Redacted<String>,
    /// The recipient at a company.
    #[serde(default)]
    pub(crate) attn: Option<Redacted<String>>,
    /// Lines as the shop has them: telling street from number would be guessing.
    pub(crate) street_unstructured: Redacted<String>,
    pub(crate) city: Redacted<String>,
    #[serde(default)]
    pub(crate) postal_code: Option<Redacted<String>>,
    /// `country.country` by ISO 3166-1 alpha-2 code.
    pub(crate) country: String,
    /// `country.subdivision` by ISO 3166-2 code (`US-CA`).
    #[serde(default)]
    pub(crate) subdivision: Option<String>,
    #[serde(flatten)]
    pub(crate) other: OtherFields,
}

/// `sale.line`, in the product's own unit.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub(crate) struct TrytonSaleLine {
    /// `product.product` by code: the SKU.
    pub(crate) product: String,
    /// A whole number, which Tryton's float holds exactly.
    pub(crate) quantity: u32,
    pub(crate) unit_price: TrytonDecimal,
    #[serde(flatten)]
    pub(crate) other: OtherFields,
}

/// A decimal as Tryton's JSON writes it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TrytonDecimal {
    #[serde(rename = "__class__")]
    class: String,
    decimal: String,
}

impl TrytonDecimal {
    /// Whether it is the same number: Tryton answers with as many decimals as the field has.
    pub(crate) fn is(&self, other: &Self) -> bool {
        fn plain(decimal: &str) -> &str {
            if decimal.contains('.') { decimal.trim_end_matches('0').trim_end_matches('.') } else { decimal }
        }
        plain(&self.decimal) == plain(&other.decimal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_compared_as_numbers() {
        let decimal = |text: &str| TrytonDecimal { class: "Decimal".to_owned(), decimal: text.to_owned() };
        for (one, other, same) in [
            ("12500", "12500.0000", true),
            ("12500.5", "12500.50", true),
            ("100", "1", false),
            ("0", "0.00", true),
            ("1.05", "1.5", false),
        ] {
            assert_eq!(decimal(one).is(&decimal(other)), same, "{one} {other}");
        }
    }
}
