use std::io::Write as _;
use std::sync::OnceLock;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::metrics::{FUNCTION_NAME, Metric, NAMESPACE};

static FUNCTION: OnceLock<String> = OnceLock::new();

/// Where this name is known it is the first dimension of every metric.
pub(crate) fn counts_of(function: String) {
    FUNCTION.get_or_init(|| function);
}

/// A count for CloudWatch, in its embedded metric format: a line on standard output, no call. `values` are those of the metric's
/// dimensions, in their order. The first dimension alone is a dimension set too, so that there is a sum over the others.
pub fn count<const N: usize>(metric: &Metric<N>, values: [&str; N], count: u64) {
    let function = FUNCTION.get().map(|function| (FUNCTION_NAME, function.as_str()));
    let dimensions: Vec<_> = function.into_iter().chain(metric.dimensions.into_iter().zip(values)).collect();
    let line = line(metric.name, metric.unit, &dimensions, count, Timestamp::now());
    // A metric that cannot be written must not stop a message.
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
}
