//! What a function's log says of metrics: our own lines in CloudWatch's embedded metric format, and the engine's REPORT of each invocation.
//! (docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html)

use alarms::MetricId;
use serde_json::Value;

/// One measurement, as PutMetricData takes it.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Datum {
    pub(super) metric: MetricId,
    pub(super) unit: String,
    /// When it was measured, in milliseconds since 1970.
    pub(super) at: i64,
    pub(super) value: f64,
}

/// The metrics of a line: each once for every set of dimensions that the line names; none of a line without them.
pub(super) fn embedded(line: &str) -> Vec<Datum> {
    let Ok(root) = serde_json::from_str::<Value>(line) else { return Vec::new() };
    let Some(at) = root["_aws"]["Timestamp"].as_i64() else { return Vec::new() };
    let mut all = Vec::new();
    for directive in list(&root["_aws"]["CloudWatchMetrics"]) {
        for set in list(&directive["Dimensions"]) {
            for metric in list(&directive["Metrics"]) {
                let (Some(namespace), Some(name)) =
                    (directive["Namespace"].as_str(), metric["Name"].as_str())
                else {
                    continue;
                };
                let dimensions: Vec<_> = list(set)
                    .filter_map(Value::as_str)
                    .filter_map(|name| Some((name, root[name].as_str()?)))
                    .collect();
                let id = MetricId::new(namespace, name, &dimensions);
                let unit = metric["Unit"].as_str().unwrap_or("None").to_owned();
                let values =
                    root[name].as_array().map_or_else(|| vec![&root[name]], |many| many.iter().collect());
                all.extend(values.into_iter().filter_map(Value::as_f64).map(|value| Datum {
                    metric: id.clone(),
                    unit: unit.clone(),
                    at,
                    value,
                }));
            }
        }
    }
    all
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// Invocations and Duration, of the line with which the engine ends each invocation: `REPORT RequestId: …\tDuration: 12 ms\t…`. As of the
/// moment at which the function was invoked (docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html).
pub(super) fn reported(function: &str, ended_at: i64, line: &str) -> Vec<Datum> {
    let Some(rest) = line.strip_prefix("REPORT RequestId: ") else { return Vec::new() };
    let duration = rest.split('\t').find_map(|part| part.strip_prefix("Duration: ")?.strip_suffix(" ms"));
    let Some(milliseconds) = duration.and_then(|text| text.parse::<u32>().ok()) else { return Vec::new() };
    let datum = |name: &str, unit: &str, value: f64| Datum {
        metric: MetricId::new("AWS/Lambda", name, &[("FunctionName", function)]),
        unit: unit.to_owned(),
        at: ended_at - i64::from(milliseconds),
        value,
    };
    vec![datum("Invocations", "Count", 1.0), datum("Duration", "Milliseconds", f64::from(milliseconds))]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_line_counts_once_for_each_set_of_dimensions_and_each_of_its_values() {
        let line = json!({
            "message": "told", "FunctionName": "f", "Target": "karrio", "CredentialsRefused": 2, "Took": [5, 7.5],
            "_aws": { "Timestamp": 1_700_000_000_123_i64, "CloudWatchMetrics": [
                { "Namespace": "Spillway", "Dimensions": [["FunctionName", "Target"], ["FunctionName"]],
                  "Metrics": [{ "Name": "CredentialsRefused", "Unit": "Count" }] },
                { "Namespace": "Spillway", "Dimensions": [[]], "Metrics": [{ "Name": "Took" }] },
            ] }
        });
        let found = embedded(&line.to_string());
        let datum = |name, dimensions: &[(&str, &str)], unit: &str, value| Datum {
            metric: MetricId::new("Spillway", name, dimensions),
            unit: unit.to_owned(),
            at: 1_700_000_000_123,
            value,
        };
        let refused = |dimensions: &[(&str, &str)]| datum("CredentialsRefused", dimensions, "Count", 2.0);
        assert_eq!(
            found,
            [
                refused(&[("FunctionName", "f"), ("Target", "karrio")]),
                refused(&[("FunctionName", "f")]),
                datum("Took", &[], "None", 5.0),
                datum("Took", &[], "None", 7.5),
            ]
        );
    }

    #[test]
    fn other_lines_say_no_metric() {
        for line in
            ["", "START RequestId: 1", "{}", r#"{"message": "done"}"#, r#"{"_aws": {"Timestamp": 1}}"#]
        {
            assert_eq!(embedded(line), [], "{line}");
        }
    }

    #[test]
    fn an_invocation_is_of_the_moment_at_which_it_began() {
        let line = "REPORT RequestId: 6f\tDuration: 250 ms\tBilled Duration: 250 ms\tMemory Size: 256 MB";
        let found = reported("f", 10_000, line);
        let of: Vec<_> =
            found.iter().map(|datum| (datum.metric.name.as_str(), datum.at, datum.value)).collect();
        assert_eq!(of, [("Invocations", 9_750, 1.0), ("Duration", 9_750, 250.0)]);
        for other in ["END RequestId: 6f", "REPORT RequestId: 6f", "REPORT RequestId: 6f\tDuration: long ms"]
        {
            assert_eq!(reported("f", 10_000, other), [], "{other}");
        }
    }
}
