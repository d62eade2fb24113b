use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName;
use channel::{EventChannel as _, OutgoingEvent, SqsEventChannel, attribute_names};
use message::Envelope;

use super::failed;
use crate::world::{Failure, QueueState};

/// Messages that one receive hands out at most.
const BATCH: i32 = 10;
const MOST_LETTERS: usize = 100;
/// All of a queue's servers are asked, not a sample of them.
const LONG_POLL_SECONDS: i32 = 1;
/// Of a letter that the queue's redrive policy has moved, which says no reason.
const NO_CODE: &str = "none";

pub(super) async fn state(sqs: &Client, queue_url: &str) -> Result<QueueState, Failure> {
    use QueueAttributeName::{
        ApproximateNumberOfMessages as Visible, ApproximateNumberOfMessagesNotVisible as Hidden,
        MessageRetentionPeriod as Retention,
    };
    let request = sqs.get_queue_attributes().queue_url(queue_url);
    let request = request.set_attribute_names(Some(vec![Visible, Hidden, Retention]));
    let answer = request.send().await.map_err(|error| failed("GetQueueAttributes", &error))?;
    let attributes = answer.attributes.unwrap_or_default();
    let number = |name: QueueAttributeName| {
        let number = attributes.get(&name).and_then(|number| number.parse().ok());
        number.ok_or_else(|| Failure(format!("GetQueueAttributes says no {}", name.as_str())))
    };
    let retention = Duration::from_secs(number(Retention)?);
    Ok(QueueState { visible: number(Visible)?, hidden: number(Hidden)?, retention })
}

/// Received with no visibility timeout: nobody else misses one meanwhile, and no metric says that the queue is empty. Each as seldom as may be:
/// what was received three times no longer counts for the queue's ApproximateAgeOfOldestMessage
/// (docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html).
pub(super) async fn letters(sqs: &Client, queue_url: &str) -> Result<BTreeMap<String, u64>, Failure> {
    let (mut seen, mut codes) = (BTreeSet::new(), BTreeMap::new());
    while seen.len() < MOST_LETTERS {
        let request = sqs
            .receive_message()
            .queue_url(queue_url)
            .max_number_of_messages(BATCH)
            .visibility_timeout(0)
            .wait_time_seconds(LONG_POLL_SECONDS)
            .message_attribute_names(attribute_names::CODE);
        let answer = request.send().await.map_err(|error| failed("ReceiveMessage", &error))?;
        let (before, letters) = (seen.len(), answer.messages.unwrap_or_default());
        let is_all = letters.len() < usize::try_from(BATCH).unwrap_or_default();
        for letter in letters {
            if seen.len() < MOST_LETTERS && seen.insert(letter.message_id.unwrap_or_default()) {
                let attributes = letter.message_attributes.unwrap_or_default();
                let code = attributes.get(attribute_names::CODE).and_then(|code| code.string_value.clone());
                *codes.entry(code.unwrap_or_else(|| NO_CODE.to_owned())).or_default() += 1;
            }
        }
        if is_all || seen.len() == before {
            break;
        }
    }
    Ok(codes)
}

pub(super) async fn send(sqs: &Client, queue_url: &str, events: &[Envelope]) -> Result<Vec<bool>, Failure> {
    let channel = SqsEventChannel::new(sqs.clone(), queue_url.to_owned());
    let events: Vec<_> =
        events.iter().map(|envelope| OutgoingEvent { envelope, trace_header: None }).collect();
    let sent = channel.send(&events).await;
    Ok(sent.iter().map(Result::is_ok).collect())
}
