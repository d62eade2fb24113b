use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName;
use channel::{EventChannel as _, OutgoingEvent, SqsEventChannel, attribute_names};
use message::Envelope;

use super::failed;
use crate::world::Failure;

/// Messages that one receive hands out at most.
const BATCH: i32 = 10;
const MOST_LETTERS: usize = 100;
/// Receives that bring nothing new before it is enough: they are random samples.
const VAIN: u32 = 3;
/// Of a letter that the queue's redrive policy has moved, which says no reason.
const NO_CODE: &str = "none";

pub(super) async fn visible(client: &Client, queue_url: &str) -> Result<u64, Failure> {
    let name = QueueAttributeName::ApproximateNumberOfMessages;
    let request = client.get_queue_attributes().queue_url(queue_url).attribute_names(name.clone());
    let answer = request.send().await.map_err(|error| failed("GetQueueAttributes", &error))?;
    let count = answer.attributes.and_then(|attributes| attributes.get(&name)?.parse().ok());
    count.ok_or_else(|| Failure("GetQueueAttributes says no number of messages".to_owned()))
}

/// Received with no visibility timeout: nobody else misses one meanwhile, and no metric says that the queue is empty.
pub(super) async fn letters(client: &Client, queue_url: &str) -> Result<BTreeMap<String, u64>, Failure> {
    let (mut seen, mut codes, mut vain) = (BTreeSet::new(), BTreeMap::new(), 0);
    while vain < VAIN && seen.len() < MOST_LETTERS {
        let request = client
            .receive_message()
            .queue_url(queue_url)
            .max_number_of_messages(BATCH)
            .visibility_timeout(0)
            .message_attribute_names(attribute_names::CODE);
        let answer = request.send().await.map_err(|error| failed("ReceiveMessage", &error))?;
        let before = seen.len();
        for letter in answer.messages.unwrap_or_default() {
            if seen.len() < MOST_LETTERS && seen.insert(letter.message_id.unwrap_or_default()) {
                let attributes = letter.message_attributes.unwrap_or_default();
                let code = attributes.get(attribute_names::CODE).and_then(|code| code.string_value.clone());
                *codes.entry(code.unwrap_or_else(|| NO_CODE.to_owned())).or_default() += 1;
            }
        }
        vain = if seen.len() == before { vain + 1 } else { 0 };
    }
    Ok(codes)
}

pub(super) async fn send(client: &Client, queue_url: &str, events: &[Envelope]) -> Result<usize, Failure> {
    let channel = SqsEventChannel::new(client.clone(), queue_url.to_owned());
    let events: Vec<_> =
        events.iter().map(|envelope| OutgoingEvent { envelope, trace_header: None }).collect();
    let sent = channel.send(&events).await;
    Ok(sent.into_iter().filter(Result::is_ok).count())
}
