//! Alarms out of an expanded template. A property that is not known here is refused: it would be judged as if it were not there.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::alarm::{
    Actions, Alarm, Comparison, CompositeAlarm, Kind, MetricAlarm, Missing, Query, Signal, Statistic,
    Suppressor,
};
use crate::math::Expression;
use crate::metric::MetricId;
use crate::rule::AlarmRule;
use crate::template::{Application, Resource};
use crate::{Refused, template};

const COMMON: [&str; 5] = ["AlarmName", "AlarmDescription", "AlarmActions", "OKActions", "ActionsEnabled"];
const OF_METRIC: [&str; 14] = [
    "EvaluateLowSampleCountPercentile",
    "Namespace",
    "MetricName",
    "Dimensions",
    "Statistic",
    "ExtendedStatistic",
    "Period",
    "Unit",
    "Metrics",
    "EvaluationPeriods",
    "DatapointsToAlarm",
    "ComparisonOperator",
    "Threshold",
    "TreatMissingData",
];
const OF_COMPOSITE: [&str; 4] =
    ["AlarmRule", "ActionsSuppressor", "ActionsSuppressorWaitPeriod", "ActionsSuppressorExtensionPeriod"];

/// All of them, the application's own and each flow's.
pub fn alarms(application: &Application) -> Result<Vec<Alarm>, Refused> {
    let of = |resource: &Resource| {
        let properties = Properties { at: &resource.id, of: &resource.properties };
        let kind = match resource.kind.as_str() {
            "AWS::CloudWatch::Alarm" => {
                properties.only(&OF_METRIC).and_then(|()| metric_alarm(&properties)).map(Kind::Metric)
            }
            "AWS::CloudWatch::CompositeAlarm" => {
                properties.only(&OF_COMPOSITE).and_then(|()| composite(&properties)).map(Kind::Composite)
            }
            _ => return None,
        };
        Some(kind.and_then(|kind| {
            Ok(Alarm {
                name: resource.reference.clone(),
                flow: resource.flow.clone(),
                id: resource.id.clone(),
                description: properties.text("AlarmDescription").unwrap_or_default(),
                actions: properties.actions()?,
                kind,
            })
        }))
    };
    application.resources.iter().filter_map(of).collect()
}

struct Properties<'a> {
    at: &'a str,
    of: &'a Value,
}

impl Properties<'_> {
    fn refused(&self, what: impl Into<String>) -> Refused {
        Refused::new(self.at, what)
    }

    fn only(&self, known: &[&str]) -> Result<(), Refused> {
        let names = self.of.as_object().into_iter().flat_map(Map::keys);
        let unknown = names.into_iter().find(|name| {
            let name = name.as_str();
            !known.contains(&name) && !COMMON.contains(&name)
        });
        unknown.map_or(Ok(()), |name| Err(self.refused(format!("{name} is not modelled"))))
    }

    fn text(&self, name: &str) -> Option<String> {
        self.of.get(name).map(template::text)
    }

    fn needed(&self, name: &str) -> Result<String, Refused> {
        self.text(name).ok_or_else(|| self.refused(format!("no {name}")))
    }

    fn texts(&self, name: &str) -> Result<Vec<String>, Refused> {
        match self.of.get(name) {
            None => Ok(Vec::new()),
            Some(Value::Array(texts)) => Ok(texts.iter().map(template::text).collect()),
            Some(_) => Err(self.refused(format!("{name} is no list"))),
        }
    }

    /// None while they are switched off.
    fn actions(&self) -> Result<Actions, Refused> {
        if self.text("ActionsEnabled").as_deref() == Some("false") {
            return Ok(Actions::default());
        }
        Ok(Actions { alarm: self.texts("AlarmActions")?, ok: self.texts("OKActions")? })
    }

    fn number<T: std::str::FromStr>(&self, name: &str) -> Result<T, Refused> {
        let text = self.needed(name)?;
        text.parse().map_err(|_| self.refused(format!("{name} is no number: {text}")))
    }

    fn minutes(&self, name: &str) -> Result<u32, Refused> {
        let seconds: u32 = self.number(name)?;
        if seconds.is_multiple_of(60) {
            Ok(seconds / 60)
        } else {
            Err(self.refused(format!("{name} of no whole minutes")))
        }
    }
}

fn metric_alarm(properties: &Properties<'_>) -> Result<MetricAlarm, Refused> {
    let signal = match properties.of.get("Metrics") {
        Some(Value::Array(metrics)) => math(properties, metrics)?,
        Some(_) => return Err(properties.refused("Metrics is no list")),
        None => Signal::Metric(query(properties, properties, statistic_of(properties)?)?),
    };
    let evaluation_periods = properties.number("EvaluationPeriods")?;
    let datapoints = properties.of.get("DatapointsToAlarm");
    let datapoints_to_alarm =
        datapoints.map_or(Ok(evaluation_periods), |_| properties.number("DatapointsToAlarm"))?;
    if !(1..=evaluation_periods).contains(&datapoints_to_alarm) {
        return Err(properties.refused(format!("{datapoints_to_alarm} out of {evaluation_periods}")));
    }
    let comparison = match properties.needed("ComparisonOperator")?.as_str() {
        "GreaterThanThreshold" => Comparison::Greater,
        "GreaterThanOrEqualToThreshold" => Comparison::GreaterOrEqual,
        "LessThanThreshold" => Comparison::Less,
        "LessThanOrEqualToThreshold" => Comparison::LessOrEqual,
        other => return Err(properties.refused(format!("{other} is not modelled"))),
    };
    let missing = match properties.text("TreatMissingData").as_deref() {
        Some("breaching") => Missing::Breaching,
        Some("notBreaching") => Missing::NotBreaching,
        Some("ignore") => Missing::Ignore,
        Some("missing") | None => Missing::Missing,
        Some(other) => return Err(properties.refused(format!("TreatMissingData {other}"))),
    };
    let threshold = properties.number("Threshold")?;
    let ignores_low_samples = match properties.text("EvaluateLowSampleCountPercentile").as_deref() {
        Some("ignore") => true,
        Some("evaluate") | None => false,
        Some(other) => {
            return Err(properties.refused(format!("EvaluateLowSampleCountPercentile {other}")));
        }
    };
    Ok(MetricAlarm {
        signal,
        evaluation_periods,
        datapoints_to_alarm,
        comparison,
        threshold,
        missing,
        ignores_low_samples,
    })
}

fn statistic_of(properties: &Properties<'_>) -> Result<Statistic, Refused> {
    let name = properties.text("Statistic").or_else(|| properties.text("ExtendedStatistic"));
    statistic(properties, &name.ok_or_else(|| properties.refused("no statistic"))?)
}

fn statistic(properties: &Properties<'_>, name: &str) -> Result<Statistic, Refused> {
    Statistic::named(name).ok_or_else(|| properties.refused(format!("statistic {name} is not modelled")))
}

/// `of` has the metric's name, `period` how it is asked for.
fn query(of: &Properties<'_>, asked: &Properties<'_>, statistic: Statistic) -> Result<Query, Refused> {
    let mut dimensions = BTreeMap::new();
    for dimension in of.of.get("Dimensions").and_then(Value::as_array).into_iter().flatten() {
        let dimension = Properties { at: of.at, of: dimension };
        dimensions.insert(dimension.needed("Name")?, dimension.needed("Value")?);
    }
    let metric = MetricId { namespace: of.needed("Namespace")?, name: of.needed("MetricName")?, dimensions };
    Ok(Query { metric, statistic, period_minutes: asked.minutes("Period")?, unit: asked.text("Unit") })
}

fn math(properties: &Properties<'_>, metrics: &[Value]) -> Result<Signal, Refused> {
    let (mut queries, mut expressions, mut returned) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
    for entry in metrics {
        let entry = Properties { at: properties.at, of: entry };
        let id = entry.needed("Id")?;
        // "ReturnData: true" is the default, where only one of several may say so.
        if entry.of.get("ReturnData") != Some(&Value::Bool(false)) {
            returned.push(id.clone());
        }
        if let Some(expression) = entry.text("Expression") {
            let expression = Expression::parse(&expression).map_err(|refused| refused.within(entry.at))?;
            expressions.insert(id, expression);
        } else {
            let stat = entry.of.get("MetricStat").ok_or_else(|| entry.refused(format!("{id} is nothing")))?;
            let stat = Properties { at: entry.at, of: stat };
            let metric = stat.of.get("Metric").ok_or_else(|| stat.refused(format!("{id} has no metric")))?;
            let metric = Properties { at: entry.at, of: metric };
            queries.insert(id, query(&metric, &stat, statistic(&stat, &stat.needed("Stat")?)?)?);
        }
    }
    let [returned] = returned.as_slice() else {
        return Err(properties.refused(format!("{} results, one is needed", returned.len())));
    };
    let known = |id: &&str| !queries.contains_key(*id) && !expressions.contains_key(*id);
    if let Some(unknown) = expressions.values().flat_map(Expression::ids).find(known) {
        return Err(properties.refused(format!("nothing has the id {unknown}")));
    }
    let mut periods = queries.values().map(|query| query.period_minutes);
    let first = periods.next();
    if periods.any(|period| Some(period) != first) {
        return Err(properties.refused("metrics of several periods"));
    }
    Ok(Signal::Math { returned: returned.clone(), queries, expressions })
}

fn composite(properties: &Properties<'_>) -> Result<CompositeAlarm, Refused> {
    let rule = AlarmRule::parse(&properties.needed("AlarmRule")?)
        .map_err(|refused| refused.within(properties.at))?;
    let suppressor = match properties.text("ActionsSuppressor") {
        None => None,
        Some(alarm) => Some(Suppressor {
            alarm,
            wait_minutes: properties.minutes("ActionsSuppressorWaitPeriod")?,
            extension_minutes: properties.minutes("ActionsSuppressorExtensionPeriod")?,
        }),
    };
    Ok(CompositeAlarm { rule, suppressor })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(kind: &str, properties: Value) -> Result<Alarm, Refused> {
        let resource = Resource {
            flow: "orders".to_owned(),
            id: "A".to_owned(),
            kind: format!("AWS::CloudWatch::{kind}"),
            reference: "s-A".to_owned(),
            properties,
            attributes: Map::new(),
        };
        alarms(&Application { resources: vec![resource] }).map(|mut alarms| alarms.remove(0))
    }

    fn plain() -> Value {
        json!({
            "AlarmDescription": "Impact", "Namespace": "AWS/Lambda", "MetricName": "Duration",
            "Dimensions": [{"Name": "FunctionName", "Value": "f"}], "ExtendedStatistic": "p99.9", "Period": 120,
            "ComparisonOperator": "GreaterThanThreshold", "Threshold": "24000", "DatapointsToAlarm": 2,
            "EvaluationPeriods": 3, "AlarmActions": ["arn"]
        })
    }

    #[test]
    fn an_alarm_on_one_metric() {
        let alarm = read("Alarm", plain()).unwrap();
        assert_eq!(
            (alarm.name.as_str(), alarm.flow.as_str(), alarm.actions.alarm.len()),
            ("s-A", "orders", 1)
        );
        let Kind::Metric(metric) = alarm.kind else { panic!("a metric alarm") };
        assert_eq!((metric.datapoints_to_alarm, metric.evaluation_periods), (2, 3));
        assert_eq!((metric.missing, metric.comparison), (Missing::Missing, Comparison::Greater));
        let Signal::Metric(query) = metric.signal else { panic!("one metric") };
        assert_eq!((query.statistic, query.period_minutes), (Statistic::Percentile(9_990), 2));
        assert_eq!(query.metric, MetricId::new("AWS/Lambda", "Duration", &[("FunctionName", "f")]));
    }

    #[test]
    fn an_alarm_whose_actions_are_switched_off_tells_nobody() {
        let mut properties = plain();
        properties["ActionsEnabled"] = json!(false);
        assert_eq!(read("Alarm", properties).unwrap().actions, Actions::default());
    }

    #[test]
    fn what_would_be_judged_as_if_it_were_not_there_is_refused() {
        for (name, value) in [
            ("EvaluationWindow", json!({"WallClockWindow": {}})),
            ("EvaluateLowSampleCountPercentile", json!("sometimes")),
            ("ComparisonOperator", json!("GreaterThanUpperThreshold")),
            ("ExtendedStatistic", json!("tm90")),
            ("DatapointsToAlarm", json!(4)),
            ("Period", json!(10)),
            ("Threshold", json!("<Threshold>")),
            ("TreatMissingData", json!("good")),
        ] {
            let mut properties = plain();
            properties[name] = value;
            assert!(read("Alarm", properties).is_err(), "{name}");
        }
    }

    fn with_metrics(expression: &str, period: u32) -> Value {
        let metric = |id: &str, period: u32| {
            let metric = json!({"Namespace": "N", "MetricName": id, "Dimensions": []});
            json!({"Id": id, "ReturnData": false, "MetricStat": {"Stat": "Sum", "Period": period, "Metric": metric}})
        };
        json!({
            "Metrics": [{"Id": "share", "Expression": expression}, metric("a", 60), metric("b", period)],
            "ComparisonOperator": "LessThanThreshold", "Threshold": 1, "EvaluationPeriods": 3, "TreatMissingData": "breaching"
        })
    }

    #[test]
    fn an_alarm_on_an_expression_needs_its_ids_and_one_period() {
        let alarm = read("Alarm", with_metrics("a / b", 60)).unwrap();
        let Kind::Metric(metric) = alarm.kind else { panic!("a metric alarm") };
        assert_eq!((metric.datapoints_to_alarm, metric.signal.queries().len()), (3, 2));
        assert!(read("Alarm", with_metrics("a / c", 60)).is_err());
        assert!(read("Alarm", with_metrics("a / b", 300)).is_err());
    }

    #[test]
    fn a_composite_alarm_has_a_rule_and_perhaps_a_suppressor() {
        let properties = json!({
            "AlarmRule": "ALARM(\"s-A\") OR ALARM(\"s-B\")", "ActionsSuppressor": "s-C",
            "ActionsSuppressorWaitPeriod": 60, "ActionsSuppressorExtensionPeriod": 120
        });
        let Kind::Composite(composite) = read("CompositeAlarm", properties).unwrap().kind else {
            panic!("a composite")
        };
        assert_eq!(composite.rule.alarms(), ["s-A", "s-B"]);
        let suppressor = Suppressor { alarm: "s-C".to_owned(), wait_minutes: 1, extension_minutes: 2 };
        assert_eq!(composite.suppressor, Some(suppressor));
        assert!(read("CompositeAlarm", json!({"AlarmRule": "ALARM(a)", "Threshold": 1})).is_err());
    }
}
