use jiff::Timestamp;
use message::{OperationKey, Redacted};
use serde::{Deserialize, Serialize};

use super::{Currency, Money};

/// An order as a shop took it, in no shop's words.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Order {
    /// The shop's own name for itself, unique among sources: `acme.myshopify.com`.
    pub shop: String,
    /// The shop's immutable order id: part of the operation key.
    pub id: String,
    /// What people call the order: `#1001`.
    pub number: String,
    pub placed_at: Timestamp,
    pub currency: Currency,
    pub customer: Customer,
    pub ship_to: Address,
    /// At least one.
    pub lines: Vec<OrderLine>,
}

impl Order {
    /// Our external reference, the same in every target: what an effect is looked up by.
    pub fn reference(&self) -> String {
        format!("{}/{}", self.shop, self.id)
    }

    /// What the flow's ledger knows its reservation by.
    pub fn reserve_key(&self, flow: &str) -> OperationKey {
        reserve_key(flow, &self.shop, &self.id)
    }

    /// Weight of all lines together in grams: of those whose weight the shop knows.
    pub fn weight_grams(&self) -> u32 {
        self.lines
            .iter()
            .fold(0, |sum: u32, line| sum.saturating_add(line.weight_grams.saturating_mul(line.quantity)))
    }

    /// The reservation of this order, made by an inventory system as its shipment of that id.
    pub fn reserved_as(&self, shipment_id: String, shipment_number: Option<String>) -> Reservation {
        Reservation {
            reference: self.reference(),
            shop: self.shop.clone(),
            order_id: self.id.clone(),
            order_number: self.number.clone(),
            shipment_id,
            shipment_number,
            ship_to: self.ship_to.clone(),
            weight_grams: self.weight_grams(),
        }
    }
}

/// For those who read no more of an order.
pub(crate) fn reserve_key(flow: &str, shop: &str, id: &str) -> OperationKey {
    OperationKey::new(flow, &[shop, id, "reserve"])
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Customer {
    /// The shop's customer id; absent for a guest.
    pub id: Option<String>,
    pub name: Redacted<String>,
    pub email: Option<Redacted<String>>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Address {
    pub name: Redacted<String>,
    #[serde(default)]
    pub company: Option<Redacted<String>>,
    pub line1: Redacted<String>,
    #[serde(default)]
    pub line2: Option<Redacted<String>>,
    pub city: Redacted<String>,
    /// Empty where addresses of the country go without one.
    pub postal_code: Redacted<String>,
    /// ISO 3166-2 subdivision without the country (`CA`), where the source has one.
    #[serde(default)]
    pub region: Option<String>,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    #[serde(default)]
    pub phone: Option<Redacted<String>>,
    #[serde(default)]
    pub email: Option<Redacted<String>>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OrderLine {
    /// Stock keeping unit: how the inventory system knows the product.
    pub sku: String,
    /// At least 1.
    pub quantity: u32,
    /// Price of one, before discounts and taxes.
    pub unit_price: Money,
    /// Weight of one in grams; 0 where the shop does not know it.
    pub weight_grams: u32,
}

/// Stock set aside for an order: the follow-on event of the inventory flow, the input of the shipping flow.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Reservation {
    /// [`Order::reference`].
    pub reference: String,
    pub shop: String,
    pub order_id: String,
    pub order_number: String,
    /// The inventory system's id of the outgoing shipment that holds the stock.
    pub shipment_id: String,
    /// The number people know that shipment by, where it has one.
    pub shipment_number: Option<String>,
    pub ship_to: Address,
    /// Weight of all lines together in grams; 0 where unknown.
    pub weight_grams: u32,
}

/// A label bought for a reservation.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Shipment {
    /// [`Order::reference`].
    pub reference: String,
    /// The label system's id of the shipment.
    pub label_id: String,
    /// `None` for services that are not tracked.
    pub tracking_number: Option<String>,
    pub carrier: String,
}
