//! Dashboards that a BI tool and its warehouse show: the sandbox's, or real ones.

use std::time::Duration;

use async_trait::async_trait;
use connector_superset::SupersetRefresher;
use local::Partner;
use local::real::postgres::RealPostgres;
use local::real::superset::RealSuperset;
use local::sandbox::Sandbox;
use serde_json::Value;
use testkit::poll_until;
use transform::canonical::{DatasetRefresh, Refresh};

use crate::{built_in, credential, target};

/// A BI tool with a dataset of one table, a chart that sums the table up, and a chart of that dataset that cannot be drawn.
#[async_trait]
pub trait Dashboards: Send + Sync {
    /// Its address, and our user as the secret holds it.
    fn partner(&self) -> Partner;

    fn dataset(&self) -> i64;

    fn chart(&self) -> i64;

    /// It was saved without what Superset needs to draw it by itself.
    fn broken_chart(&self) -> i64;

    /// The warehouse's table sums up to this from now on.
    async fn load(&self, total: i64);

    /// The table is gone, or there again.
    async fn drop_table(&self, dropped: bool);

    /// What somebody sees who opens the chart.
    async fn shown(&self) -> i64;

    /// Tokens that were given so far are taken no more.
    async fn end_sessions(&self);
}

#[async_trait]
impl Dashboards for Sandbox {
    fn partner(&self) -> Partner {
        Partner { url: self.superset_url(), api_key: Self::superset_secret() }
    }

    fn dataset(&self) -> i64 {
        2
    }

    fn chart(&self) -> i64 {
        3
    }

    fn broken_chart(&self) -> i64 {
        4
    }

    async fn load(&self, total: i64) {
        Self::load(self, self.dataset(), total);
    }

    async fn drop_table(&self, dropped: bool) {
        Self::drop_table(self, self.dataset(), dropped);
    }

    async fn shown(&self) -> i64 {
        Self::shown(self, self.chart()).unwrap_or_default()
    }

    async fn end_sessions(&self) {
        Self::end_sessions(self);
    }
}

/// A real Superset and its warehouse.
pub struct RealDashboards {
    pub warehouse: RealPostgres,
    pub superset: RealSuperset,
}

#[async_trait]
impl Dashboards for RealDashboards {
    fn partner(&self) -> Partner {
        self.superset.partner()
    }

    fn dataset(&self) -> i64 {
        id(self.superset.dataset)
    }

    fn chart(&self) -> i64 {
        id(self.superset.chart)
    }

    fn broken_chart(&self) -> i64 {
        id(self.superset.broken_chart)
    }

    async fn load(&self, total: i64) {
        self.warehouse.sql("TRUNCATE fact_sales").await.unwrap();
        self.warehouse.insert_sale("SKU-1", 1, u64::try_from(total).unwrap()).await.unwrap();
    }

    async fn drop_table(&self, dropped: bool) {
        let (from, to) = if dropped { ("fact_sales", "dropped") } else { ("dropped", "fact_sales") };
        self.warehouse.sql(&format!("ALTER TABLE {from} RENAME TO {to}")).await.unwrap();
    }

    async fn shown(&self) -> i64 {
        let rows = self.superset.chart_data().await.unwrap();
        rows.iter().filter_map(|row| row["amount_minor"].as_i64()).sum()
    }

    async fn end_sessions(&self) {
        let second = || jiff::Timestamp::now().as_second();
        let ended = second();
        self.superset.end_sessions().unwrap();
        // A token that is given within the same second would be over as well.
        poll_until("the next second", Duration::from_secs(5), || async {
            (second() > ended + 1).then_some(())
        })
        .await;
    }
}

fn id(id: u64) -> i64 {
    i64::try_from(id).unwrap()
}

pub fn refresher(partner: &Partner, timeout: Duration) -> SupersetRefresher {
    SupersetRefresher::new(
        target("superset", &partner.url, timeout),
        credential(&partner.api_key),
        built_in("superset-refresh", &Value::Null),
    )
}

/// A group of one dataset.
pub fn refresh_of(dataset: i64, charts: &[i64]) -> Refresh {
    let charts = charts.iter().map(ToString::to_string).collect();
    Refresh { group: "sales".to_owned(), datasets: vec![DatasetRefresh { id: dataset.to_string(), charts }] }
}
