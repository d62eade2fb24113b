use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use message::{Code, Effect, Envelope, Rejection};
use outbound::{Attempt, CallError, StockReserver, at_most_once};
use receiver::{Claim, Due, Flow, Outcome, Performed, Translated};
use serde_json::json;
use transform::canonical::Order;
use transform::reconcile::{OrderEvent, Orders};
use transform::{Decoded, Translator, reservation};

pub struct OrdersToInventory {
    /// Of the mapping `shopify-order`.
    shopify: Arc<Translator>,
    /// Of the mapping `vendure-order`.
    vendure: Arc<Translator>,
    reserver: Arc<dyn StockReserver>,
}

impl OrdersToInventory {
    pub fn new(shopify: Arc<Translator>, vendure: Arc<Translator>, reserver: Arc<dyn StockReserver>) -> Self {
        Self { shopify, vendure, reserver }
    }
}

#[async_trait]
impl Flow for OrdersToInventory {
    type Operation = Order;

    fn name(&self) -> &'static str {
        Orders::FLOW
    }

    /// A new customer's order in the inventory system: look-ups, party, sale, three transitions, two of the shipment.
    fn calls(&self) -> u32 {
        12
    }

    fn translate(&self, envelope: &Envelope) -> Result<Translated<Order>, Rejection> {
        let mapping = match OrderEvent::of(envelope)? {
            OrderEvent::Shopify => &self.shopify,
            OrderEvent::Vendure => &self.vendure,
        };
        let Decoded { value: order, stamp }: Decoded<Order> = mapping.decode(envelope)?;
        let key = order.reserve_key(self.name());
        let target_mapping = self.reserver.mapping();
        Ok(Translated { operation: order, key, version: 0, mapping: stamp, target_mapping, due: Due::Now })
    }

    async fn perform(&self, envelope: &Envelope, order: &Order, claim: &Claim) -> Result<Performed, Attempt> {
        let find = || self.reserver.find(order, &claim.budget);
        let reserve = || self.reserver.reserve(order, &claim.budget);
        let reserved = at_most_once(claim.prior, find, reserve).await?;
        // The stock is set aside by now, whatever becomes of the event.
        let event = reservation::reserved_event(&reserved, envelope, claim.mapping, Timestamp::now())
            .map_err(|_| Attempt {
                error: CallError::NotNow { code: Code::FollowOnNotSent, after: None },
                effect: Effect::Unknown,
            })?;
        tracing::info!(
            correlation_id = envelope.correlationid,
            reference = reserved.reference,
            shipment_id = reserved.shipment_id,
            "stock reserved"
        );
        let ids = json!({ "shipment_id": reserved.shipment_id, "shipment_number": reserved.shipment_number });
        Ok(Performed { outcome: Outcome { ids: ids.to_string(), target_id: None }, events: vec![event] })
    }
}
