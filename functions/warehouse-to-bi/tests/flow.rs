//! The flow against a scripted BI tool, alone and in a receiver.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

mod support;

use std::time::Duration;

use jiff::SignedDuration;
use message::{Code, Effect};
use outbound::{CallError, Refusal};
use receiver::{Claim, Due, Flow};
use support::{Bench, Bi, dbt, dbt_of, flow, load, load_of, times};
use transform::canonical::Refreshed;

const WINDOW_ENDS: i64 = 1_795_514_460;

#[test]
fn loads_of_a_window_are_one_operation_whatever_told_of_them() {
    let flow = flow(&Bi::new());
    let first = flow.translate(&dbt("2026-11-24T10:00:00Z")).unwrap();
    assert_eq!(
        first.key.to_string(),
        message::OperationKey::new("warehouse-to-bi", &["sales", "refresh"]).to_string()
    );
    assert_eq!((first.version, first.operation.loaded_before), (1_795_514_460, WINDOW_ENDS));
    assert_eq!(first.due, Due::NotBefore("2026-11-24T10:01:10Z".parse().unwrap()));
    let other = flow.translate(&load("2026-11-24T10:00:59Z")).unwrap();
    assert_eq!((&other.key, other.version, &other.operation), (&first.key, first.version, &first.operation));
    assert_eq!(
        (first.mapping, other.mapping),
        ("dbt-cloud-load/1 canonical.load-finished@1", "warehouse-load/1 canonical.load-finished@1")
    );
    let next = flow.translate(&load("2026-11-24T10:01:00Z")).unwrap();
    assert_eq!((&next.key, next.version), (&first.key, first.version + 60));
}

#[test]
fn jobs_of_other_groups_are_other_operations() {
    let flow = flow(&Bi::new());
    let sales = flow.translate(&load("2026-11-24T10:00:00Z")).unwrap();
    let stock = flow.translate(&load_of("hourly-stock", "succeeded", "2026-11-24T10:00:00Z")).unwrap();
    assert_ne!(sales.key, stock.key);
}

#[test]
fn a_load_that_did_not_succeed_and_one_that_feeds_nothing_ask_for_nothing() {
    let flow = flow(&Bi::new());
    for envelope in [
        dbt_of("123", 20, "2026-11-24T10:00:00Z"),
        dbt_of("123", 30, "2026-11-24T10:00:00Z"),
        dbt_of("999", 10, "2026-11-24T10:00:00Z"),
        load_of("nightly-sales", "failed", "2026-11-24T10:00:00Z"),
        load_of("unheard-of", "succeeded", "2026-11-24T10:00:00Z"),
    ] {
        assert_eq!(flow.translate(&envelope).unwrap().due, Due::Never, "{}", envelope.data);
    }
}

#[test]
fn what_cannot_be_read_is_rejected_with_its_code_and_path() {
    let flow = flow(&Bi::new());
    let mut other = dbt("2026-11-24T10:00:00Z");
    other.event_type = "dbt-cloud.job.run.started".to_owned();
    let mut elsewhere = dbt("2026-11-24T10:00:00Z");
    elsewhere.source = "/shopify/acme.myshopify.com".to_owned();
    for (envelope, code, path) in [
        (other, Code::EventTypeUnknown, "$.type"),
        (elsewhere, Code::ValueInvalid, "@envelope.source"),
        (dbt_of("123", 40, "2026-11-24T10:00:00Z"), Code::ValueUnknown, "$.data.runStatusCode"),
        (dbt_of("", 10, "2026-11-24T10:00:00Z"), Code::FieldMissing, "$.data.jobId"),
        (dbt("yesterday"), Code::ValueInvalid, "$.data.runFinishedAt"),
        (load_of("nightly-sales", "running", "2026-11-24T10:00:00Z"), Code::ValueUnknown, "$.data.status"),
        (load("10:00"), Code::ValueInvalid, "$.data.finished_at"),
        (load("1969-12-31T23:00:00Z"), Code::ValueInvalid, "$"),
        (load("9999-12-30T21:59:59Z"), Code::ValueInvalid, "$"),
    ] {
        let rejection = flow.translate(&envelope).unwrap_err();
        assert_eq!((rejection.code, rejection.path.as_str()), (code, path), "{}", envelope.data);
    }
}

#[tokio::test]
async fn a_refresh_is_made_whatever_is_known_of_an_earlier_attempt() {
    let bi = Bi::new();
    let flow = flow(&bi);
    let envelope = load("2026-11-24T10:00:00Z");
    let due = flow.translate(&envelope).unwrap();
    for prior in [Effect::Absent, Effect::Unknown] {
        let performed = flow.perform(&envelope, &due.operation, &Claim::of(&due, prior)).await.unwrap();
        assert_eq!(performed.outcome.ids, r#"{"charts":2,"datasets":1}"#);
        assert!(performed.events.is_empty());
    }
    assert_eq!(bi.refreshes(), ["sales", "sales"]);
}

#[tokio::test]
async fn many_loads_of_a_window_make_one_refresh_at_its_end() {
    let bench = Bench::at("2026-11-24T10:00:30Z");
    for second in 0..15 {
        let at = format!("2026-11-24T10:00:{second:02}Z");
        bench.send(&if second % 2 == 0 { dbt(&at) } else { load(&at) });
    }
    bench.work().await;
    assert!(bench.bi.refreshes().is_empty(), "not before the window has ended");
    bench.until_empty().await;
    assert_eq!(bench.bi.refreshes(), ["sales"]);
    assert_eq!(bench.bi.began(), times(["2026-11-24T10:01:10Z"]));
    bench.send(&load("2026-11-24T10:00:40Z"));
    bench.until_empty().await;
    assert_eq!(bench.bi.refreshes(), ["sales"], "a webhook that comes late was covered");
    assert!(bench.letters().is_empty());
}

#[tokio::test]
async fn each_window_with_a_load_makes_a_refresh_and_an_empty_one_none() {
    let bench = Bench::at("2026-11-24T10:00:00Z");
    for at in ["2026-11-24T10:00:05Z", "2026-11-24T10:01:05Z", "2026-11-24T10:03:05Z", "2026-11-24T10:03:06Z"]
    {
        bench.send(&load(at));
    }
    bench.until_empty().await;
    assert_eq!(
        bench.bi.began(),
        times(["2026-11-24T10:01:10Z", "2026-11-24T10:02:10Z", "2026-11-24T10:04:10Z"])
    );
}

#[tokio::test]
async fn a_failed_load_never_refreshes_and_is_no_dead_letter() {
    let bench = Bench::at("2026-11-24T10:00:30Z");
    bench.send(&dbt_of("123", 20, "2026-11-24T10:00:00Z"));
    bench.send(&load_of("nightly-sales", "failed", "2026-11-24T10:00:00Z"));
    bench.send(&load_of("unheard-of", "succeeded", "2026-11-24T10:00:00Z"));
    bench.until_empty().await;
    assert!(bench.bi.refreshes().is_empty() && bench.letters().is_empty());
    assert_eq!(bench.now(), "2026-11-24T10:00:30Z", "nothing was waited for");
}

#[tokio::test]
async fn while_a_group_is_refreshed_no_other_refresh_of_it_begins() {
    let bench = Bench::at("2026-11-24T10:01:10Z");
    // The BI tool is still at work on the first when the second is tried.
    bench.bi.answers([Err(unknown()), Ok(Refreshed { datasets: 1, charts: 2 })]);
    bench.send(&load("2026-11-24T10:00:05Z"));
    bench.work().await;
    assert_eq!(bench.bi.refreshes().len(), 1);
    bench.clock.advance(SignedDuration::from_secs(30));
    bench.send(&load("2026-11-24T10:00:06Z"));
    bench.work().await;
    assert_eq!(bench.bi.refreshes().len(), 1, "the claim is kept for a minute");
    bench.until_empty().await;
    assert_eq!(bench.bi.refreshes().len(), 2, "made again once, and the other load is covered by it");
    let began = bench.bi.began();
    assert!(began[1] >= times(["2026-11-24T10:02:10Z"])[0], "{began:?}");
    assert!(bench.letters().is_empty());
}

#[tokio::test]
async fn a_time_that_the_bi_tool_asks_for_is_waited_for_and_costs_nothing() {
    let bench = Bench::at("2026-11-24T10:01:10Z");
    let throttled =
        CallError::NotNow { code: Code::TargetThrottled, after: Some(Duration::from_secs(1_200)) };
    bench.bi.answers([Err(throttled)]);
    bench.send(&load("2026-11-24T10:00:05Z"));
    bench.until_empty().await;
    let began = bench.bi.began();
    assert_eq!(began.len(), 2);
    assert!(began[1] >= times(["2026-11-24T10:21:10Z"])[0], "{began:?}");
    assert!(bench.letters().is_empty());
}

#[tokio::test]
async fn a_dataset_that_is_gone_is_a_dead_letter_and_the_next_window_is_tried() {
    let bench = Bench::at("2026-11-24T10:01:10Z");
    bench.bi.answers([Err(gone())]);
    bench.send(&load("2026-11-24T10:00:05Z"));
    bench.until_empty().await;
    assert_eq!(bench.letters(), [("SPW4012".to_owned(), "$.datasets[0].id".to_owned())]);
    bench.send(&load("2026-11-24T10:01:05Z"));
    bench.until_empty().await;
    assert_eq!((bench.bi.refreshes().len(), bench.letters().len()), (2, 1));
}

#[tokio::test]
async fn an_attempt_that_is_broken_off_is_gone_on_with_and_the_next_window_begins_anew() {
    let bench = Bench::at("2026-11-24T10:01:10Z");
    let throttled = CallError::NotNow { code: Code::TargetThrottled, after: Some(Duration::from_secs(70)) };
    bench.bi.answers([Err(throttled), Err(unknown()), Err(gone())]);
    bench.bi.makes(["7", "7/12", "7/13"]);
    bench.send(&load("2026-11-24T10:00:05Z"));
    bench.until_empty().await;
    bench.redrive();
    bench.until_empty().await;
    assert_eq!(bench.bi.found(), ["", "7", "7 7/12", "7 7/12 7/13"]);
    bench.send(&load("2026-11-24T10:01:05Z"));
    bench.until_empty().await;
    assert_eq!(bench.bi.found().last().unwrap(), "");
}

fn gone() -> CallError {
    let place = "$.datasets[0].id";
    CallError::Refused(Refusal::new(Code::RecordMissing, place, "Superset does not have it (group sales)"))
}

#[tokio::test]
async fn loads_of_a_window_that_was_refused_make_one_refresh_and_one_letter_whenever_they_come() {
    let bench = Bench::at("2026-11-24T10:00:30Z");
    bench.bi.answers((0..10).map(|_| Err(gone())));
    for second in 1..4 {
        bench.send(&load(&format!("2026-11-24T10:00:0{second}Z")));
    }
    bench.until_empty().await;
    assert_eq!((bench.bi.refreshes().len(), bench.letters().len()), (1, 1), "of one batch");
    for second in 4..7 {
        bench.send(&dbt(&format!("2026-11-24T10:00:0{second}Z")));
        bench.until_empty().await;
    }
    assert_eq!((bench.bi.refreshes().len(), bench.letters().len()), (1, 1), "and of later ones");
}

#[tokio::test]
async fn a_letter_that_is_redriven_after_the_mend_refreshes_for_all_loads_of_its_window() {
    let bench = Bench::at("2026-11-24T10:01:10Z");
    bench.bi.answers([Err(gone()), Err(gone())]);
    bench.send(&load("2026-11-24T10:00:05Z"));
    bench.until_empty().await;
    bench.send(&load("2026-11-24T10:00:06Z"));
    bench.until_empty().await;
    bench.clock.advance(SignedDuration::from_hours(5));
    bench.redrive();
    bench.until_empty().await;
    assert_eq!((bench.bi.refreshes().len(), bench.letters().len()), (2, 1), "not mended yet");
    bench.redrive();
    // Beside a webhook that comes once more.
    bench.send(&load("2026-11-24T10:00:06Z"));
    bench.until_empty().await;
    assert_eq!((bench.bi.refreshes().len(), bench.letters().len()), (3, 0));
    bench.send(&load("2026-11-24T10:00:07Z"));
    bench.until_empty().await;
    assert_eq!(bench.bi.refreshes().len(), 3, "it is done");
}

#[tokio::test]
async fn a_load_of_an_earlier_window_is_covered_by_the_letter_of_a_later_one() {
    let bench = Bench::at("2026-11-24T10:02:10Z");
    bench.bi.answers([Err(gone())]);
    bench.send(&load("2026-11-24T10:01:05Z"));
    bench.until_empty().await;
    bench.send(&load("2026-11-24T10:00:05Z"));
    bench.until_empty().await;
    assert_eq!((bench.bi.refreshes().len(), bench.letters().len()), (1, 1));
    bench.redrive();
    bench.until_empty().await;
    assert_eq!((bench.bi.refreshes().len(), bench.letters().len()), (2, 0));
}

/// Superset has answered, and could not do it: its warehouse is down, or a chart cannot be computed.
fn failed(code: Code) -> CallError {
    CallError::NotNow { code, after: Some(Duration::from_secs(120)) }
}

#[tokio::test]
async fn a_fault_of_the_warehouse_that_lasts_minutes_costs_no_letter() {
    for code in [Code::TargetReportsFailure, Code::ResponseUnreadable] {
        let bench = Bench::at("2026-11-24T10:01:10Z");
        bench.bi.fails_until("2026-11-24T10:09:00Z", failed(code));
        for second in 1..6 {
            bench.send(&load(&format!("2026-11-24T10:00:0{second}Z")));
        }
        bench.until_empty().await;
        assert!(bench.letters().is_empty());
        let last = *bench.bi.began().last().unwrap();
        assert!(last >= times(["2026-11-24T10:09:00Z"])[0], "{last}");
    }
}

#[tokio::test]
async fn a_fault_that_lasts_is_one_letter_a_window_however_many_loads_it_has_and_whenever_they_come() {
    for code in [Code::TargetReportsFailure, Code::ResponseUnreadable] {
        let bench = Bench::at("2026-11-24T10:01:10Z");
        bench.bi.fails_until("2026-11-24T14:00:00Z", failed(code));
        for (window, minute) in [(1, "00"), (2, "30")] {
            for second in 1..6 {
                bench.send(&load(&format!("2026-11-24T10:{minute}:0{second}Z")));
                bench.work().await;
                bench.clock.advance(SignedDuration::from_secs(7));
            }
            bench.until_empty().await;
            bench.send(&dbt(&format!("2026-11-24T10:{minute}:10Z")));
            bench.until_empty().await;
            let expected = vec![(code.as_str().to_owned(), "$".to_owned()); window];
            assert_eq!(bench.letters(), expected);
        }
        bench.clock.advance(SignedDuration::from_hours(5));
        let before = bench.bi.refreshes().len();
        bench.redrive();
        bench.until_empty().await;
        let made = bench.bi.refreshes().len() - before;
        assert!(bench.letters().is_empty() && (1..=2).contains(&made), "{made} refreshes");
    }
}

fn unknown() -> CallError {
    CallError::OutcomeUnknown { code: Code::OutcomeUnknown, after: None }
}
