//! The flow against a scripted CRM: what is read, what follows, keys and versions.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail by panicking")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use hubspot_enricher::HubSpotEnricher;
use message::{Code, Effect, Envelope, OperationKey, Redacted};
use outbound::{Attempt, Budget, CallError, CrmObject, ObjectReader};
use receiver::{Claim, Flow, Performed};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use transform::Translator;
use transform::canonical::RecordChange;

const NOTIFICATION: &str =
    include_str!("../../../shared/transform/cases/hubspot-notification/contact-property-change/input.json");
/// With a number that no float holds: it is not to be read on the way.
const CONTACT: &str =
    r#"{"id": "5001", "updatedAt": "2026-11-24T10:00:01.456Z",  "n": 12345678901234567890123}"#;

#[derive(Default)]
struct Crm {
    asked: Mutex<Vec<RecordChange>>,
    gone: bool,
    fails: Option<CallError>,
}

#[async_trait]
impl ObjectReader for Crm {
    async fn read(&self, change: &RecordChange, _: &Budget) -> Result<Option<CrmObject>, CallError> {
        self.asked.lock().unwrap().push(change.clone());
        if let Some(error) = &self.fails {
            return Err(error.clone());
        }
        let data = RawValue::from_string(CONTACT.to_owned()).unwrap();
        let updated_at = "2026-11-24T10:00:01.456Z".parse().unwrap();
        Ok((!self.gone).then(|| CrmObject { version: "v3", updated_at, data: Redacted::new(data) }))
    }
}

fn flow(crm: &Arc<Crm>) -> HubSpotEnricher {
    let notifications = Translator::built_in("hubspot-notification", &Value::Null).unwrap();
    HubSpotEnricher::new(Arc::new(notifications), Arc::<Crm>::clone(crm))
}

fn notification(change: impl FnOnce(&mut Value)) -> Envelope {
    let mut payload: Value = serde_json::from_str(NOTIFICATION).unwrap();
    change(&mut payload);
    let body = json!({
        "specversion": "1.0", "id": "event-1", "source": "/hubspot/33",
        "type": format!("hubspot.{}", payload["subscriptionType"].as_str().unwrap()),
        "time": "2026-11-24T10:00:09Z", "correlationid": "correlation-1", "data": payload
    });
    Envelope::decode(&body.to_string()).unwrap()
}

async fn perform(crm: &Arc<Crm>, prior: Effect) -> Result<Performed, Attempt> {
    let (flow, envelope) = (flow(crm), notification(|_| {}));
    let translated = flow.translate(&envelope).unwrap();
    let claim = Claim::of(&translated, prior);
    flow.perform(&envelope, &translated.operation, &claim).await
}

#[tokio::test]
async fn the_object_follows_as_it_is_now_byte_for_byte() {
    let crm = Arc::new(Crm::default());
    let performed = perform(&crm, Effect::Absent).await.unwrap();
    assert_eq!(performed.outcome.ids, r#"{"found":true}"#);
    let [event] = performed.events.as_slice() else { panic!("one event") };
    assert_eq!((event.event_type.as_str(), event.source.as_str()), ("hubspot.contacts.read", "/hubspot/33"));
    assert_eq!(event.id, "hubspot.contacts.read/33/5001/2026-11-24T10:00:01.456Z/2026-11-24T10:00:01.456Z");
    assert_eq!(event.time.to_string(), "2026-11-24T10:00:01.456Z", "that of the change, not of the envelope");
    assert_eq!((event.sourceversion.as_deref(), event.correlationid.as_str()), (Some("v3"), "correlation-1"));
    assert_eq!(event.mappingversion.as_deref(), Some("hubspot-notification/3 canonical.record-change@1"));
    assert_eq!(event.data.get(), CONTACT);
    let again = perform(&crm, Effect::Unknown).await.unwrap();
    assert_eq!(
        again.events.first().map(|again| &again.id),
        Some(&event.id),
        "read twice it is the same event"
    );
    let asked: Vec<_> =
        crm.asked.lock().unwrap().iter().map(|it| (it.object.clone(), it.id.clone())).collect();
    assert_eq!(asked, vec![("contacts".to_owned(), "5001".to_owned()); 2]);
}

#[tokio::test]
async fn of_an_object_that_is_gone_nothing_follows() {
    let performed = perform(&Arc::new(Crm { gone: true, ..Crm::default() }), Effect::Absent).await.unwrap();
    assert_eq!((performed.outcome.ids.as_str(), performed.events.len()), (r#"{"found":false}"#, 0));
}

#[tokio::test]
async fn a_failed_read_has_changed_nothing() {
    let error = CallError::NotNow { code: Code::TargetThrottled, after: Some(Duration::from_secs(9)) };
    let crm = Arc::new(Crm { fails: Some(error.clone()), ..Crm::default() });
    for prior in [Effect::Absent, Effect::Unknown] {
        let attempt = perform(&crm, prior).await.unwrap_err();
        assert_eq!(attempt, Attempt { error: error.clone(), effect: prior });
    }
}

#[tokio::test]
async fn notifications_of_one_object_are_one_operation_and_the_later_is_the_newer() {
    let flow = flow(&Arc::default());
    let translated = |change: fn(&mut Value)| flow.translate(&notification(change)).unwrap();
    let email = translated(|_| {});
    assert_eq!(email.key, OperationKey::new("hubspot-enricher", &["33", "contacts", "5001"]));
    assert_eq!(email.version, 1_795_514_401_456);
    let phone = translated(|it| it["propertyName"] = json!("phone"));
    assert_eq!((&phone.key, phone.version, &phone.operation), (&email.key, email.version, &email.operation));
    let created = translated(|it| {
        it["subscriptionType"] = json!("contact.creation");
        it["occurredAt"] = json!(1_795_514_400_123_i64);
    });
    assert_eq!(created.key, email.key);
    assert!(created.version < email.version);
    let company = translated(|it| it["subscriptionType"] = json!("company.propertyChange"));
    assert_ne!(company.key, email.key, "another object of the same number");
}

#[tokio::test]
async fn a_changed_association_is_a_change_of_the_object_that_it_begins_at() {
    let flow = flow(&Arc::default());
    let linked = notification(|it| {
        it["subscriptionType"] = json!("deal.associationChange");
        it["associationType"] = json!("DEAL_TO_COMPANY");
        (it["fromObjectId"], it["toObjectId"]) = (json!(7001), json!(901));
        it.as_object_mut().unwrap().remove("objectId");
    });
    let translated = flow.translate(&linked).unwrap();
    assert_eq!(translated.key, OperationKey::new("hubspot-enricher", &["33", "deals", "7001"]));
}

#[tokio::test]
async fn bad_input_is_rejected_with_its_code_and_path() {
    let flow = flow(&Arc::default());
    for (envelope, code, path) in [
        (
            notification(|it| it["subscriptionType"] = json!("contact.deletion")),
            Code::EventTypeUnknown,
            "$.type",
        ),
        (notification(|it| it["objectId"] = json!("5001x")), Code::TypeMismatch, "$.objectId"),
        (notification(|it| it["objectId"] = json!(-1)), Code::ValueInvalid, "$.objectId"),
        (notification(|it| it["occurredAt"] = Value::Null), Code::FieldMissing, "$.occurredAt"),
    ] {
        let rejection = flow.translate(&envelope).unwrap_err();
        assert_eq!((rejection.code, rejection.path.as_str()), (code, path));
    }
}
