use message::{Code, Envelope, Rejection};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use transform::canonical::{MODEL_VERSION, Reservation};
use transform::reservation::{STOCK_RESERVED, STOCK_RESERVED_SOURCE, reserved_event};

use crate::common::{order, reservation, shopify_payload, webhook};

const MAPPING: &str = "shopify-order/2 canonical.order@1";

fn reserved(case: &str) -> Reservation {
    let order = order(&webhook(&shopify_payload(case))).unwrap();
    order.reserved_as("42".to_owned(), Some("SHP-42".to_owned()))
}

fn event(reservation: &Reservation) -> Envelope {
    let now = "2026-11-24T09:16:00Z".parse().unwrap();
    reserved_event(reservation, &webhook("{}"), MAPPING, now).unwrap()
}

fn with_data(data: &Value) -> Envelope {
    let mut event = event(&reserved("full"));
    event.data = RawValue::from_string(data.to_string()).unwrap();
    event
}

#[test]
fn what_was_reserved_is_read_back_from_the_queue_as_it_was() {
    for case in ["full", "minimal", "guest", "yen", "light-and-no-postal-code"] {
        let reserved = reserved(case);
        let body = event(&reserved).encode().unwrap();
        assert_eq!(reservation(&Envelope::decode(&body).unwrap()).unwrap(), reserved, "{case}");
    }
}

#[test]
fn the_event_says_whence_it_came_and_carries_the_correlation_on() {
    let event = event(&reserved("full"));
    assert_eq!(event.event_type, STOCK_RESERVED);
    assert_eq!(event.source, STOCK_RESERVED_SOURCE);
    assert_eq!(event.correlationid, webhook("{}").correlationid);
    assert_eq!(event.sourceversion.as_deref(), Some(MODEL_VERSION));
    assert_eq!(event.mappingversion.as_deref(), Some(MAPPING));
    assert_eq!(event.deliveryid, None);
}

#[test]
fn a_repeat_of_the_cause_gives_the_same_event_id_and_another_order_another() {
    let first = event(&reserved("full"));
    let mut later = webhook("{}");
    later.id = "another delivery".to_owned();
    let repeat =
        reserved_event(&reserved("full"), &later, MAPPING, "2026-11-24T10:00:00Z".parse().unwrap()).unwrap();
    assert_eq!(first.id, repeat.id);
    assert_ne!(first.id, event(&reserved("guest")).id);
}

#[test]
fn another_model_version_and_none_are_refused() {
    for version in [Some("2"), Some(""), None] {
        let mut event = event(&reserved("full"));
        event.sourceversion = version.map(str::to_owned);
        let rejection = Rejection::from(reservation(&event).unwrap_err());
        assert_eq!(
            (rejection.code, rejection.path.as_str()),
            (Code::VersionUnsupported, "@envelope.sourceversion")
        );
        assert_eq!(rejection.mapping, "canonical-reservation/2 canonical.reservation@1");
    }
}

#[test]
fn all_that_is_wrong_with_a_reservation_is_told_by_path() {
    let mut data = serde_json::to_value(reserved("full")).unwrap();
    data["reference"] = Value::Null;
    data["ship_to"]["country"] = json!("Germany");
    data["ship_to"]["city"] = json!("");
    data["weight_grams"] = json!(4_294_967_296_u64);
    let error = reservation(&with_data(&data)).unwrap_err();
    let problems: Vec<_> =
        error.problems.iter().map(|problem| (problem.code, problem.path.as_str())).collect();
    assert_eq!(
        problems,
        [
            (Code::FieldMissing, "$.reference"),
            (Code::FieldMissing, "$.ship_to.city"),
            (Code::ValueInvalid, "$.ship_to.country"),
            (Code::LimitExceeded, "$.weight_grams"),
        ]
    );
}

#[test]
fn a_postal_code_may_be_empty_but_not_missing() {
    let mut data = serde_json::to_value(reserved("full")).unwrap();
    data["ship_to"]["postal_code"] = json!("");
    assert_eq!(reservation(&with_data(&data)).unwrap().ship_to.postal_code.expose(), "");
    data["ship_to"].as_object_mut().unwrap().remove("postal_code");
    let rejection = Rejection::from(reservation(&with_data(&data)).unwrap_err());
    assert_eq!((rejection.code, rejection.path.as_str()), (Code::FieldMissing, "$.ship_to.postal_code"));
}
