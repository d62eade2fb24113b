//! The flows under test: both of the project's own, on the partner sandbox, and one of a versioned entity whose target
//! can neither be asked nor recognises a repeat.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use channel::Attributes;
use connector_karrio::KarrioLabelBuyer;
use connector_tryton::TrytonStockReserver;
use inventory_to_shipping::InventoryToShipping;
use local::sandbox::{API_KEY, System};
use message::{Code, Envelope, OperationKey, Rejection};
use orders_to_inventory::OrdersToInventory;
use outbound::{Attempt, HttpTarget, TargetConfig};
use receiver::{Claim, Flow, Outcome, Performed, Receiver, Translated};
use serde_json::{Value, json};
use tests::{address, credential};

use crate::hook::Hook;
use crate::world::World;

const PAYLOAD: &str = include_str!("../../shared/transform/tests/fixtures/shopify/minimal/payload.json");

/// What a campaign needs to know of a flow.
pub(crate) trait Subject: Copy {
    type Flow: Flow;

    fn receiver(self, world: &Arc<World>, hook: &Hook) -> Receiver<Self::Flow>;

    /// A message that can succeed.
    fn good(self) -> String;

    /// A message that never can.
    fn poison(self) -> String;

    /// Effects at the target of the good message's operation.
    fn effects(self, world: &World) -> usize;

    /// Events that have to follow.
    fn follow_ons(self) -> usize;
}

fn http(name: &'static str, base_url: String, seen: Arc<crate::world::Hooked>) -> HttpTarget {
    let config = TargetConfig {
        name,
        base_url,
        connect_timeout: Duration::from_secs(2),
        timeout: Duration::from_secs(8),
        max_body_bytes: 4_194_304,
    };
    HttpTarget::over(seen, config).unwrap()
}

fn envelope(event_type: &str, source: &str, version: &str, data: &Value) -> String {
    json!({
        "specversion": "1.0", "id": "event-1", "source": source, "type": event_type,
        "time": "2026-11-24T10:00:00Z", "correlationid": "correlation-1", "sourceversion": version, "data": data
    })
    .to_string()
}

#[derive(Clone, Copy)]
pub(crate) struct Orders;

impl Orders {
    fn order(change: impl FnOnce(&mut Value)) -> String {
        let mut payload: Value = serde_json::from_str(PAYLOAD).unwrap();
        payload["id"] = json!(1_001);
        for line in payload["line_items"].as_array_mut().unwrap() {
            line["sku"] = json!("SKU-1");
        }
        payload["currency"] = json!("USD");
        change(&mut payload);
        envelope("shopify.orders/create", "/shopify/acme.myshopify.com", "2026-10", &payload)
    }
}

impl Subject for Orders {
    type Flow = OrdersToInventory;

    fn receiver(self, world: &Arc<World>, hook: &Hook) -> Receiver<OrdersToInventory> {
        let seen = world.seen_by(hook);
        let gate = seen.gate("tryton");
        let target = http("tryton", world.sandbox.tryton_url(), Arc::clone(&seen));
        let reserver = TrytonStockReserver::new(target, credential(API_KEY), 1);
        seen.receiver(OrdersToInventory::new(Arc::new(reserver)), gate)
    }

    fn good(self) -> String {
        Self::order(|_| {})
    }

    fn poison(self) -> String {
        Self::order(|payload| payload["line_items"] = json!([]))
    }

    fn effects(self, world: &World) -> usize {
        effects(world, System::Inventory, "acme.myshopify.com/1001")
    }

    fn follow_ons(self) -> usize {
        1
    }
}

fn effects(world: &World, system: System, reference: &str) -> usize {
    let effects = world.sandbox.effects();
    effects.iter().filter(|effect| effect.system == system && effect.reference == reference).count()
}

#[derive(Clone, Copy)]
pub(crate) struct Labels;

impl Labels {
    fn reservation(change: impl FnOnce(&mut Value)) -> String {
        let mut data = json!({
            "reference": "acme.myshopify.com/1001", "shop": "acme.myshopify.com", "order_id": "1001",
            "order_number": "#1001", "shipment_id": "41", "shipment_number": "S-41", "weight_grams": 500,
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

    fn receiver(self, world: &Arc<World>, hook: &Hook) -> Receiver<InventoryToShipping> {
        let seen = world.seen_by(hook);
        let gate = seen.gate("karrio");
        let target = http("karrio", world.sandbox.karrio_url(), Arc::clone(&seen));
        let buyer = KarrioLabelBuyer::new(target, credential(API_KEY), "standard_service", address());
        seen.receiver(InventoryToShipping::new(Arc::new(buyer)), gate)
    }

    fn good(self) -> String {
        Self::reservation(|_| {})
    }

    fn poison(self) -> String {
        Self::reservation(|data| data["ship_to"] = Value::Null)
    }

    fn effects(self, world: &World) -> usize {
        effects(world, System::Labels, "acme.myshopify.com/1001")
    }

    fn follow_ons(self) -> usize {
        0
    }
}

/// A register that takes what it is given and remembers in which order.
pub(crate) type Register = Arc<Mutex<Vec<u64>>>;

/// Writes versions of one entity into a register.
pub(crate) struct Versions {
    seen: Arc<crate::world::Hooked>,
    register: Register,
}

impl Versions {
    pub(crate) fn receiver(world: &Arc<World>, hook: &Hook, register: &Register) -> Receiver<Self> {
        let seen = world.seen_by(hook);
        let gate = seen.gate("register");
        let flow = Self { seen: Arc::clone(&seen), register: Arc::clone(register) };
        seen.receiver(flow, gate)
    }

    pub(crate) fn message(version: u64) -> String {
        envelope("test.entity", "/test", "1", &json!({ "version": version }))
    }

    pub(crate) fn send(world: &Arc<World>, version: u64) {
        world.source.send(&Self::message(version), Attributes::new(), world.now_ms(), Duration::ZERO);
    }
}

#[async_trait]
impl Flow for Versions {
    type Operation = Value;

    fn name(&self) -> &'static str {
        "versions"
    }

    fn calls(&self) -> u32 {
        1
    }

    fn translate(&self, envelope: &Envelope) -> Result<Translated<Value>, Rejection> {
        let data: Value = serde_json::from_str(envelope.data.get())
            .map_err(|_| Rejection::new(Code::TypeMismatch, "$", "expected an object"))?;
        Ok(Translated {
            version: data["version"].as_u64().unwrap_or(0),
            operation: data,
            key: OperationKey::new("versions", &["entity"]),
            mapping: "versions/1",
        })
    }

    async fn perform(&self, _: &Envelope, operation: &Value, claim: &Claim) -> Result<Performed, Attempt> {
        let timeout = Duration::from_secs(8);
        let failed = |error| Attempt { error, effect: claim.prior };
        let ends = tokio::time::Instant::now() + claim.budget.allow(timeout).map_err(failed)?;
        let put = async || {
            if tokio::time::Instant::now() < ends {
                let mut register = self.register.lock().unwrap_or_else(PoisonError::into_inner);
                register.push(operation["version"].as_u64().unwrap_or(0));
                return Ok(());
            }
            Err(lost())
        };
        self.seen.call(|| Err(lost()), put).await?;
        Ok(Performed { outcome: Outcome { ids: "{}".to_owned(), target_id: None }, events: Vec::new() })
    }
}

fn lost() -> Attempt {
    let error = outbound::CallError::OutcomeUnknown { code: Code::OutcomeUnknown, after: None };
    Attempt { error, effect: message::Effect::Unknown }
}
