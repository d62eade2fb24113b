//! Metrics that exist: AWS's (published.toml) and ours (`telemetry::metrics`).

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;
use telemetry::metrics;

use crate::Refused;
use crate::metric::MetricId;
use crate::template::{Application, text};

const PUBLISHED: &str = include_str!("../published.toml");

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PublishedMetric {
    pub unit: String,
    pub dimension_sets: BTreeSet<BTreeSet<String>>,
}

/// By namespace and name.
pub type PublishedMetrics = BTreeMap<(String, String), PublishedMetric>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    service: Vec<Service>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Service {
    namespace: String,
    source: String,
    group: Vec<Group>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    dimensions: Vec<BTreeSet<String>>,
    unit: String,
    metrics: Vec<String>,
}

/// Of AWS's services, of our code, and of the template's metric filters.
pub fn published_in(application: &Application) -> Result<PublishedMetrics, Refused> {
    let mut all = published()?;
    for filter in application.of_kind("AWS::Logs::MetricFilter") {
        let made = filter.properties.get("MetricTransformations").and_then(Value::as_array);
        for made in made.into_iter().flatten() {
            let said = |name: &str| made.get(name).map(text);
            let (Some(namespace), Some(name)) = (said("MetricNamespace"), said("MetricName")) else {
                return Err(Refused::new(&filter.id, "a metric without its name"));
            };
            let dimensions = made.get("Dimensions").and_then(Value::as_array).into_iter().flatten();
            let dimensions = dimensions.filter_map(|dimension| dimension.get("Key").map(text)).collect();
            let unit = said("Unit").unwrap_or_else(|| "None".to_owned());
            let metric = all
                .entry((namespace, name))
                .or_insert_with(|| PublishedMetric { unit: unit.clone(), dimension_sets: BTreeSet::new() });
            if metric.unit != unit {
                return Err(Refused::new(&filter.id, "a metric in two units"));
            }
            metric.dimension_sets.insert(dimensions);
        }
    }
    Ok(all)
}

pub fn published() -> Result<PublishedMetrics, Refused> {
    let refused = |what: String| Refused::new("published.toml", what);
    let file: File = toml::from_str(PUBLISHED).map_err(|error| refused(error.to_string()))?;
    let mut all = PublishedMetrics::new();
    for service in file.service {
        if !service.source.starts_with("https://docs.aws.amazon.com/") {
            return Err(refused(format!("{} without its source", service.namespace)));
        }
        for group in service.group {
            for name in group.metrics {
                let metric = PublishedMetric {
                    unit: group.unit.clone(),
                    dimension_sets: group.dimensions.iter().cloned().collect(),
                };
                if all.insert((service.namespace.clone(), name.clone()), metric).is_some() {
                    return Err(refused(format!("{name} twice")));
                }
            }
        }
    }
    for ours in metrics::all() {
        let sets = ours.dimension_sets.iter().map(|set| set.iter().map(|name| (*name).to_owned()).collect());
        let metric = PublishedMetric { unit: ours.unit.to_owned(), dimension_sets: sets.collect() };
        all.insert((metrics::NAMESPACE.to_owned(), ours.name.to_owned()), metric);
    }
    Ok(all)
}

/// Why nobody publishes this metric under these dimensions in this unit; None where somebody does. CloudWatch would say nothing, and show
/// no data.
pub fn why_never_published(all: &PublishedMetrics, metric: &MetricId, unit: Option<&str>) -> Option<String> {
    let Some(known) = all.get(&(metric.namespace.clone(), metric.name.clone())) else {
        return Some(format!("nobody publishes {metric}"));
    };
    let names: BTreeSet<_> = metric.dimensions.keys().cloned().collect();
    if !known.dimension_sets.contains(&names) {
        return Some(format!("{metric} is published by {:?}", known.dimension_sets));
    }
    let other = unit.filter(|unit| *unit != known.unit)?;
    Some(format!("{metric} is in {}, not in {other}", known.unit))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::template::Resource;

    #[test]
    fn a_metric_filter_publishes_what_it_says() {
        let resource = |dimensions: Value| {
            let made = json!({"MetricNamespace": "Spillway", "MetricName": "Panics", "MetricValue": "1", "Unit": "Count", "Dimensions": dimensions});
            Resource {
                flow: "orders".to_owned(),
                id: "PanicFilter".to_owned(),
                kind: "AWS::Logs::MetricFilter".to_owned(),
                reference: String::new(),
                properties: json!({"MetricTransformations": [made]}),
                attributes: serde_json::Map::new(),
            }
        };
        let by_flow = resource(json!([{"Key": "Flow", "Value": "$.flow"}]));
        let application = Application { resources: vec![resource(json!([])), by_flow] };
        let all = published_in(&application).unwrap();
        let why = |dimensions: &[(&str, &str)], unit| {
            why_never_published(&all, &MetricId::new("Spillway", "Panics", dimensions), unit)
        };
        assert_eq!(why(&[], Some("Count")), None);
        assert_eq!(why(&[("Flow", "orders")], None), None);
        assert!(why(&[("FunctionName", "f")], None).is_some());
    }

    #[test]
    fn a_metric_has_to_match_by_name_dimensions_and_unit() {
        let all = published().unwrap();
        let why = |namespace, name, dimensions: &[(&str, &str)], unit| {
            why_never_published(&all, &MetricId::new(namespace, name, dimensions), unit).is_some()
        };
        let function = [("FunctionName", "f")];
        assert!(!why("AWS/Lambda", "Errors", &function, None));
        assert!(!why("Spillway", "UnknownValue", &function, Some("Count")));
        // As alarm libraries have had it.
        assert!(why("AWS/Lambda", "Errors", &[("FunctionName", "f"), ("Stage", "prod")], None));
        assert!(why("AWS/ApiGateway", "5XXError", &[("ApiId", "a"), ("Stage", "s")], None));
        assert!(why("AWS/ApiGateway", "5xx", &[("ApiName", "a")], None));
        assert!(why("AWS/DynamoDB", "SystemErrors", &[("TableName", "t")], None));
        assert!(why("AWS/DynamoDB", "UserErrors", &[("TableName", "t")], None));
        assert!(why("AWS/SQS", "ApproximateAgeOfOldestMessage", &[("QueueName", "q")], Some("Milliseconds")));
        assert!(why("Spillway", "UnknownValue", &[("Flow", "orders")], None));
        assert!(why("Spillway", "UnknownValues", &function, None));
    }
}
