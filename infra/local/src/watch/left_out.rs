//! The alarms that the engine's CloudFormation lacks, on metric math and composites, as it would have deployed them: out of the templates,
//! with the names that the engine has given to what they refer to.

use std::path::Path;

use alarms::{AlarmRule, Application, Parameters, Resource};
use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::deploy::STACK;

const METRIC: &str = "AWS::CloudWatch::Alarm";
const COMPOSITE: &str = "AWS::CloudWatch::CompositeAlarm";

/// Those on metric math first. `topics` are the engine's, `deployed` the names of its alarms.
pub(super) fn left_out(root: &Path, topics: &[String], deployed: &[String]) -> Result<Vec<Resource>> {
    let parameters = Parameters::from([("Stage".to_owned(), json!("prod"))]);
    let read = |file: &str| std::fs::read_to_string(root.join(file));
    let application = Application::expand("template.yaml", &read, STACK, parameters)?;
    let renamed = Renamed::of(&application, topics, deployed)?;
    let on_math = |it: &&Resource| it.kind == METRIC && it.properties.get("Metrics").is_some();
    let on_math = application.resources.iter().filter(on_math);
    let composites = application.of_kind(COMPOSITE);
    Ok(on_math.chain(composites).map(|resource| renamed.resource(resource)).collect())
}

/// What is said in the expanded templates, and how the engine calls it.
struct Renamed {
    /// Anywhere in a text.
    parts: Vec<(String, String)>,
    /// Alarms in a rule.
    alarms: Vec<(String, String)>,
}

impl Renamed {
    fn of(application: &Application, topics: &[String], deployed: &[String]) -> Result<Self> {
        let mut parts = Vec::new();
        for topic in application.of_kind("AWS::SNS::Topic") {
            let its = |arn: &&String| arn.rsplit(':').next().is_some_and(|name| name.contains(&topic.id));
            let arn = topics.iter().find(its).with_context(|| format!("the topic {}", topic.id))?;
            parts.push((topic.reference.clone(), arn.clone()));
            // Region and account, of links to the console.
            let fields = topic.reference.split(':').zip(arn.split(':')).skip(3).take(2);
            parts.extend(fields.map(|(from, to)| (from.to_owned(), to.to_owned())));
        }
        let alarms = application.of_kind(METRIC).filter_map(|alarm| {
            let name = deployed.iter().find(|name| is_named(name, &alarm.reference, &alarm.id))?;
            Some((alarm.reference.clone(), name.clone()))
        });
        // Whole names before what is a part of them.
        parts.sort_by_key(|(from, _)| std::cmp::Reverse(from.len()));
        Ok(Self { parts, alarms: alarms.collect() })
    }

    fn resource(&self, resource: &Resource) -> Resource {
        let mut properties = self.value(&resource.properties);
        if let Some(rule) = properties.get("AlarmRule").and_then(Value::as_str) {
            let quoted = |name: &str| format!("\"{name}\"");
            let renamed = self
                .alarms
                .iter()
                .fold(rule.to_owned(), |rule, (from, to)| rule.replace(&quoted(from), &quoted(to)));
            properties["AlarmRule"] = json!(renamed);
        }
        Resource { properties, ..resource.clone() }
    }

    fn value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => {
                json!(self.parts.iter().fold(text.clone(), |text, (from, to)| text.replace(from, to)))
            }
            Value::Array(items) => items.iter().map(|item| self.value(item)).collect(),
            Value::Object(members) => {
                members.iter().map(|(name, value)| (name.clone(), self.value(value))).collect()
            }
            other => other.clone(),
        }
    }
}

/// CloudFormation ends the names that it makes with letters of its own, of a nested stack as of what is in it.
fn is_named(name: &str, expanded: &str, id: &str) -> bool {
    let stack = expanded.strip_suffix(id).unwrap_or(expanded);
    name == expanded || (name.starts_with(stack) && name.contains(&format!("-{id}-")))
}

/// Names of the alarms that a composite is made of.
pub(super) fn made_of(composite: &Resource) -> Result<Vec<String>> {
    let rule = composite.properties.get("AlarmRule").and_then(Value::as_str).unwrap_or_default();
    Ok(AlarmRule::parse(rule)?.alarms().into_iter().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::watch::AlarmId;
    use crate::workspace::Workspace;

    /// As the engine names them.
    fn deployed() -> (Vec<String>, Vec<String>) {
        let topics = ["PageTopic", "TicketTopic"]
            .map(|topic| format!("arn:aws:sns:us-east-1:000000000000:spillway-local-{topic}-1A"));
        let root = Workspace::here();
        let parameters = Parameters::from([("Stage".to_owned(), json!("prod"))]);
        let read = |file: &str| std::fs::read_to_string(root.root().join(file));
        let application = Application::expand("template.yaml", &read, STACK, parameters).unwrap();
        let plain = application.of_kind(METRIC).filter(|it| it.properties.get("Metrics").is_none());
        let names = plain.map(|alarm| match alarm.reference.strip_suffix(&format!("-{}", alarm.id)) {
            Some(stack) if alarm.flow.is_empty() => format!("{stack}-{}-3C", alarm.id),
            Some(stack) => format!("{stack}-2B-{}-3C", alarm.id),
            None => alarm.reference.clone(),
        });
        (topics.into(), names.collect())
    }

    #[test]
    fn composites_are_made_of_the_alarms_that_the_engine_has_and_tell_its_topics() {
        let (topics, names) = deployed();
        let all = left_out(Workspace::here().root(), &topics, &names).unwrap();
        let on_math: Vec<_> = all.iter().filter(|it| it.kind == METRIC).map(|it| &it.reference).collect();
        // One is on a metric, which the engine deploys, the other on metric math.
        for (id, of, deployed) in [
            ("PollerDeadPageAlarm", "PollerDeadAlarm", true),
            ("DeadLetterQueuePageAlarm", "DeadLetterQueueNotEmptyAlarm", false),
        ] {
            let pages: Vec<_> = all.iter().filter(|it| it.id == id).collect();
            assert!(pages.len() > 1, "{id}");
            for page in pages {
                assert_eq!(page.properties["AlarmActions"], json!([topics[0]]), "{}", page.reference);
                let made_of = made_of(page).unwrap();
                let [one] = made_of.as_slice() else { panic!("{made_of:?}") };
                assert!(one.contains(&format!("-{of}")), "{one}");
                assert_eq!((names.contains(one), on_math.contains(&one)), (deployed, !deployed), "{one}");
            }
        }
    }

    #[test]
    fn an_alarm_that_is_left_out_is_known_by_its_place_in_the_templates_too() {
        let (topics, names) = deployed();
        let all = left_out(Workspace::here().root(), &topics, &names).unwrap();
        let letters = AlarmId::Within("HubSpotEnricherFlow", "DeadLetterQueueNotEmptyAlarm");
        let found: Vec<_> = all.iter().filter(|it| letters.is(&it.reference)).collect();
        assert!(matches!(found.as_slice(), [one] if one.kind == METRIC), "{found:?}");
    }

    #[test]
    fn nothing_of_another_region_or_account_is_left() {
        let (topics, names) = deployed();
        let all = left_out(Workspace::here().root(), &topics, &names).unwrap();
        assert!(all.iter().any(|it| it.kind == METRIC) && all.iter().any(|it| it.kind == COMPOSITE));
        for resource in all {
            let text = resource.properties.to_string();
            assert!(!text.contains("eu-west-1") && !text.contains("123456789012"), "{text}");
        }
    }

    #[test]
    fn a_topic_that_the_engine_lacks_is_named() {
        let (topics, names) = deployed();
        let error = left_out(Workspace::here().root(), &topics[..1], &names).unwrap_err().to_string();
        assert!(error.contains("TicketTopic"), "{error}");
    }
}
