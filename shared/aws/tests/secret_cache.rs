//! The cache in front of a secret source: how often it asks, what serves when the source does not answer.

#![expect(clippy::unwrap_used, reason = "helpers of tests say what they expect")]

use aws::test_doubles::ScriptedSecretSource;
use aws::{ExposeSecret, MIN_REFRESH_INTERVAL, SecretError, Secrets, Stage, TIME_TO_LIVE};
use jiff::SignedDuration;
use testkit::FakeClock;

const ARN: &str = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop-AbCdEf";
const SECOND: SignedDuration = SignedDuration::from_secs(1);

struct Fixture {
    source: ScriptedSecretSource,
    clock: FakeClock,
    secrets: Secrets,
}

fn fixture() -> Fixture {
    let source = ScriptedSecretSource::default().with(ARN, Stage::Current, "one");
    let clock = FakeClock::at("2026-11-24T10:00:00Z");
    let now = clock.clone();
    let secrets = Secrets::new(source.clone(), move || now.now());
    Fixture { source, clock, secrets }
}

impl Fixture {
    async fn both(&self) -> (String, Option<String>) {
        let versions = self.secrets.current_and_previous(ARN).await.unwrap();
        (
            versions.current.expose_secret().to_owned(),
            versions.previous.map(|previous| previous.expose_secret().to_owned()),
        )
    }
}

#[tokio::test]
async fn a_value_is_read_once_until_its_time_is_up() {
    let f = fixture();
    for _ in 0..3 {
        assert_eq!(f.both().await, ("one".to_owned(), None));
    }
    f.source.rotate(ARN, "two");
    f.clock.advance(TIME_TO_LIVE - SECOND);
    assert_eq!(f.both().await, ("one".to_owned(), None));
    assert_eq!(f.source.asked(ARN, Stage::Current), 1);
    assert_eq!(f.source.asked(ARN, Stage::Previous), 1);
    f.clock.advance(SECOND);
    assert_eq!(f.both().await, ("two".to_owned(), Some("one".to_owned())));
    assert_eq!(f.source.asked(ARN, Stage::Current), 2);
}

#[tokio::test]
async fn a_caller_of_current_alone_never_asks_for_the_previous_version() {
    let f = fixture();
    assert_eq!(f.secrets.current(ARN).await.unwrap().expose_secret(), "one");
    assert_eq!(f.source.asked(ARN, Stage::Previous), 0);
}

#[tokio::test]
async fn callers_at_the_same_time_share_one_call() {
    let f = fixture();
    let (a, b) = tokio::join!(f.secrets.current(ARN), f.secrets.current(ARN));
    assert!(a.is_ok() && b.is_ok());
    assert_eq!(f.source.asked(ARN, Stage::Current), 1);
}

#[tokio::test]
async fn the_last_good_value_serves_while_the_source_is_down_and_is_replaced_afterwards() {
    let f = fixture();
    f.both().await;
    f.source.set_unavailable(true);
    f.clock.advance(TIME_TO_LIVE * 100);
    for _ in 0..5 {
        assert_eq!(f.both().await.0, "one");
    }
    assert_eq!(f.source.asked(ARN, Stage::Current), 2, "an outage is not hammered");
    f.source.set_unavailable(false);
    f.source.rotate(ARN, "two");
    f.clock.advance(MIN_REFRESH_INTERVAL);
    assert_eq!(f.both().await.0, "two");
}

#[tokio::test]
async fn without_a_last_good_value_an_outage_is_an_error_and_is_not_hammered() {
    let f = fixture();
    f.source.set_unavailable(true);
    for _ in 0..3 {
        assert!(matches!(f.secrets.current(ARN).await, Err(SecretError::Unavailable { .. })));
    }
    assert_eq!(f.source.asked(ARN, Stage::Current), 1);
    f.source.set_unavailable(false);
    f.clock.advance(MIN_REFRESH_INTERVAL);
    assert_eq!(f.secrets.current(ARN).await.unwrap().expose_secret(), "one");
}

#[tokio::test]
async fn a_deleted_secret_stops_serving() {
    let f = fixture();
    f.both().await;
    f.source.remove(ARN, Stage::Current);
    f.clock.advance(TIME_TO_LIVE);
    assert!(matches!(f.secrets.current(ARN).await, Err(SecretError::Unusable { .. })));
}

#[tokio::test]
async fn a_refresh_finds_a_rotated_secret_but_not_more_often_than_the_bound() {
    let f = fixture();
    f.both().await;
    f.source.rotate(ARN, "two");
    f.clock.advance(MIN_REFRESH_INTERVAL - SECOND);
    for _ in 0..100 {
        assert!(f.secrets.refreshed(ARN).await.unwrap().is_none());
    }
    assert_eq!(f.source.asked(ARN, Stage::Current), 1);
    f.clock.advance(SECOND);
    let versions = f.secrets.refreshed(ARN).await.unwrap().unwrap();
    assert_eq!(versions.current.expose_secret(), "two");
    for _ in 0..100 {
        assert!(f.secrets.refreshed(ARN).await.unwrap().is_none());
    }
    assert_eq!(f.source.asked(ARN, Stage::Current), 2);
    assert_eq!(f.both().await, ("two".to_owned(), Some("one".to_owned())));
}

#[tokio::test]
async fn a_clock_that_was_set_back_does_not_keep_a_value_alive() {
    let f = fixture();
    f.both().await;
    f.source.rotate(ARN, "two");
    f.clock.advance(-TIME_TO_LIVE);
    assert_eq!(f.both().await.0, "two");
}

#[tokio::test]
async fn debug_shows_no_value() {
    let f = fixture();
    f.source.rotate(ARN, "hush");
    let versions = f.secrets.current_and_previous(ARN).await.unwrap();
    let shown = format!("{versions:?} {:?}", f.secrets);
    assert!(!shown.contains("hush") && !shown.contains("\"one\""), "{shown}");
}
