use std::sync::Arc;

use async_trait::async_trait;
use message::Code;
use outbound::{
    Budget, CallError, Credential, DatasetRefresher, HttpTarget, RefreshSteps, Refusal, Response,
};
use serde_json::{Value, json};
use transform::Translator;
use transform::canonical::{Refresh, Refreshed};

use crate::client::Client;
use crate::errors::{over, reported};
use crate::wire::{SupersetRefresh, WarmedUp};

const WARM_UP: &str = "/api/v1/chart/warm_up_cache";

/// Refreshes datasets and fills the caches of charts, one call after the other.
pub struct SupersetRefresher {
    client: Client,
    translator: Arc<Translator>,
}

/// How far a refresh has come, and the first thing of it that did not work.
#[derive(Default)]
struct Progress {
    refreshed: Refreshed,
    refused: Option<Refusal>,
    /// A failure that may be over the next time.
    failed: bool,
}

impl SupersetRefresher {
    /// `translator` is the mapping `superset-refresh`'s.
    pub fn new(target: HttpTarget, credential: Arc<dyn Credential>, translator: Arc<Translator>) -> Self {
        Self { client: Client::new(target, credential), translator }
    }

    async fn refresh_dataset(&self, id: i64, budget: &Budget) -> Result<(), CallError> {
        let path = format!("/api/v1/dataset/{id}/refresh");
        match self.client.put(&path, &json!({}), budget).await {
            Ok(_) => Ok(()),
            // It could not read the table: the warehouse is down, or the table is gone.
            Err(CallError::Refused(refusal)) if refusal.status == 422 => Err(reported()),
            Err(error) => Err(error),
        }
    }

    async fn warm_up(&self, chart: &Value, budget: &Budget) -> Result<(), CallError> {
        let response: Response = self.client.put(WARM_UP, chart, budget).await?;
        match response.json::<WarmedUp>()?.is_warm() {
            Some(true) => Ok(()),
            Some(false) => Err(reported()),
            None => Err(response.unreadable()),
        }
    }
}

#[async_trait]
impl DatasetRefresher for SupersetRefresher {
    fn mapping(&self) -> &'static str {
        self.translator.stamp()
    }

    async fn refresh(
        &self,
        refresh: &Refresh,
        done: &mut RefreshSteps,
        budget: &Budget,
    ) -> Result<Refreshed, CallError> {
        let document: SupersetRefresh = self.translator.encode(refresh)?;
        let mut progress = Progress::default();
        for (place, dataset) in document.datasets.iter().enumerate() {
            let path = format!("$.datasets[{place}]");
            let step = dataset.dataset_id.to_string();
            if !done.is_done(&step) {
                let refreshed = self.refresh_dataset(dataset.dataset_id, budget).await;
                // Charts of a dataset that is not there show nothing better than before.
                if !progress.goes_on(refreshed, &refresh.group, &format!("{path}.id"))? {
                    continue;
                }
                done.done(step);
            }
            progress.refreshed.datasets += 1;
            for (place, chart) in dataset.charts.iter().enumerate() {
                let step = dataset.step_of(chart);
                if !done.is_done(&step) {
                    let warm = self.warm_up(chart, budget).await;
                    if !progress.goes_on(warm, &refresh.group, &format!("{path}.charts[{place}]"))? {
                        continue;
                    }
                    done.done(step);
                }
                progress.refreshed.charts += 1;
            }
        }
        progress.ends()
    }
}

impl Progress {
    /// Whether a step has worked. One that was refused or has failed is remembered, and stops no other; where Superset itself
    /// does not answer there is no use in going on.
    fn goes_on(&mut self, step: Result<(), CallError>, group: &str, path: &str) -> Result<bool, CallError> {
        let error = match step {
            Ok(()) => return Ok(true),
            Err(error) => error,
        };
        tracing::warn!(group, path, code = error.code().as_str(), "not refreshed");
        match error {
            CallError::Refused(refusal) => {
                self.refused.get_or_insert_with(|| at(refusal, group, path));
            }
            CallError::NotNow { code: Code::TargetReportsFailure, .. } => self.failed = true,
            other => return Err(over(other)),
        }
        Ok(false)
    }

    /// What may work the next time goes before what never will: that is told when nothing else is left.
    fn ends(self) -> Result<Refreshed, CallError> {
        match self.refused {
            _ if self.failed => Err(reported()),
            Some(refusal) => Err(CallError::Refused(refusal)),
            None => Ok(self.refreshed),
        }
    }
}

/// A refusal at its place in the canonical refresh.
fn at(refusal: Refusal, group: &str, path: &str) -> Refusal {
    let path = path.to_owned();
    if refusal.status == 404 {
        let summary = format!("Superset does not have it (group {group})");
        return Refusal { code: Code::RecordMissing, path, summary, ..refusal };
    }
    let summary = format!("{} (group {group})", refusal.summary);
    Refusal { path, summary, ..refusal }
}
