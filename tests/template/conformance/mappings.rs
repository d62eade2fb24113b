use alarms::Application;

use super::{QUEUE, arn, mappings, named, number, texts};

pub(super) fn report_and_are_watched(application: &Application) -> Vec<String> {
    let mut broken = Vec::new();
    for mapping in mappings(application) {
        let id = named(mapping.function);
        if !texts(&mapping.properties["FunctionResponseTypes"]).contains(&"ReportBatchItemFailures") {
            broken.push(format!("{id} reports no batch item failures to {}", mapping.source));
        }
        if !texts(&mapping.properties["MetricsConfig"]["Metrics"]).contains(&"EventCount") {
            broken.push(format!("{id} does not count what is polled from {}", mapping.source));
        }
        let is_watched = application.of_kind("AWS::CloudWatch::Alarm").any(|alarm| {
            alarm.properties["MetricName"] == "PolledEventCount"
                && alarm.properties["Dimensions"][0]["Value"] == mapping.id.as_str()
        });
        if !is_watched {
            broken.push(format!("{id} has no alarm on what polls {}", mapping.source));
        }
    }
    broken
}

/// AWS asks for six times, plus the window in which a batch gathers: Lambda holds messages back while it retries its own throttled
/// invocations (docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html).
pub(super) fn visibility(application: &Application) -> Vec<String> {
    let mut broken = Vec::new();
    for mapping in mappings(application) {
        let id = named(mapping.function);
        let Some(queue) = application.of_kind(QUEUE).find(|queue| arn(queue) == mapping.source) else {
            continue;
        };
        let window = number(&mapping.properties["MaximumBatchingWindowInSeconds"]).unwrap_or(0);
        let timeout = number(&mapping.function.properties["Timeout"]);
        let visibility = number(&queue.properties["VisibilityTimeout"]);
        let (Some(timeout), Some(visibility)) = (timeout, visibility) else {
            broken.push(format!("{id} or its queue does not say its time-out"));
            continue;
        };
        if visibility < 6 * timeout + window {
            broken.push(format!("{id} may take {timeout} s, and its messages are hidden for {visibility} s"));
        }
    }
    broken
}
