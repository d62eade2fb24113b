//! The flow against a scripted ERP: which events it knows, keys and versions, at most one effect, what is known when it fails.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail by panicking")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use crm_to_erp::{CrmMappings, CrmToErp};
use message::{Code, Effect, Envelope, Fingerprint};
use outbound::{Attempt, Budget, CallError, RecordUpserter, Upserted};
use receiver::{Claim, Flow, Outcome, Translated};
use serde_json::{Value, json};
use transform::Translator;
use transform::canonical::CrmRecord;

const ACCOUNT: &str = include_str!("../../../shared/transform/cases/bottlecrm-account/full/input.json");
const CONTACT: &str = include_str!("../../../shared/transform/cases/bottlecrm-contact/full/input.json");
const DEAL: &str = include_str!("../../../shared/transform/cases/bottlecrm-deal/won/input.json");
const COMPANY: &str = include_str!("../../../shared/transform/cases/hubspot-company/full/input.json");
const PERSON: &str = include_str!("../../../shared/transform/cases/hubspot-contact/full/input.json");
const HUBSPOT_DEAL: &str = include_str!("../../../shared/transform/cases/hubspot-deal/won/input.json");

const ORG: &str = "554664ef-7ab0-44d2-89b0-74bf5992b405";

/// Keeps what it was told last.
#[derive(Default)]
struct Erp {
    kept: Mutex<Option<CrmRecord>>,
    /// How often something was written.
    written: Mutex<u32>,
    /// What `upsert` answers instead.
    fails: Option<CallError>,
    /// Whether it has its effect though it fails.
    lost_answer: bool,
}

#[async_trait]
impl RecordUpserter for Erp {
    fn mapping(&self, _: &CrmRecord) -> &'static str {
        "tryton-account/1 tryton.account@8.2"
    }

    async fn find(&self, record: &CrmRecord, _: &Budget) -> Result<Option<Upserted>, CallError> {
        let kept = self.kept.lock().unwrap().clone();
        let asked_for_any = matches!(record, CrmRecord::Deal(deal) if !deal.won);
        let says = kept.is_some_and(|kept| asked_for_any || kept == *record);
        Ok(says.then(|| Upserted { target_id: "tryton.party/42".to_owned() }))
    }

    async fn upsert(&self, record: &CrmRecord, _: &Budget) -> Result<Upserted, CallError> {
        if self.fails.is_none() || self.lost_answer {
            *self.written.lock().unwrap() += 1;
            *self.kept.lock().unwrap() = Some(record.clone());
        }
        match &self.fails {
            Some(error) => Err(error.clone()),
            None => Ok(Upserted { target_id: "tryton.party/42".to_owned() }),
        }
    }
}

fn flow(erp: &Arc<Erp>) -> CrmToErp {
    let built_in = |name| Translator::built_in(name, &Value::Null).map(Arc::new);
    CrmToErp::new(CrmMappings::with(built_in).unwrap(), Arc::<Erp>::clone(erp))
}

fn bottlecrm(payload: &str, change: impl FnOnce(&mut Value)) -> Envelope {
    let mut payload: Value = serde_json::from_str(payload).unwrap();
    change(&mut payload);
    let event_type = format!("bottlecrm.{}", payload["event"].as_str().unwrap());
    envelope(&event_type, &format!("/bottlecrm/{ORG}"), None, &payload)
}

fn hubspot(object: &str, payload: &str) -> Envelope {
    let payload = serde_json::from_str(payload).unwrap();
    envelope(&format!("hubspot.{object}.read"), "/hubspot/33", Some("v3"), &payload)
}

fn envelope(event_type: &str, source: &str, version: Option<&str>, data: &Value) -> Envelope {
    let body = json!({
        "specversion": "1.0", "id": "event-1", "source": source, "type": event_type,
        "time": "2026-11-24T10:00:00Z", "correlationid": "correlation-1", "sourceversion": version, "data": data
    });
    Envelope::decode(&body.to_string()).unwrap()
}

fn translated(envelope: &Envelope) -> Translated<CrmRecord> {
    flow(&Arc::default()).translate(envelope).unwrap()
}

async fn perform(erp: &Arc<Erp>, prior: Effect, envelope: &Envelope) -> Result<Outcome, Attempt> {
    let flow = flow(erp);
    let translated = flow.translate(envelope).unwrap();
    let claim = Claim::of(&translated, prior);
    let performed = flow.perform(envelope, &translated.operation, &claim).await?;
    assert!(performed.events.is_empty());
    Ok(performed.outcome)
}

fn of_42() -> Outcome {
    let id = "tryton.party/42".to_owned();
    Outcome { ids: format!(r#"{{"id":"{id}"}}"#), target_id: Some(id) }
}

#[tokio::test]
async fn every_entity_of_each_crm_has_a_key_of_its_own_and_a_version() {
    let (account, contact, deal) = (
        "f02c1490-6456-449c-9e06-8462317437da",
        "31ea02b6-5590-440a-a013-46f99ef28fcd",
        "7d1f5c1e-95c5-4b86-a7b2-2f5a0e8f1c11",
    );
    let bottlecrm = |payload| bottlecrm(payload, |_| {});
    // Updated then, and read for a change of the envelope's time.
    let read = (1_795_514_401_456 << 20) + 1_795_514_400_000;
    let expected = [
        (bottlecrm(ACCOUNT), ["bottlecrm", ORG, "account", account], 1_795_445_532_711),
        (bottlecrm(CONTACT), ["bottlecrm", ORG, "contact", contact], 1_795_507_200_002),
        (bottlecrm(DEAL), ["bottlecrm", ORG, "deal", deal], 1_795_512_600_123),
        (hubspot("companies", COMPANY), ["hubspot", "33", "account", "901"], read),
        (hubspot("contacts", PERSON), ["hubspot", "33", "contact", "5001"], read),
        (hubspot("deals", HUBSPOT_DEAL), ["hubspot", "33", "deal", "7001"], read),
    ];
    for (envelope, parts, version) in expected {
        let translated = translated(&envelope);
        assert_eq!(translated.key, message::OperationKey::new("crm-to-erp", &parts));
        assert_eq!(translated.version, version, "{parts:?}");
        assert_eq!(translated.operation.reference(), parts.join("/"));
    }
}

#[tokio::test]
async fn a_later_save_is_a_newer_version_of_the_same_operation_whatever_the_delivery() {
    let older = bottlecrm(ACCOUNT, |_| {});
    let mut newer = bottlecrm(ACCOUNT, |payload| {
        payload["event"] = json!("account.updated");
        payload["id"] = json!("6a11570c-2c35-4150-86f8-50d16fa3a3d9");
        payload["data"]["updated_at"] = json!("2026-11-23T14:52:12.712Z");
    });
    newer.deliveryid = Some("delivery-2".to_owned());
    let (older, newer) = (translated(&older), translated(&newer));
    assert_eq!(older.key, newer.key);
    assert_eq!(newer.version - older.version, 1);
}

/// As when a company is linked to a deal, which HubSpot does not take for a change of the deal.
#[tokio::test]
async fn a_state_of_the_same_time_that_was_read_for_a_later_change_is_newer() {
    let unlinked = hubspot("deals", HUBSPOT_DEAL);
    let mut linked = hubspot("deals", &HUBSPOT_DEAL.replace("901", "903"));
    linked.time = "2026-11-24T10:00:00.001Z".parse().unwrap();
    let (unlinked, linked) = (translated(&unlinked), translated(&linked));
    assert_eq!(unlinked.key, linked.key);
    assert!(unlinked.version < linked.version);
}

/// BottleCRM sends both for one save: the second one has to be a duplicate, not a conflict.
#[tokio::test]
async fn a_won_deal_and_the_update_of_the_same_save_are_the_same_operation() {
    let won = translated(&bottlecrm(DEAL, |_| {}));
    let update = translated(&bottlecrm(DEAL, |payload| {
        payload["event"] = json!("deal.updated");
        payload["id"] = json!("6a11570c-2c35-4150-86f8-50d16fa3a3d9");
    }));
    assert_eq!((&won.key, won.version, won.mapping), (&update.key, update.version, update.mapping));
    let fingerprint = |translated: &Translated<CrmRecord>| Fingerprint::of(&translated.operation).unwrap();
    assert_eq!(fingerprint(&won), fingerprint(&update));
}

#[tokio::test]
async fn an_upsert_is_made_once_and_its_id_is_kept() {
    let (erp, account) = (Arc::new(Erp::default()), bottlecrm(ACCOUNT, |_| {}));
    for _ in 0..2 {
        assert_eq!(perform(&erp, Effect::Unknown, &account).await.unwrap(), of_42());
    }
    assert_eq!(*erp.written.lock().unwrap(), 1);
}

#[tokio::test]
async fn an_upsert_whose_answer_was_lost_is_found_not_repeated() {
    let lost = CallError::OutcomeUnknown { code: Code::OutcomeUnknown, after: None };
    let erp = Arc::new(Erp { fails: Some(lost), lost_answer: true, ..Erp::default() });
    assert_eq!(perform(&erp, Effect::Absent, &bottlecrm(DEAL, |_| {})).await.unwrap(), of_42());
    assert_eq!(*erp.written.lock().unwrap(), 1);
}

#[tokio::test]
async fn what_waits_for_its_account_has_had_no_effect() {
    let (code, after) = (Code::RelatedRecordMissing, Duration::from_secs(60));
    let waiting = CallError::Awaiting { code, path: "$.account", after };
    let erp = Arc::new(Erp { fails: Some(waiting.clone()), ..Erp::default() });
    let attempt = perform(&erp, Effect::Unknown, &bottlecrm(CONTACT, |_| {})).await.unwrap_err();
    assert_eq!(attempt, Attempt { error: waiting, effect: Effect::Absent });
}

#[tokio::test]
async fn a_deal_that_is_not_won_writes_nothing_and_keeps_the_cross_reference() {
    let open = bottlecrm(DEAL, |payload| {
        payload["event"] = json!("deal.updated");
        payload["data"]["stage"] = json!("NEGOTIATION");
    });
    let erp = Arc::new(Erp::default());
    let nothing = Outcome { ids: r#"{"id":null}"#.to_owned(), target_id: None };
    assert_eq!(perform(&erp, Effect::Absent, &open).await.unwrap(), nothing);
    assert_eq!(*erp.written.lock().unwrap(), 0);
    perform(&erp, Effect::Absent, &bottlecrm(DEAL, |_| {})).await.unwrap();
    assert_eq!(perform(&erp, Effect::Absent, &open).await.unwrap(), of_42());
    assert_eq!(*erp.written.lock().unwrap(), 1);
}

#[tokio::test]
async fn bad_input_is_rejected_with_its_code_and_path() {
    let flow = flow(&Arc::default());
    for (envelope, code, path) in [
        (bottlecrm(DEAL, |it| it["data"]["amount"] = json!("12,5")), Code::ValueInvalid, "$.data.amount"),
        (bottlecrm(DEAL, |it| it["data"]["amount"] = json!(12.5)), Code::TypeMismatch, "$.data.amount"),
        (bottlecrm(DEAL, |it| it["data"]["currency"] = json!("euro")), Code::ValueInvalid, "$.data.currency"),
        (
            bottlecrm(ACCOUNT, |it| it["data"]["updated_at"] = json!("now")),
            Code::ValueInvalid,
            "$.data.updated_at",
        ),
        (bottlecrm(ACCOUNT, |it| it["data"]["name"] = Value::Null), Code::FieldMissing, "$.data.name"),
        (bottlecrm(CONTACT, |it| it["org_id"] = Value::Null), Code::FieldMissing, "$.org_id"),
        (
            bottlecrm(DEAL, |it| {
                it["event"] = json!("deal.updated");
                it["data"]["stage"] = json!("SIGNED");
            }),
            Code::ValueUnknown,
            "$.data.stage",
        ),
    ] {
        let rejection = flow.translate(&envelope).unwrap_err();
        assert_eq!((rejection.code, rejection.path.as_str()), (code, path));
    }
}

#[tokio::test]
async fn an_event_of_another_type_is_rejected() {
    let flow = flow(&Arc::default());
    for event_type in ["bottlecrm.account.deleted", "bottlecrm.lead.created", "hubspot.contact.creation"] {
        let mut other = bottlecrm(ACCOUNT, |_| {});
        other.event_type = event_type.to_owned();
        let rejection = flow.translate(&other).unwrap_err();
        assert_eq!((rejection.code, rejection.path.as_str()), (Code::EventTypeUnknown, "$.type"));
    }
}
