//! The connector of Superset against the partner sandbox: the contract, and what happens when Superset fails.

use std::time::Duration;

use connector_superset::SupersetRefresher;
use local::Partner;
use local::sandbox::{Demand, Fault, FaultKind, Sandbox};
use message::Code;
use outbound::{CallError, DatasetRefresher, RefreshSteps};
use serde_json::json;
use tests::superset::{Dashboards, refresh_of, refresher};
use tests::{budget, dataset_refresher_suite};
use transform::canonical::Refresh;

const PATIENCE: Duration = Duration::from_millis(400);
const LOGIN: &str = "security/login";
const REFRESH: &str = "/refresh";
const WARM_UP: &str = "warm_up_cache";

fn on(sandbox: &Sandbox) -> SupersetRefresher {
    refresher(&sandbox.partner(), PATIENCE)
}

/// Dataset 1 with its two charts.
fn refresh() -> Refresh {
    refresh_of(1, &[1, 2])
}

fn fail(sandbox: &Sandbox, path: &str, kind: FaultKind) {
    sandbox.fail(Fault { method: None, path: path.to_owned(), kind, times: 1, every: 1 });
}

const fn status(status: u16) -> FaultKind {
    FaultKind::Status { status, retry_after_s: None }
}

fn kinds(sandbox: &Sandbox) -> Vec<&'static str> {
    sandbox.effects().iter().map(|effect| effect.kind).collect()
}

#[tokio::test]
async fn the_sandbox_holds_the_dataset_refresher_contract() {
    dataset_refresher_suite::holds(&Sandbox::start().await.unwrap()).await;
}

#[tokio::test]
async fn datasets_are_refreshed_before_their_charts_in_the_order_of_the_settings() {
    let sandbox = Sandbox::start().await.unwrap();
    let mut both = refresh();
    both.datasets.extend(refresh_of(2, &[3]).datasets);
    on(&sandbox).refresh(&both, &mut RefreshSteps::default(), &budget()).await.unwrap();
    let made: Vec<_> = sandbox.effects().into_iter().map(|effect| (effect.kind, effect.id)).collect();
    let expected = [("refresh", "1"), ("warm-up", "1"), ("warm-up", "2"), ("refresh", "2"), ("warm-up", "3")];
    assert_eq!(made, expected.map(|(kind, id)| (kind, id.to_owned())));
}

#[tokio::test]
async fn one_login_serves_all_calls_until_it_runs_out() {
    let sandbox = Sandbox::start().await.unwrap();
    let refresher = on(&sandbox);
    for _ in 0..3 {
        refresher.refresh(&refresh(), &mut RefreshSteps::default(), &budget()).await.unwrap();
    }
    assert_eq!(sandbox.logins(), 1);
    sandbox.end_sessions();
    refresher.refresh(&refresh(), &mut RefreshSteps::default(), &budget()).await.unwrap();
    assert_eq!(sandbox.logins(), 2);
}

#[tokio::test]
async fn a_refusal_of_our_credentials_is_tried_with_a_new_session_once_and_then_keeps_the_message() {
    for refused in [401, 403] {
        let sandbox = Sandbox::start().await.unwrap();
        let refresher = on(&sandbox);
        refresher.refresh(&refresh(), &mut RefreshSteps::default(), &budget()).await.unwrap();
        for _ in 0..2 {
            fail(&sandbox, REFRESH, status(refused));
        }
        let error = refresher.refresh(&refresh(), &mut RefreshSteps::default(), &budget()).await.unwrap_err();
        assert_eq!(error, CallError::NotNow { code: Code::CredentialsRefused, after: None });
        assert_eq!(sandbox.logins(), 2);
        refresher.refresh(&refresh(), &mut RefreshSteps::default(), &budget()).await.unwrap();
    }
}

#[tokio::test]
async fn what_superset_does_not_answer_in_time_is_an_unknown_outcome_and_is_made_again() {
    for kind in [FaultKind::TimeoutBeforeEffect, FaultKind::TimeoutAfterEffect] {
        for path in [REFRESH, WARM_UP] {
            let sandbox = Sandbox::start().await.unwrap();
            let refresher = on(&sandbox);
            fail(&sandbox, path, kind.clone());
            let error =
                refresher.refresh(&refresh(), &mut RefreshSteps::default(), &budget()).await.unwrap_err();
            assert_eq!(error, CallError::OutcomeUnknown { code: Code::OutcomeUnknown, after: None });
            refresher.refresh(&refresh(), &mut RefreshSteps::default(), &budget()).await.unwrap();
            assert!(kinds(&sandbox).ends_with(&["refresh", "warm-up", "warm-up"]), "{kind:?} {path}");
        }
    }
}

#[tokio::test]
async fn a_login_that_is_not_answered_has_changed_nothing() {
    for kind in [FaultKind::TimeoutBeforeEffect, FaultKind::TimeoutAfterEffect, status(502)] {
        let sandbox = Sandbox::start().await.unwrap();
        let refresher = on(&sandbox);
        fail(&sandbox, LOGIN, kind);
        let error = refresher.refresh(&refresh(), &mut RefreshSteps::default(), &budget()).await.unwrap_err();
        assert!(matches!(error, CallError::NotNow { .. }), "{error:?}");
        refresher.refresh(&refresh(), &mut RefreshSteps::default(), &budget()).await.unwrap();
    }
}

#[tokio::test]
async fn the_time_that_superset_asks_for_is_passed_on_wherever_it_asks() {
    for path in [LOGIN, REFRESH, WARM_UP] {
        let sandbox = Sandbox::start().await.unwrap();
        fail(&sandbox, path, FaultKind::Status { status: 429, retry_after_s: Some(70) });
        let error =
            on(&sandbox).refresh(&refresh(), &mut RefreshSteps::default(), &budget()).await.unwrap_err();
        let after = Some(Duration::from_secs(70));
        assert_eq!(error, CallError::NotNow { code: Code::TargetThrottled, after }, "{path}");
    }
}

#[tokio::test]
async fn where_superset_does_not_work_nothing_more_is_tried() {
    let sandbox = Sandbox::start().await.unwrap();
    let mut both = refresh();
    both.datasets.extend(refresh_of(2, &[3]).datasets);
    fail(&sandbox, WARM_UP, status(503));
    let error = on(&sandbox).refresh(&both, &mut RefreshSteps::default(), &budget()).await.unwrap_err();
    assert_eq!(error.code(), Code::TargetFailed);
    assert_eq!(kinds(&sandbox), ["refresh"]);
}

#[tokio::test]
async fn what_was_done_before_superset_did_not_work_is_not_done_again() {
    for (path, every, before) in
        [(REFRESH, 2, vec!["refresh", "warm-up", "warm-up"]), (WARM_UP, 2, vec!["refresh", "warm-up"])]
    {
        let sandbox = Sandbox::start().await.unwrap();
        let mut both = refresh();
        both.datasets.extend(refresh_of(2, &[3]).datasets);
        let kind = FaultKind::Status { status: 429, retry_after_s: Some(70) };
        sandbox.fail(Fault { method: None, path: path.to_owned(), kind, times: 1, every });
        let (refresher, mut done) = (on(&sandbox), RefreshSteps::default());
        let error = refresher.refresh(&both, &mut done, &budget()).await.unwrap_err();
        assert_eq!((error.code(), kinds(&sandbox)), (Code::TargetThrottled, before));
        // As the ledger keeps it.
        let mut done = RefreshSteps::read(&done.to_string());
        let refreshed = refresher.refresh(&both, &mut done, &budget()).await.unwrap();
        assert_eq!((refreshed.datasets, refreshed.charts), (2, 3));
        let made: Vec<_> = sandbox.effects().into_iter().map(|effect| (effect.kind, effect.id)).collect();
        let expected =
            [("refresh", "1"), ("warm-up", "1"), ("warm-up", "2"), ("refresh", "2"), ("warm-up", "3")];
        assert_eq!(made, expected.map(|(kind, id)| (kind, id.to_owned())), "each once");
    }
}

#[tokio::test]
async fn what_is_not_there_is_asked_for_again_and_the_others_are_not() {
    let sandbox = Sandbox::start().await.unwrap();
    let both = refresh_of(1, &[999_999, 2]);
    let (refresher, mut done) = (on(&sandbox), RefreshSteps::default());
    for _ in 0..2 {
        let error = refresher.refresh(&both, &mut done, &budget()).await.unwrap_err();
        assert_eq!(error.code(), Code::RecordMissing);
    }
    assert_eq!(kinds(&sandbox), ["refresh", "warm-up"]);
}

#[tokio::test]
async fn what_superset_finds_wrong_with_a_request_is_told_at_its_place() {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.insist(Demand { of: "warm-up".to_owned(), at: "/chart_id".to_owned(), value: Some(json!(1)) });
    let error = on(&sandbox).refresh(&refresh(), &mut RefreshSteps::default(), &budget()).await.unwrap_err();
    let CallError::Refused(refusal) = error else { panic!("not refused") };
    assert_eq!((refusal.code, refusal.path.as_str()), (Code::TargetRefused, "$.datasets[0].charts[1]"));
    assert_eq!(refusal.summary, "the target answered with status 400 (group sales)");
}

#[tokio::test]
async fn a_secret_that_is_no_user_sends_nothing() {
    let sandbox = Sandbox::start().await.unwrap();
    let refresher = refresher(&Partner { api_key: "not JSON".to_owned(), ..sandbox.partner() }, PATIENCE);
    let error = refresher.refresh(&refresh(), &mut RefreshSteps::default(), &budget()).await.unwrap_err();
    assert_eq!(error, CallError::NotNow { code: Code::SecretUnavailable, after: None });
    assert_eq!(sandbox.logins(), 0);
}
