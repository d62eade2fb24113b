//! Dashboards that a BI tool and its warehouse show: the sandbox's, or real ones.

use std::time::Duration;

use async_trait::async_trait;
use connector_superset::SupersetRefresher;
use local::Partner;
use local::sandbox::Sandbox;
use serde_json::Value;
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
