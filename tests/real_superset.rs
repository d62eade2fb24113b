//! Against a real Superset 6.1 on a real PostgreSQL: the contract that the sandbox holds as well, and what the warehouse flow's tests
//! need of them.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use local::real::postgres::RealPostgres;
use local::real::superset::RealSuperset;
use local::{Tools, Workspace};
use tests::dataset_refresher_suite;
use tests::superset::RealDashboards;

#[tokio::test]
async fn the_real_superset_holds_the_dataset_refresher_contract() {
    let tools = Tools::new(Workspace::here()).unwrap();
    let warehouse = RealPostgres::up(&tools).await.unwrap();
    let superset = RealSuperset::up(&tools, &warehouse.url()).await.unwrap();
    a_chart_stays_old_until_its_cache_is_warmed_up(&warehouse, &superset).await;
    dataset_refresher_suite::holds(&RealDashboards { warehouse, superset }).await;
}

async fn a_chart_stays_old_until_its_cache_is_warmed_up(warehouse: &RealPostgres, superset: &RealSuperset) {
    assert_eq!(superset.amount_shown("SKU-1").await.unwrap(), Some(3000));

    warehouse.insert_sale("SKU-1", 1, 500).await.unwrap();
    let in_warehouse = "SELECT sum(amount_minor) FROM fact_sales WHERE sku = 'SKU-1'";
    assert_eq!(warehouse.sql(in_warehouse).await.unwrap(), ["3500"]);
    assert_eq!(superset.amount_shown("SKU-1").await.unwrap(), Some(3000), "the cache was not used");

    superset.refresh_dataset().await.unwrap();
    superset.warm_up_cache().await.unwrap();
    assert_eq!(superset.amount_shown("SKU-1").await.unwrap(), Some(3500));
}
