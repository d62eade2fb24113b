use ::settings::Problem;
use freshness::Cadence;
use serde::Deserialize;
use serde_json::{Map, Value};

/// What is to be watched of a flow: the event of its schedule (infra/watch.yaml).
#[derive(Clone, Debug)]
pub struct Watch {
    pub flow: String,
    /// Name of the flow's function, under which metrics are told.
    pub function: String,
    pub queue_url: String,
    pub dead_letter_queue_url: String,
    /// Of the event source mapping.
    pub mapping_id: String,
    /// Name of the target's gate.
    pub target: String,
    pub secret_arns: Vec<String>,
    /// The flows that a canary passes which is posted for this one, in their order; none where no source posts to it.
    pub canary_path: Vec<String>,
    pub cadence: Cadence,
    /// What is asked for events that never came.
    pub source: Option<SourceToAsk>,
    /// Somebody says that the ledger may know nothing of the time before.
    pub confirm: bool,
}

#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceToAsk {
    /// `stripe` or `vendure`.
    pub system: String,
    /// In `SOURCES`: by which way its webhooks come.
    pub name: String,
    /// Of its API.
    pub url: String,
    pub secret_arn: String,
    /// Accounts of events that do not name theirs, as the flow has them.
    #[serde(default)]
    pub accounts: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Event {
    flow: String,
    function: String,
    queue_url: String,
    dead_letter_queue_url: String,
    mapping_id: String,
    target: String,
    #[serde(default)]
    secret_arns: Vec<String>,
    #[serde(default)]
    canary_path: Vec<String>,
    #[serde(default)]
    cadence: Map<String, Value>,
    #[serde(default)]
    source: Option<SourceToAsk>,
    #[serde(default)]
    confirm: bool,
}

impl Watch {
    pub fn read(event: Value) -> Result<Self, Vec<Problem>> {
        let event: Event = serde_json::from_value(event)
            .map_err(|error| vec![Problem::whole(format!("the schedule's event: {error}"))])?;
        let required = [
            ("flow", &event.flow),
            ("function", &event.function),
            ("queue_url", &event.queue_url),
            ("dead_letter_queue_url", &event.dead_letter_queue_url),
            ("mapping_id", &event.mapping_id),
            ("target", &event.target),
        ];
        let mut problems: Vec<_> = required
            .iter()
            .filter(|(_, value)| value.is_empty())
            .map(|(name, _)| Problem { path: format!(".{name}"), problem: "missing".to_owned() })
            .collect();
        let mut fields = event.cadence;
        // A parameter of a template that is an empty list comes as a list of one empty text.
        for value in fields.values_mut() {
            if let Value::Array(items) = value {
                items.retain(|item| item != "");
            }
        }
        let cadence = Cadence::read(fields).map_err(|found| {
            problems
                .extend(found.into_iter().map(|it| Problem { path: format!(".cadence{}", it.path), ..it }));
        });
        match cadence {
            Ok(cadence) if problems.is_empty() => Ok(Self {
                flow: event.flow,
                function: event.function,
                queue_url: event.queue_url,
                dead_letter_queue_url: event.dead_letter_queue_url,
                mapping_id: event.mapping_id,
                target: event.target,
                secret_arns: filled(event.secret_arns),
                canary_path: filled(event.canary_path),
                cadence,
                source: event.source,
                confirm: event.confirm,
            }),
            _ => Err(problems),
        }
    }
}

fn filled(texts: Vec<String>) -> Vec<String> {
    texts.into_iter().filter(|text| !text.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event() -> Value {
        json!({
            "flow": "orders-to-inventory", "function": "shop-orders-to-inventory",
            "queue_url": "https://sqs.example/1/orders", "dead_letter_queue_url": "https://sqs.example/1/orders-dlq",
            "mapping_id": "6d3a…", "target": "tryton", "secret_arns": [""], "canary_path": ["orders-to-inventory", ""],
            "cadence": {"every_seconds": 3600, "time_zone": "Europe/Berlin", "hours": "", "holidays": [""]}, "source": null
        })
    }

    #[test]
    fn lists_that_a_template_leaves_empty_are_empty() {
        let watch = Watch::read(event()).unwrap();
        assert_eq!(
            (watch.secret_arns.len(), watch.canary_path, watch.source),
            (0, vec!["orders-to-inventory".to_owned()], None)
        );
    }

    #[test]
    fn every_problem_is_told_at_once_by_its_place() {
        let mut event = event();
        event["queue_url"] = json!("");
        event["cadence"]["time_zone"] = json!("Mars/Olympus");
        event["cadence"]["hours"] = json!("always");
        let problems = Watch::read(event).unwrap_err();
        let paths: Vec<_> = problems.into_iter().map(|problem| problem.path).collect();
        assert_eq!(paths, [".queue_url", ".cadence.time_zone", ".cadence.hours[0]"]);
        let problems = Watch::read(json!({"flow": "x", "colour": "red"})).unwrap_err();
        assert!(problems[0].problem.contains("colour"), "{problems:?}");
    }
}
