use std::future::ready;
use std::sync::Arc;

use async_trait::async_trait;
use message::{Code, Envelope, OperationKey, Rejection};
use outbound::{Attempt, DatasetRefresher, RefreshSteps, repeatable};
use receiver::{Claim, Due, Flow, Outcome, Performed, ReopenedBy, Translated};
use serde::Serialize;
use serde_json::json;
use transform::canonical::{LoadFinished, LoadStatus};
use transform::{Decoded, Translator};

use crate::{DatasetGroups, Window};

/// dbt Cloud's webhook of a run that is over, well or not.
pub const DBT_RUN_COMPLETED: &str = "dbt-cloud.job.run.completed";
/// What a loader of any make posts to the source `warehouse`.
pub const LOAD_FINISHED: &str = "warehouse.load.finished";

pub struct WarehouseToBi {
    mappings: LoadMappings,
    groups: DatasetGroups,
    window: Window,
    refresher: Arc<dyn DatasetRefresher>,
}

/// What reads each source's load.
pub struct LoadMappings {
    /// `dbt-cloud-load`.
    pub dbt_cloud: Arc<Translator>,
    /// `warehouse-load`.
    pub warehouse: Arc<Translator>,
}

/// What a load asks for, and with it all loads of its window: nothing in it may differ between them, for the ledger has to
/// know them as one. So the datasets are not in it: settings may change while a window runs.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct RefreshDue {
    /// Name of the datasets' group; empty where the job feeds none.
    pub group: String,
    /// Loads that finished before are covered: seconds since 1970.
    pub loaded_before: i64,
}

impl WarehouseToBi {
    pub fn new(
        mappings: LoadMappings,
        groups: DatasetGroups,
        window: Window,
        refresher: Arc<dyn DatasetRefresher>,
    ) -> Self {
        Self { mappings, groups, window, refresher }
    }

    fn load(&self, envelope: &Envelope) -> Result<Decoded<LoadFinished>, Rejection> {
        let mapping = match envelope.event_type.as_str() {
            DBT_RUN_COMPLETED => &self.mappings.dbt_cloud,
            LOAD_FINISHED => &self.mappings.warehouse,
            _ => {
                let title = Code::EventTypeUnknown.title();
                return Err(Rejection::new(Code::EventTypeUnknown, "$.type", title));
            }
        };
        Ok(mapping.decode(envelope)?)
    }

    /// The name of the group to refresh, if the load changes what anybody sees.
    fn group(&self, envelope: &Envelope, load: &LoadFinished) -> Option<&str> {
        let job = load.reference();
        let told = |why| {
            tracing::info!(correlation_id = envelope.correlationid, job, why, "nothing to refresh");
            None
        };
        match (load.status, self.groups.fed_by(&job)) {
            (LoadStatus::Failed, _) => told("the load has failed"),
            (LoadStatus::Cancelled, _) => told("the load was cancelled"),
            (LoadStatus::Succeeded, None) => told("no dataset is fed by this job"),
            (LoadStatus::Succeeded, Some(group)) => Some(&group.refresh.group),
        }
    }
}

#[async_trait]
impl Flow for WarehouseToBi {
    type Operation = RefreshDue;

    fn name(&self) -> &'static str {
        "warehouse-to-bi"
    }

    fn calls(&self) -> u32 {
        self.groups.most_calls()
    }

    /// All loads of a window ask for the same refresh: where that was refused, one letter stands for them, and whoever redrives it
    /// does for all of them what is left. So a dataset that is missing does not have the others refreshed once a load.
    fn reopened_by(&self) -> ReopenedBy {
        ReopenedBy::Redrive
    }

    /// The group is the entity and the end of a window its version: the claim lets one refresh of a group run at a time, another
    /// load of the window is a duplicate, and one of an earlier window is covered by what was refreshed since.
    fn translate(&self, envelope: &Envelope) -> Result<Translated<RefreshDue>, Rejection> {
        let Decoded { value: load, stamp } = self.load(envelope)?;
        let loaded_before = self.window.end(load.finished_at);
        let out_of_range = || {
            let summary = "the load's end is no time that a clock of today may show";
            Rejection::new(Code::ValueInvalid, "$", summary).with_mapping(stamp)
        };
        let version = u64::try_from(loaded_before).ok().filter(|version| *version > 0);
        let version = version.ok_or_else(out_of_range)?;
        let begins = Window::begins(loaded_before).ok_or_else(out_of_range)?;
        let group = self.group(envelope, &load);
        let due = group.map_or(Due::Never, |_| Due::NotBefore(begins));
        let group = group.unwrap_or_default().to_owned();
        let key = OperationKey::new(self.name(), &[&group, "refresh"]);
        let operation = RefreshDue { group, loaded_before };
        let target_mapping = self.refresher.mapping();
        Ok(Translated { operation, key, version, mapping: stamp, target_mapping, due })
    }

    async fn perform(
        &self,
        envelope: &Envelope,
        due: &RefreshDue,
        claim: &Claim,
    ) -> Result<Performed, Attempt> {
        // Nothing that is due names no group.
        let Some(group) = self.groups.named(&due.group) else { return Ok(Performed::default()) };
        // What an earlier attempt at this window has refreshed it has refreshed after the window's end.
        let mut done = RefreshSteps::read(claim.progress.before());
        let refreshed = self.refresher.refresh(&group.refresh, &mut done, &claim.budget).await;
        claim.progress.leave(done.to_string());
        let refreshed = repeatable(|| ready(refreshed)).await?;
        tracing::info!(
            correlation_id = envelope.correlationid,
            group = due.group,
            loaded_before = due.loaded_before,
            datasets = refreshed.datasets,
            charts = refreshed.charts,
            "datasets refreshed"
        );
        let ids = json!({ "datasets": refreshed.datasets, "charts": refreshed.charts }).to_string();
        Ok(Performed { outcome: Outcome { ids, target_id: None }, events: Vec::new() })
    }
}
