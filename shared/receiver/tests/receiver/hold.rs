//! A target that is down costs no message a receive, and sends none to the dead letter queue.

use std::time::Duration;

use gate::{GateConfig, Limit, Observation};
use jiff::SignedDuration;
use ledger::Status;
use message::{Code, Effect};
use receiver::Limits;
use serde_json::json;

use crate::support::{Bench, Held, World, body, millis, received, record, redelivered};

fn open(bench: &Bench) {
    for _ in 0..5 {
        bench.gate.observe(Observation::Failed(Code::TargetFailed));
    }
}

#[tokio::test]
async fn while_the_breaker_is_open_messages_are_held_without_a_claim_or_a_failure() {
    let bench = Bench::new();
    open(&bench);
    bench.gate.share().await;
    let records: Vec<_> = (0..10).map(|n| record(&format!("m-{n}"), body(&n.to_string(), ""))).collect();
    assert!(bench.receive(&records).await.is_empty());
    assert_eq!((bench.effects().len(), bench.ledger_calls(), bench.letters().len()), (0, 0, 0));
    let held = bench.world.held.lock().unwrap().clone();
    assert_eq!(held.len(), 10);
    assert!(held.iter().all(|(_, _, delay)| (30..=38).contains(&delay.as_secs())), "{held:?}");
}

#[tokio::test]
async fn failures_that_open_the_breaker_are_held_as_well_on_their_last_receive_too() {
    let bench = Bench::new();
    let records: Vec<_> =
        (0..10).map(|n| received(5, record(&format!("m-{n}"), body(&n.to_string(), "fail")))).collect();
    assert!(bench.receive(&records).await.is_empty());
    assert!(bench.letters().is_empty());
    assert_eq!(bench.world.held.lock().unwrap().len(), 10);
    let item = bench.item("0").await;
    assert_eq!((item.status, item.effect, item.lease_until_ms), (Status::Claimed, Effect::Absent, 0));
}

#[tokio::test]
async fn a_single_failure_is_a_retry() {
    let bench = Bench::new();
    let records = [record("bad", body("1", "fail")), record("good", body("2", ""))];
    assert_eq!(bench.receive(&records).await, ["bad"]);
    assert!(bench.world.held.lock().unwrap().is_empty());
}

#[tokio::test]
async fn after_a_429_everybody_waits_as_long_as_it_said() {
    let bench = Bench::new();
    let records: Vec<_> = (0..10)
        .map(|n| record(&format!("m-{n}"), body(&n.to_string(), if n == 0 { "throttle" } else { "" })))
        .collect();
    assert!(bench.receive(&records).await.is_empty());
    let held = bench.world.held.lock().unwrap().clone();
    assert!(!held.is_empty());
    assert_eq!(held.len() + bench.effects().len(), 10);
    assert!(held.iter().all(|(_, _, delay)| *delay >= Duration::from_secs(60)));
}

#[tokio::test]
async fn one_message_probes_and_then_all_go_on() {
    let bench = Bench::new();
    open(&bench);
    bench.gate.share().await;
    bench.clock.advance(SignedDuration::from_secs(30));
    let records: Vec<_> = (0..4).map(|n| record(&format!("m-{n}"), body(&n.to_string(), ""))).collect();
    assert!(bench.receive(&records).await.is_empty());
    assert_eq!((bench.effects().len(), bench.world.held.lock().unwrap().len()), (1, 3));
    let held = bench.world.held.lock().unwrap().clone();
    let again: Vec<_> = held.iter().zip(0..).map(|(held, n)| redelivered(&format!("h-{n}"), held)).collect();
    assert!(bench.receive(&again).await.is_empty());
    assert_eq!(bench.effects(), ["0", "1", "2", "3"]);
}

#[tokio::test]
async fn a_failed_probe_is_held_and_keeps_the_breaker_open() {
    let bench = Bench::new();
    open(&bench);
    bench.gate.share().await;
    bench.clock.advance(SignedDuration::from_secs(30));
    assert!(bench.receive(&[received(5, record("m", body("1", "fail")))]).await.is_empty());
    assert!(bench.letters().is_empty());
    let held = bench.world.held.lock().unwrap().clone();
    assert!(held[0].2 >= Duration::from_secs(60), "twice as long: {held:?}");
}

#[tokio::test]
async fn what_the_target_lacks_costs_no_message_its_receives() {
    let bench = Bench::new();
    open(&bench);
    bench.gate.share().await;
    bench.clock.advance(SignedDuration::from_secs(30));
    assert!(bench.receive(&[received(5, record("m", body("1", "lack a setting")))]).await.is_empty());
    assert!(bench.letters().is_empty());
    assert_eq!(bench.world.held.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_held_message_keeps_its_origin_and_its_age() {
    let bench = Bench::new();
    open(&bench);
    bench.gate.share().await;
    let mut first = record("first", body("1", ""));
    first["messageAttributes"] = json!({"Tenant": {"dataType": "String", "stringValue": "acme"}});
    bench.receive(&[first]).await;
    let once = bench.world.held.lock().unwrap()[0].clone();
    bench.receive(&[redelivered("second", &once)]).await;
    let twice = bench.world.held.lock().unwrap()[1].clone();
    let text = |held: &Held, name: &str| held.1[name].text().unwrap().to_owned();
    let told = |attempts: u32| {
        format!("id=first sent=2026-11-24T11:59:00Z attempts={attempts} first=2026-11-24T11:59:30Z")
    };
    assert_eq!((text(&once, "Held"), text(&once, "Tenant")), (told(1), "acme".to_owned()));
    assert_eq!((text(&twice, "Held"), text(&twice, "Tenant")), (told(2), "acme".to_owned()));
}

#[tokio::test]
async fn holding_ends_as_a_dead_letter_that_says_what_was_waited_for() {
    let limits = Limits { longest_hold: Duration::from_secs(3_600), ..Limits::default() };
    let bench = Bench::limited(World::default(), GateConfig::new("scripted"), limits);
    bench.gate.observe(Observation::Throttled { after: Some(Duration::from_secs(7_200)) });
    bench.gate.share().await;
    bench.receive(&[record("first", body("1", ""))]).await;
    let held = bench.world.held.lock().unwrap()[0].clone();
    bench.clock.advance(SignedDuration::from_secs(3_540));
    assert!(bench.receive(&[redelivered("last", &held)]).await.is_empty());
    let letters = bench.world.letters.lock().unwrap().clone();
    assert_eq!(letters[0].1["Code"], Code::HeldTooLong.as_str());
    assert_eq!(letters[0].1["OriginalMessageId"], "first");
    assert!(letters[0].1["Summary"].contains("the target asks to be called later"));
    let failures = "attempts=2 first=2026-11-24T11:59:30Z last=2026-11-24T12:59:00Z";
    assert_eq!(letters[0].1["Failures"], failures, "of its whole life");
}

#[tokio::test]
async fn a_redriven_letter_of_a_held_message_can_be_held_again_and_is_as_old_as_its_redrive() {
    let limits = Limits { longest_hold: Duration::from_secs(3_600), ..Limits::default() };
    let bench = Bench::limited(World::default(), GateConfig::new("scripted"), limits);
    bench.gate.observe(Observation::Throttled { after: Some(Duration::from_secs(7_200)) });
    bench.gate.share().await;
    let mut first = record("first", body("1", ""));
    first["messageAttributes"] = json!({"Tenant": {"dataType": "String", "stringValue": "acme"}});
    bench.receive(&[first]).await;
    let held = bench.world.held.lock().unwrap()[0].clone();
    bench.clock.advance(SignedDuration::from_secs(3_590));
    bench.receive(&[redelivered("last", &held)]).await;
    let letter = bench.world.letters.lock().unwrap()[0].clone();
    let mut redriven = record("redriven", letter.0);
    redriven["attributes"]["SentTimestamp"] = json!(millis("2026-11-24T12:59:50Z"));
    for (name, value) in letter.1 {
        redriven["messageAttributes"][name] = json!({"dataType": "String", "stringValue": value});
    }
    bench.gate.observe(Observation::Throttled { after: Some(Duration::from_secs(600)) });
    assert!(bench.receive(&[redriven]).await.is_empty());
    assert_eq!(bench.letters().len(), 1, "not given up again");
    let held = bench.world.held.lock().unwrap()[1].1.clone();
    assert_eq!(held.keys().collect::<Vec<_>>(), ["Failures", "Held", "OriginalAttributes"]);
    assert!(held["Held"].text().unwrap().starts_with("id=first sent=2026-11-24T12:59:50Z "));
    assert_eq!(held["OriginalAttributes"].text(), Some(r#"{"Tenant":"acme"}"#));
}

#[tokio::test]
async fn a_target_whose_look_ups_work_and_whose_writes_fail_is_down() {
    let bench = Bench::new();
    let records: Vec<_> = (0..10)
        .map(|n| received(5, record(&format!("m-{n}"), body(&n.to_string(), "fail to write"))))
        .collect();
    assert!(bench.receive(&records).await.is_empty());
    assert!(bench.letters().is_empty(), "{:?}", bench.letters());
    bench.clock.advance(SignedDuration::from_secs(30));
    bench.receive(&[record("probe", body("11", "fail to write"))]).await;
    assert_eq!(bench.gate.admit(10, 1).await.granted, 0, "a probe whose write failed closes nothing");
}

#[tokio::test]
async fn one_message_that_the_target_forbids_does_not_stop_the_others() {
    let bench = Bench::new();
    let forbidden = record("bad", body("bad", "forbid"));
    let good: Vec<_> = (0..9).map(|n| record(&format!("m-{n}"), body(&n.to_string(), ""))).collect();
    let records: Vec<_> = std::iter::once(forbidden).chain(good).collect();
    assert!(bench.receive(&records).await.is_empty());
    assert_eq!(bench.effects().len(), 9);
    assert_eq!(bench.world.held.lock().unwrap().len(), 1);
    assert!(bench.gate.closed().is_none());
}

/// Of few messages none opens the breaker, and each would use up its receives.
#[tokio::test]
async fn a_message_whose_target_refuses_our_credentials_or_lacks_what_we_set_is_held_on_its_last_receive_too()
{
    for action in ["forbid", "have no usable secret", "be misconfigured"] {
        let bench = Bench::new();
        assert!(bench.receive(&[received(5, record("m", body("1", action)))]).await.is_empty(), "{action}");
        assert!(bench.letters().is_empty(), "{action}");
        let held = bench.world.held.lock().unwrap().clone();
        assert!((30..=38).contains(&held[0].2.as_secs()), "as long as an open breaker waits: {held:?}");
        let item = bench.item("1").await;
        assert_eq!((item.status, item.effect), (Status::Claimed, Effect::Absent), "{action}");
    }
}

#[tokio::test]
async fn refused_credentials_open_the_breaker_under_their_own_code_until_they_are_mended() {
    opens_until_mended("forbid", Code::CredentialsRefused).await;
}

#[tokio::test]
async fn a_secret_that_cannot_be_used_opens_the_breaker_under_its_own_code_until_it_is_mended() {
    opens_until_mended("have no usable secret", Code::SecretUnavailable).await;
}

async fn opens_until_mended(action: &str, code: Code) {
    telemetry::init();
    let bench = Bench::new();
    let records: Vec<_> =
        (0..6).map(|n| received(5, record(&format!("m-{n}"), body(&n.to_string(), action)))).collect();
    assert!(bench.receive(&records).await.is_empty());
    assert_eq!(bench.gate.admit(1, 1).await.held.unwrap().code, code);
    // A probe that fares no better keeps it open.
    bench.clock.advance(SignedDuration::from_secs(30));
    assert!(bench.receive(&[received(5, record("probe", body("6", action)))]).await.is_empty());
    assert_eq!(bench.gate.admit(1, 1).await.granted, 0);
    bench.clock.advance(SignedDuration::from_secs(60));
    assert!(bench.receive(&[record("mended", body("7", ""))]).await.is_empty());
    assert_eq!(bench.gate.admit(10, 1).await.granted, 10);
    assert!(bench.letters().is_empty());
}

/// Read as CloudWatch reads it: off the standard output of a process that plays the test before this one.
#[test]
fn attempts_with_credentials_that_are_refused_or_cannot_be_used_are_a_metric_of_the_function() {
    for test in [
        "refused_credentials_open_the_breaker_under_their_own_code_until_they_are_mended",
        "a_secret_that_cannot_be_used_opens_the_breaker_under_its_own_code_until_it_is_mended",
    ] {
        counts_its_attempts(&format!("hold::{test}"));
    }
}

fn counts_its_attempts(test: &str) {
    let lines = testkit::printed_by(test, Some("spillway-prod-scripted")).into_iter();
    let metrics: Vec<_> = lines.filter(|line| !line["CredentialsRefused"].is_null()).collect();
    let [metric, probe] = metrics.as_slice() else { panic!("one line a wave: {metrics:#?}") };
    assert_eq!(probe["CredentialsRefused"], 1);
    let directive = json!([{
        "Namespace": "Spillway", "Dimensions": [["FunctionName", "Flow", "Target"], ["FunctionName"]],
        "Metrics": [{ "Name": "CredentialsRefused", "Unit": "Count" }]
    }]);
    assert_eq!(metric["_aws"]["CloudWatchMetrics"], directive);
    for (name, value) in [
        ("FunctionName", json!("spillway-prod-scripted")),
        ("Flow", json!("scripted")),
        ("Target", json!("scripted")),
        ("CredentialsRefused", json!(5)),
    ] {
        assert_eq!(metric[name], value, "{name}");
    }
}

#[tokio::test]
async fn while_the_ledger_does_not_answer_messages_are_held() {
    let bench = Bench::new();
    bench.store.down.store(true, std::sync::atomic::Ordering::SeqCst);
    assert!(bench.receive(&[received(5, record("m", body("1", "")))]).await.is_empty());
    assert!(bench.letters().is_empty());
    let held = bench.world.held.lock().unwrap()[0].clone();
    bench.store.down.store(false, std::sync::atomic::Ordering::SeqCst);
    assert!(bench.receive(&[redelivered("again", &held)]).await.is_empty());
    assert_eq!(bench.effects(), ["1"]);
}

#[tokio::test]
async fn what_the_limiter_holds_back_comes_lot_by_lot() {
    let config = GateConfig { limit: Some(Limit::a_second(2)), ..GateConfig::new("scripted") };
    let bench = Bench::with(World::default(), config);
    let records: Vec<_> = (0..6).map(|n| record(&format!("m-{n}"), body(&n.to_string(), ""))).collect();
    assert!(bench.receive(&records).await.is_empty());
    assert_eq!(bench.effects().len(), 2);
    let held = bench.world.held.lock().unwrap().clone();
    let delays: Vec<_> = held.iter().map(|(_, _, delay)| delay.as_secs()).collect();
    assert_eq!(delays.len(), 4);
    assert!(delays[..2].iter().all(|delay| (1..=2).contains(delay)), "{delays:?}");
    assert!(delays[2..].iter().all(|delay| (2..=3).contains(delay)), "{delays:?}");
}

#[tokio::test]
async fn a_message_that_cannot_be_sent_again_waits_where_it_is() {
    let bench = Bench::with(World { queue_down: true, ..World::default() }, GateConfig::new("scripted"));
    open(&bench);
    bench.gate.share().await;
    assert_eq!(bench.receive(&[record("m", body("1", ""))]).await, ["m"]);
    let delays = bench.world.delays.lock().unwrap().clone();
    assert!(delays[0].1 >= Duration::from_secs(30));
}

#[tokio::test]
async fn what_cannot_be_held_on_its_last_receive_is_a_dead_letter_with_its_reason() {
    let bench = Bench::with(World { queue_down: true, ..World::default() }, GateConfig::new("scripted"));
    open(&bench);
    bench.gate.share().await;
    assert!(bench.receive(&[received(5, record("m", body("1", "")))]).await.is_empty());
    assert_eq!(bench.letters(), [(Code::TargetFailed.as_str().to_owned(), "$".to_owned())]);
}
