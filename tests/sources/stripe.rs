//! What Stripe is asked for and what comes of it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use local::sandbox::Sandbox;
use message::{Code, Envelope};
use outbound::{EventSource, MAX_EVENTS};
use serde_json::{Value, json};
use tests::budget;
use tests::sources::{asked, processor, stripe, stripe_over};

use crate::between::Between;

const PATIENCE: Duration = Duration::from_secs(20);
const SUCCEEDED: &str = "payment_intent.succeeded";
/// 2026-11-24T10:00:00Z.
const TEN: i64 = 1_795_514_400;

fn event(id: &str, kind: &str, created: i64) -> Value {
    json!({ "id": id, "object": "event", "type": kind, "created": created, "api_version": "2026-10-28", "data": {} })
}

fn ids(events: &[Envelope]) -> Vec<&str> {
    events.iter().map(|event| event.id.as_str()).collect()
}

/// So many, a second after each other.
fn happen(sandbox: &Sandbox, count: i64) -> Vec<String> {
    let id = |number| format!("evt_{number}");
    for number in 0..count {
        sandbox.happen_at_stripe(event(&id(number), SUCCEEDED, TEN + number));
    }
    (0..count).map(id).collect()
}

#[tokio::test]
async fn all_pages_are_read_and_the_oldest_event_comes_first() {
    let sandbox = Sandbox::start().await.unwrap();
    let expected = happen(&sandbox, 250);
    let source = stripe(&processor(&sandbox), PATIENCE, &[]);
    let events = asked(&source, "2026-11-24T10:00:00Z", "2026-11-24T11:00:00Z").await.unwrap();
    assert_eq!(ids(&events), expected);
}

#[tokio::test]
async fn an_event_that_arrives_between_two_pages_moves_none_of_the_others() {
    let sandbox = Arc::new(Sandbox::in_process());
    let expected = happen(&sandbox, 150);
    let world = Arc::clone(&sandbox);
    let between = Between::pages(sandbox.router(), move || {
        world.happen_at_stripe(event("evt_late", SUCCEEDED, TEN + 150))
    });
    let source = stripe_over(between.target(sandbox.stripe_url()), &processor(&sandbox), &[]);
    let events = asked(&source, "2026-11-24T10:00:00Z", "2026-11-24T11:00:00Z").await.unwrap();
    assert_eq!((between.count(), ids(&events)), (2, expected.iter().map(String::as_str).collect()));
    let again = asked(&source, "2026-11-24T10:02:30Z", "2026-11-24T11:00:00Z").await.unwrap();
    assert_eq!(ids(&again), ["evt_late"]);
}

#[tokio::test]
async fn a_window_has_its_first_moment_and_not_its_last() {
    let sandbox = Sandbox::start().await.unwrap();
    happen(&sandbox, 4);
    let source = stripe(&processor(&sandbox), PATIENCE, &[]);
    for (from, until, expected) in [
        ("2026-11-24T10:00:01Z", "2026-11-24T10:00:03Z", vec!["evt_1", "evt_2"]),
        ("2026-11-24T10:00:01.5Z", "2026-11-24T10:00:02.5Z", vec!["evt_2"]),
        ("2026-11-24T10:00:02Z", "2026-11-24T10:00:02Z", vec![]),
        ("2026-11-24T10:00:03Z", "2026-11-24T10:00:02Z", vec![]),
    ] {
        assert_eq!(ids(&asked(&source, from, until).await.unwrap()), expected, "{from}");
    }
}

#[tokio::test]
async fn windows_side_by_side_have_each_event_once() {
    let sandbox = Sandbox::start().await.unwrap();
    let expected = happen(&sandbox, 6);
    let source = stripe(&processor(&sandbox), PATIENCE, &[]);
    let borders =
        ["2026-11-24T10:00:00Z", "2026-11-24T10:00:01.999Z", "2026-11-24T10:00:04Z", "2026-11-24T10:00:09Z"];
    let mut all = Vec::new();
    for window in borders.windows(2) {
        all.extend(asked(&source, window[0], window[1]).await.unwrap());
    }
    assert_eq!(ids(&all), expected);
}

#[tokio::test]
async fn only_types_that_are_asked_for_come_however_many_there_are() {
    let sandbox = Sandbox::start().await.unwrap();
    happen(&sandbox, 1);
    sandbox.happen_at_stripe(event("evt_other", "charge.updated", TEN));
    let many: Vec<_> = (0..20).map(|number| format!("unheard.of.{number}")).collect();
    let many: Vec<_> = many.iter().map(String::as_str).chain([SUCCEEDED]).collect();
    for (types, expected) in
        [(vec![], vec!["evt_0", "evt_other"]), (vec![SUCCEEDED], vec!["evt_0"]), (many, vec!["evt_0"])]
    {
        let source = stripe(&processor(&sandbox), PATIENCE, &types);
        let events = asked(&source, "2026-11-24T10:00:00Z", "2026-11-24T11:00:00Z").await.unwrap();
        assert_eq!(ids(&events), expected, "{types:?}");
    }
}

#[tokio::test]
async fn more_than_a_call_reads_is_an_error_and_no_part_of_it() {
    let sandbox = Sandbox::in_process();
    let source_over =
        |between: &Arc<Between>| stripe_over(between.target(sandbox.stripe_url()), &processor(&sandbox), &[]);
    happen(&sandbox, i64::try_from(MAX_EVENTS).unwrap());
    let between = Between::pages(sandbox.router(), || {});
    let whole = asked(&source_over(&between), "2026-11-24T10:00:00Z", "2026-11-24T11:00:00Z").await.unwrap();
    assert_eq!(whole.len(), MAX_EVENTS);
    sandbox.happen_at_stripe(event("evt_more", SUCCEEDED, TEN));
    let error =
        asked(&source_over(&between), "2026-11-24T10:00:00Z", "2026-11-24T11:00:00Z").await.unwrap_err();
    assert_eq!(error.code(), Code::WindowTooLarge);
    let half = asked(&source_over(&between), "2026-11-24T10:00:00Z", "2026-11-24T10:08:20Z").await.unwrap();
    assert_eq!(half.len(), MAX_EVENTS / 2 + 1);
}

#[tokio::test]
async fn what_is_subscribed_is_what_enabled_endpoints_of_the_address_have() {
    const URL: &str = "https://hooks.example.com/webhooks/stripe";
    let sandbox = Sandbox::start().await.unwrap();
    let source = stripe(&processor(&sandbox), PATIENCE, &[]);
    let subscribed = async || source.subscribed(URL, &budget()).await.unwrap();
    let types = |types: &[&str]| Some(types.iter().map(|kind| (*kind).to_owned()).collect::<BTreeSet<_>>());
    sandbox.add_webhook_endpoint("https://other.example.com/", "enabled", &["*"]);
    assert_eq!(subscribed().await, types(&[]));
    sandbox.add_webhook_endpoint(URL, "disabled", &[SUCCEEDED]);
    assert_eq!(subscribed().await, types(&[]));
    sandbox.add_webhook_endpoint(URL, "enabled", &[SUCCEEDED]);
    sandbox.add_webhook_endpoint(URL, "enabled", &["charge.refunded", SUCCEEDED]);
    assert_eq!(subscribed().await, types(&["charge.refunded", SUCCEEDED]));
    sandbox.add_webhook_endpoint(URL, "enabled", &["*"]);
    assert_eq!(subscribed().await, types(&["*", "charge.refunded", SUCCEEDED]));
}
