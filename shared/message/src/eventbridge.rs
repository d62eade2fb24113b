//! EventBridge's envelope as a flow's queue gets it from a rule: another way to say what ours says.
//!
//! Partner event sources wrap their payload once more. Shopify's and Stripe's events are read as their webhooks are, so that a flow knows
//! them whichever way they came; a Salesforce event is known by its `EventUuid`, as a `replayId` is not its own for ever. Everything else is
//! known by EventBridge's own id. As by webhook, what cannot be read of one beside its type is for the mapping to reject with its path:
//! most of what a rule lets through is of types that no flow asks for.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::envelope::Envelope;
use crate::payload::Payload;
use crate::source_event::SourceEvent;

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
pub(crate) fn read(body: &str) -> Option<(Envelope, String)> {
    let event: Event = serde_json::from_str(body).ok()?;
    let (read, data) = event.read();
    let delivery_id = read.delivery_id.clone().or_else(|| Some(event.id.clone()));
    Some((SourceEvent { delivery_id, ..read }.envelope(data.to_owned()), event.source))
}

impl Event {
    fn read(&self) -> (SourceEvent, &RawValue) {
        let detail = Payload::of(&self.detail);
        // What the detail wraps, or the detail itself.
        let wrapped = || Payload::of(detail.get("payload").unwrap_or(&self.detail));
        let partner = self.source.strip_prefix("aws.partner/").and_then(|rest| rest.split_once('/'));
        match partner {
            Some(("shopify.com", _)) => {
                let (payload, metadata) = (wrapped(), detail.get("metadata").map(Payload::of));
                let header = |name: &str| metadata.as_ref()?.header(name);
                (SourceEvent::of_shopify(&payload, header, self.time), payload.raw())
            }
            Some(("stripe.com", destination)) => {
                // The destination's id stands for the account that it was made for: whose that is, the flow is told.
                let destination = destination.rsplit('/').next().unwrap_or_default();
                (SourceEvent::of_stripe(&detail, destination, self.time), detail.raw())
            }
            Some(("salesforce.com", account)) => {
                let (payload, about) = (wrapped(), detail.get("event").map(Payload::of));
                let id = about.and_then(|about| about.identifier("EventUuid"));
                let id = id.or_else(|| payload.identifier("EventUuid")).unwrap_or_else(|| detail.digest_id());
                (self.typed_by_the_bus("salesforce", id, format!("/salesforce/{account}")), payload.raw())
            }
            _ => (self.typed_by_the_bus("", self.id.clone(), self.source.clone()), detail.raw()),
        }
    }

    fn typed_by_the_bus(&self, system: &str, id: String, source: String) -> SourceEvent {
        let kind = Some(self.detail_type.clone()).filter(|kind| !kind.is_empty());
        let (route_key, event_type) = SourceEvent::routed(system, kind, "$.detail-type");
        let (delivery_id, source_version) = (None, None);
        SourceEvent { route_key, id, delivery_id, source, event_type, time: self.time, source_version }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::{Rejection, Sender};

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

    const STRIPE: &str = "aws.partner/stripe.com/ed_1";
    const SHOPIFY: &str = "aws.partner/shopify.com/1/a";
    const SALESFORCE: &str = "aws.partner/salesforce.com/00D1/0YL1";

    /// As Stripe's event destinations send it.
    #[test]
    fn a_thin_event_of_stripe_is_read_for_its_type_with_the_time_of_the_bus() {
        let detail = json!({
            "id": "evt_test_65", "object": "v2.core.event", "type": "v1.billing.meter.error_report_triggered",
            "livemode": false, "created": "2026-11-24T09:59:58.123Z", "data": null,
            "related_object": {"id": "mtr_1", "type": "billing.meter", "url": "/v1/billing/meters/mtr_1"}
        });
        let envelope = decoded(&event(STRIPE, "v1.billing.meter.error_report_triggered", &detail));
        assert_eq!(
            (envelope.id.as_str(), envelope.event_type.as_str()),
            ("evt_test_65", "stripe.v1.billing.meter.error_report_triggered")
        );
        assert_eq!(
            (envelope.source.as_str(), envelope.time.to_string().as_str()),
            ("/stripe/ed_1", "2026-11-24T10:00:00Z")
        );
    }

    #[test]
    fn what_cannot_be_read_of_a_partner_event_beside_its_type_is_left_to_the_mapping() {
        let topic = json!({"x-shopify-topic": "orders/create", "X-Shopify-Shop-Domain": ["acme.com"]});
        for (source, detail, kind, account, data) in [
            (
                SHOPIFY,
                json!({"payload": {"id": 1}, "metadata": topic}),
                "shopify.orders/create",
                "/shopify/",
                json!({"id": 1}),
            ),
            (
                SHOPIFY,
                json!({"metadata": topic}),
                "shopify.orders/create",
                "/shopify/",
                json!({"metadata": topic}),
            ),
            (
                STRIPE,
                json!({"type": "charge.refunded", "account": 7}),
                "stripe.charge.refunded",
                "/stripe/",
                json!({"type": "charge.refunded", "account": 7}),
            ),
            (
                SALESFORCE,
                json!({"payload": {"Name": "Acme"}, "event": {"replayId": 7}}),
                "salesforce.any",
                "/salesforce/00D1/0YL1",
                json!({"Name": "Acme"}),
            ),
            (SALESFORCE, json!([7]), "salesforce.any", "/salesforce/00D1/0YL1", json!([7])),
        ] {
            let envelope = decoded(&event(source, "any", &detail));
            assert_eq!((envelope.event_type.as_str(), envelope.source.as_str()), (kind, account), "{detail}");
            assert_eq!(serde_json::from_str::<Value>(envelope.data.get()).unwrap(), data);
            assert_eq!(envelope.time.to_string(), "2026-11-24T10:00:00Z");
            assert_eq!(envelope.deliveryid.as_deref(), Some("7bf73129-1428-4cd3-a780-95db273d1602"));
            assert!(envelope.id.starts_with("unreadable-"), "{}", envelope.id);
            assert_eq!(envelope.id, decoded(&event(source, "any", &detail)).id, "the same in every delivery");
        }
    }

    #[test]
    fn a_partner_event_whose_type_cannot_be_read_says_where() {
        let doubled = r#"{"type": "charge.refunded", "type": "charge.refunded"}"#;
        let doubled = event(STRIPE, "any", &json!("DETAIL")).to_string().replace("\"DETAIL\"", doubled);
        let twice = json!({"X-Shopify-Topic": "orders/create", "x-shopify-topic": "orders/create"});
        for (body, place) in [
            (event(STRIPE, "any", &json!({"id": "evt_1", "created": 1_795_514_398})).to_string(), "$.type"),
            (event(STRIPE, "any", &json!({"type": 7})).to_string(), "$.type"),
            (event(STRIPE, "any", &json!(7)).to_string(), "$.type"),
            (doubled, "$.type"),
            (event(SHOPIFY, "any", &json!({"payload": {}})).to_string(), "@headers.X-Shopify-Topic"),
            (
                event(SHOPIFY, "any", &json!({"payload": {}, "metadata": twice})).to_string(),
                "@headers.X-Shopify-Topic",
            ),
            (event(SALESFORCE, "", &json!({"payload": {}})).to_string(), "$.detail-type"),
            (event("com.acme", "", &json!({})).to_string(), "$.detail-type"),
        ] {
            assert_eq!(Envelope::decode(&body).unwrap().unreadable_at(), Some(place), "{body}");
        }
    }

    #[test]
    fn limits_of_attributes_hold_for_it_too() {
        let body = event(&"x".repeat(2_000), "any", &json!({})).to_string();
        assert_eq!(Rejection::from(Envelope::decode(&body).unwrap_err()).path, "$.source");
    }

    /// Whatever it is, it is a type, and none that anybody knows.
    #[test]
    fn a_type_of_any_form_is_a_type() {
        let long = "ä".repeat(2_000);
        for kind in ["payment intent", " ", &long] {
            let of = |event: &Value| decoded(event).event_type;
            let metadata = json!({"X-Shopify-Topic": kind});
            for (told, expected) in [
                (of(&event(STRIPE, "any", &json!({"type": kind}))), format!("stripe.{kind}")),
                (of(&event(SHOPIFY, "any", &json!({"metadata": metadata}))), format!("shopify.{kind}")),
                (of(&event(SALESFORCE, kind, &json!({}))), format!("salesforce.{kind}")),
                (of(&event("com.acme", kind, &json!({}))), kind.to_owned()),
            ] {
                if kind == long {
                    assert!(told.len() < 1_024 && expected.starts_with(&told), "{told}");
                } else {
                    assert_eq!(told, expected);
                }
            }
        }
    }

    proptest! {
        #[test]
        fn never_panics_on_any_detail(detail in "\\PC*", partner in "(shopify|stripe|salesforce).com") {
            let source = format!("aws.partner/{partner}/a/b");
            drop(Envelope::decode(&event(&source, "any", &json!({"payload": detail, "metadata": {}})).to_string()));
        }
    }
}
