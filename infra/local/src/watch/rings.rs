//! The deployed alarms, and their states.
//!
//! The engine keeps alarms and carries out their actions, but its own evaluation is not CloudWatch's: it takes all metrics of a name
//! together, whatever their dimensions, knows neither M of N nor missing data, and looks only when a metric is put. So the alarms are
//! taken over from it: `infra/alarms` evaluates them on what the engine's CloudWatch answers, at the end of each minute, and
//! SetAlarmState tells the engine, which then tells the topics.

use alarms::{Alarm, Application, Query, Resource, State};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::evaluate::{
    Values, asked, by_minute, definition, name_of, reason, state_at, state_named, watchable,
};
use super::left_out::made_of;
use crate::inspect::Inspect;

/// What GetMetricData takes at once.
const MOST: usize = 500;

pub(super) struct Rings {
    inspect: Inspect,
    /// The minute since 1970 in which it all begins.
    epoch: i64,
    alarms: Vec<Watched>,
    /// Logical ids of the alarms on what nobody sees.
    pub(super) unwatched: Vec<String>,
}

struct Watched {
    alarm: Alarm,
    queries: Vec<Query>,
    state: State,
}

impl Rings {
    /// Takes all alarms over from the engine.
    pub(super) async fn take_over(inspect: Inspect, epoch: i64) -> Result<Self> {
        let mut rings = Self { inspect, epoch, alarms: Vec::new(), unwatched: Vec::new() };
        for described in rings.described().await? {
            let alarm = definition(&described)?;
            // Without the metric's name the engine leaves the state to others. All else stays: what it tells, and whom.
            let mut put = described.clone();
            put["MetricName"] = json!("");
            rings.inspect.cloudwatch("PutMetricAlarm", &put).await?;
            let id = alarm.name.rsplit('-').nth(1).unwrap_or_default().to_owned();
            let state = state_named(described["StateValue"].as_str().unwrap_or_default());
            rings.add(alarm, id, state);
        }
        Ok(rings)
    }

    /// Whether it is watched from now on.
    fn add(&mut self, alarm: Alarm, id: String, state: State) -> bool {
        match watchable(&alarm) {
            Some(queries) => {
                self.alarms.push(Watched { alarm, queries, state });
                true
            }
            None => {
                self.unwatched.push(id);
                false
            }
        }
    }

    /// Names of the alarms that the engine has.
    pub(super) async fn names(&self) -> Result<Vec<String>> {
        let described = self.described().await?;
        Ok(described.iter().filter_map(|it| it["AlarmName"].as_str().map(str::to_owned)).collect())
    }

    /// Gives the engine the alarms that its CloudFormation has left out, those of them that can be watched. Composites it evaluates itself,
    /// by their rules; their suppressor it does not know.
    pub(super) async fn put_left_out(&mut self, left_out: Vec<Resource>) -> Result<()> {
        for resource in left_out {
            let mut put = resource.properties.clone();
            put["AlarmName"] = json!(resource.reference);
            put["ActionsEnabled"] = json!(true);
            if put.get("AlarmRule").is_some() {
                let watched = |name: &String| self.alarms.iter().any(|it| it.alarm.name == *name);
                if made_of(&resource)?.iter().all(watched) {
                    self.inspect.cloudwatch("PutCompositeAlarm", &put).await?;
                } else {
                    self.unwatched.push(resource.id);
                }
                continue;
            }
            let id = resource.id.clone();
            let alarm =
                alarms::alarms(&Application { resources: vec![resource] })?.pop().context("no alarm")?;
            if self.add(alarm, id, State::InsufficientData) {
                self.inspect.cloudwatch("PutMetricAlarm", &put).await?;
            }
        }
        Ok(())
    }

    async fn described(&self) -> Result<Vec<Value>> {
        let (mut all, mut next) = (Vec::new(), Value::Null);
        loop {
            let mut asked = json!({ "MaxRecords": 100 });
            if !next.is_null() {
                asked["NextToken"] = next;
            }
            let answer = self.inspect.cloudwatch("DescribeAlarms", &asked).await?;
            all.extend(answer["MetricAlarms"].as_array().cloned().unwrap_or_default());
            next = answer["NextToken"].clone();
            if next.is_null() {
                return Ok(all);
            }
        }
    }

    /// At the end of this minute since 1970.
    pub(super) async fn evaluate(&mut self, end: i64) -> Result<()> {
        let mut values = self.values(end).await?.into_iter();
        let minutes = u32::try_from(end - self.epoch).context("minutes")?;
        for watched in &mut self.alarms {
            let values: Vec<_> = values.by_ref().take(watched.queries.len()).collect();
            let state = state_at(&watched.alarm, &watched.queries, &values, minutes);
            if state == watched.state {
                continue;
            }
            let body = json!({
                "AlarmName": watched.alarm.name, "StateValue": name_of(state),
                "StateReason": reason(&watched.queries, &values, self.epoch, end)
            });
            self.inspect.cloudwatch("SetAlarmState", &body).await?;
            watched.state = state;
        }
        Ok(())
    }

    /// Of all alarms' metrics, one after the other.
    async fn values(&self, end: i64) -> Result<Vec<Values>> {
        let queries = self.alarms.iter().flat_map(|it| &it.queries).enumerate();
        let queries: Vec<_> = queries.map(|(place, query)| asked(place, query)).collect();
        let mut values = Vec::new();
        for some in queries.chunks(MOST) {
            let body =
                json!({ "MetricDataQueries": some, "StartTime": self.epoch * 60, "EndTime": end * 60 });
            let answer = self.inspect.cloudwatch("GetMetricData", &body).await?;
            let results = answer["MetricDataResults"].as_array().cloned().unwrap_or_default();
            ensure!(results.len() == some.len(), "{} results for {} queries", results.len(), some.len());
            values.extend(results.iter().map(|result| by_minute(result, self.epoch)));
        }
        Ok(values)
    }
}
