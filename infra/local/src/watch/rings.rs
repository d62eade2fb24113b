//! The deployed alarms, and their states.
//!
//! The engine keeps alarms and carries out their actions, but its own evaluation is not CloudWatch's: it takes all metrics of a name
//! together, whatever their dimensions, knows neither M of N nor missing data, and looks only when a metric is put. So the alarms are
//! taken over from it: `infra/alarms` evaluates them on what the engine's CloudWatch answers, at the end of each minute, and
//! SetAlarmState tells the engine, which then tells the topics.

use std::collections::BTreeMap;

use alarms::{
    Alarm, Application, Evaluator, Kind, Query, Recording, Resource, Sample, Signal, State, Statistic,
};
use anyhow::{Context, Result, ensure};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::publish::is_seen;
use crate::inspect::Inspect;

/// Properties of AWS::CloudWatch::Alarm, as DescribeAlarms has them.
const PROPERTIES: [&str; 16] = [
    "AlarmName",
    "AlarmDescription",
    "ActionsEnabled",
    "AlarmActions",
    "OKActions",
    "Namespace",
    "MetricName",
    "Dimensions",
    "Statistic",
    "ExtendedStatistic",
    "Unit",
    "Period",
    "EvaluationPeriods",
    "DatapointsToAlarm",
    "ComparisonOperator",
    "Threshold",
];
const MISSING: &str = "TreatMissingData";

pub(super) struct Rings {
    inspect: Inspect,
    /// The minute since 1970 in which it all begins.
    epoch: i64,
    alarms: Vec<Watched>,
    /// Names of the alarms on what nobody sees.
    pub(super) unwatched: Vec<String>,
}

struct Watched {
    alarm: Alarm,
    query: Query,
    state: State,
}

impl Rings {
    /// Takes all alarms over from the engine.
    pub(super) async fn take_over(inspect: Inspect, epoch: i64) -> Result<Self> {
        let mut rings = Self { inspect, epoch, alarms: Vec::new(), unwatched: Vec::new() };
        for described in rings.described().await? {
            let (alarm, query) = definition(&described)?;
            // Without the metric's name the engine leaves the state to others. All else stays: what it tells, and whom.
            let mut put = described.clone();
            put["MetricName"] = json!("");
            rings.inspect.cloudwatch("PutMetricAlarm", &put).await?;
            if is_seen(&query.metric) && is_read_by_the_minute(&query) {
                let state = state_named(described["StateValue"].as_str().unwrap_or_default());
                rings.alarms.push(Watched { alarm, query, state });
            } else {
                rings.unwatched.push(alarm.name);
            }
        }
        Ok(rings)
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
        let values = self.values(end).await?;
        let minutes = u32::try_from(end - self.epoch).context("minutes")?;
        for (watched, values) in self.alarms.iter_mut().zip(values) {
            let state = state_at(&watched.alarm, &watched.query, &values, minutes);
            if state == watched.state {
                continue;
            }
            let last = values.last_key_value();
            let reason =
                reason(&watched.query, last.map(|(at, value)| (self.epoch + i64::from(*at), *value)), end);
            let body = json!({
                "AlarmName": watched.alarm.name, "StateValue": name_of(state), "StateReason": reason
            });
            self.inspect.cloudwatch("SetAlarmState", &body).await?;
            watched.state = state;
        }
        Ok(())
    }

    /// Of each alarm's metric its statistic, by minutes of ours.
    async fn values(&self, end: i64) -> Result<Vec<BTreeMap<u32, f64>>> {
        let queries: Vec<_> =
            self.alarms.iter().enumerate().map(|(place, it)| asked(place, &it.query)).collect();
        let body = json!({ "MetricDataQueries": queries, "StartTime": self.epoch * 60, "EndTime": end * 60 });
        let answer = self.inspect.cloudwatch("GetMetricData", &body).await?;
        let results = answer["MetricDataResults"].as_array().cloned().unwrap_or_default();
        ensure!(results.len() == self.alarms.len(), "{} results", results.len());
        Ok(results.iter().map(|result| by_minute(result, self.epoch)).collect())
    }
}

/// As types, and what it watches.
fn definition(described: &Value) -> Result<(Alarm, Query)> {
    let mut properties = json!({});
    for name in PROPERTIES.iter().chain([&MISSING]) {
        if !described[*name].is_null() {
            properties[*name] = described[*name].clone();
        }
    }
    let name = described["AlarmName"].as_str().context("an alarm without a name")?;
    let metric = described["MetricName"].as_str().unwrap_or_default();
    ensure!(!metric.is_empty(), "the alarms of this stack are watched already: {name} was taken over");
    if !described["ExtendedStatistic"].is_null()
        && let Some(properties) = properties.as_object_mut()
    {
        // The engine fills it in.
        properties.remove("Statistic");
    }
    let resource = Resource {
        flow: String::new(),
        id: name.to_owned(),
        kind: "AWS::CloudWatch::Alarm".to_owned(),
        reference: name.to_owned(),
        properties,
    };
    let mut alarms = alarms::alarms(&Application { resources: vec![resource] })?;
    let alarm = alarms.pop().context("no alarm")?;
    match &alarm.kind {
        Kind::Metric(metric) => match &metric.signal {
            Signal::Metric(query) => {
                let query = query.clone();
                Ok((alarm, query))
            }
            Signal::Math { .. } => anyhow::bail!("{name} is on metric math"),
        },
        Kind::Composite(_) => anyhow::bail!("{name} is a composite"),
    }
}

/// Whether the statistic of its minutes says the statistic of its period.
fn is_read_by_the_minute(query: &Query) -> bool {
    match query.statistic {
        Statistic::Sum | Statistic::Maximum | Statistic::Minimum => true,
        Statistic::Average | Statistic::Percentile(_) => query.period_minutes == 1,
        Statistic::SampleCount => false,
    }
}

fn asked(place: usize, query: &Query) -> Value {
    let dimensions = query.metric.dimensions.iter();
    let dimensions: Vec<_> =
        dimensions.map(|(name, value)| json!({ "Name": name, "Value": value })).collect();
    json!({ "Id": format!("q{place}"), "MetricStat": {
        "Metric": {
            "Namespace": query.metric.namespace, "MetricName": query.metric.name, "Dimensions": dimensions
        },
        "Period": 60, "Stat": statistic_name(query.statistic),
    } })
}

fn statistic_name(statistic: Statistic) -> String {
    match statistic {
        Statistic::Percentile(hundredths) => format!("p{}.{:02}", hundredths / 100, hundredths % 100),
        other => format!("{other:?}"),
    }
}

fn by_minute(result: &Value, epoch: i64) -> BTreeMap<u32, f64> {
    let list = |name: &str| result[name].as_array().cloned().unwrap_or_default();
    let (times, values) = (list("Timestamps"), list("Values"));
    let point = |(time, value): (&Value, &Value)| {
        Some((u32::try_from(time.as_i64()? / 60 - epoch).ok()?, value.as_f64()?))
    };
    times.iter().zip(&values).filter_map(point).collect()
}

/// What the alarm's state is at the end of so many minutes. What came late counts as if it had come in time: the alarm is evaluated anew
/// from the beginning.
fn state_at(alarm: &Alarm, query: &Query, values: &BTreeMap<u32, f64>, minutes: u32) -> State {
    let mut recording = Recording::default();
    for (at, value) in values {
        let sample = Sample { at: *at, published: at + 1, value: *value, count: 1 };
        recording.add(query.metric.clone(), sample);
    }
    let history = Evaluator::new(std::slice::from_ref(alarm)).history(&recording, minutes);
    history.transitions.last().map_or(State::InsufficientData, |last| last.to)
}

fn reason(query: &Query, last: Option<(i64, f64)>, end: i64) -> String {
    let time = |minute: i64| {
        Timestamp::from_second(minute * 60).map_or_else(|_| minute.to_string(), |time| time.to_string())
    };
    let what = format!("{} of {}", statistic_name(query.statistic), query.metric);
    match last {
        Some((at, value)) => {
            format!("Evaluated at {}: {what} was {value} in the minute from {}", time(end), time(at))
        }
        None => format!("Evaluated at {}: no data of {what}", time(end)),
    }
}

const fn name_of(state: State) -> &'static str {
    match state {
        State::Ok => "OK",
        State::Alarm => "ALARM",
        State::InsufficientData => "INSUFFICIENT_DATA",
    }
}

fn state_named(name: &str) -> State {
    let all = [State::Ok, State::Alarm];
    all.into_iter().find(|state| name_of(*state) == name).unwrap_or(State::InsufficientData)
}
