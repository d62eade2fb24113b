//! How old the newest canary is that has come through all flows of its way.

use aws::SecretString;
use telemetry::metrics::CANARY_AGE;
use watchdog::signed;

use crate::world::{FLOW, Scripted, failed, minutes_ago, now, watch, watch_with};

#[tokio::test]
async fn one_is_posted_with_every_look_where_a_source_posts_to() {
    let world = Scripted::new();
    world.look(&watch()).await;
    assert_eq!(*world.canaries.lock().unwrap(), [(FLOW.to_owned(), now())]);
    let report = world.look(&watch_with(|event| event["canary_path"] = [""].into())).await;
    assert_eq!(world.canaries.lock().unwrap().len(), 1);
    assert_eq!(report.value(CANARY_AGE), None);
}

#[tokio::test]
async fn the_flow_that_stands_still_makes_the_age_and_is_named() {
    let world = Scripted::new();
    world.canary_came_through("inventory-to-shipping", minutes_ago(45));
    let report = world.look(&watch()).await;
    assert_eq!(report.value(CANARY_AGE), Some(2_700.0));
    assert_eq!(report.notes["canary_ages"][FLOW], 300);
    assert_eq!(report.notes["canary_ages"]["inventory-to-shipping"], 2_700);
}

#[tokio::test]
async fn where_none_ever_came_it_is_as_old_as_the_watch() {
    let world = Scripted::new();
    world.items.lock().unwrap().clear();
    world.state.lock().unwrap().as_mut().unwrap().since = minutes_ago(60);
    assert_eq!(world.look(&watch()).await.value(CANARY_AGE), Some(3_600.0));
}

#[tokio::test]
async fn one_that_cannot_be_posted_is_told_beside_the_age_of_the_last() {
    let mut world = Scripted::new();
    world.fails.insert("post");
    let report = world.look(&watch()).await;
    assert_eq!((failed(&report), report.value(CANARY_AGE)), (vec![], Some(300.0)));
    assert_eq!(report.notes["canary_not_posted"], "post, as told");
}

/// As ingest verifies it: HMAC-SHA256 of `id.timestamp.body` by the secret's own text.
#[test]
fn it_is_signed_as_ingest_verifies_it() {
    let secret = SecretString::from("pJ2nW8xKq4sT7vB1mL9cR3yF6hD5gZ0aQwErTyUiOpAsDfGh");
    let post = signed("crm-to-erp", "c-1", "2026-11-24T10:00:00Z".parse().unwrap(), &secret);
    let body = r#"{"data":{},"timestamp":"2026-11-24T10:00:00Z","type":"crm-to-erp"}"#;
    assert_eq!((post.path.as_str(), post.body.to_string().as_str()), ("/webhooks/canary", body));
    // printf 'c-1.1795514400.{…}' | openssl dgst -sha256 -hmac <secret> -binary | base64
    assert_eq!(
        (post.timestamp.as_str(), post.signature.as_str()),
        ("1795514400", "v1,lxF7bvWJsZ+KvPuxsFpqeGyLiSErqvJP5u523Yd+zMI=")
    );
}
