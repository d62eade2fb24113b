//! Loads as their sources tell them, a BI tool that does as it is told, and a receiver with its queue on one clock.

mod bench;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use message::Envelope;
use outbound::{Budget, CallError, DatasetRefresher, RefreshSteps};
use serde_json::{Value, json};
use testkit::FakeClock;
use transform::Translator;
use transform::canonical::{Refresh, Refreshed};
use warehouse_to_bi::{DatasetGroups, LoadMappings, WarehouseToBi, Window};

pub(crate) use bench::Bench;

const GROUPS: &str = r#"{
    "sales": {
        "jobs": ["dbt-cloud/1/123", "standard-webhooks/warehouse/nightly-sales"],
        "datasets": [{"id": 7, "charts": [12, 13]}]
    },
    "stock": {"jobs": ["standard-webhooks/warehouse/hourly-stock"], "datasets": [{"id": 8}]}
}"#;

/// Answers as it was told, then as if all went well; remembers what it was asked for.
pub(crate) struct Bi {
    clock: FakeClock,
    asked: Mutex<Vec<(String, Timestamp)>>,
    answers: Mutex<VecDeque<Result<Refreshed, CallError>>>,
    down: Mutex<Option<(CallError, Timestamp)>>,
    steps: Mutex<VecDeque<&'static str>>,
    found: Mutex<Vec<String>>,
}

impl Bi {
    pub(crate) fn new() -> Arc<Self> {
        Self::on(&FakeClock::at("2026-11-24T10:00:00Z"))
    }

    pub(crate) fn on(clock: &FakeClock) -> Arc<Self> {
        Arc::new(Self {
            clock: clock.clone(),
            asked: Mutex::default(),
            answers: Mutex::default(),
            down: Mutex::default(),
            steps: Mutex::default(),
            found: Mutex::default(),
        })
    }

    pub(crate) fn answers(&self, answers: impl IntoIterator<Item = Result<Refreshed, CallError>>) {
        self.answers.lock().unwrap().extend(answers);
    }

    /// Each attempt before that time fails like this.
    pub(crate) fn fails_until(&self, time: &str, error: CallError) {
        *self.down.lock().unwrap() = Some((error, time.parse().unwrap()));
    }

    /// The step that each attempt makes before its answer.
    pub(crate) fn makes(&self, steps: impl IntoIterator<Item = &'static str>) {
        self.steps.lock().unwrap().extend(steps);
    }

    /// What each attempt was told that was done already.
    pub(crate) fn found(&self) -> Vec<String> {
        self.found.lock().unwrap().clone()
    }

    /// Names of the groups, in the sequence in which they were refreshed.
    pub(crate) fn refreshes(&self) -> Vec<String> {
        self.asked.lock().unwrap().iter().map(|(group, _)| group.clone()).collect()
    }

    /// When each refresh began.
    pub(crate) fn began(&self) -> Vec<Timestamp> {
        self.asked.lock().unwrap().iter().map(|(_, at)| *at).collect()
    }
}

#[async_trait]
impl DatasetRefresher for Bi {
    fn mapping(&self) -> &'static str {
        "superset-refresh/1 superset.refresh@6.1"
    }

    async fn refresh(
        &self,
        refresh: &Refresh,
        done: &mut RefreshSteps,
        _: &Budget,
    ) -> Result<Refreshed, CallError> {
        let now = (self.clock.as_fn())();
        self.asked.lock().unwrap().push((refresh.group.clone(), now));
        self.found.lock().unwrap().push(done.to_string());
        if let Some(step) = self.steps.lock().unwrap().pop_front() {
            done.done(step.to_owned());
        }
        let down = self.down.lock().unwrap().clone();
        if let Some((error, _)) = down.filter(|(_, until)| now < *until) {
            return Err(error);
        }
        let told = self.answers.lock().unwrap().pop_front();
        told.unwrap_or(Ok(Refreshed { datasets: 1, charts: 2 }))
    }
}

pub(crate) fn flow(bi: &Arc<Bi>) -> WarehouseToBi {
    let mapping = |name| Arc::new(Translator::built_in(name, &Value::Null).unwrap());
    let mappings =
        LoadMappings { dbt_cloud: mapping("dbt-cloud-load"), warehouse: mapping("warehouse-load") };
    let groups = DatasetGroups::parse(GROUPS).unwrap();
    WarehouseToBi::new(mappings, groups, Window::of(Duration::from_secs(60)), Arc::<Bi>::clone(bi))
}

pub(crate) fn times<const N: usize>(texts: [&str; N]) -> [Timestamp; N] {
    texts.map(|text| text.parse().unwrap())
}

/// A run of the job that feeds sales, well ended.
pub(crate) fn dbt(finished_at: &str) -> Envelope {
    dbt_of("123", 10, finished_at)
}

pub(crate) fn dbt_of(job: &str, status: u32, finished_at: &str) -> Envelope {
    let payload = include_str!("../fixtures/dbt-cloud-run-completed.json");
    let mut data: Value = serde_json::from_str(payload).unwrap();
    data["data"]["jobId"] = json!(job);
    data["data"]["runStatusCode"] = json!(status);
    data["data"]["runFinishedAt"] = json!(finished_at);
    envelope("/dbt-cloud/1", "dbt-cloud.job.run.completed", &data)
}

/// A load of the job that feeds sales, well ended.
pub(crate) fn load(finished_at: &str) -> Envelope {
    load_of("nightly-sales", "succeeded", finished_at)
}

pub(crate) fn load_of(job: &str, status: &str, finished_at: &str) -> Envelope {
    let data = json!({
        "type": "load.finished", "timestamp": "2026-11-24T10:00:01Z",
        "data": {"job": job, "status": status, "finished_at": finished_at, "rows": 18250}
    });
    envelope("/standard-webhooks/warehouse", "warehouse.load.finished", &data)
}

fn envelope(source: &str, event_type: &str, data: &Value) -> Envelope {
    let body = json!({
        "specversion": "1.0", "id": "event-1", "source": source, "type": event_type,
        "time": "2026-11-24T10:00:01Z", "correlationid": "correlation-1", "data": data
    });
    Envelope::decode(&body.to_string()).unwrap()
}
