//! What a label system and its connector have to hold together. Its one carrier offers `standard_service`.

use std::time::Duration;

use connector_karrio::KarrioLabelBuyer;
use http::Method;
use local::Partner;
use message::{Code, Effect};
use outbound::{CallError, LabelBuyer, OptionLists, Request};
use transform::canonical::{Reservation, Shipment};

use crate::karrio::buyer_at;
use crate::{budget, order, target};

const PATIENCE: Duration = Duration::from_secs(20);
const SERVICE: &str = "standard_service";

/// All of it, one after the other; a behaviour that fails is the last one named.
pub async fn holds(partner: &Partner) {
    macro_rules! each {
        ($($behaviour:ident,)*) => { $(println!("{}", stringify!($behaviour)); $behaviour(partner).await;)* };
    }
    each!(
        a_label_is_found_only_once_it_is_bought,
        the_oldest_of_two_labels_counts_for_everybody,
        a_label_that_was_cancelled_is_none,
        a_reference_that_only_contains_ours_is_not_ours,
        a_service_that_no_carrier_offers_is_refused_with_karrios_code,
        the_values_that_its_fields_take_are_listed,
        a_wrong_key_keeps_the_message,
    );
}

fn buyer(partner: &Partner) -> KarrioLabelBuyer {
    buyer_at(partner, PATIENCE, SERVICE)
}

fn reservation() -> Reservation {
    order(&[("SKU-1", 1)]).reserved_as("41".to_owned(), Some("S-41".to_owned()))
}

async fn bought(partner: &Partner, reservation: &Reservation) -> Shipment {
    buyer(partner).buy(reservation, &budget()).await.unwrap()
}

async fn found(partner: &Partner, reservation: &Reservation) -> Option<Shipment> {
    buyer(partner).find(reservation, &budget()).await.unwrap()
}

async fn a_label_is_found_only_once_it_is_bought(partner: &Partner) {
    let reservation = reservation();
    assert_eq!(found(partner, &reservation).await, None);
    let bought = bought(partner, &reservation).await;
    assert_eq!(bought.reference, reservation.reference);
    assert!(bought.tracking_number.as_ref().is_some_and(|number| !number.is_empty()));
    assert_eq!(found(partner, &reservation).await, Some(bought));
}

/// Karrio knows no idempotency key: that there is only one is the look-up's and the ledger's to see to.
async fn the_oldest_of_two_labels_counts_for_everybody(partner: &Partner) {
    let reservation = reservation();
    let (first, second) = (bought(partner, &reservation).await, bought(partner, &reservation).await);
    assert_ne!(first.label_id, second.label_id);
    assert_eq!(found(partner, &reservation).await, Some(first));
}

async fn a_label_that_was_cancelled_is_none(partner: &Partner) {
    let reservation = reservation();
    let label = bought(partner, &reservation).await;
    let path = format!("/v1/shipments/{}/cancel", label.label_id);
    let cancel = Request::new(Method::POST, path).json(&serde_json::json!({})).unwrap();
    let cancel = cancel.authorization("Token", &partner.api_key.clone().into()).unwrap();
    target("karrio", &partner.url, PATIENCE).call(cancel, &budget()).await.unwrap();
    assert_eq!(found(partner, &reservation).await, None);
    let again = bought(partner, &reservation).await;
    assert_eq!(found(partner, &reservation).await, Some(again));
}

async fn a_reference_that_only_contains_ours_is_not_ours(partner: &Partner) {
    let reservation = reservation();
    let mut longer = reservation.clone();
    longer.reference.push('7');
    bought(partner, &longer).await;
    assert_eq!(found(partner, &reservation).await, None);
}

async fn a_service_that_no_carrier_offers_is_refused_with_karrios_code(partner: &Partner) {
    let reservation = reservation();
    let error =
        buyer_at(partner, PATIENCE, "no_such_service").buy(&reservation, &budget()).await.unwrap_err();
    assert_eq!(error.to_string(), "SPW4005: Karrio answered with status 400: service_unavailable");
    assert_eq!(found(partner, &reservation).await, None);
}

async fn the_values_that_its_fields_take_are_listed(partner: &Partner) {
    let options = buyer(partner).options(&budget()).await.unwrap();
    let lists = |field: &str, value: &str| options[field].iter().any(|it| it == value);
    assert!(lists("service", SERVICE), "{:?}", options["service"]);
    for country in ["CA", "DE", "US"] {
        assert!(
            lists("recipient.country_code", country) && lists("shipper.country_code", country),
            "{country}"
        );
    }
}

async fn a_wrong_key_keeps_the_message(partner: &Partner) {
    let wrong = Partner { api_key: "not-the-key".to_owned(), ..partner.clone() };
    let expected = CallError::NotNow { code: Code::CredentialsRefused, after: None };
    assert_eq!(buyer(&wrong).find(&reservation(), &budget()).await, Err(expected.clone()));
    let error = buyer(&wrong).buy(&reservation(), &budget()).await.unwrap_err();
    assert_eq!((error.effect(), error), (Effect::Absent, expected));
}
