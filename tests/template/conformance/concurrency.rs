use std::collections::BTreeMap;

use alarms::Application;

use super::{FUNCTION, mappings, named, number, text};

/// A reservation that is smaller than what mappings poll for throttles them, and each throttled receive counts towards maxReceiveCount
/// (docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html). Its alarm is to hear of what comes beside them, not of a busy hour.
pub(super) fn reserved(application: &Application) -> Vec<String> {
    let mut broken = Vec::new();
    let mut polled: BTreeMap<&str, u64> = BTreeMap::new();
    for mapping in mappings(application) {
        match number(&mapping.properties["ScalingConfig"]["MaximumConcurrency"]) {
            Some(most) => *polled.entry(mapping.function.reference.as_str()).or_default() += most,
            None => {
                broken.push(format!("{} has a mapping without MaximumConcurrency", named(mapping.function)))
            }
        }
    }
    for function in application.of_kind(FUNCTION) {
        let polled = polled.get(function.reference.as_str()).copied().unwrap_or(0);
        let Some(reserved) = number(&function.properties["ReservedConcurrentExecutions"]) else { continue };
        if reserved < polled {
            broken.push(format!("{} reserves {reserved}, and its mappings run {polled}", named(function)));
        }
        let watch = application.of_kind("AWS::CloudWatch::Alarm").find(|alarm| {
            let metrics = text(&alarm.properties["Metrics"]);
            metrics.contains("\"ConcurrentExecutions\"")
                && metrics.contains(&format!("\"{}\"", function.reference))
        });
        let Some(watch) = watch else {
            broken.push(format!("{} reserves concurrency, and no alarm knows", named(function)));
            continue;
        };
        let told = format!("100 * executions / {reserved}");
        if watch.properties["Metrics"][0]["Expression"] != told.as_str() {
            broken
                .push(format!("{} reserves {reserved}, of which its alarm knows otherwise", named(function)));
        }
        let percent = number(&watch.properties["Threshold"]).unwrap_or(0);
        if 100 * polled > percent * reserved {
            broken.push(format!("{} rings its alarm by its mappings alone", named(function)));
        }
    }
    broken
}
