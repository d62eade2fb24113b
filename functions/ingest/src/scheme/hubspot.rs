use aws::{SecretSlice, SecretString};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use message::{Payload, SourceEvent, is_identifier};
use serde_json::value::RawValue;

use super::{Claim, Delivery, Scheme, Window, text_key};
use crate::Refusal;
use crate::headers::single;

/// `X-HubSpot-Signature-v3`: base64 of the HMAC-SHA256 of method, public address, body and time in milliseconds, one after
/// the other, under the app's client secret. The body is an array: of at most 100 notifications, as HubSpot sends them.
#[derive(Debug)]
pub(super) struct HubSpot;

const SIGNATURE: &str = "x-hubspot-signature-v3";
const TIMESTAMP: &str = "x-hubspot-request-timestamp";
/// Of one delivery: a few times what HubSpot sends.
const MAX_EVENTS: usize = 500;
/// What generic notifications tell of, and the member that names the kind of its object. A changed association is told of both of its ends,
/// each time as that of the one that it begins at.
const GENERIC: [(&str, &str, &str); 3] = [
    ("creation", "objectTypeId", "$.objectTypeId"),
    ("propertyChange", "objectTypeId", "$.objectTypeId"),
    ("associationChange", "fromObjectTypeId", "$.fromObjectTypeId"),
];
const OBJECT_TYPES: [(&str, &str); 3] = [("0-1", "contact"), ("0-2", "company"), ("0-3", "deal")];

impl Scheme for HubSpot {
    fn claim(&self, delivery: &Delivery<'_>, window: Window) -> Result<Claim, Refusal> {
        let timestamp = single(delivery.headers, TIMESTAMP).ok();
        let timestamp = timestamp.filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        let milliseconds: Option<i64> = timestamp.and_then(|text| text.parse().ok());
        let (Some(timestamp), Some(milliseconds)) = (timestamp, milliseconds) else {
            return Err(Refusal::SignatureInvalid(
                "X-HubSpot-Request-Timestamp must be there once, as milliseconds since 1970",
            ));
        };
        if !window.contains(milliseconds.div_euclid(1_000)) {
            return Err(Refusal::TimestampOutsideWindow);
        }
        let signature = single(delivery.headers, SIGNATURE).ok();
        let signature = signature.and_then(|text| STANDARD.decode(text).ok()?.try_into().ok()).ok_or(
            Refusal::SignatureInvalid("X-HubSpot-Signature-v3 must be there once, as base64 of 32 bytes"),
        )?;
        Ok(Claim {
            prefix: format!("{}{}", delivery.method, delivery.url).into_bytes(),
            suffix: timestamp.as_bytes().to_vec(),
            signatures: vec![signature],
        })
    }

    fn key(&self, secret: &SecretString) -> Result<SecretSlice<u8>, &'static str> {
        text_key(secret)
    }

    fn events<'a>(&self, delivery: &Delivery<'a>) -> Result<Vec<(SourceEvent, &'a RawValue)>, Refusal> {
        let payloads: Vec<&'a RawValue> = serde_json::from_slice(delivery.body)
            .map_err(|_| Refusal::RequestMalformed("the body must be a JSON array of notifications"))?;
        if payloads.len() > MAX_EVENTS {
            return Err(Refusal::PayloadTooLarge);
        }
        Ok(payloads.into_iter().map(|payload| (event(payload, delivery.received_at), payload)).collect())
    }
}

/// One that cannot be read harms none beside it.
fn event(raw: &RawValue, received_at: Timestamp) -> SourceEvent {
    let notification = Payload::of(raw);
    let (kind, path) = kind(&notification);
    let (route_key, event_type) = SourceEvent::routed("hubspot", kind, path);
    let portal = notification.get("portalId").map(|id: u64| id.to_string());
    let occurred_at = notification
        .get("occurredAt")
        .and_then(|milliseconds| Timestamp::from_millisecond(milliseconds).ok());
    let id = composite_id(&notification).filter(|id| is_identifier(id));
    SourceEvent {
        route_key,
        id: id.unwrap_or_else(|| notification.digest_id()),
        delivery_id: None,
        source: format!("/hubspot/{}", portal.unwrap_or_default()),
        event_type,
        time: occurred_at.unwrap_or(received_at),
        source_version: None,
    }
}

/// The type of the notification as subscriptions for one kind of object have it, so that a generic one takes the same route;
/// and the place that says it. What happens to objects of other kinds has no other name.
fn kind(notification: &Payload<'_>) -> (Option<String>, &'static str) {
    let told = notification.event_type("subscriptionType");
    let action = told.as_deref().and_then(|told| told.strip_prefix("object."));
    let Some((action, member, path)) = GENERIC.iter().find(|(it, ..)| Some(*it) == action) else {
        return (told, "$.subscriptionType");
    };
    let object_type = notification.event_type(member);
    let object = OBJECT_TYPES.iter().find(|(id, _)| Some(*id) == object_type.as_deref());
    let kind = match object {
        Some((_, object)) => Some(format!("{object}.{action}")),
        None => object_type.and(told),
    };
    (kind, path)
}

/// HubSpot's eventId is not unique; these together are. An association has no object but two ends.
fn composite_id(notification: &Payload<'_>) -> Option<String> {
    let number = |name| notification.get::<u64>(name);
    let (object, detail) = match number("objectId") {
        Some(object) => (object, notification.optional("propertyName").ok()?),
        None => {
            let kind = notification.identifier("associationType");
            let kind = kind.or_else(|| number("associationTypeId").map(|id| id.to_string()))?;
            (number("fromObjectId")?, Some(format!("{kind}-{}", number("toObjectId")?)))
        }
    };
    let (portal, subscription) = (number("portalId")?, number("subscriptionId")?);
    let occurred_at: i64 = notification.get("occurredAt")?;
    let detail = detail.map(|detail: String| format!("-{detail}")).unwrap_or_default();
    Some(format!("{portal}-{subscription}-{object}-{occurred_at}{detail}"))
}
