//! What a BI tool and its connector have to hold together.

use std::time::Duration;

use local::Partner;
use message::{Code, Effect};
use outbound::{CallError, DatasetRefresher, RefreshSteps};
use transform::canonical::Refreshed;

use crate::budget;
use crate::superset::{Dashboards, refresh_of, refresher};

const PATIENCE: Duration = Duration::from_secs(20);
/// How long a table is left alone that could not be read: a warehouse that is started again takes less than a few of these.
const REST: Option<Duration> = Some(Duration::from_secs(120));
/// An id that no BI tool of ours has reached.
const NOBODYS: i64 = 999_999;

/// All of it, one after the other; a behaviour that fails is the last one named.
pub async fn holds(dashboards: &dyn Dashboards) {
    macro_rules! each {
        ($($behaviour:ident,)*) => { $(println!("{}", stringify!($behaviour)); $behaviour(dashboards).await;)* };
    }
    each!(
        a_chart_shows_a_load_only_once_it_was_refreshed,
        a_refresh_may_be_repeated,
        a_session_that_has_ended_is_begun_anew,
        a_dataset_that_is_not_there_is_named,
        a_chart_that_is_not_there_is_named_and_stops_no_other,
        a_failure_inside_a_good_answer_is_a_failure,
        a_table_that_is_gone_is_a_failure_until_it_is_back,
        steps_that_are_done_are_not_done_again,
        a_chart_is_warmed_up_though_its_dataset_was_done_before,
        steps_that_failed_are_not_told_as_done,
        a_wrong_password_keeps_the_message,
    );
}

async fn a_chart_shows_a_load_only_once_it_was_refreshed(dashboards: &dyn Dashboards) {
    let refresher = refresher(&dashboards.partner(), PATIENCE);
    let refresh = refresh_of(dashboards.dataset(), &[dashboards.chart()]);
    for (before, loaded) in [(None, 10), (Some(10), 25)] {
        if let Some(before) = before {
            assert_eq!(dashboards.shown().await, before);
        }
        dashboards.load(loaded).await;
        if let Some(before) = before {
            assert_eq!(dashboards.shown().await, before, "the cache knows nothing of the load");
        }
        let refreshed = refresher.refresh(&refresh, &mut RefreshSteps::default(), &budget()).await.unwrap();
        assert_eq!(refreshed, Refreshed { datasets: 1, charts: 1 });
        assert_eq!(dashboards.shown().await, loaded);
    }
}

async fn a_refresh_may_be_repeated(dashboards: &dyn Dashboards) {
    let refresher = refresher(&dashboards.partner(), PATIENCE);
    let refresh = refresh_of(dashboards.dataset(), &[dashboards.chart()]);
    for _ in 0..3 {
        refresher.refresh(&refresh, &mut RefreshSteps::default(), &budget()).await.unwrap();
    }
}

async fn a_session_that_has_ended_is_begun_anew(dashboards: &dyn Dashboards) {
    let refresher = refresher(&dashboards.partner(), PATIENCE);
    let refresh = refresh_of(dashboards.dataset(), &[dashboards.chart()]);
    refresher.refresh(&refresh, &mut RefreshSteps::default(), &budget()).await.unwrap();
    dashboards.end_sessions().await;
    refresher.refresh(&refresh, &mut RefreshSteps::default(), &budget()).await.unwrap();
}

async fn a_dataset_that_is_not_there_is_named(dashboards: &dyn Dashboards) {
    let refresher = refresher(&dashboards.partner(), PATIENCE);
    let mut refresh = refresh_of(dashboards.dataset(), &[]);
    refresh.datasets.insert(0, refresh_of(NOBODYS, &[dashboards.chart()]).datasets.remove(0));
    let refusal =
        refusal(refresher.refresh(&refresh, &mut RefreshSteps::default(), &budget()).await.unwrap_err());
    assert_eq!((refusal.code, refusal.path.as_str()), (Code::RecordMissing, "$.datasets[0].id"));
    assert_eq!(refusal.summary, "Superset does not have it (group sales)");
}

async fn a_chart_that_is_not_there_is_named_and_stops_no_other(dashboards: &dyn Dashboards) {
    let refresher = refresher(&dashboards.partner(), PATIENCE);
    dashboards.load(31).await;
    let refresh = refresh_of(dashboards.dataset(), &[NOBODYS, dashboards.chart()]);
    let refusal =
        refusal(refresher.refresh(&refresh, &mut RefreshSteps::default(), &budget()).await.unwrap_err());
    assert_eq!((refusal.code, refusal.path.as_str()), (Code::RecordMissing, "$.datasets[0].charts[0]"));
    assert_eq!(dashboards.shown().await, 31);
}

async fn a_failure_inside_a_good_answer_is_a_failure(dashboards: &dyn Dashboards) {
    let refresher = refresher(&dashboards.partner(), PATIENCE);
    dashboards.load(32).await;
    let charts = [dashboards.broken_chart(), NOBODYS, dashboards.chart()];
    let error = refresher
        .refresh(&refresh_of(dashboards.dataset(), &charts), &mut RefreshSteps::default(), &budget())
        .await
        .unwrap_err();
    assert_eq!(error, CallError::NotNow { code: Code::TargetReportsFailure, after: REST });
    assert_eq!(dashboards.shown().await, 32, "the other chart is warm");
}

async fn a_table_that_is_gone_is_a_failure_until_it_is_back(dashboards: &dyn Dashboards) {
    let refresher = refresher(&dashboards.partner(), PATIENCE);
    let refresh = refresh_of(dashboards.dataset(), &[dashboards.chart()]);
    dashboards.drop_table(true).await;
    let error = refresher.refresh(&refresh, &mut RefreshSteps::default(), &budget()).await.unwrap_err();
    assert_eq!(error, CallError::NotNow { code: Code::TargetReportsFailure, after: REST });
    dashboards.drop_table(false).await;
    refresher.refresh(&refresh, &mut RefreshSteps::default(), &budget()).await.unwrap();
}

/// As the ledger keeps them for the next attempt.
fn kept(steps: &RefreshSteps) -> RefreshSteps {
    RefreshSteps::read(&steps.to_string())
}

async fn steps_that_are_done_are_not_done_again(dashboards: &dyn Dashboards) {
    let refresher = refresher(&dashboards.partner(), PATIENCE);
    let refresh = refresh_of(dashboards.dataset(), &[dashboards.chart()]);
    dashboards.load(41).await;
    let mut steps = RefreshSteps::default();
    refresher.refresh(&refresh, &mut steps, &budget()).await.unwrap();
    let mut steps = kept(&steps);
    // Whoever asked for the dataset now would be told that it cannot be read.
    dashboards.drop_table(true).await;
    let refreshed = refresher.refresh(&refresh, &mut steps, &budget()).await;
    dashboards.drop_table(false).await;
    assert_eq!(refreshed, Ok(Refreshed { datasets: 1, charts: 1 }), "what was done counts");
    dashboards.load(42).await;
    refresher.refresh(&refresh, &mut steps, &budget()).await.unwrap();
    assert_eq!(dashboards.shown().await, 41, "nor the chart");
    refresher.refresh(&refresh, &mut RefreshSteps::default(), &budget()).await.unwrap();
    assert_eq!(dashboards.shown().await, 42, "another window's refresh begins anew");
}

async fn a_chart_is_warmed_up_though_its_dataset_was_done_before(dashboards: &dyn Dashboards) {
    let refresher = refresher(&dashboards.partner(), PATIENCE);
    dashboards.load(43).await;
    let mut steps = RefreshSteps::default();
    refresher.refresh(&refresh_of(dashboards.dataset(), &[]), &mut steps, &budget()).await.unwrap();
    assert!(!steps.is_empty());
    let refresh = refresh_of(dashboards.dataset(), &[dashboards.chart()]);
    let refreshed = refresher.refresh(&refresh, &mut kept(&steps), &budget()).await.unwrap();
    assert_eq!(refreshed, Refreshed { datasets: 1, charts: 1 });
    assert_eq!(dashboards.shown().await, 43);
}

/// Of a dataset, of a chart that is not there, and of one that cannot be drawn: each is asked for again, and the others are not.
async fn steps_that_failed_are_not_told_as_done(dashboards: &dyn Dashboards) {
    let refresher = refresher(&dashboards.partner(), PATIENCE);
    let good = refresh_of(dashboards.dataset(), &[dashboards.chart()]);
    let mut steps = RefreshSteps::default();
    dashboards.drop_table(true).await;
    let error = refresher.refresh(&good, &mut steps, &budget()).await.unwrap_err();
    dashboards.drop_table(false).await;
    assert_eq!((error.code(), steps.is_empty()), (Code::TargetReportsFailure, true));
    for (bad, code) in
        [(NOBODYS, Code::RecordMissing), (dashboards.broken_chart(), Code::TargetReportsFailure)]
    {
        let refresh = refresh_of(dashboards.dataset(), &[bad, dashboards.chart()]);
        let mut steps = RefreshSteps::default();
        dashboards.load(44).await;
        for _ in 0..2 {
            let error = refresher.refresh(&refresh, &mut steps, &budget()).await.unwrap_err();
            assert_eq!(error.code(), code);
            assert_eq!(dashboards.shown().await, 44);
            steps = kept(&steps);
            dashboards.load(45).await;
        }
    }
}

async fn a_wrong_password_keeps_the_message(dashboards: &dyn Dashboards) {
    let wrong = r#"{"username": "nobody", "password": "not the password"}"#.to_owned();
    let refresher = refresher(&Partner { api_key: wrong, ..dashboards.partner() }, PATIENCE);
    let error = refresher
        .refresh(&refresh_of(dashboards.dataset(), &[]), &mut RefreshSteps::default(), &budget())
        .await
        .unwrap_err();
    assert_eq!((error.code(), error.effect()), (Code::CredentialsRefused, Effect::Absent));
    assert!(matches!(error, CallError::NotNow { .. }));
}

fn refusal(error: CallError) -> outbound::Refusal {
    match error {
        CallError::Refused(refusal) => refusal,
        other => panic!("expected a refusal, got {other:?}"),
    }
}
