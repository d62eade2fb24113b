//! Metrics of dashboards' widgets, out of the expanded template
//! (docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html).

use serde_json::Value;

use crate::metric::MetricId;
use crate::template::{Application, Resource, text};
use crate::{Refused, math};

/// What a graph shows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Widget {
    /// Logical id of its dashboard.
    pub dashboard: String,
    pub title: String,
    pub metrics: Vec<MetricId>,
    pub expressions: Vec<String>,
}

/// All that show metrics.
pub fn widgets(application: &Application) -> Result<Vec<Widget>, Refused> {
    let mut all = Vec::new();
    for dashboard in application.of_kind("AWS::CloudWatch::Dashboard") {
        let refused = |what: String| Refused::new(&dashboard.id, what);
        let body = dashboard.properties.get("DashboardBody").map(text).unwrap_or_default();
        let body: Value = serde_json::from_str(&body).map_err(|error| refused(error.to_string()))?;
        for widget in body.get("widgets").and_then(Value::as_array).into_iter().flatten() {
            let Some(properties) = widget.get("properties") else { continue };
            if let Some(metrics) = properties.get("metrics").and_then(Value::as_array) {
                let title = properties.get("title").map(text).unwrap_or_default();
                all.push(read(dashboard, title, metrics)?);
            }
        }
    }
    Ok(all)
}

fn read(dashboard: &Resource, title: String, rows: &[Value]) -> Result<Widget, Refused> {
    let refused = |what: &str| Refused::new(format!("{}: {title}", dashboard.id), what);
    let (mut metrics, mut expressions) = (Vec::new(), Vec::new());
    let mut before: Vec<String> = Vec::new();
    for row in rows {
        let row = row.as_array().ok_or_else(|| refused("a metric that is no list"))?;
        let words: Vec<_> = row.iter().filter_map(Value::as_str).collect();
        if words.is_empty() {
            let said = row.iter().find_map(|options| options.get("expression")).map(text);
            let said = said.ok_or_else(|| refused("a row that is neither a metric nor an expression"))?;
            // A search finds its metrics itself; anything else is metric math.
            if !said.contains("SEARCH(") {
                math::Expression::parse(&said).map_err(|wrong| wrong.within(&dashboard.id))?;
            }
            expressions.push(said);
            continue;
        }
        let full =
            filled(&words, &before).ok_or_else(|| refused("a row that repeats what is not before it"))?;
        let [namespace, name, dimensions @ ..] = full.as_slice() else {
            return Err(refused("a metric without its name"));
        };
        let (pairs, rest) = dimensions.as_chunks::<2>();
        if !rest.is_empty() {
            return Err(refused("a dimension without a value"));
        }
        let pairs: Vec<_> = pairs.iter().map(|[name, value]| (name.as_str(), value.as_str())).collect();
        metrics.push(MetricId::new(namespace, name, &pairs));
        before = full;
    }
    Ok(Widget { dashboard: dashboard.id.clone(), title, metrics, expressions })
}

/// "." is the same as at this place in the row before, "..." the same for all places that are left out.
fn filled(words: &[&str], before: &[String]) -> Option<Vec<String>> {
    let mut full: Vec<String> = Vec::new();
    for (place, word) in words.iter().enumerate() {
        match *word {
            "..." => {
                let after = words.len() - place - 1;
                let until = before.len().checked_sub(after)?;
                full.extend(before.get(place..until)?.iter().cloned());
            }
            "." => full.push(before.get(full.len())?.clone()),
            word => full.push(word.to_owned()),
        }
    }
    Some(full)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read_rows(rows: &Value) -> Result<Vec<Widget>, Refused> {
        let body = json!({"widgets": [
            {"type": "text", "properties": {"markdown": "# Flows"}},
            {"type": "metric", "properties": {"title": "Queues", "metrics": rows}}
        ]});
        let dashboard = Resource {
            flow: String::new(),
            id: "Overview".to_owned(),
            kind: "AWS::CloudWatch::Dashboard".to_owned(),
            reference: "s-Overview".to_owned(),
            properties: json!({"DashboardBody": body.to_string()}),
            attributes: serde_json::Map::new(),
        };
        widgets(&Application { resources: vec![dashboard] })
    }

    #[test]
    fn rows_may_repeat_the_row_before() {
        let rows = json!([
            ["AWS/SQS", "NumberOfMessagesSent", "QueueName", "a", {"stat": "Sum"}],
            [".", "NumberOfMessagesDeleted", ".", "."],
            ["...", "b", {"id": "m1"}],
            [{"expression": "FILL(m1, 0)", "label": "filled"}],
            ["AWS/Lambda", "Duration"]
        ]);
        let widgets = read_rows(&rows).unwrap();
        let [widget] = widgets.as_slice() else { panic!("one shows metrics") };
        assert_eq!((widget.dashboard.as_str(), widget.title.as_str()), ("Overview", "Queues"));
        let of = |name, queue| MetricId::new("AWS/SQS", name, &[("QueueName", queue)]);
        let expected = [
            of("NumberOfMessagesSent", "a"),
            of("NumberOfMessagesDeleted", "a"),
            of("NumberOfMessagesDeleted", "b"),
            MetricId::new("AWS/Lambda", "Duration", &[]),
        ];
        assert_eq!(widget.metrics, expected);
        assert_eq!(widget.expressions, ["FILL(m1, 0)"]);
    }

    #[test]
    fn what_cannot_be_shown_is_refused() {
        for rows in [
            json!([[".", "NumberOfMessagesSent", "QueueName", "a"]]),
            json!([["AWS/SQS"]]),
            json!([["AWS/SQS", "NumberOfMessagesSent", "QueueName"]]),
            json!([[{"label": "nothing"}]]),
            json!([[{"expression": "NOBODY(m1)"}]]),
            json!(["AWS/SQS"]),
        ] {
            assert!(read_rows(&rows).is_err(), "{rows}");
        }
    }
}
