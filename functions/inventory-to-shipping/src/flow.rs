use std::sync::Arc;

use async_trait::async_trait;
use message::{Code, Envelope, OperationKey, Rejection};
use outbound::{Attempt, LabelBuyer, at_most_once};
use receiver::{Claim, Due, Flow, Outcome, Performed, Translated};
use serde_json::json;
use transform::canonical::Reservation;
use transform::reservation::STOCK_RESERVED;
use transform::{Decoded, Translator};

pub struct InventoryToShipping {
    /// Of the mapping `canonical-reservation`.
    reservations: Arc<Translator>,
    buyer: Arc<dyn LabelBuyer>,
}

impl InventoryToShipping {
    pub fn new(reservations: Arc<Translator>, buyer: Arc<dyn LabelBuyer>) -> Self {
        Self { reservations, buyer }
    }
}

#[async_trait]
impl Flow for InventoryToShipping {
    type Operation = Reservation;

    fn name(&self) -> &'static str {
        "inventory-to-shipping"
    }

    /// A look-up and the purchase.
    fn calls(&self) -> u32 {
        2
    }

    fn translate(&self, envelope: &Envelope) -> Result<Translated<Reservation>, Rejection> {
        if envelope.event_type != STOCK_RESERVED {
            return Err(Rejection::new(Code::EventTypeUnknown, "$.type", Code::EventTypeUnknown.title()));
        }
        let Decoded { value: reservation, stamp }: Decoded<Reservation> =
            self.reservations.decode(envelope)?;
        let key = OperationKey::new(self.name(), &[&reservation.reference, "label"]);
        let target_mapping = self.buyer.mapping();
        Ok(Translated {
            operation: reservation,
            key,
            version: 0,
            mapping: stamp,
            target_mapping,
            due: Due::Now,
        })
    }

    async fn perform(
        &self,
        envelope: &Envelope,
        reservation: &Reservation,
        claim: &Claim,
    ) -> Result<Performed, Attempt> {
        let find = || self.buyer.find(reservation, &claim.budget);
        let buy = || self.buyer.buy(reservation, &claim.budget);
        let shipment = at_most_once(claim.prior, find, buy).await?;
        tracing::info!(
            correlation_id = envelope.correlationid,
            reference = shipment.reference,
            label_id = shipment.label_id,
            "label bought"
        );
        let ids = json!({
            "label_id": shipment.label_id,
            "tracking_number": shipment.tracking_number,
            "carrier": shipment.carrier,
        });
        Ok(Performed { outcome: Outcome { ids: ids.to_string(), target_id: None }, events: Vec::new() })
    }
}
