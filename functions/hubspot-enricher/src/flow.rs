use std::sync::Arc;

use async_trait::async_trait;
use message::{Code, Envelope, JSON_CONTENT_TYPE, OperationKey, Rejection, SPEC_VERSION};
use outbound::{Attempt, CrmObject, ObjectReader};
use receiver::{Claim, Due, Flow, Outcome, Performed, Translated};
use serde_json::json;
use transform::canonical::RecordChange;
use transform::{Decoded, Translator};

/// As HubSpot's webhooks name them, generic ones as ingest does; what happens to other objects is nobody's here.
const NOTIFICATIONS: &[&str] = &[
    "hubspot.company.creation",
    "hubspot.company.propertyChange",
    "hubspot.contact.associationChange",
    "hubspot.contact.creation",
    "hubspot.contact.propertyChange",
    "hubspot.deal.associationChange",
    "hubspot.deal.creation",
    "hubspot.deal.propertyChange",
];

/// Content Enricher: a notification carries ids and at most one property, so the object is read as it is now and sent on whole.
/// It is a flow of its own, so that HubSpot has a gate of its own: its outages hold nothing but what has to be read there.
pub struct HubSpotEnricher {
    /// Of the mapping `hubspot-notification`.
    notifications: Arc<Translator>,
    reader: Arc<dyn ObjectReader>,
}

impl HubSpotEnricher {
    pub fn new(notifications: Arc<Translator>, reader: Arc<dyn ObjectReader>) -> Self {
        Self { notifications, reader }
    }
}

#[async_trait]
impl Flow for HubSpotEnricher {
    /// Not which property has changed: of several notifications of one object at one time one is enough.
    type Operation = RecordChange;

    fn name(&self) -> &'static str {
        "hubspot-enricher"
    }

    fn calls(&self) -> u32 {
        1
    }

    fn translate(&self, envelope: &Envelope) -> Result<Translated<RecordChange>, Rejection> {
        if !NOTIFICATIONS.contains(&envelope.event_type.as_str()) {
            return Err(Rejection::new(Code::EventTypeUnknown, "$.type", Code::EventTypeUnknown.title()));
        }
        let Decoded { value: change, stamp }: Decoded<RecordChange> = self.notifications.decode(envelope)?;
        let key = OperationKey::new(self.name(), &[&change.org, &change.object, &change.id]);
        let version = change.version();
        // The object goes on as HubSpot has it.
        let (mapping, target_mapping) = (stamp, "");
        Ok(Translated { version, operation: change, key, mapping, target_mapping, due: Due::Now })
    }

    async fn perform(
        &self,
        envelope: &Envelope,
        change: &RecordChange,
        claim: &Claim,
    ) -> Result<Performed, Attempt> {
        let read = self.reader.read(change, &claim.budget).await;
        // Reading changes nothing: what was known before still holds.
        let read = read.map_err(|error| Attempt { error, effect: claim.prior })?;
        let found = read.is_some();
        tracing::info!(
            correlation_id = envelope.correlationid,
            object = change.object,
            id = change.id,
            found,
            "object read"
        );
        let events = read.map(|object| event(envelope, change, object, claim.mapping)).into_iter().collect();
        let ids = json!({ "found": found }).to_string();
        Ok(Performed { outcome: Outcome { ids, target_id: None }, events })
    }
}

/// Its id comes of the object, its state and the change alone: read twice for a change, it is the same event. Its time is that of the
/// change: of two states with one `updatedAt` the later is that of the later change, as one read for an object runs at a time.
fn event(cause: &Envelope, change: &RecordChange, object: CrmObject, mapping: &str) -> Envelope {
    let event_type = format!("hubspot.{}.read", change.object);
    Envelope {
        specversion: SPEC_VERSION.to_owned(),
        id: format!("{event_type}/{}/{}/{}/{}", change.org, change.id, object.updated_at, change.occurred_at),
        source: cause.source.clone(),
        event_type,
        time: change.occurred_at,
        datacontenttype: Some(JSON_CONTENT_TYPE.to_owned()),
        correlationid: cause.correlationid.clone(),
        deliveryid: None,
        sourceversion: Some(object.version.to_owned()),
        mappingversion: Some(mapping.to_owned()),
        data: object.data.expose().clone(),
    }
}
