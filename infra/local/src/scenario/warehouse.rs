//! Loads of the warehouse refresh the dashboards that they feed, once a window.

use anyhow::Result;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::part::{Part, payload, unique};
use super::stage::{Stage, WAREHOUSE};
use crate::sandbox::System;
use crate::stack::REFRESH_WINDOW_SECONDS;

const DBT_RUN: &str = include_str!("../../../../shared/transform/cases/dbt-cloud-load/succeeded/input.json");
const LOAD: &str = include_str!("../../../../shared/transform/cases/warehouse-load/succeeded/input.json");

pub(super) async fn play<'a>(stage: &'a Stage<'a>) -> Result<Part<'a>> {
    let mut part = Part::new(stage, "warehouse-to-bi, by dbt Cloud and a loader of one's own");
    let sandbox = &stage.stack.sandbox;
    // What somebody saw before, and what the table holds now.
    let total = sandbox.shown(1).unwrap_or(0) + 1;
    sandbox.load(1, total);
    let before = refreshed(stage);
    // Two times of one window, whenever this is played.
    let now = Timestamp::now();
    let begin = now.as_second() - now.as_second().rem_euclid(REFRESH_WINDOW_SECONDS);
    let (run, dbt) = dbt_run(now, |_| {})?;
    let webhook = stage.sources.dbt_cloud(&dbt)?;
    let answer = part.post(&webhook).await?;
    let code = stage.held(&WAREHOUSE, &run).await?;
    part.row("a run of dbt succeeded", Some(&answer), format!("waits, {code}"), "waits, SPW5007");
    let (other, load) = (unique(), load(Timestamp::from_second(begin)?, |_| {})?);
    let answer = part.post(&stage.sources.warehouse(&other, &load)?).await?;
    let code = stage.held(&WAREHOUSE, &other).await?;
    part.row("another load of the same window", Some(&answer), format!("waits, {code}"), "waits, SPW5007");
    failed(&mut part, now).await?;
    part.refused_when_forged(&webhook).await?;
    bad_input(&mut part, now).await?;

    let mut ends = stage.ended(&WAREHOUSE, &run, 1).await?;
    ends.extend(stage.ended(&WAREHOUSE, &other, 1).await?);
    ends.sort();
    part.check("the two loads", ends, vec!["done".to_owned(), "duplicate".to_owned()]);
    let result = format!("{}; chart 1 shows {}", since(stage, &before), sandbox.shown(1).unwrap_or_default());
    let should = format!("refreshed [1, 2], warmed up [1, 2, 3]; chart 1 shows {total}");
    part.row("the window's end, for both", None, result, should);
    part.repeated("the run's webhook again", &webhook, (&WAREHOUSE, &run, 2)).await?;
    part.check("after that", since(stage, &before), "refreshed [1, 2], warmed up [1, 2, 3]".to_owned());
    Ok(part)
}

/// A load that has failed changes nothing that anybody sees, whoever tells of it.
async fn failed(part: &mut Part<'_>, now: Timestamp) -> Result<()> {
    let before = refreshed(part.stage);
    let (run, dbt) = dbt_run(now, |event| {
        event["data"]["runStatus"] = json!("Errored");
        event["data"]["runStatusCode"] = json!(20);
    })?;
    let answer = part.post(&part.stage.sources.dbt_cloud(&dbt)?).await?;
    let mut ends = part.stage.ended(&WAREHOUSE, &run, 1).await?;
    let (id, load) = (unique(), load(now, |event| event["data"]["status"] = json!("failed"))?);
    part.post(&part.stage.sources.warehouse(&id, &load)?).await?;
    ends.extend(part.stage.ended(&WAREHOUSE, &id, 1).await?);
    let result = format!("{}, {}", ends.join(", "), since(part.stage, &before));
    part.row("a run and a load failed", Some(&answer), result, "done, done, refreshed [], warmed up []");
    Ok(())
}

async fn bad_input(part: &mut Part<'_>, now: Timestamp) -> Result<()> {
    let (id, started) = dbt_run(now, |event| event["eventType"] = json!("job.run.started"))?;
    let started = part.stage.sources.dbt_cloud(&started)?;
    part.ignored(("dbt-cloud", "an event of another type"), &started, &id).await?;
    let (id, load) = (unique(), load(now, |event| event["data"]["finished_at"] = json!("just now"))?);
    let answer = part.post(&part.stage.sources.warehouse(&id, &load)?).await?;
    let should =
        "SPW2003 at $.data.finished_at (warehouse-to-bi, warehouse-load/1 canonical.load-finished@1)";
    part.rejected("a load that says no time", Some(&answer), (&WAREHOUSE, &id), should).await
}

fn dbt_run(finished_at: Timestamp, change: impl FnOnce(&mut Value)) -> Result<(String, Value)> {
    let (mut event, id) = (payload(DBT_RUN)?, format!("wev_{}", unique()));
    event["eventId"] = json!(id);
    event["timestamp"] = json!(finished_at.to_string());
    event["data"]["runFinishedAt"] = json!(finished_at.to_string());
    change(&mut event);
    Ok((id, event))
}

fn load(finished_at: Timestamp, change: impl FnOnce(&mut Value)) -> Result<Value> {
    let mut event = payload(LOAD)?;
    event["timestamp"] = json!(finished_at.to_string());
    event["data"]["finished_at"] = json!(finished_at.to_string());
    change(&mut event);
    Ok(event)
}

/// Datasets that were refreshed and charts that were warmed up, each as often as it was.
fn refreshed(stage: &Stage<'_>) -> [Vec<String>; 2] {
    let effects = stage.stack.sandbox.effects();
    ["refresh", "warm-up"].map(|kind| {
        let ours = effects.iter().filter(|effect| effect.system == System::Dashboards && effect.kind == kind);
        ours.map(|effect| effect.id.clone()).collect()
    })
}

fn since(stage: &Stage<'_>, before: &[Vec<String>; 2]) -> String {
    let [mut datasets, mut charts] = refreshed(stage);
    let [old_datasets, old_charts] = before;
    datasets.drain(..old_datasets.len());
    charts.drain(..old_charts.len());
    datasets.sort();
    charts.sort();
    format!("refreshed [{}], warmed up [{}]", datasets.join(", "), charts.join(", "))
}
