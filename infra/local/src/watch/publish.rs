//! Puts into the engine's CloudWatch what AWS would have published and the engine does not: from what is really seen of queues and logs.
//!
//! | metrics | seen by |
//! |---|---|
//! | AWS/SQS ApproximateNumberOfMessages… | GetQueueAttributes, once a minute as SQS itself tells them |
//! | AWS/SQS ApproximateAgeOfOldestMessage | the engine's look at its queues: of messages that were received fewer than three times |
//! | AWS/Lambda Invocations, Duration | the REPORT line that the engine logs of each invocation |
//! | Spillway … | lines of the functions in CloudWatch's embedded metric format, which the engine does not read |
//!
//! AWS/Lambda Throttles is the engine's own. Nothing else is seen, and so not published: of AWS/Lambda Errors, as the engine does not log
//! how an invocation ended, and what is of event source mappings; of AWS/SQS what was sent, received and deleted; AWS/DynamoDB,
//! AWS/ApiGateway, AWS/Logs; and what metric filters count, whose patterns on JSON the engine does not read.

use std::collections::BTreeMap;

use alarms::{MetricId, PublishedMetrics, why_never_published};
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::embedded::{Datum, embedded, reported};
use crate::deploy::STACK;
use crate::inspect::{Inspect, QueuedMessage};

/// "If it's received three or more times and not processed", a message is not the oldest any more.
/// (docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html)
const RECEIVED_TOO_OFTEN: u64 = 3;

/// What PutMetricData takes at once.
const MOST: usize = 1_000;

/// Attribute of a queue, and the metric that tells it.
const COUNTS: [(&str, &str); 3] = [
    ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesVisible"),
    ("ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesNotVisible"),
    ("ApproximateNumberOfMessagesDelayed", "ApproximateNumberOfMessagesDelayed"),
];
const AGE: &str = "ApproximateAgeOfOldestMessage";

/// Whether the metric is published here, or by the engine, once there is anything to tell.
pub(super) fn is_seen(metric: &MetricId) -> bool {
    match (metric.namespace.as_str(), metric.name.as_str()) {
        ("AWS/SQS", name) => name == AGE || COUNTS.iter().any(|(_, metric)| *metric == name),
        ("AWS/Lambda", name) => {
            let of_function = metric.dimensions.len() == 1 && metric.dimensions.contains_key("FunctionName");
            of_function && ["Invocations", "Duration", "Throttles"].contains(&name)
        }
        (namespace, _) => namespace == "Spillway",
    }
}

pub(super) struct Publisher {
    inspect: Inspect,
    known: PublishedMetrics,
    /// Log lines from before were counted.
    counted_until: i64,
}

impl Publisher {
    pub(super) fn new(inspect: Inspect, from: i64) -> Result<Self> {
        Ok(Self { inspect, known: alarms::published()?, counted_until: from })
    }

    /// How much is on each queue at this moment.
    pub(super) async fn queues(&self) -> Result<()> {
        let asked = json!({ "QueueNamePrefix": STACK });
        let queues = self.inspect.call("sqs", "AmazonSQS.ListQueues", &asked).await?;
        let mut data = Vec::new();
        for url in queues["QueueUrls"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            let asked = json!({ "QueueUrl": url, "AttributeNames": ["All"] });
            let answer = self.inspect.call("sqs", "AmazonSQS.GetQueueAttributes", &asked).await?;
            let messages = self.inspect.messages(url).await?;
            let name = url.rsplit('/').next().unwrap_or(url);
            data.extend(of_queue(name, &answer["Attributes"], &messages, super::now())?);
        }
        self.put(&data).await
    }

    /// What was logged before `until` and was not counted yet.
    pub(super) async fn logs(&mut self, until: i64) -> Result<()> {
        let prefix = format!("/aws/lambda/{STACK}-");
        let asked = json!({ "logGroupNamePrefix": prefix });
        let groups = self.inspect.call("logs", "Logs_20140328.DescribeLogGroups", &asked).await?;
        let mut data = Vec::new();
        for group in groups["logGroups"].as_array().into_iter().flatten() {
            let group = group["logGroupName"].as_str().context("a log group's name")?;
            let function = group.trim_start_matches("/aws/lambda/");
            let events = self.inspect.log_events(group, self.counted_until).await?;
            for event in events.iter().filter(|event| (self.counted_until..until).contains(&event.at)) {
                data.extend(embedded(&event.message));
                data.extend(reported(function, event.at, &event.message));
            }
        }
        self.counted_until = until;
        self.put(&data).await
    }

    async fn put(&self, data: &[Datum]) -> Result<()> {
        let mut by_namespace = BTreeMap::<&str, Vec<Value>>::new();
        for datum in data {
            if let Some(why) = why_never_published(&self.known, &datum.metric, Some(&datum.unit)) {
                bail!("AWS would not have it: {why}");
            }
            by_namespace.entry(&datum.metric.namespace).or_default().push(wire(datum));
        }
        for (namespace, data) in by_namespace {
            for some in data.chunks(MOST) {
                let body = json!({ "Namespace": namespace, "MetricData": some });
                self.inspect.cloudwatch("PutMetricData", &body).await?;
            }
        }
        Ok(())
    }
}

fn of_queue(name: &str, attributes: &Value, messages: &[QueuedMessage], now: i64) -> Result<Vec<Datum>> {
    let datum = |metric: &str, unit: &str, value: f64| Datum {
        metric: MetricId::new("AWS/SQS", metric, &[("QueueName", name)]),
        unit: unit.to_owned(),
        at: now,
        value,
    };
    let mut data = Vec::new();
    for (attribute, metric) in COUNTS {
        let count = attributes[attribute].as_str().and_then(|text| text.parse::<u32>().ok());
        let count = count.with_context(|| format!("{attribute} of the queue {name}"))?;
        data.push(datum(metric, "Count", f64::from(count)));
    }
    let seldom_received = messages.iter().filter(|message| message.receives < RECEIVED_TOO_OFTEN);
    if let Some(oldest) = seldom_received.map(|message| message.sent_at).min() {
        let age = u32::try_from((now / 1_000 - oldest).max(0)).unwrap_or(u32::MAX);
        data.push(datum(AGE, "Seconds", f64::from(age)));
    }
    Ok(data)
}

fn wire(datum: &Datum) -> Value {
    let dimensions = datum.metric.dimensions.iter();
    let dimensions: Vec<_> =
        dimensions.map(|(name, value)| json!({ "Name": name, "Value": value })).collect();
    json!({
        "MetricName": datum.metric.name, "Dimensions": dimensions, "Unit": datum.unit, "Value": datum.value,
        // Whole seconds, as CloudWatch keeps a metric by the minute.
        "Timestamp": datum.at / 1_000,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(sent_at: i64, receives: u64) -> QueuedMessage {
        let (id, body) = (String::new(), String::new());
        QueuedMessage { id, body, attributes: BTreeMap::new(), sent_at, receives }
    }

    fn attributes(visible: &str) -> Value {
        json!({
            "ApproximateNumberOfMessages": visible, "ApproximateNumberOfMessagesNotVisible": "1",
            "ApproximateNumberOfMessagesDelayed": "0"
        })
    }

    #[test]
    fn a_queue_says_its_counts_and_the_age_of_what_was_not_received_too_often() {
        let messages = [message(100, 3), message(150, 2), message(190, 0)];
        let data = of_queue("q-dlq", &attributes("2"), &messages, 200_500).unwrap();
        let said: Vec<_> = data.iter().map(|datum| (datum.metric.name.as_str(), datum.value)).collect();
        let counts = [
            ("ApproximateNumberOfMessagesVisible", 2.0),
            ("ApproximateNumberOfMessagesNotVisible", 1.0),
            ("ApproximateNumberOfMessagesDelayed", 0.0),
        ];
        assert_eq!(said, [&counts[..], &[(AGE, 50.0)]].concat());
        // Nothing has an age where nothing is.
        assert_eq!(of_queue("q", &attributes("0"), &[], 200_500).unwrap().len(), 3);
        assert!(of_queue("q", &attributes("many"), &[], 200_500).is_err());
    }

    #[test]
    fn what_is_put_is_what_aws_publishes_in_its_unit() {
        let known = alarms::published().unwrap();
        let mut data = of_queue("q", &attributes("2"), &[message(1, 0)], 2_000).unwrap();
        data.extend(reported("f", 2_000, "REPORT RequestId: 6f\tDuration: 12 ms\tBilled Duration: 12 ms"));
        assert_eq!(data.len(), 6);
        for datum in data {
            assert_eq!(why_never_published(&known, &datum.metric, Some(&datum.unit)), None);
            assert!(is_seen(&datum.metric), "{}", datum.metric);
        }
        for (namespace, name) in
            [("AWS/SQS", "NumberOfMessagesSent"), ("AWS/Lambda", "Errors"), ("AWS/DynamoDB", "SystemErrors")]
        {
            assert!(!is_seen(&MetricId::new(namespace, name, &[("FunctionName", "f")])), "{name}");
        }
        assert!(!is_seen(&MetricId::new("AWS/Lambda", "Duration", &[])));
    }
}
