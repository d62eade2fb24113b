use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::{BuildError, SdkError};
use aws_sdk_sqs::operation::send_message_batch::SendMessageBatchError;
use aws_sdk_sqs::primitives::Blob;
use aws_sdk_sqs::types::{
    BatchResultErrorEntry, ChangeMessageVisibilityBatchRequestEntry, MessageAttributeValue,
    MessageSystemAttributeNameForSends, MessageSystemAttributeValue, SendMessageBatchRequestEntry,
};

use crate::{
    Attribute, Attributes, ChannelError, DeadLetter, DeadLetterChannel, Delay, EventChannel, HeldMessage,
    OutgoingEvent, Sent, SourceQueue,
};

/// SQS hides a message for at most 12 h, counted from its receive: a quarter of an hour is left for the invocation.
const LONGEST_VISIBILITY: Duration = Duration::from_secs(12 * 3_600 - 900);
/// Longest delay of a single message.
const LONGEST_DELAY: Duration = Duration::from_secs(900);
/// Entries that SQS takes in one call.
const MOST_ENTRIES: usize = 10;
/// Bytes of all messages of one call together.
const MOST_BYTES: usize = 1_048_576;

/// Events into one queue.
#[derive(Clone, Debug)]
pub struct SqsEventChannel {
    client: Client,
    queue_url: String,
}

impl SqsEventChannel {
    pub fn new(client: Client, queue_url: impl Into<String>) -> Self {
        Self { client, queue_url: queue_url.into() }
    }
}

#[async_trait]
impl EventChannel for SqsEventChannel {
    async fn send(&self, events: &[OutgoingEvent<'_>]) -> Sent {
        let entries = events.iter().map(|event| {
            let body = event.envelope.encode().map_err(|_| ChannelError::Encode)?;
            Ok(Outgoing { body, trace_header: event.trace_header, ..Outgoing::default() })
        });
        send_all(&self.client, &self.queue_url, entries.collect()).await
    }
}

/// Dead letters into one dead letter queue.
#[derive(Clone, Debug)]
pub struct SqsDeadLetterChannel {
    client: Client,
    queue_url: String,
}

impl SqsDeadLetterChannel {
    pub fn new(client: Client, queue_url: impl Into<String>) -> Self {
        Self { client, queue_url: queue_url.into() }
    }
}

#[async_trait]
impl DeadLetterChannel for SqsDeadLetterChannel {
    async fn send(&self, letters: &[DeadLetter<'_>]) -> Sent {
        let entries = letters.iter().map(|letter| {
            let attributes = letter.attributes().into_iter();
            Ok(Outgoing {
                body: letter.body().to_owned(),
                attributes: attributes
                    .map(|(name, value)| (name.to_owned(), Attribute::string(value)))
                    .collect(),
                trace_header: letter.trace_header,
                group_id: letter.group_id,
                deduplication_id: letter.group_id.map(|_| letter.message_id),
                ..Outgoing::default()
            })
        });
        send_all(&self.client, &self.queue_url, entries.collect()).await
    }
}

/// The queue that an event source mapping reads.
#[derive(Clone, Debug)]
pub struct SqsSourceQueue {
    client: Client,
    queue_url: String,
}

impl SqsSourceQueue {
    pub fn new(client: Client, queue_url: impl Into<String>) -> Self {
        Self { client, queue_url: queue_url.into() }
    }
}

#[async_trait]
impl SourceQueue for SqsSourceQueue {
    async fn retry_after(&self, delays: &[Delay<'_>]) -> Sent {
        const OPERATION: &str = "ChangeMessageVisibilityBatch";
        let mut sent = Sent::new();
        for lot in delays.chunks(MOST_ENTRIES) {
            let entries: Result<Vec<_>, _> = lot.iter().enumerate().map(visibility_entry).collect();
            let answer = match entries {
                Err(error) => Err(failed(OPERATION, error)),
                Ok(entries) => {
                    let request = self.client.change_message_visibility_batch().queue_url(&self.queue_url);
                    let answer = request.set_entries(Some(entries)).send().await;
                    answer.map(|output| output.failed).map_err(|error| failed(OPERATION, error))
                }
            };
            sent.extend(answers(OPERATION, lot.len(), answer));
        }
        sent
    }

    async fn hold(&self, messages: &[HeldMessage<'_>]) -> Sent {
        let entries = messages.iter().map(|message| {
            Ok(Outgoing {
                body: message.body.to_owned(),
                attributes: message.attributes().into_iter().collect(),
                trace_header: message.trace_header,
                delay: Some(message.delay.min(LONGEST_DELAY)),
                ..Outgoing::default()
            })
        });
        send_all(&self.client, &self.queue_url, entries.collect()).await
    }
}

/// A message that is sent as it is.
#[derive(Clone, Copy)]
pub struct Message<'a> {
    pub body: &'a str,
    pub attributes: &'a Attributes,
    pub trace_header: Option<&'a str>,
    pub group_id: Option<&'a str>,
    /// Only a FIFO queue takes one.
    pub deduplication_id: Option<&'a str>,
}

/// Onto any queue, in as few calls as the limits of number and size allow.
pub async fn send_messages(client: &Client, queue_url: &str, messages: &[Message<'_>]) -> Sent {
    let entries = messages.iter().map(|message| {
        Ok(Outgoing {
            body: message.body.to_owned(),
            attributes: message.attributes.clone().into_iter().collect(),
            trace_header: message.trace_header,
            delay: None,
            group_id: message.group_id,
            deduplication_id: message.deduplication_id,
        })
    });
    send_all(client, queue_url, entries.collect()).await
}

#[derive(Default)]
struct Outgoing<'a> {
    body: String,
    attributes: Vec<(String, Attribute)>,
    trace_header: Option<&'a str>,
    delay: Option<Duration>,
    group_id: Option<&'a str>,
    deduplication_id: Option<&'a str>,
}

impl Outgoing<'_> {
    fn bytes(&self) -> usize {
        let attributes = self.attributes.iter().map(|(name, attribute)| name.len() + attribute.bytes());
        self.body.len() + attributes.sum::<usize>()
    }

    fn entry(self, index: usize) -> Result<SendMessageBatchRequestEntry, BuildError> {
        let mut entry = SendMessageBatchRequestEntry::builder()
            .id(index.to_string())
            .set_delay_seconds(self.delay.map(whole_seconds))
            .set_message_group_id(self.group_id.map(str::to_owned))
            .set_message_deduplication_id(self.deduplication_id.map(str::to_owned))
            .message_body(self.body);
        for (name, attribute) in self.attributes {
            entry = entry.message_attributes(name, attribute_value(attribute)?);
        }
        if let Some(header) = self.trace_header {
            let value =
                MessageSystemAttributeValue::builder().data_type("String").string_value(header).build()?;
            entry =
                entry.message_system_attributes(MessageSystemAttributeNameForSends::AwsTraceHeader, value);
        }
        entry.build()
    }
}

/// In as few calls as the limits of number and size allow.
async fn send_all(
    client: &Client,
    queue_url: &str,
    messages: Vec<Result<Outgoing<'_>, ChannelError>>,
) -> Sent {
    const OPERATION: &str = "SendMessageBatch";
    let mut sent: Sent =
        messages.iter().map(|message| message.as_ref().map(|_| ()).map_err(Clone::clone)).collect();
    let sendable =
        messages.into_iter().enumerate().filter_map(|(place, message)| Some((place, message.ok()?)));
    for lot in lots(sendable) {
        let places: Vec<_> = lot.iter().map(|(place, _)| *place).collect();
        let entries = lot.into_iter().enumerate().map(|(index, (_, message))| message.entry(index));
        let answer = match entries.collect::<Result<Vec<_>, _>>() {
            Err(error) => Err(failed(OPERATION, error)),
            Ok(entries) => {
                let request = client.send_message_batch().queue_url(queue_url).set_entries(Some(entries));
                let answer = request.send().await;
                answer
                    .map(|output| output.failed)
                    .map_err(|error: SdkError<SendMessageBatchError>| failed(OPERATION, error))
            }
        };
        for (place, answer) in places.iter().zip(answers(OPERATION, places.len(), answer)) {
            if let Some(slot) = sent.get_mut(*place) {
                *slot = answer;
            }
        }
    }
    sent
}

fn lots<'a>(messages: impl Iterator<Item = (usize, Outgoing<'a>)>) -> Vec<Vec<(usize, Outgoing<'a>)>> {
    let (mut lots, mut bytes): (Vec<Vec<_>>, _) = (Vec::new(), 0);
    for (place, message) in messages {
        let size = message.bytes();
        match lots.last_mut() {
            Some(lot) if lot.len() < MOST_ENTRIES && bytes + size <= MOST_BYTES => {
                bytes += size;
                lot.push((place, message));
            }
            _ => {
                bytes = size;
                lots.push(vec![(place, message)]);
            }
        }
    }
    lots
}

/// A call that succeeds can still have failed for some of its entries.
fn answers(
    operation: &'static str,
    count: usize,
    answer: Result<Vec<BatchResultErrorEntry>, ChannelError>,
) -> Sent {
    match answer {
        Err(error) => vec![Err(error); count],
        Ok(failed) => (0..count)
            .map(|index| {
                let id = index.to_string();
                failed.iter().find(|entry| entry.id() == id).map_or(Ok(()), |entry| {
                    Err(ChannelError::Refused { operation, code: entry.code().to_owned() })
                })
            })
            .collect(),
    }
}

fn visibility_entry(
    (index, delay): (usize, &Delay<'_>),
) -> Result<ChangeMessageVisibilityBatchRequestEntry, BuildError> {
    ChangeMessageVisibilityBatchRequestEntry::builder()
        .id(index.to_string())
        .receipt_handle(delay.receipt_handle)
        .visibility_timeout(whole_seconds(delay.delay.min(LONGEST_VISIBILITY)))
        .build()
}

fn attribute_value(attribute: Attribute) -> Result<MessageAttributeValue, BuildError> {
    match attribute {
        Attribute::Text { data_type, value } => {
            MessageAttributeValue::builder().data_type(data_type).string_value(value).build()
        }
        Attribute::Binary { data_type, value } => {
            MessageAttributeValue::builder().data_type(data_type).binary_value(Blob::new(value)).build()
        }
    }
}

/// Rounded up: SQS counts seconds, and sooner than asked would be too soon.
fn whole_seconds(duration: Duration) -> i32 {
    let seconds = duration.as_secs() + u64::from(duration.subsec_nanos() > 0);
    i32::try_from(seconds).unwrap_or(i32::MAX)
}

fn failed(operation: &'static str, source: impl std::error::Error + Send + Sync + 'static) -> ChannelError {
    ChannelError::Sqs { operation, source: Arc::new(source) }
}
