use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A load of the warehouse that is over, whatever ran it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LoadFinished {
    /// What ran the job, unique among sources: `dbt-cloud/1`, `standard-webhooks/warehouse`.
    pub source: String,
    /// The source's own id or name of the job.
    pub job: String,
    pub status: LoadStatus,
    /// By the source's clock: what was loaded is in the warehouse since then.
    pub finished_at: Timestamp,
    /// Rows that it wrote; absent where the source does not say.
    #[serde(default)]
    pub rows: Option<u64>,
}

impl LoadFinished {
    /// The job among the jobs of all sources: what settings know it by.
    pub fn reference(&self) -> String {
        format!("{}/{}", self.source, self.job)
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LoadStatus {
    Succeeded,
    Failed,
    /// Stopped by somebody: what it has written by then is not meant to be shown.
    Cancelled,
}

/// What a BI tool has to read again after a load: datasets that are refreshed together.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Refresh {
    /// Name of the group in the settings.
    pub group: String,
    /// At least one, in the order in which they are refreshed.
    pub datasets: Vec<DatasetRefresh>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DatasetRefresh {
    /// The BI tool's id of the dataset.
    pub id: String,
    /// The BI tool's ids of the charts whose caches are filled once the dataset is refreshed.
    pub charts: Vec<String>,
}

/// What was read again.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct Refreshed {
    pub datasets: u32,
    pub charts: u32,
}
