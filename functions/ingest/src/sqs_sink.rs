use async_trait::async_trait;
use aws::error_chain;
use aws_config::SdkConfig;
use aws_sdk_sqs::Client;

use crate::sink::{EventSink, SinkError};

/// Amazon SQS. Needs `sqs:SendMessage` on every queue that a route names.
#[derive(Clone, Debug)]
pub struct SqsSink {
    client: Client,
}

impl SqsSink {
    pub fn new(config: &SdkConfig) -> Self {
        Self { client: Client::new(config) }
    }
}

#[async_trait]
impl EventSink for SqsSink {
    async fn send(&self, queue_url: &str, body: String) -> Result<String, SinkError> {
        let answer = self
            .client
            .send_message()
            .queue_url(queue_url)
            .message_body(body)
            .send()
            .await
            .map_err(|error| SinkError { reason: error_chain(&error) })?;
        // SQS names what it has taken; an answer without a name is no acceptance.
        answer.message_id.ok_or_else(|| SinkError { reason: "the answer has no message id".to_owned() })
    }
}
