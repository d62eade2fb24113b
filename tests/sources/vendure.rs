//! What Vendure is asked for and what comes of it.

use std::sync::Arc;
use std::time::Duration;

use local::sandbox::Sandbox;
use message::{Code, Envelope};
use outbound::{EventSource, MAX_EVENTS};
use serde_json::json;
use serde_json::value::to_raw_value;
use tests::budget;
use tests::sources::{asked, shop, vendure, vendure_over};

use crate::between::Between;

const PATIENCE: Duration = Duration::from_secs(20);
const FROM: &str = "2026-11-24T10:00:00Z";
const UNTIL: &str = "2026-11-24T11:00:00Z";

fn place(sandbox: &Sandbox, number: usize, at: &str) {
    let order = json!({ "id": number.to_string(), "code": format!("ORDER-{number}"), "orderPlacedAt": at });
    sandbox.place_at_vendure(to_raw_value(&order).unwrap()).unwrap();
}

fn millisecond(number: usize) -> String {
    format!("2026-11-24T10:00:{:02}.{:03}Z", number / 1_000, number % 1_000)
}

/// So many, each in its own millisecond.
fn place_many(sandbox: &Sandbox, count: usize) -> Vec<String> {
    for number in 0..count {
        place(sandbox, number, &millisecond(number));
    }
    (0..count).map(|number| format!("order-placed-ORDER-{number}")).collect()
}

fn ids(events: &[Envelope]) -> Vec<&str> {
    events.iter().map(|event| event.id.as_str()).collect()
}

#[tokio::test]
async fn all_pages_are_read_and_the_oldest_order_comes_first() {
    let sandbox = Sandbox::start().await.unwrap();
    let expected = place_many(&sandbox, 120);
    let events = asked(&vendure(&shop(&sandbox), PATIENCE), FROM, UNTIL).await.unwrap();
    assert_eq!(ids(&events), expected);
    assert_eq!(sandbox.vendure_logins(), 1);
}

#[tokio::test]
async fn orders_of_one_moment_that_fill_pages_are_each_there_once() {
    let sandbox = Sandbox::start().await.unwrap();
    for number in 0..170 {
        let at = if (20..150).contains(&number) { millisecond(20) } else { millisecond(number) };
        place(&sandbox, number, &at);
    }
    let events = asked(&vendure(&shop(&sandbox), PATIENCE), FROM, UNTIL).await.unwrap();
    let expected: Vec<_> = (0..170).map(|number| format!("order-placed-ORDER-{number}")).collect();
    assert_eq!(ids(&events), expected);
}

#[tokio::test]
async fn an_order_that_comes_or_goes_between_two_pages_moves_none_of_the_others() {
    for deleted in [true, false] {
        let sandbox = Arc::new(Sandbox::in_process());
        let expected = place_many(&sandbox, 120);
        let world = Arc::clone(&sandbox);
        let between = Between::pages(sandbox.router(), move || {
            if deleted {
                world.delete_at_vendure("ORDER-3");
            } else {
                // Placed before those of the first page, and committed after it was read: the next window has to overlap to have it.
                place(&world, 500, "2026-11-24T10:00:00.001Z");
            }
        });
        let source = vendure_over(between.target(sandbox.vendure_url()), &shop(&sandbox));
        let events = asked(&source, FROM, UNTIL).await.unwrap();
        assert_eq!((between.count(), ids(&events)), (3, expected.iter().map(String::as_str).collect()));
    }
}

#[tokio::test]
async fn a_window_has_its_first_moment_and_not_its_last() {
    let sandbox = Sandbox::start().await.unwrap();
    place_many(&sandbox, 4);
    let source = vendure(&shop(&sandbox), PATIENCE);
    for (from, until, expected) in [
        (1, 3, vec!["order-placed-ORDER-1", "order-placed-ORDER-2"]),
        (2, 2, vec![]),
        (3, 2, vec![]),
        (3, 4, vec!["order-placed-ORDER-3"]),
    ] {
        let events = asked(&source, &millisecond(from), &millisecond(until)).await.unwrap();
        assert_eq!(ids(&events), expected, "{from}");
    }
}

#[tokio::test]
async fn more_than_a_call_reads_is_an_error_and_no_part_of_it() {
    let sandbox = Sandbox::in_process();
    place_many(&sandbox, MAX_EVENTS);
    let between = Between::pages(sandbox.router(), || {});
    let source = vendure_over(between.target(sandbox.vendure_url()), &shop(&sandbox));
    assert_eq!(asked(&source, FROM, UNTIL).await.unwrap().len(), MAX_EVENTS);
    place(&sandbox, MAX_EVENTS, "2026-11-24T10:30:00Z");
    assert_eq!(asked(&source, FROM, UNTIL).await.unwrap_err().code(), Code::WindowTooLarge);
    assert_eq!(asked(&source, FROM, "2026-11-24T10:30:00Z").await.unwrap().len(), MAX_EVENTS);
}

#[tokio::test]
async fn a_session_that_is_over_is_made_anew_by_token_and_by_cookie() {
    for cookies in [false, true] {
        let sandbox = Sandbox::start().await.unwrap();
        if cookies {
            sandbox.vendure_takes_cookies();
        }
        let expected = place_many(&sandbox, 2);
        let source = vendure(&shop(&sandbox), PATIENCE);
        for logins in [1, 1] {
            assert_eq!(ids(&asked(&source, FROM, UNTIL).await.unwrap()), expected);
            assert_eq!(sandbox.vendure_logins(), logins);
        }
        sandbox.end_vendure_sessions();
        assert_eq!(ids(&asked(&source, FROM, UNTIL).await.unwrap()), expected);
        assert_eq!(sandbox.vendure_logins(), 2);
    }
}

#[tokio::test]
async fn a_secret_that_is_no_login_is_not_sent() {
    let sandbox = Sandbox::start().await.unwrap();
    for secret in ["", "a-key", r#"{"username": "spillway"}"#] {
        let partner = local::Partner { api_key: secret.to_owned(), ..shop(&sandbox) };
        let error = asked(&vendure(&partner, PATIENCE), FROM, UNTIL).await.unwrap_err();
        assert_eq!(error.code(), Code::SecretUnavailable, "{secret}");
    }
    assert_eq!(sandbox.vendure_logins(), 0);
}

#[tokio::test]
async fn it_cannot_tell_what_it_posts() {
    let sandbox = Sandbox::in_process();
    let source = vendure(&shop(&sandbox), PATIENCE);
    assert_eq!(source.subscribed("https://hooks.example.com/webhooks/vendure", &budget()).await, Ok(None));
}
