//! Loads of a real Postgres on a chart of a real Superset, by way of the deployed functions.

use local::real::journey::{Stage, warehouse};
use local::real::postgres::RealPostgres;
use local::real::superset::RealSuperset;
use local::{Stack, Targets, Tools, Workspace};

#[tokio::test]
async fn a_chart_is_refreshed_once_for_all_loads_of_a_window_and_never_for_one_that_failed() {
    let tools = Tools::new(Workspace::here()).unwrap();
    let postgres = RealPostgres::up(&tools).await.unwrap();
    let superset = RealSuperset::up(&tools, &postgres.url()).await.unwrap();
    let targets = Targets::default().superset(superset.partner(), superset.groups(warehouse::FED_BY));
    let window = ("RefreshWindowSeconds", warehouse::WINDOW_SECONDS.to_string());
    let stack = Stack::up_with(&tools, targets, &[window]).await.unwrap();
    let stage = Stage { tools: &tools, stack: &stack, progress: &|step| println!("{step}") };
    let outcome = warehouse::play(stage, &postgres, &superset).await.unwrap();
    assert!(outcome.wrong.is_empty(), "{:#?}", outcome.wrong);
}
