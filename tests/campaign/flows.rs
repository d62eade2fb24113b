//! The project's own flows under test, on the partner sandbox.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use connector_karrio::KarrioLabelBuyer;
use connector_tryton::TrytonStockReserver;
use inventory_to_shipping::InventoryToShipping;
use local::sandbox::{Sandbox, System};
use orders_to_inventory::OrdersToInventory;
use outbound::{HttpTarget, TargetConfig};
use receiver::{Flow, Receiver};
use serde_json::{Value, json};
use tests::address;
use transform::{Catalog, Translator};

use crate::hook::Hook;
use crate::hooked::Hooked;
use crate::world::World;

static PAYLOAD: LazyLock<Value> = LazyLock::new(|| {
    let text = include_str!("../../shared/transform/cases/shopify-order/minimal/input.json");
    serde_json::from_str(text).unwrap()
});
// Compiled once: a schedule starts a worker more than once, and there are thousands of schedules.
pub(crate) static BUILT_IN: LazyLock<Translators> =
    LazyLock::new(|| Translators::of(Catalog::built_in().unwrap()));
const SHOP: &str = "acme.myshopify.com";

/// What the flows and their connectors read and write by.
pub(crate) struct Translators {
    orders: Arc<Translator>,
    vendure_orders: Arc<Translator>,
    sales: Arc<Translator>,
    reservations: Arc<Translator>,
    shipments: Arc<Translator>,
    pub(crate) payment_intents: Arc<Translator>,
    pub(crate) charges: Arc<Translator>,
    pub(crate) refunds: Arc<Translator>,
    pub(crate) disputes: Arc<Translator>,
    pub(crate) issues: Arc<Translator>,
}

impl Translators {
    pub(crate) fn of(catalog: &Catalog) -> Self {
        let with = |mapping, settings| Arc::new(Translator::new(catalog.plan(mapping, settings).unwrap()));
        let shipping = json!({ "service": "standard_service", "ship_from": address() });
        Self {
            orders: with("shopify-order", &Value::Null),
            vendure_orders: with("vendure-order", &Value::Null),
            sales: with("tryton-sale", &Value::Null),
            reservations: with("canonical-reservation", &Value::Null),
            shipments: with("karrio-shipment", &shipping),
            payment_intents: with("stripe-payment-intent", &Value::Null),
            charges: with("stripe-charge", &Value::Null),
            refunds: with("stripe-refund", &Value::Null),
            disputes: with("stripe-dispute", &Value::Null),
            issues: with("redmine-issue", &Sandbox::desk_settings()),
        }
    }
}

/// What a campaign needs to know of a flow.
pub(crate) trait Subject: Copy {
    type Flow: Flow;

    /// Name of the target.
    fn target(self) -> &'static str;

    fn receiver(self, world: &Arc<World>, hook: &Hook) -> Receiver<Self::Flow> {
        self.receiver_by(&BUILT_IN, world, hook)
    }

    fn receiver_by(self, by: &Translators, world: &Arc<World>, hook: &Hook) -> Receiver<Self::Flow>;

    /// A message that can succeed, for this order: one operation.
    fn good(self, order: u32) -> String;

    /// A message that never can.
    fn poison(self) -> String;

    /// Effects at the target of this order's operation.
    fn effects(self, world: &World, order: u32) -> usize;

    /// Events that have to follow each of them.
    fn follow_ons(self) -> usize;
}

pub(crate) fn http(name: &'static str, base_url: String, seen: Arc<Hooked>) -> HttpTarget {
    let config = TargetConfig {
        name,
        base_url,
        connect_timeout: Duration::from_secs(2),
        timeout: Duration::from_secs(8),
        max_body_bytes: 4_194_304,
    };
    HttpTarget::over(seen, config).unwrap()
}

pub(crate) fn envelope(event_type: &str, source: &str, version: &str, data: &Value) -> String {
    json!({
        "specversion": "1.0", "id": "event-1", "source": source, "type": event_type,
        "time": "2026-11-24T10:00:00Z", "correlationid": "correlation-1", "sourceversion": version, "data": data
    })
    .to_string()
}

#[derive(Clone, Copy)]
pub(crate) struct Orders;

impl Orders {
    fn order(order: u32, change: impl FnOnce(&mut Value)) -> String {
        let mut payload = Self::of_what_is_sold(&PAYLOAD, order);
        change(&mut payload);
        Self::webhook(&payload, "2026-10")
    }

    /// As this order, of products that the inventory knows.
    pub(crate) fn of_what_is_sold(payload: &Value, order: u32) -> Value {
        let mut payload = payload.clone();
        payload["id"] = json!(order);
        for line in payload["line_items"].as_array_mut().unwrap() {
            line["sku"] = json!("SKU-1");
        }
        payload["currency"] = json!("USD");
        payload
    }

    pub(crate) fn webhook(payload: &Value, version: &str) -> String {
        envelope("shopify.orders/create", "/shopify/acme.myshopify.com", version, payload)
    }
}

impl Subject for Orders {
    type Flow = OrdersToInventory;

    fn target(self) -> &'static str {
        "tryton"
    }

    fn receiver_by(self, by: &Translators, world: &Arc<World>, hook: &Hook) -> Receiver<OrdersToInventory> {
        let seen = world.seen_by(hook);
        let gate = seen.gate(self.target());
        let target = http(self.target(), world.sandbox.tryton_url(), Arc::clone(&seen));
        let reserver = TrytonStockReserver::new(target, world.credential(), 1, Arc::clone(&by.sales));
        let vendure = Arc::clone(&by.vendure_orders);
        seen.receiver(OrdersToInventory::new(Arc::clone(&by.orders), vendure, Arc::new(reserver)), gate)
    }

    fn good(self, order: u32) -> String {
        Self::order(order, |_| {})
    }

    fn poison(self) -> String {
        Self::order(1, |payload| payload["line_items"] = json!([]))
    }

    fn effects(self, world: &World, order: u32) -> usize {
        effects(world, System::Inventory, order)
    }

    fn follow_ons(self) -> usize {
        1
    }
}

fn reference(order: u32) -> String {
    format!("{SHOP}/{order}")
}

fn effects(world: &World, system: System, order: u32) -> usize {
    let (effects, reference) = (world.sandbox.effects(), reference(order));
    effects.iter().filter(|effect| effect.system == system && effect.reference == reference).count()
}

#[derive(Clone, Copy)]
pub(crate) struct Labels;

impl Labels {
    fn reservation(order: u32, change: impl FnOnce(&mut Value)) -> String {
        let mut data = json!({
            "reference": reference(order), "shop": SHOP, "order_id": order.to_string(), "order_number": "#1001",
            "shipment_id": "41", "shipment_number": "S-41", "weight_grams": 500,
            "ship_to": {
                "name": "Ann Example", "line1": "Main 1", "city": "Berlin", "postal_code": "10115", "country": "DE"
            }
        });
        change(&mut data);
        envelope("spillway.stock.reserved", "/spillway/orders-to-inventory", "1", &data)
    }
}

impl Subject for Labels {
    type Flow = InventoryToShipping;

    fn target(self) -> &'static str {
        "karrio"
    }

    fn receiver_by(self, by: &Translators, world: &Arc<World>, hook: &Hook) -> Receiver<InventoryToShipping> {
        let seen = world.seen_by(hook);
        let gate = seen.gate(self.target());
        let target = http(self.target(), world.sandbox.karrio_url(), Arc::clone(&seen));
        let buyer = KarrioLabelBuyer::new(target, world.credential(), Arc::clone(&by.shipments));
        seen.receiver(InventoryToShipping::new(Arc::clone(&by.reservations), Arc::new(buyer)), gate)
    }

    fn good(self, order: u32) -> String {
        Self::reservation(order, |_| {})
    }

    fn poison(self) -> String {
        Self::reservation(1, |data| data["ship_to"] = Value::Null)
    }

    fn effects(self, world: &World, order: u32) -> usize {
        effects(world, System::Labels, order)
    }

    fn follow_ons(self) -> usize {
        0
    }
}
