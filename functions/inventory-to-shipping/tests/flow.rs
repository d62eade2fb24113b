//! The flow against a scripted label system.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use inventory_to_shipping::InventoryToShipping;
use message::{Code, Effect, Envelope};
use outbound::{Budget, CallError, LabelBuyer};
use receiver::{Claim, Flow};
use serde_json::{Value, json};
use transform::Translator;
use transform::canonical::{Reservation, Shipment};

#[derive(Default)]
struct Labels {
    bought: Mutex<Vec<Shipment>>,
    lost_answer: bool,
}

#[async_trait]
impl LabelBuyer for Labels {
    fn mapping(&self) -> &'static str {
        "labels/1"
    }

    async fn find(&self, _: &Reservation, _: &Budget) -> Result<Option<Shipment>, CallError> {
        Ok(self.bought.lock().unwrap().first().cloned())
    }

    async fn buy(&self, reservation: &Reservation, _: &Budget) -> Result<Shipment, CallError> {
        let shipment = Shipment {
            reference: reservation.reference.clone(),
            label_id: "shp_1".to_owned(),
            tracking_number: Some("T1".to_owned()),
            carrier: "testpost".to_owned(),
        };
        self.bought.lock().unwrap().push(shipment.clone());
        if self.lost_answer {
            return Err(CallError::OutcomeUnknown { code: Code::OutcomeUnknown, after: None });
        }
        Ok(shipment)
    }
}

fn reservations() -> Arc<Translator> {
    Arc::new(Translator::built_in("canonical-reservation", &Value::Null).unwrap())
}

fn envelope() -> Envelope {
    let body = json!({
        "specversion": "1.0", "id": "spillway.stock.reserved/acme.myshopify.com/1", "sourceversion": "1",
        "source": "/spillway/orders-to-inventory", "type": "spillway.stock.reserved",
        "time": "2026-11-24T10:00:00Z", "correlationid": "correlation-1",
        "data": {
            "reference": "acme.myshopify.com/1", "shop": "acme.myshopify.com", "order_id": "1",
            "order_number": "#1001", "shipment_id": "41", "shipment_number": "S-41", "weight_grams": 500,
            "ship_to": {
                "name": "Ann Example", "line1": "Main 1", "city": "Berlin", "postal_code": "10115", "country": "DE"
            }
        }
    });
    Envelope::decode(&body.to_string()).unwrap()
}

async fn perform(labels: &Arc<Labels>) -> Result<String, outbound::Attempt> {
    let flow = InventoryToShipping::new(reservations(), Arc::<Labels>::clone(labels));
    let translated = flow.translate(&envelope()).unwrap();
    let claim = Claim::of(&translated, Effect::Absent);
    let performed = flow.perform(&envelope(), &translated.operation, &claim).await?;
    Ok(performed.outcome.ids)
}

#[tokio::test]
async fn a_reservation_gets_one_label_however_often_it_is_performed() {
    let labels = Arc::new(Labels::default());
    let first = perform(&labels).await.unwrap();
    assert_eq!(first, r#"{"carrier":"testpost","label_id":"shp_1","tracking_number":"T1"}"#);
    assert_eq!(perform(&labels).await.unwrap(), first);
    assert_eq!(labels.bought.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_label_whose_answer_was_lost_is_found_not_bought_again() {
    let labels = Arc::new(Labels { lost_answer: true, ..Labels::default() });
    perform(&labels).await.unwrap();
    assert_eq!(labels.bought.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn the_operation_names_both_mappings_that_are_in_force() {
    let flow = InventoryToShipping::new(reservations(), Arc::new(Labels::default()));
    let translated = flow.translate(&envelope()).unwrap();
    assert_eq!(translated.mapping, "canonical-reservation/2 canonical.reservation@1");
    assert_eq!(translated.target_mapping, "labels/1");
}

#[tokio::test]
async fn an_event_of_another_type_is_rejected() {
    let flow = InventoryToShipping::new(reservations(), Arc::new(Labels::default()));
    let mut other = envelope();
    other.event_type = "shopify.orders/create".to_owned();
    let rejection = flow.translate(&other).unwrap_err();
    assert_eq!((rejection.code, rejection.path.as_str()), (Code::EventTypeUnknown, "$.type"));
}
