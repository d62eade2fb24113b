//! EventBridge's envelope as a flow's queue gets it from a rule: another way to say what ours says.
//!
//! Partner event sources wrap their payload once more. Shopify's and Stripe's events get the names that their webhooks have,
//! so that a flow knows them whichever way they came; a Salesforce event is known by its `EventUuid`, as a `replayId` is not
//! its own for ever. Everything else is known by EventBridge's own id.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::envelope::{Envelope, EnvelopeError, JSON_CONTENT_TYPE, SPEC_VERSION};

#[derive(Deserialize)]
struct Event {
    id: String,
    #[serde(rename = "detail-type")]
    detail_type: String,
    source: String,
    time: Timestamp,
    detail: Box<RawValue>,
}

/// With EventBridge's name of the source. Nothing where the body is no event of EventBridge's.
pub(crate) fn read(body: &str) -> Option<(Result<Envelope, EnvelopeError>, String)> {
    let event: Event = serde_json::from_str(body).ok()?;
    let partner = event.source.strip_prefix("aws.partner/").and_then(|rest| rest.split('/').next());
    let read = match partner {
        Some("shopify.com") => shopify(&event),
        Some("stripe.com") => stripe(&event),
        Some("salesforce.com") => salesforce(&event),
        _ => None,
    };
    let partner_expects = match partner {
        Some("shopify.com") => Some("Shopify's payload and metadata"),
        Some("stripe.com") => Some("a Stripe event"),
        Some("salesforce.com") => Some("a Salesforce event with its EventUuid"),
        _ => None,
    };
    let envelope = match (read, partner_expects) {
        (Some(envelope), _) => Ok(envelope),
        (None, Some(expected)) => Err(EnvelopeError::Attribute { name: "detail", expected }),
        (None, None) => Ok(any(&event)),
    };
    Some((envelope, event.source))
}

impl Event {
    fn envelope(&self, id: String, source: String, event_type: String, data: Box<RawValue>) -> Envelope {
        Envelope {
            specversion: SPEC_VERSION.to_owned(),
            correlationid: id.clone(),
            id,
            source,
            event_type,
            time: self.time,
            datacontenttype: Some(JSON_CONTENT_TYPE.to_owned()),
            deliveryid: Some(self.id.clone()),
            sourceversion: None,
            mappingversion: None,
            data,
        }
    }
}

fn any(event: &Event) -> Envelope {
    event.envelope(event.id.clone(), event.source.clone(), event.detail_type.clone(), event.detail.clone())
}

#[derive(Deserialize)]
struct ShopifyDetail {
    payload: Box<RawValue>,
    metadata: Headers,
}

/// Names of headers, in whichever case they are written.
#[derive(Deserialize)]
#[serde(transparent)]
struct Headers(std::collections::BTreeMap<String, serde_json::Value>);

impl Headers {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).and_then(|(_, value)| value.as_str())
    }
}

fn shopify(event: &Event) -> Option<Envelope> {
    let detail: ShopifyDetail = serde_json::from_str(event.detail.get()).ok()?;
    let header = |name| detail.metadata.get(name);
    let (topic, shop) = (header("X-Shopify-Topic")?, header("X-Shopify-Shop-Domain")?.to_ascii_lowercase());
    let id = header("X-Shopify-Event-Id").or_else(|| header("X-Shopify-Webhook-Id"))?;
    let source = format!("/shopify/{shop}");
    let envelope = event.envelope(id.to_owned(), source, format!("shopify.{topic}"), detail.payload.clone());
    Some(Envelope {
        time: header("X-Shopify-Triggered-At").and_then(|time| time.parse().ok()).unwrap_or(event.time),
        deliveryid: header("X-Shopify-Webhook-Id").map(str::to_owned).or(envelope.deliveryid),
        sourceversion: header("X-Shopify-API-Version").map(str::to_owned),
        ..envelope
    })
}

#[derive(Deserialize)]
struct StripeEvent {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    created: i64,
    #[serde(default)]
    api_version: Option<String>,
    #[serde(default)]
    account: Option<String>,
}

fn stripe(event: &Event) -> Option<Envelope> {
    let detail: StripeEvent = serde_json::from_str(event.detail.get()).ok()?;
    // Only a connected account's event names it. Otherwise the destination's id stands for it: whose that is, the flow is told.
    let account =
        detail.account.unwrap_or_else(|| event.source.rsplit('/').next().unwrap_or_default().to_owned());
    let (source, kind) = (format!("/stripe/{account}"), format!("stripe.{}", detail.kind));
    let envelope = event.envelope(detail.id, source, kind, event.detail.clone());
    let time = Timestamp::from_second(detail.created).unwrap_or(event.time);
    Some(Envelope { time, sourceversion: detail.api_version, ..envelope })
}

#[derive(Deserialize)]
struct SalesforceDetail {
    payload: Box<RawValue>,
    #[serde(default)]
    event: SalesforceEvent,
}

#[derive(Default, Deserialize)]
struct SalesforceEvent {
    #[serde(rename = "EventUuid", default)]
    uuid: Option<String>,
}

#[derive(Deserialize)]
struct SalesforcePayload {
    #[serde(rename = "EventUuid", default)]
    uuid: Option<String>,
}

fn salesforce(event: &Event) -> Option<Envelope> {
    let detail: SalesforceDetail = serde_json::from_str(event.detail.get()).ok()?;
    let within = || serde_json::from_str::<SalesforcePayload>(detail.payload.get()).ok()?.uuid;
    let id = detail.event.uuid.clone().or_else(within)?;
    let account = event.source.trim_start_matches("aws.partner/salesforce.com/");
    let (source, kind) = (format!("/salesforce/{account}"), format!("salesforce.{}", event.detail_type));
    Some(event.envelope(id, source, kind, detail.payload))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::{Code, Rejection, Sender};

    fn event(source: &str, kind: &str, detail: &Value) -> Value {
        json!({
            "version": "0", "id": "7bf73129-1428-4cd3-a780-95db273d1602", "detail-type": kind, "source": source,
            "account": "123456789012", "time": "2026-11-24T10:00:00Z", "region": "eu-central-1",
            "resources": [], "detail": detail
        })
    }

    fn decoded(event: &Value) -> Envelope {
        Envelope::decode(&event.to_string()).unwrap()
    }

    #[test]
    fn an_event_of_a_bus_is_an_envelope_with_its_own_id() {
        let body = event("com.acme.erp", "invoice.paid", &json!({"amount": "10.00"}));
        let envelope = decoded(&body);
        assert_eq!(
            (envelope.id.as_str(), envelope.source.as_str()),
            (body["id"].as_str().unwrap(), "com.acme.erp")
        );
        assert_eq!(
            (envelope.event_type.as_str(), envelope.data.get()),
            ("invoice.paid", r#"{"amount":"10.00"}"#)
        );
        assert_eq!(envelope.time.to_string(), "2026-11-24T10:00:00Z");
    }

    #[test]
    fn whoever_has_sent_it_is_told_apart() {
        let sender = |body: &Value| Envelope::decode_with_sender(&body.to_string()).unwrap().1;
        let source = "aws.partner/stripe.com/ed_1".to_owned();
        let detail = json!({"id": "evt_1", "type": "charge.refunded", "created": 1_795_514_398});
        let body = event(&source, "charge.refunded", &detail);
        assert_eq!(sender(&body), Sender::EventBridge { source });
        let ours = serde_json::to_value(decoded(&body)).unwrap();
        assert_eq!(sender(&ours), Sender::Spillway);
    }

    #[test]
    fn a_shopify_event_is_what_its_webhook_is() {
        let metadata = json!({
            "Content-Type": "application/json", "X-Shopify-Topic": "orders/create",
            "X-Shopify-Shop-Domain": "ACME.myshopify.com", "X-Shopify-Webhook-Id": "delivery-1",
            "X-Shopify-Event-Id": "event-1", "X-Shopify-API-Version": "2026-10",
            "X-Shopify-Triggered-At": "2026-11-24T09:59:58Z"
        });
        let source = "aws.partner/shopify.com/1234/orders";
        let detail = json!({"payload": {"id": 1}, "metadata": metadata});
        let envelope = decoded(&event(source, "shopifyWebhook", &detail));
        assert_eq!(
            (envelope.id.as_str(), envelope.event_type.as_str()),
            ("event-1", "shopify.orders/create")
        );
        assert_eq!(envelope.source, "/shopify/acme.myshopify.com");
        assert_eq!(envelope.sourceversion.as_deref(), Some("2026-10"));
        assert_eq!(envelope.deliveryid.as_deref(), Some("delivery-1"));
        assert_eq!(
            (envelope.time.to_string().as_str(), envelope.data.get()),
            ("2026-11-24T09:59:58Z", r#"{"id":1}"#)
        );
    }

    #[test]
    fn a_stripe_event_is_known_by_its_own_id_whichever_way_it_comes() {
        let detail = json!({
            "id": "evt_1", "object": "event", "type": "payment_intent.succeeded", "created": 1795514398,
            "api_version": "2026-10-28", "data": {"object": {}}
        });
        let source = "aws.partner/stripe.com/ed_test_61";
        let envelope = decoded(&event(source, "payment_intent.succeeded", &detail));
        assert_eq!(
            (envelope.id.as_str(), envelope.event_type.as_str()),
            ("evt_1", "stripe.payment_intent.succeeded")
        );
        assert_eq!(envelope.source, "/stripe/ed_test_61");
        assert_eq!(envelope.time.to_string(), "2026-11-24T09:59:58Z");
        assert_eq!(serde_json::from_str::<Value>(envelope.data.get()).unwrap(), detail);
    }

    #[test]
    fn a_salesforce_event_is_known_by_its_uuid_and_not_by_where_it_stands_in_the_stream() {
        let source = "aws.partner/salesforce.com/00D000000000001/0YL000000000001";
        let detail = json!({"payload": {"Name": "Acme"}, "event": {"EventUuid": "uuid-1", "replayId": 7}});
        let envelope = decoded(&event(source, "Opportunity__e", &detail));
        assert_eq!(
            (envelope.id.as_str(), envelope.event_type.as_str()),
            ("uuid-1", "salesforce.Opportunity__e")
        );
        let within = json!({"payload": {"EventUuid": "uuid-2"}, "event": {"replayId": 7}});
        assert_eq!(decoded(&event(source, "Opportunity__e", &within)).id, "uuid-2");
    }

    #[test]
    fn a_partner_event_that_is_not_as_the_partner_makes_them_is_refused_with_its_place() {
        for (source, detail) in [
            ("aws.partner/shopify.com/1/a", json!({"payload": {}})),
            (
                "aws.partner/shopify.com/1/a",
                json!({"payload": {}, "metadata": {"X-Shopify-Topic": "orders/create"}}),
            ),
            ("aws.partner/stripe.com/ed_1", json!({"type": "charge.refunded"})),
            ("aws.partner/salesforce.com/1/2", json!({"payload": {}, "event": {"replayId": 7}})),
        ] {
            let body = event(source, "any", &detail).to_string();
            let rejection = Rejection::from(Envelope::decode(&body).unwrap_err());
            assert_eq!(
                (rejection.code, rejection.path.as_str()),
                (Code::EnvelopeInvalid, "$.detail"),
                "{source}"
            );
        }
    }

    #[test]
    fn limits_of_attributes_hold_for_it_too() {
        let body = event("com.acme", &"x".repeat(2_000), &json!({})).to_string();
        assert_eq!(Rejection::from(Envelope::decode(&body).unwrap_err()).path, "$.type");
    }

    proptest! {
        #[test]
        fn never_panics_on_any_detail(detail in "\\PC*", partner in "(shopify|stripe|salesforce).com") {
            let source = format!("aws.partner/{partner}/a/b");
            drop(Envelope::decode(&event(&source, "any", &json!({"payload": detail, "metadata": {}})).to_string()));
        }
    }
}
