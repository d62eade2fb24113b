use alarms::{Application, Resource};
use serde_json::Value;

use super::{DAY, QUEUE, arn, environment, mappings, named, number, text};

/// Below five, throttling of the function alone can send good messages to the DLQ.
const FEWEST_RECEIVES: u64 = 5;

fn target(queue: &Resource) -> &Value {
    &queue.properties["RedrivePolicy"]["deadLetterTargetArn"]
}

fn retention(queue: &Resource) -> Option<u64> {
    number(&queue.properties["MessageRetentionPeriod"])
}

/// SQS takes dead letters back only from whom the DLQ allows, and expires them by their first enqueueing.
pub(super) fn dead_letter_queues(application: &Application) -> Vec<String> {
    let queues: Vec<_> = application.of_kind(QUEUE).collect();
    let mut broken = Vec::new();
    for queue in &queues {
        let sources: Vec<_> = queues
            .iter()
            .filter(|source| text(target(source)) == arn(queue))
            .map(|source| arn(source))
            .collect();
        let allowed = &queue.properties["RedriveAllowPolicy"];
        if target(queue).is_null() {
            if sources.is_empty() {
                broken.push(format!("{} has no DLQ", named(queue)));
            } else if allowed["redrivePermission"] != "byQueue"
                || allowed["sourceQueueArns"] != serde_json::json!(sources)
            {
                broken.push(format!("{} takes dead letters of others than {sources:?}", named(queue)));
            }
            continue;
        }
        let Some(letters) = queues.iter().find(|letters| arn(letters) == text(target(queue))) else {
            broken.push(format!("{} redrives to a queue that is not there", named(queue)));
            continue;
        };
        if arn(letters) == arn(queue) || !target(letters).is_null() {
            broken.push(format!("{} redrives to a queue that is no DLQ", named(queue)));
        }
        if number(&queue.properties["RedrivePolicy"]["maxReceiveCount"])
            .is_none_or(|most| most < FEWEST_RECEIVES)
        {
            broken.push(format!("{} gives up after fewer than {FEWEST_RECEIVES} receives", named(queue)));
        }
        if retention(letters) <= retention(queue) {
            broken.push(format!("{} outlives its dead letters", named(queue)));
        }
    }
    broken
}

/// Otherwise a message that was redriven late would meet a ledger that has forgotten it, and be done again: held, queued and parked once, held and
/// queued again after the redrive, and a day to spare.
pub(super) fn ledger_retention(application: &Application) -> Vec<String> {
    let mut broken = Vec::new();
    for mapping in mappings(application) {
        let id = named(mapping.function);
        let variables = environment(mapping.function);
        if !variables.contains_key("LEDGER_TABLE") {
            continue;
        }
        let said = |name: &str| variables.get(name).and_then(|value| value.parse::<u64>().ok());
        let queue = application.of_kind(QUEUE).find(|queue| arn(queue) == mapping.source);
        let letters = queue
            .and_then(|queue| application.of_kind(QUEUE).find(|letters| arn(letters) == text(target(queue))));
        let times = (
            said("LEDGER_RETENTION_DAYS"),
            said("HOLD_MAX_AGE_SECONDS"),
            queue.and_then(retention),
            letters.and_then(retention),
        );
        let (Some(days), Some(held), Some(queued), Some(parked)) = times else {
            broken.push(format!("{id} does not say all of its retentions: {times:?}"));
            continue;
        };
        let longest = held + queued + parked + held + queued + DAY;
        if days * DAY < longest {
            broken.push(format!("{id} forgets after {days} days, {} are needed", longest.div_ceil(DAY)));
        }
    }
    broken
}
