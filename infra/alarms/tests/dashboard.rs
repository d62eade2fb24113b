//! What holds for the dashboard of the expanded templates, as they are and with a new integration.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail by panicking")]

mod expanded;

use std::collections::BTreeSet;

use alarms::{Application, MetricId, Widget, published_in, why_never_published, widgets};
use expanded::{STACK, both};

fn flows(application: &Application) -> BTreeSet<&str> {
    application
        .resources
        .iter()
        .map(|resource| resource.flow.as_str())
        .filter(|flow| !flow.is_empty())
        .collect()
}

/// What the widgets show that nobody publishes, or that is of nothing which the templates make: CloudWatch takes it, and shows no data.
fn empty_graphs(application: &Application) -> Vec<String> {
    let published = published_in(application).unwrap();
    let is_made = |dimension: &str, value: &str| {
        let of = |kind: &str, name: &dyn Fn(&alarms::Resource) -> String| {
            application.of_kind(kind).any(|resource| name(resource) == value)
        };
        let reference = |resource: &alarms::Resource| resource.reference.clone();
        match dimension {
            "QueueName" => {
                of("AWS::SQS::Queue", &|queue| queue.properties["QueueName"].as_str().unwrap().to_owned())
            }
            "FunctionName" => of("AWS::Serverless::Function", &reference),
            "LogGroupName" => of("AWS::Logs::LogGroup", &reference),
            "TableName" => of("AWS::DynamoDB::Table", &reference),
            "ApiId" => of("AWS::ApiGatewayV2::Api", &reference),
            "Disposition" => ["Done", "Hold", "Retry", "Reject"].contains(&value),
            "Stage" => value == "$default",
            "GlobalSecondaryIndexName" => value == "by-target-id",
            _ => false,
        }
    };
    let mut wrong = Vec::new();
    for widget in widgets(application).unwrap() {
        for metric in &widget.metrics {
            let why = why_never_published(&published, metric, None);
            wrong.extend(why.map(|why| format!("{}: {why}", widget.title)));
            let made = metric.dimensions.iter().all(|(dimension, value)| is_made(dimension, value));
            wrong.extend((!made).then(|| format!("{}: {metric} is of nothing", widget.title)));
        }
    }
    wrong
}

#[test]
fn every_graph_shows_what_somebody_publishes_about_something_that_there_is() {
    for application in both() {
        assert!(!widgets(&application).unwrap().is_empty());
        assert_eq!(empty_graphs(&application), [""; 0]);
    }
}

#[test]
fn a_metric_or_a_name_that_is_misspelt_is_found() {
    for (right, wrong) in [
        ("\"NumberOfMessagesSent\"", "\"NumberOfMessageSent\""),
        ("\"EventToDone\"", "\"EventTillDone\""),
        ("\"Accepted\"", "\"Queued\""),
        ("\"AWS/ApiGateway\", \"Latency\"", "\"AWS/ApiGateway\", \"Latencies\""),
        (
            "[\"AWS/DynamoDB\", \"ConsumedReadCapacityUnits\", \"TableName\"",
            "[\"AWS/DynamoDB\", \"ConsumedReadCapacityUnits\", \"Table\"",
        ),
        ("\"IncomingBytes\", \"LogGroupName\", \"", "\"IncomingBytes\", \"LogGroupName\", \"of-nobody-"),
        ("\"${DeadLetterQueue.QueueName}\"", "\"${NamePrefix}-${FlowName}-dead\""),
        ("\"Disposition\", \"Done\"", "\"Disposition\", \"done\""),
    ] {
        assert!(!empty_graphs(&expanded::with(false, right, wrong)).is_empty(), "{wrong}");
    }
}

#[test]
fn every_flow_has_a_row_with_the_same_graphs() {
    for application in both() {
        let widgets = widgets(&application).unwrap();
        assert!(flows(&application).len() > 5);
        for flow in flows(&application) {
            let function = format!("{STACK}-{flow}");
            let (queue, letters) = (function.as_str(), format!("{function}-dlq"));
            let of = |name: &str| MetricId::new("Spillway", name, &[("FunctionName", &function)]);
            let ended = |how: &str| {
                MetricId::new("Spillway", "Records", &[("FunctionName", &function), ("Disposition", how)])
            };
            let on = |queue: &str, name: &str| MetricId::new("AWS/SQS", name, &[("QueueName", queue)]);
            let row: Vec<_> =
                widgets.iter().filter(|widget| widget.title.starts_with(&format!("{flow}: "))).collect();
            let expected = [
                vec![on(queue, "NumberOfMessagesSent"), ended("Hold"), ended("Done")],
                vec![
                    ended("Retry"),
                    ended("Reject"),
                    of("DeadLettered"),
                    MetricId::new("AWS/Lambda", "Errors", &[("FunctionName", &function)]),
                ],
                vec![on(queue, "ApproximateAgeOfOldestMessage"), of("EventToDone"), of("EventToDone")],
                vec![
                    on(queue, "ApproximateNumberOfMessagesVisible"),
                    on(queue, "ApproximateNumberOfMessagesNotVisible"),
                    on(queue, "ApproximateNumberOfMessagesDelayed"),
                    on(&letters, "ApproximateNumberOfMessagesVisible"),
                    on(&letters, "ApproximateNumberOfMessagesNotVisible"),
                ],
            ];
            let shown: Vec<_> = row.iter().map(|widget| widget.metrics.clone()).collect();
            assert_eq!(shown, expected, "{flow}");
        }
    }
}

#[test]
fn targets_are_shown_of_every_flow_and_cost_of_every_function_and_log_group() {
    for application in both() {
        let widgets = widgets(&application).unwrap();
        let shown = |row: &str, name: &str, dimension: &str| -> BTreeSet<String> {
            let is_of = |widget: &&Widget| widget.title.starts_with(row);
            let metrics = widgets.iter().filter(is_of).flat_map(|widget| &widget.metrics);
            let metrics = metrics.filter(|metric| metric.name == name);
            metrics.map(|metric| metric.dimensions[dimension].clone()).collect()
        };
        let references = |kind: &str| -> BTreeSet<_> {
            application.of_kind(kind).map(|resource| resource.reference.clone()).collect()
        };
        let of_flows: BTreeSet<_> =
            flows(&application).iter().map(|flow| format!("{STACK}-{flow}")).collect();
        for name in ["TargetLatency", "BreakerOpen", "RateLimited", "CredentialsRefused"] {
            assert_eq!(shown("targets: ", name, "FunctionName"), of_flows, "{name}");
        }
        for name in ["Invocations", "Duration"] {
            let functions = references("AWS::Serverless::Function");
            assert_eq!(shown("cost: ", name, "FunctionName"), functions, "{name}");
        }
        assert_eq!(shown("cost: ", "IncomingBytes", "LogGroupName"), references("AWS::Logs::LogGroup"));
    }
}
