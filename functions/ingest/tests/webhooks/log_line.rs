use std::io::Write;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tracing_subscriber::layer::SubscriberExt;

use crate::support::*;

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The lines, at every level, that one request leaves.
async fn lines(f: &Fixture, request: Request) -> Vec<Value> {
    let captured = Captured::default();
    let writer = captured.clone();
    let subscriber = tracing_subscriber::registry().with(telemetry::json_layer(move || writer.clone()));
    let guard = tracing::subscriber::set_default(subscriber);
    f.post(request).await;
    drop(guard);
    let bytes = captured.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn a_queued_event_leaves_one_line_with_its_ids() {
    let lines = lines(&fixture(), shopify(ORDER)).await;
    assert_eq!(lines.len(), 1);
    let line = &lines[0];
    assert_eq!(line["level"], "INFO");
    assert_eq!(line["message"], "webhook ended");
    assert_eq!(line["outcome"], "queued");
    assert_eq!(line["source"], "shop");
    assert_eq!(line["event_type"], "shopify.orders/create");
    assert_eq!(line["correlation_id"], "98880550-7158-44d4-b7cd-2c97c8a091b5");
    assert_eq!(line["message_id"], "message-1");
    assert_eq!(line["bytes"], ORDER.len());
    assert_eq!(line["trace_id"], "1-5759e988-bd862e3fe1be46a994272793");
}

#[tokio::test]
async fn every_other_outcome_leaves_one_line_that_says_which() {
    let f = fixture();
    let ignored = shopify(ORDER).header("x-shopify-topic", "app/uninstalled");
    let forged = shopify_signed(ORDER, "guess", ORDER.as_bytes());
    for (request, down, level, outcome, code) in [
        (ignored, false, "INFO", "ignored", Value::Null),
        (forged, false, "WARN", "refused", "SPW6004".into()),
        (Request::to("other", ORDER), false, "WARN", "refused", "SPW6001".into()),
        (shopify(ORDER), true, "ERROR", "unavailable", "SPW6007".into()),
    ] {
        f.sink.set_down(down);
        let lines = lines(&f, request).await;
        assert_eq!(lines.len(), 1, "{outcome}");
        assert_eq!(lines[0]["level"], level);
        assert_eq!(lines[0]["outcome"], outcome);
        assert_eq!(lines[0]["code"], code);
    }
}

#[tokio::test]
async fn no_line_holds_payload_secret_or_what_an_unauthenticated_sender_wrote() {
    let f = fixture();
    let mark = "mark@example.com";
    let body = format!(r#"{{"type":"order.placed","email":"{mark}"}}"#);
    f.secrets.set(CRM_ARN, aws::Stage::Previous, mark);
    for request in [
        shopify(&body),
        standard(&body),
        shopify(&format!("{mark}{{")),
        Request::to(mark, &body),
        shopify_signed(&body, "guess", b"").header("x-shopify-topic", mark),
        Request::to("crm", &body).header("webhook-id", mark).header("webhook-timestamp", mark),
    ] {
        let text = format!("{:?}", lines(&f, request).await);
        assert!(!text.contains("mark@"), "{text}");
        assert!(!text.contains(SHOP_SECRET) && !text.contains(CRM_SECRET), "{text}");
    }
}
