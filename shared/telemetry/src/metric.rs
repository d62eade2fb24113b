use std::io::Write as _;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::event;
use crate::metrics::{FUNCTION_NAME, Metric, NAMESPACE};

/// A count for CloudWatch, in its embedded metric format: a line on standard output, no call. `values` are those of the metric's
/// dimensions, in their order. The first dimension alone is a dimension set too, so that there is a sum over the others.
pub fn count<const N: usize>(metric: &Metric<N>, values: [&str; N], count: u64) {
    write_count(event::function(), metric, values, count);
}

/// The same of another function, which was looked at.
pub fn count_of<const N: usize>(function: &str, metric: &Metric<N>, values: [&str; N], count: u64) {
    write_count(Some(function), metric, values, count);
}

/// What was seen of another function, in one line: metrics under its name alone, and `properties` for queries.
pub fn observe(function: &str, metrics: &[(Metric<0>, f64)], properties: Map<String, Value>) {
    write(&observation(function, metrics, properties, Timestamp::now()));
}

fn observation(
    function: &str,
    metrics: &[(Metric<0>, f64)],
    properties: Map<String, Value>,
    now: Timestamp,
) -> Value {
    let mut line = properties;
    line.insert("timestamp".to_owned(), json!(now.to_string()));
    line.insert(FUNCTION_NAME.to_owned(), json!(function));
    line.extend(metrics.iter().map(|(metric, value)| (metric.name.to_owned(), json!(value))));
    let told: Vec<_> =
        metrics.iter().map(|(metric, _)| json!({ "Name": metric.name, "Unit": metric.unit })).collect();
    let directive = json!([{ "Namespace": NAMESPACE, "Dimensions": [[FUNCTION_NAME]], "Metrics": told }]);
    line.insert(
        "_aws".to_owned(),
        json!({ "Timestamp": now.as_millisecond(), "CloudWatchMetrics": directive }),
    );
    Value::Object(line)
}

fn write_count<const N: usize>(function: Option<&str>, metric: &Metric<N>, values: [&str; N], count: u64) {
    let function = function.map(|function| (FUNCTION_NAME, function));
    let dimensions: Vec<_> = function.into_iter().chain(metric.dimensions.into_iter().zip(values)).collect();
    write(&line(metric.name, metric.unit, &dimensions, count, Timestamp::now()));
}

/// A metric that cannot be written must not stop a message.
fn write(line: &Value) {
    drop(writeln!(std::io::stdout().lock(), "{line}"));
}

fn line(name: &str, unit: &str, dimensions: &[(&str, &str)], count: u64, now: Timestamp) -> Value {
    let names: Vec<_> = dimensions.iter().map(|(name, _)| *name).collect();
    let mut sets = vec![names.clone()];
    if let [first, _, ..] = names.as_slice() {
        sets.push(vec![*first]);
    }
    let mut line: Map<String, Value> =
        dimensions.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    line.insert(name.to_owned(), json!(count));
    let metrics = json!([{ "Name": name, "Unit": unit }]);
    let directive = json!([{ "Namespace": NAMESPACE, "Dimensions": sets, "Metrics": metrics }]);
    line.insert(
        "_aws".to_owned(),
        json!({ "Timestamp": now.as_millisecond(), "CloudWatchMetrics": directive }),
    );
    Value::Object(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_one_line_of_the_embedded_metric_format() {
        let now = Timestamp::from_millisecond(1_764_000_000_000).unwrap();
        let dimensions = [("Flow", "orders-to-inventory"), ("Field", "$.note")];
        let expected = json!({
            "_aws": {
                "Timestamp": 1_764_000_000_000_i64,
                "CloudWatchMetrics": [{
                    "Namespace": "Spillway",
                    "Dimensions": [["Flow", "Field"], ["Flow"]],
                    "Metrics": [{"Name": "Drift", "Unit": "Count"}]
                }]
            },
            "Flow": "orders-to-inventory", "Field": "$.note", "Drift": 3
        });
        assert_eq!(line("Drift", "Count", &dimensions, 3, now), expected);
        let alone = line("OverridesRefused", "Count", &[("Mapping", "shopify-order")], 1, now);
        assert_eq!(alone["_aws"]["CloudWatchMetrics"][0]["Dimensions"], json!([["Mapping"]]));
    }

    #[test]
    fn what_was_seen_of_a_function_is_one_line_in_its_name() {
        let now = Timestamp::from_millisecond(1_764_000_000_000).unwrap();
        let properties = Map::from_iter([("flow".to_owned(), json!("crm-to-erp"))]);
        let seen = [(crate::metrics::SILENCE, 120.5), (crate::metrics::POLLER_OFF, 0.0)];
        let expected = json!({
            "_aws": {
                "Timestamp": 1_764_000_000_000_i64,
                "CloudWatchMetrics": [{
                    "Namespace": "Spillway",
                    "Dimensions": [["FunctionName"]],
                    "Metrics": [{"Name": "Silence", "Unit": "Percent"}, {"Name": "PollerOff", "Unit": "Count"}]
                }]
            },
            "timestamp": "2025-11-24T16:00:00Z", "FunctionName": "shop-crm-to-erp", "flow": "crm-to-erp",
            "Silence": 120.5, "PollerOff": 0.0
        });
        assert_eq!(observation("shop-crm-to-erp", &seen, properties, now), expected);
    }
}
