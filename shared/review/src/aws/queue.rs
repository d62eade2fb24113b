use std::time::Duration;

use ::aws::error_chain;
use async_trait::async_trait;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::{BuildError, SdkError};
use aws_sdk_sqs::operation::send_message_batch::SendMessageBatchError;
use aws_sdk_sqs::types::{
    BatchResultErrorEntry, ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, Message,
    MessageAttributeValue, MessageSystemAttributeName, QueueAttributeName,
};
use channel::{Attribute, Attributes, ChannelError, send_messages};
use futures::future::join_all;
use jiff::Timestamp;

use super::{failed, refused, unavailable};
use crate::error::ReviewError;
use crate::letter::Letter;
use crate::ports::{Count, LetterQueue, Sent, SourceQueue};

/// Entries that SQS takes in one call, and messages that it hands out in one.
const MOST_ENTRIES: usize = 10;
/// Calls at a time that put letters back.
const AT_ONCE: usize = 8;
/// All of a queue's servers are asked, not a sample of them.
const LONG_POLL_SECONDS: i32 = 1;
const SYSTEM_ATTRIBUTES: [MessageSystemAttributeName; 4] = [
    MessageSystemAttributeName::SentTimestamp,
    MessageSystemAttributeName::ApproximateReceiveCount,
    MessageSystemAttributeName::AwsTraceHeader,
    MessageSystemAttributeName::MessageGroupId,
];
/// What is said of a receipt whose time has run out, or whose letter is gone. SQS says the first
/// (github.com/localstack/localstack/pull/6103), its API reference the second, and the local engine the third.
const NOT_OURS: [&str; 3] = ["InvalidParameterValue", "MessageNotInflight", "ReceiptHandleIsInvalid"];

/// The URL of the queue of this name, of the account that asks.
pub async fn get_queue_url(client: &Client, name: &str) -> Result<String, ReviewError> {
    const OPERATION: &str = "GetQueueUrl";
    let answer = client.get_queue_url().queue_name(name).send().await;
    let answer = answer.map_err(|error| failed(OPERATION, &error))?;
    answer.queue_url.ok_or_else(|| unavailable(OPERATION, "the answer has no URL"))
}

/// A dead letter queue of SQS.
#[derive(Clone, Debug)]
pub struct SqsLetterQueue {
    client: Client,
    queue_url: String,
}

impl SqsLetterQueue {
    pub fn of_url(client: Client, queue_url: impl Into<String>) -> Self {
        Self { client, queue_url: queue_url.into() }
    }

    async fn release_lot(&self, receipts: &[String]) -> Result<(), ReviewError> {
        const OPERATION: &str = "ChangeMessageVisibilityBatch";
        let entries = receipts.iter().enumerate().map(|(index, receipt)| {
            ChangeMessageVisibilityBatchRequestEntry::builder()
                .id(index.to_string())
                .receipt_handle(receipt)
                .visibility_timeout(0)
                .build()
        });
        let entries = built(OPERATION, entries)?;
        let request = self.client.change_message_visibility_batch().queue_url(&self.queue_url);
        let answer = request.set_entries(Some(entries)).send().await;
        let answer = answer.map_err(|error| failed(OPERATION, &error))?;
        let wrong = answer.failed.into_iter().find(|entry| !NOT_OURS.contains(&short(entry.code())));
        wrong.map_or(Ok(()), |entry| Err(of_code(OPERATION, entry.code())))
    }

    async fn delete_lot(&self, letters: &[Letter]) -> Result<Vec<BatchResultErrorEntry>, ReviewError> {
        let entries = letters.iter().enumerate().map(|(index, letter)| {
            DeleteMessageBatchRequestEntry::builder()
                .id(index.to_string())
                .receipt_handle(&letter.receipt)
                .build()
        });
        let entries = built(DELETE, entries)?;
        let request = self.client.delete_message_batch().queue_url(&self.queue_url);
        let answer = request.set_entries(Some(entries)).send().await;
        answer.map(|answer| answer.failed).map_err(|error| failed(DELETE, &error))
    }

    /// Attributes of the queue that are numbers.
    async fn numbers<const N: usize>(&self, names: [QueueAttributeName; N]) -> Result<[u64; N], ReviewError> {
        const OPERATION: &str = "GetQueueAttributes";
        let request = self.client.get_queue_attributes().queue_url(&self.queue_url);
        let answer = request.set_attribute_names(Some(names.to_vec())).send().await;
        let found = answer.map_err(|error| failed(OPERATION, &error))?.attributes.unwrap_or_default();
        let mut numbers = [0; N];
        for (number, name) in numbers.iter_mut().zip(&names) {
            *number = found
                .get(name)
                .and_then(|text| text.parse().ok())
                .ok_or_else(|| unavailable(OPERATION, format!("the answer has no {}", name.as_str())))?;
        }
        Ok(numbers)
    }
}

const DELETE: &str = "DeleteMessageBatch";

#[async_trait]
impl LetterQueue for SqsLetterQueue {
    async fn receive(&self, hidden: Duration) -> Result<Vec<Letter>, ReviewError> {
        const OPERATION: &str = "ReceiveMessage";
        let answer = self
            .client
            .receive_message()
            .queue_url(&self.queue_url)
            .max_number_of_messages(i32::try_from(MOST_ENTRIES).unwrap_or(1))
            .wait_time_seconds(LONG_POLL_SECONDS)
            .visibility_timeout(whole_seconds(hidden))
            .set_message_system_attribute_names(Some(SYSTEM_ATTRIBUTES.to_vec()))
            .message_attribute_names("All")
            .send()
            .await;
        let answer = answer.map_err(|error| failed(OPERATION, &error))?;
        let letters = answer.messages.unwrap_or_default().into_iter().map(letter);
        let missing = |name| unavailable(OPERATION, format!("a message has no {name}"));
        letters.map(|letter| letter.map_err(missing)).collect()
    }

    async fn release(&self, receipts: &[String]) -> Result<(), ReviewError> {
        let mut first = Ok(());
        let lots: Vec<_> = receipts.chunks(MOST_ENTRIES).collect();
        for lots in lots.chunks(AT_ONCE) {
            let answers = join_all(lots.iter().map(|lot| self.release_lot(lot))).await;
            let nothing_works = answers.iter().all(Result::is_err);
            first = answers.into_iter().fold(first, Result::and);
            // What is left comes back by itself, sooner than each call has run out of time.
            if nothing_works {
                break;
            }
        }
        first
    }

    async fn delete(&self, letters: &[Letter]) -> Sent {
        let mut sent = Sent::new();
        for lot in letters.chunks(MOST_ENTRIES) {
            match self.delete_lot(lot).await {
                Err(error) => sent.extend(vec![Err(error); lot.len()]),
                Ok(failed) => sent.extend((0..lot.len()).map(|index| {
                    let id = index.to_string();
                    let failed = failed.iter().find(|entry| entry.id() == id);
                    failed.map_or(Ok(()), |entry| Err(of_code(DELETE, entry.code())))
                })),
            }
        }
        sent
    }

    async fn put(&self, letters: &[Letter]) -> Sent {
        send(&self.client, &self.queue_url, letters).await
    }

    async fn count(&self) -> Result<Count, ReviewError> {
        let [visible, hidden] = self
            .numbers([
                QueueAttributeName::ApproximateNumberOfMessages,
                QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
            ])
            .await?;
        Ok(Count { visible, hidden })
    }

    async fn retention(&self) -> Result<Duration, ReviewError> {
        let [seconds] = self.numbers([QueueAttributeName::MessageRetentionPeriod]).await?;
        Ok(Duration::from_secs(seconds))
    }
}

/// A flow's queue of SQS.
#[derive(Clone, Debug)]
pub struct SqsSourceQueue {
    client: Client,
    queue_url: String,
}

impl SqsSourceQueue {
    pub fn of_url(client: Client, queue_url: impl Into<String>) -> Self {
        Self { client, queue_url: queue_url.into() }
    }
}

#[async_trait]
impl SourceQueue for SqsSourceQueue {
    async fn send(&self, letters: &[Letter]) -> Sent {
        send(&self.client, &self.queue_url, letters).await
    }
}

/// On a FIFO queue a letter's id says that it is the same one if it is sent again within five minutes, and one that had no group is a
/// group of its own, as SQS takes none without.
async fn send(client: &Client, queue_url: &str, letters: &[Letter]) -> Sent {
    let is_fifo = queue_url.ends_with(".fifo");
    let messages: Vec<_> = letters
        .iter()
        .map(|letter| channel::Message {
            body: &letter.body,
            attributes: &letter.attributes,
            trace_header: letter.trace_header.as_deref(),
            group_id: letter.group_id.as_deref().or(is_fifo.then_some(letter.id.as_str())),
            deduplication_id: is_fifo.then_some(letter.id.as_str()),
        })
        .collect();
    let sent = send_messages(client, queue_url, &messages).await;
    sent.into_iter().map(|answer| answer.map_err(not_sent)).collect()
}

fn not_sent(error: ChannelError) -> ReviewError {
    const OPERATION: &str = "SendMessageBatch";
    match error {
        ChannelError::Refused { operation, code } => of_code(operation, &code),
        ChannelError::Sqs { operation, source } => {
            match source.downcast_ref::<SdkError<SendMessageBatchError>>() {
                Some(error) => failed(operation, error),
                None => unavailable(operation, error_chain(&*source)),
            }
        }
        ChannelError::Encode => unavailable(OPERATION, error.to_string()),
    }
}

/// Or what is missing of it.
fn letter(message: Message) -> Result<Letter, &'static str> {
    let system = message.attributes.unwrap_or_default();
    let sent_at = system
        .get(&MessageSystemAttributeName::SentTimestamp)
        .and_then(|millis| Timestamp::from_millisecond(millis.parse().ok()?).ok())
        .ok_or("SentTimestamp")?;
    let receive_count = system
        .get(&MessageSystemAttributeName::ApproximateReceiveCount)
        .and_then(|count| count.parse().ok())
        .ok_or("ApproximateReceiveCount")?;
    let attributes = message.message_attributes.unwrap_or_default().into_iter();
    let attributes: Attributes = attributes.map(|(name, value)| (name, attribute(value))).collect();
    Ok(Letter {
        id: message.message_id.ok_or("MessageId")?,
        receipt: message.receipt_handle.ok_or("ReceiptHandle")?,
        body: message.body.unwrap_or_default(),
        attributes,
        sent_at,
        receive_count,
        trace_header: system.get(&MessageSystemAttributeName::AwsTraceHeader).cloned(),
        group_id: system.get(&MessageSystemAttributeName::MessageGroupId).cloned(),
    })
}

fn attribute(value: MessageAttributeValue) -> Attribute {
    let data_type = value.data_type;
    match value.binary_value {
        Some(bytes) => Attribute::Binary { data_type, value: bytes.into_inner() },
        None => Attribute::Text { data_type, value: value.string_value.unwrap_or_default() },
    }
}

fn built<T>(
    operation: &'static str,
    entries: impl Iterator<Item = Result<T, BuildError>>,
) -> Result<Vec<T>, ReviewError> {
    entries.collect::<Result<_, _>>().map_err(|error| unavailable(operation, error_chain(&error)))
}

fn of_code(operation: &'static str, code: &str) -> ReviewError {
    refused(operation, Some(code)).unwrap_or_else(|| unavailable(operation, format!("refused: {code}")))
}

/// Without the service's name, which the older protocol writes before it.
fn short(code: &str) -> &str {
    code.rsplit('.').next().unwrap_or(code)
}

/// Rounded up: SQS counts seconds, and a letter must not be back sooner than it is thought to be.
fn whole_seconds(time: Duration) -> i32 {
    let seconds = time.as_secs() + u64::from(time.subsec_nanos() > 0);
    i32::try_from(seconds).unwrap_or(i32::MAX)
}
