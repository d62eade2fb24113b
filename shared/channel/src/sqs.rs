use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::MessageAttributeValue;
use message::Envelope;

use crate::{ChannelError, DeadLetter, DeadLetterChannel, EventChannel, SourceQueue};

/// SQS hides a message for at most 12 h, counted from its receive: a quarter of an hour is left for the invocation.
const LONGEST_VISIBILITY_S: u64 = 12 * 3_600 - 900;

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
    async fn send(&self, event: &Envelope) -> Result<(), ChannelError> {
        let body = event.encode().map_err(|source| ChannelError::Encode(Box::new(source)))?;
        let request = self.client.send_message().queue_url(&self.queue_url).message_body(body);
        request.send().await.map_err(|source| failed("SendMessage", source))?;
        Ok(())
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
    async fn send(&self, letter: &DeadLetter<'_>) -> Result<(), ChannelError> {
        let mut request = self.client.send_message().queue_url(&self.queue_url).message_body(letter.body());
        for (name, value) in letter.attributes() {
            let value = MessageAttributeValue::builder().data_type("String").string_value(value).build();
            request =
                request.message_attributes(name, value.map_err(|source| failed("SendMessage", source))?);
        }
        request.send().await.map_err(|source| failed("SendMessage", source))?;
        Ok(())
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
    async fn retry_after(&self, receipt_handle: &str, delay: Duration) -> Result<(), ChannelError> {
        let seconds = delay.as_secs().min(LONGEST_VISIBILITY_S);
        let request = self
            .client
            .change_message_visibility()
            .queue_url(&self.queue_url)
            .receipt_handle(receipt_handle)
            .visibility_timeout(i32::try_from(seconds).unwrap_or(i32::MAX));
        request.send().await.map_err(|source| failed("ChangeMessageVisibility", source))?;
        Ok(())
    }
}

fn failed(operation: &'static str, source: impl std::error::Error + Send + Sync + 'static) -> ChannelError {
    ChannelError::Sqs { operation, source: Box::new(source) }
}
