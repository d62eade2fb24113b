//! One alarm: as the engine describes it, what it asks the engine's CloudWatch for, and the state that the answer makes.

use std::collections::{BTreeMap, BTreeSet};

use alarms::{Alarm, Application, Evaluator, Kind, Query, Recording, Resource, Sample, State, Statistic};
use anyhow::{Context, Result, ensure};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::publish::is_seen;

/// Properties of AWS::CloudWatch::Alarm, as DescribeAlarms has them.
const PROPERTIES: [&str; 17] = [
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
    "TreatMissingData",
];

/// Of a metric its statistic, by minutes of ours.
pub(super) type Values = BTreeMap<u32, f64>;

/// As the engine describes it.
pub(super) fn definition(described: &Value) -> Result<Alarm> {
    let mut properties = json!({});
    for name in PROPERTIES {
        if !described[name].is_null() {
            properties[name] = described[name].clone();
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
        attributes: serde_json::Map::new(),
    };
    alarms::alarms(&Application { resources: vec![resource] })?.pop().context("no alarm")
}

/// What it asks for, where all of that is seen and the statistics of minutes say its own.
pub(super) fn watchable(alarm: &Alarm) -> Option<Vec<Query>> {
    let Kind::Metric(metric) = &alarm.kind else { return None };
    let queries: Vec<_> = metric.signal.queries().into_iter().cloned().collect();
    let distinct: BTreeSet<_> = queries.iter().map(|query| &query.metric).collect();
    let readable = |query: &Query| is_seen(&query.metric) && is_read_by_the_minute(query);
    let all = distinct.len() == queries.len() && !metric.ignores_low_samples && queries.iter().all(readable);
    all.then_some(queries)
}

/// Whether the statistic of its minutes says the statistic of its period.
fn is_read_by_the_minute(query: &Query) -> bool {
    match query.statistic {
        Statistic::Sum | Statistic::Maximum | Statistic::Minimum => true,
        Statistic::Average | Statistic::Percentile(_) => query.period_minutes == 1,
        Statistic::SampleCount => false,
    }
}

pub(super) fn asked(place: usize, query: &Query) -> Value {
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

pub(super) fn by_minute(result: &Value, epoch: i64) -> Values {
    let list = |name: &str| result[name].as_array().cloned().unwrap_or_default();
    let (times, values) = (list("Timestamps"), list("Values"));
    let point = |(time, value): (&Value, &Value)| {
        Some((u32::try_from(time.as_i64()? / 60 - epoch).ok()?, value.as_f64()?))
    };
    times.iter().zip(&values).filter_map(point).collect()
}

/// What the alarm's state is at the end of so many minutes. What came late counts as if it had come in time: the alarm is evaluated anew
/// from the beginning.
pub(super) fn state_at(alarm: &Alarm, queries: &[Query], values: &[Values], minutes: u32) -> State {
    let mut recording = Recording::default();
    for (query, values) in queries.iter().zip(values) {
        for (at, value) in values {
            let sample = Sample { at: *at, published: at + 1, value: *value, count: 1 };
            recording.add(query.metric.clone(), sample);
        }
    }
    let history = Evaluator::new(std::slice::from_ref(alarm)).history(&recording, minutes);
    history.transitions.last().map_or(State::InsufficientData, |last| last.to)
}

pub(super) fn reason(queries: &[Query], values: &[Values], epoch: i64, end: i64) -> String {
    let time = |minute: i64| {
        Timestamp::from_second(minute * 60).map_or_else(|_| minute.to_string(), |time| time.to_string())
    };
    let said = queries.iter().zip(values).map(|(query, values)| {
        let what = format!("{} of {}", statistic_name(query.statistic), query.metric);
        values.last_key_value().map_or_else(
            || format!("no data of {what}"),
            |(at, value)| format!("{what} was {value} in the minute from {}", time(epoch + i64::from(*at))),
        )
    });
    format!("Evaluated at {}: {}", time(end), said.collect::<Vec<_>>().join("; "))
}

pub(super) const fn name_of(state: State) -> &'static str {
    match state {
        State::Ok => "OK",
        State::Alarm => "ALARM",
        State::InsufficientData => "INSUFFICIENT_DATA",
    }
}

pub(super) fn state_named(name: &str) -> State {
    let all = [State::Ok, State::Alarm];
    all.into_iter().find(|state| name_of(*state) == name).unwrap_or(State::InsufficientData)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the engine describes it, which fills in what was not said.
    fn described() -> Value {
        json!({
            "AlarmName": "s-Flow-1A-Alarm-2B", "AlarmArn": "arn", "AlarmDescription": "Impact", "MetricName": "BreakerOpen",
            "Namespace": "Spillway", "Statistic": "Sum", "ExtendedStatistic": null, "Period": 60, "EvaluationPeriods": 3,
            "Threshold": 0.0, "ComparisonOperator": "GreaterThanThreshold", "TreatMissingData": "notBreaching",
            "StateValue": "OK", "StateReason": "", "StateUpdatedTimestamp": 1, "ActionsEnabled": true, "DatapointsToAlarm": 2,
            "AlarmActions": ["arn:aws:sns:r:1:t"], "OKActions": [], "InsufficientDataActions": [], "Unit": null,
            "Dimensions": [{ "Name": "FunctionName", "Value": "f" }]
        })
    }

    #[test]
    fn an_alarm_is_evaluated_as_it_is_deployed_on_the_values_of_the_engine() {
        let alarm = definition(&described()).unwrap();
        let queries = watchable(&alarm).unwrap();
        // The engine's times are seconds; the epoch is minute 100.
        let result = json!({ "Id": "q0", "Timestamps": [6_060, 6_180, 6_240], "Values": [1.0, 0.0, 2.0] });
        let values = [by_minute(&result, 100)];
        assert_eq!(values[0], BTreeMap::from([(1, 1.0), (3, 0.0), (4, 2.0)]));
        let states: Vec<_> = (1..=6).map(|minutes| state_at(&alarm, &queries, &values, minutes)).collect();
        // Two of three: as minute 2 says nothing, minute 1 is looked at beside 3 and 4.
        assert_eq!(states, [[State::Ok; 2], [State::Ok; 2], [State::Alarm; 2]].concat());
        let values = [BTreeMap::from([(1, 1.0), (2, 1.0), (3, 0.0), (4, 0.0)])];
        let states: Vec<_> = (1..=5).map(|minutes| state_at(&alarm, &queries, &values, minutes)).collect();
        assert_eq!(states, [State::Ok, State::Ok, State::Alarm, State::Alarm, State::Ok]);
    }

    #[test]
    fn what_nobody_sees_is_not_watched() {
        let mut unseen = described();
        unseen["Namespace"] = json!("AWS/DynamoDB");
        assert!(watchable(&definition(&unseen).unwrap()).is_none());
        // The p99 of five minutes is not said by those of the minutes.
        let mut slow = described();
        slow["ExtendedStatistic"] = json!("p99");
        slow["Statistic"] = json!("Average");
        assert!(watchable(&definition(&slow).unwrap()).is_some());
        slow["Period"] = json!(300);
        assert!(watchable(&definition(&slow).unwrap()).is_none());
    }

    #[test]
    fn alarms_that_were_taken_over_are_not_taken_over_again() {
        let mut taken = described();
        taken["MetricName"] = json!("");
        assert!(definition(&taken).unwrap_err().to_string().contains("watched already"));
    }

    #[test]
    fn a_reason_says_value_and_minute() {
        let queries = watchable(&definition(&described()).unwrap()).unwrap();
        let said = reason(&queries, &[BTreeMap::from([(1, 2.0)])], 100, 102);
        assert_eq!(
            said,
            "Evaluated at 1970-01-01T01:42:00Z: Sum of Spillway BreakerOpen FunctionName=f was 2 in the minute from 1970-01-01T01:41:00Z"
        );
        assert!(reason(&queries, &[Values::new()], 100, 102).contains("no data of Sum of Spillway"));
    }
}
