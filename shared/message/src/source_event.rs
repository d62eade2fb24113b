use jiff::Timestamp;
use serde_json::value::RawValue;

use crate::envelope::{Envelope, JSON_CONTENT_TYPE, SPEC_VERSION};
use crate::payload::{Payload, Unreadable, is_identifier};

/// Longer ones nobody knows. Far from what an attribute of the envelope may have.
const MAX_TYPE_BYTES: usize = 512;

/// What a source says about one of its events: by webhook and by EventBridge the same.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SourceEvent {
    /// The event's type as the source names it: the key of a route. `None` where it cannot be read: then it has a type that
    /// says so, and every flow makes a dead letter of it.
    pub route_key: Option<String>,
    pub id: String,
    pub delivery_id: Option<String>,
    /// Ends after the system where the account cannot be read.
    pub source: String,
    pub event_type: String,
    pub time: Timestamp,
    pub source_version: Option<String>,
}

impl SourceEvent {
    /// The key of a route, and the envelope's type, cut where it is long; `path` is where the source says its types.
    pub fn routed(system: &str, kind: Option<String>, path: &str) -> (Option<String>, String) {
        let mut event_type = match &kind {
            Some(kind) if system.is_empty() => kind.clone(),
            Some(kind) => format!("{system}.{kind}"),
            None => Envelope::unreadable_type(system, path),
        };
        event_type.truncate(event_type.floor_char_boundary(MAX_TYPE_BYTES));
        (kind, event_type)
    }

    /// Events of a connected account name it; the account's own do not, and are known by the way that they come.
    pub fn of_stripe(payload: &Payload<'_>, way: &str, received_at: Timestamp) -> Self {
        let (route_key, event_type) = Self::routed("stripe", payload.event_type("type"), "$.type");
        let account = match payload.optional::<String>("account") {
            Ok(None) => way.to_owned(),
            Ok(Some(account)) if is_identifier(&account) && !account.contains('/') => account,
            Ok(Some(_)) | Err(Unreadable) => String::new(),
        };
        let created = payload.get("created").and_then(|seconds| Timestamp::from_second(seconds).ok());
        Self {
            route_key,
            id: payload.identifier("id").unwrap_or_else(|| payload.digest_id()),
            delivery_id: None,
            source: format!("/stripe/{account}"),
            event_type,
            time: created.unwrap_or(received_at),
            source_version: payload.identifier("api_version"),
        }
    }

    /// `name` is the source's own, and stands in front of its types; `id` is the webhook's. What has no time of its own has that of the attempt.
    pub fn of_standard_webhook(payload: &Payload<'_>, name: &str, id: &str, attempted_at: Timestamp) -> Self {
        let (route_key, event_type) = Self::routed(name, payload.event_type("type"), "$.type");
        Self {
            route_key,
            id: id.to_owned(),
            // The id stays the same over all attempts: there is none for a single delivery.
            delivery_id: None,
            source: format!("/standard-webhooks/{name}"),
            event_type,
            // The payload's time is the event's. The specification leaves its form open; in another form than RFC 3339 it is the mapping's
            // to read.
            time: payload.get("timestamp").unwrap_or(attempted_at),
            source_version: None,
        }
    }

    /// What Shopify says of an order's event stands in headers, or in what takes their place. `header` finds none that
    /// stands there twice.
    pub fn of_shopify(
        payload: &Payload<'_>,
        header: impl Fn(&str) -> Option<String>,
        received_at: Timestamp,
    ) -> Self {
        let read = |name, valid: fn(&str) -> bool| header(name).filter(|text| valid(text));
        // API Gateway joins headers that stand there twice.
        let topic = read("X-Shopify-Topic", |topic| !topic.is_empty() && !topic.contains(','));
        let (route_key, event_type) = Self::routed("shopify", topic, "@headers.X-Shopify-Topic");
        let shop = header("X-Shopify-Shop-Domain").map(|shop| shop.to_ascii_lowercase());
        let shop = shop.filter(|shop| is_domain(shop)).unwrap_or_default();
        let delivery_id = read("X-Shopify-Webhook-Id", is_identifier);
        // Without an event id each delivery is an event of its own.
        let id = read("X-Shopify-Event-Id", is_identifier).or_else(|| delivery_id.clone());
        let time = header("X-Shopify-Triggered-At").and_then(|time| time.parse().ok());
        Self {
            route_key,
            id: id.unwrap_or_else(|| payload.digest_id()),
            delivery_id,
            source: format!("/shopify/{shop}"),
            event_type,
            time: time.unwrap_or(received_at),
            // A delivery without a version is for the mapping to judge, which keeps it in the dead letter queue.
            source_version: read("X-Shopify-API-Version", is_version),
        }
    }

    pub fn envelope(self, data: Box<RawValue>) -> Envelope {
        Envelope {
            specversion: SPEC_VERSION.to_owned(),
            correlationid: self.id.clone(),
            id: self.id,
            source: self.source,
            event_type: self.event_type,
            time: self.time,
            datacontenttype: Some(JSON_CONTENT_TYPE.to_owned()),
            deliveryid: self.delivery_id,
            sourceversion: self.source_version,
            mappingversion: None,
            data,
        }
    }
}

/// RFC 1035, 2.3.4; in lower case.
fn is_domain(text: &str) -> bool {
    const MAX_BYTES: usize = 253;
    (1..=MAX_BYTES).contains(&text.len())
        && text.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        })
}

/// `2026-07`, `unstable`.
fn is_version(text: &str) -> bool {
    const MAX_BYTES: usize = 32;
    (1..=MAX_BYTES).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
