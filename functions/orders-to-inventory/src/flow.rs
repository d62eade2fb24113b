use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use message::{Code, Effect, Envelope, OperationKey, Rejection};
use outbound::{Attempt, CallError, StockReserver, at_most_once};
use receiver::{Claim, Due, Flow, Outcome, Performed, Translated};
use serde_json::json;
use transform::canonical::Order;
use transform::{Decoded, Translator, reservation};

const SHOPIFY_ORDER_CREATED: &str = "shopify.orders/create";
/// What Vendure's plugin signs as: the source's own name stands in front of the type, and each shop is a source.
const STANDARD_WEBHOOKS: &str = "/standard-webhooks/";
const VENDURE_ORDER_PLACED: &str = ".order.placed";

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
        "orders-to-inventory"
    }

    /// A new customer's order in the inventory system: look-ups, party, sale, three transitions, two of the shipment.
    fn calls(&self) -> u32 {
        12
    }

    fn translate(&self, envelope: &Envelope) -> Result<Translated<Order>, Rejection> {
        let Decoded { value: order, stamp }: Decoded<Order> = match envelope.event_type.as_str() {
            SHOPIFY_ORDER_CREATED => self.shopify.decode(envelope)?,
            kind if kind.ends_with(VENDURE_ORDER_PLACED)
                && envelope.source.starts_with(STANDARD_WEBHOOKS) =>
            {
                self.vendure.decode(envelope)?
            }
            _ => {
                return Err(Rejection::new(Code::EventTypeUnknown, "$.type", Code::EventTypeUnknown.title()));
            }
        };
        let key = OperationKey::new(self.name(), &[&order.shop, &order.id, "reserve"]);
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
