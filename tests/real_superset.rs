//! A real Postgres and a real Superset do what the warehouse flow's tests need of them.

use local::real::postgres::RealPostgres;
use local::real::superset::RealSuperset;
use local::{Tools, Workspace};

#[tokio::test]
async fn a_chart_stays_old_until_its_cache_is_warmed_up() {
    let tools = Tools::new(Workspace::here()).unwrap();
    let warehouse = RealPostgres::up(&tools).await.unwrap();
    let superset = RealSuperset::up(&tools, &warehouse.url()).await.unwrap();
    assert_eq!(superset.amount_shown("SKU-1").await.unwrap(), Some(3000));

    warehouse.insert_sale("SKU-1", 1, 500).await.unwrap();
    let in_warehouse = "SELECT sum(amount_minor) FROM fact_sales WHERE sku = 'SKU-1'";
    assert_eq!(warehouse.sql(in_warehouse).await.unwrap(), ["3500"]);
    assert_eq!(superset.amount_shown("SKU-1").await.unwrap(), Some(3000), "the cache was not used");

    superset.refresh_dataset().await.unwrap();
    superset.warm_up_cache().await.unwrap();
    assert_eq!(superset.amount_shown("SKU-1").await.unwrap(), Some(3500));
}
