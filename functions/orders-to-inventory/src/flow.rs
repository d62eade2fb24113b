use std::sync::Arc;

use async_trait::async_trait;
use channel::EventChannel;
use jiff::Timestamp;
use message::{Code, Effect, Envelope, OperationKey, Rejection};
use outbound::{Attempt, Budget, CallError, StockReserver, at_most_once};
use receiver::{Flow, Performed, Translated};
use serde_json::json;
use transform::canonical::{Order, Reservation};
use transform::mapping::SHOPIFY_ORDER;
use transform::{reservation, shopify};

/// Source event type -> mapping.
const SHOPIFY_ORDER_CREATED: &str = "shopify.orders/create";

pub struct OrdersToInventory {
    reserver: Arc<dyn StockReserver>,
    shipping: Arc<dyn EventChannel>,
}

impl OrdersToInventory {
    pub fn new(reserver: Arc<dyn StockReserver>, shipping: Arc<dyn EventChannel>) -> Self {
        Self { reserver, shipping }
    }

    /// Before the ledger item is completed: a crash in between sends it twice, and the shipping flow's own ledger
    /// knows it again. The other way round it could be lost.
    async fn follow_on(&self, cause: &Envelope, reserved: &Reservation) -> Result<(), Attempt> {
        // The stock is set aside by now, whatever becomes of the event.
        let failed = Attempt {
            error: CallError::NotNow { code: Code::FollowOnNotSent, after: None },
            effect: Effect::Unknown,
        };
        let Ok(event) = reservation::reserved_event(reserved, cause, Timestamp::now()) else {
            return Err(failed);
        };
        self.shipping.send(&event).await.map_err(|error| {
            tracing::warn!(%error, correlation_id = cause.correlationid, "the follow-on event was not accepted");
            failed
        })
    }
}

#[async_trait]
impl Flow for OrdersToInventory {
    type Operation = Order;

    fn name(&self) -> &'static str {
        "orders-to-inventory"
    }

    fn translate(&self, envelope: &Envelope) -> Result<Translated<Order>, Rejection> {
        let (order, mapping) = match envelope.event_type.as_str() {
            SHOPIFY_ORDER_CREATED => (shopify::order(envelope)?, SHOPIFY_ORDER),
            _ => {
                return Err(Rejection::new(Code::EventTypeUnknown, "$.type", Code::EventTypeUnknown.title()));
            }
        };
        let key = OperationKey::new(self.name(), &[&order.shop, &order.id, "reserve"]);
        Ok(Translated { operation: order, key, mapping })
    }

    async fn perform(
        &self,
        envelope: &Envelope,
        order: &Order,
        prior: Effect,
        budget: &Budget,
    ) -> Result<Performed, Attempt> {
        let find = || self.reserver.find(order, budget);
        let reserve = || self.reserver.reserve(order, budget);
        let reserved = at_most_once(prior, find, reserve).await?;
        self.follow_on(envelope, &reserved).await?;
        tracing::info!(
            correlation_id = envelope.correlationid,
            reference = reserved.reference,
            shipment_id = reserved.shipment_id,
            "stock reserved"
        );
        let outcome =
            json!({ "shipment_id": reserved.shipment_id, "shipment_number": reserved.shipment_number });
        Ok(Performed { outcome: outcome.to_string() })
    }
}
