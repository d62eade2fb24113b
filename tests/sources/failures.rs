//! Sources that fail: what comes of it, and that nobody's name is in it.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use local::Partner;
use local::sandbox::{Fault, FaultKind, Sandbox};
use message::{Code, Effect};
use outbound::{Budget, CallError, EventSource};
use serde_json::json;
use serde_json::value::to_raw_value;
use tests::budget;
use tests::sources::{asked, processor, shop, stripe, vendure};
use tokio::time::Instant;
use tracing_subscriber::layer::SubscriberExt;

const PATIENCE: Duration = Duration::from_millis(400);
const FROM: &str = "2026-11-24T10:00:00Z";
const UNTIL: &str = "2026-11-24T11:00:00Z";
const PERSON: &str = "ann@example.com";

/// Both sources of a sandbox that has an event and an order of Ann's, and the paths that a fault of theirs is for.
fn both(sandbox: &Sandbox) -> [(Box<dyn EventSource>, &'static str); 2] {
    sandbox.happen_at_stripe(json!({
        "id": "evt_1", "type": "charge.refunded", "created": 1_795_514_400, "data": { "receipt_email": PERSON }
    }));
    let order =
        json!({ "id": "1", "code": "A", "orderPlacedAt": FROM, "customer": { "emailAddress": PERSON } });
    sandbox.place_at_vendure(to_raw_value(&order).unwrap()).unwrap();
    [
        (Box::new(stripe(&processor(sandbox), PATIENCE, &[])), "/stripe/v1/events"),
        (Box::new(vendure(&shop(sandbox), PATIENCE)), "/vendure/admin-api"),
    ]
}

fn fail(sandbox: &Sandbox, path: &str, kind: FaultKind, times: u32) {
    sandbox.fail(Fault { method: None, path: path.to_owned(), kind, times, every: 1 });
}

const fn status(status: u16, retry_after_s: Option<u32>) -> FaultKind {
    FaultKind::Status { status, retry_after_s }
}

fn faults() -> [(FaultKind, Code, Option<Duration>); 7] {
    [
        (status(500, None), Code::TargetFailed, None),
        (status(503, Some(30)), Code::TargetFailed, Some(Duration::from_secs(30))),
        (status(429, Some(7)), Code::TargetThrottled, Some(Duration::from_secs(7))),
        (status(401, None), Code::CredentialsRefused, None),
        (status(403, None), Code::CredentialsRefused, None),
        (FaultKind::Unreadable, Code::ResponseUnreadable, None),
        (FaultKind::TimeoutBeforeEffect, Code::TargetUnreachable, None),
    ]
}

/// At the login, at the question, and between two.
#[tokio::test]
async fn a_source_that_fails_is_asked_again_later_and_then_tells() {
    for (kind, code, after) in faults() {
        let sandbox = Sandbox::start().await.unwrap();
        for (source, path) in both(&sandbox) {
            fail(&sandbox, path, kind.clone(), 1);
            let error = asked(&*source, FROM, UNTIL).await.unwrap_err();
            assert_eq!(error, CallError::NotNow { code, after }, "{path} {kind:?}");
            assert_eq!(error.effect(), Effect::Absent);
            assert_eq!(asked(&*source, FROM, UNTIL).await.unwrap().len(), 1, "{path} {kind:?}");
        }
    }
}

#[tokio::test]
async fn a_shop_that_fails_once_it_knows_us_is_asked_again_later() {
    for (kind, code, after) in faults() {
        let sandbox = Sandbox::start().await.unwrap();
        let [_, (shop, path)] = both(&sandbox);
        assert_eq!(asked(&*shop, FROM, UNTIL).await.unwrap().len(), 1);
        // A refusal of the session's is met by a login: it has to last longer than that.
        let times = if code == Code::CredentialsRefused { 2 } else { 1 };
        fail(&sandbox, path, kind.clone(), times);
        let error = asked(&*shop, FROM, UNTIL).await.unwrap_err();
        assert_eq!(error, CallError::NotNow { code, after }, "{kind:?}");
        assert_eq!(asked(&*shop, FROM, UNTIL).await.unwrap().len(), 1, "{kind:?}");
    }
}

#[tokio::test]
async fn a_failure_on_a_later_page_leaves_no_part() {
    let sandbox = Sandbox::start().await.unwrap();
    for number in 0..150 {
        sandbox.happen_at_stripe(json!({
            "id": format!("evt_{number}"), "type": "charge.refunded", "created": 1_795_514_400 + number, "data": {}
        }));
        let order = json!({ "id": number.to_string(), "code": format!("A{number}"), "orderPlacedAt": FROM });
        sandbox.place_at_vendure(to_raw_value(&order).unwrap()).unwrap();
    }
    // The second page: of the shop the third call, as the first one is the login.
    for ((source, path), every) in both(&sandbox).into_iter().zip([2, 3]) {
        sandbox.fail(Fault { method: None, path: path.to_owned(), kind: status(500, None), times: 1, every });
        assert_eq!(asked(&*source, FROM, UNTIL).await.unwrap_err().code(), Code::TargetFailed, "{path}");
    }
}

#[tokio::test]
async fn what_is_subscribed_is_unknown_while_stripe_fails() {
    for (kind, code, after) in faults() {
        let sandbox = Sandbox::start().await.unwrap();
        fail(&sandbox, "/stripe/v1/webhook_endpoints", kind.clone(), 1);
        let subscribed = stripe(&processor(&sandbox), PATIENCE, &[]);
        let subscribed = subscribed.subscribed("https://hooks.example.com/", &budget()).await;
        assert_eq!(subscribed, Err(CallError::NotNow { code, after }), "{kind:?}");
    }
}

#[tokio::test]
async fn a_key_that_is_not_taken_is_told_as_such() {
    let sandbox = Sandbox::start().await.unwrap();
    let wrong = Partner { api_key: "sk_wrong".to_owned(), ..processor(&sandbox) };
    let error = asked(&stripe(&wrong, PATIENCE, &[]), FROM, UNTIL).await.unwrap_err();
    assert_eq!(error.code(), Code::CredentialsRefused);
    let wrong =
        Partner { api_key: r#"{"username": "spillway", "password": "wrong"}"#.to_owned(), ..shop(&sandbox) };
    let error = asked(&vendure(&wrong, PATIENCE), FROM, UNTIL).await.unwrap_err();
    assert_eq!(error.code(), Code::CredentialsRefused);
}

#[tokio::test]
async fn without_time_left_nothing_is_asked() {
    let sandbox = Sandbox::start().await.unwrap();
    let spent = Budget::of_work(Instant::now(), Duration::ZERO);
    for (source, path) in both(&sandbox) {
        let window = (FROM.parse().unwrap(), UNTIL.parse().unwrap());
        let error = source.events(window.0, window.1, &spent).await.unwrap_err();
        assert_eq!(error.code(), Code::LeaseTooShort, "{path}");
    }
    assert_eq!(sandbox.vendure_logins(), 0);
}

#[derive(Clone, Default)]
struct Printed(Arc<Mutex<Vec<u8>>>);

impl Write for Printed {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn neither_errors_nor_logs_say_anything_of_a_person_or_a_secret() {
    let sandbox = Sandbox::start().await.unwrap();
    let printed = Printed::default();
    let writer = printed.clone();
    let subscriber = tracing_subscriber::registry().with(telemetry::json_layer(move || writer.clone()));
    let guard = tracing::subscriber::set_default(subscriber);
    let mut said = String::new();
    for (source, path) in both(&sandbox) {
        let events = asked(&*source, FROM, UNTIL).await.unwrap();
        assert!(events[0].data.get().contains(PERSON), "{path}");
        said.push_str(&format!("{events:?}"));
        for (kind, ..) in faults().into_iter().chain([(status(400, None), Code::TargetRefused, None)]) {
            fail(&sandbox, path, kind, 2);
            let error = asked(&*source, FROM, UNTIL).await.unwrap_err();
            said.push_str(&format!("{error:?} {error}"));
            sandbox.fail_no_more();
        }
    }
    drop(guard);
    said.push_str(&String::from_utf8(printed.0.lock().unwrap().clone()).unwrap());
    assert!(said.contains("target called"), "{said}");
    for secret in ["ann@", "sandbox-key", "session-"] {
        assert!(!said.contains(secret), "{secret}: {said}");
    }
}
