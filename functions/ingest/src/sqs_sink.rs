use async_trait::async_trait;
use aws::error_chain;
use aws_config::SdkConfig;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{MessageSystemAttributeNameForSends, MessageSystemAttributeValue};

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
    async fn send(
        &self,
        queue_url: &str,
        body: String,
        trace_header: Option<&str>,
    ) -> Result<String, SinkError> {
        let mut message = self.client.send_message().queue_url(queue_url).message_body(body);
        if let Some(header) = trace_header {
            let value =
                MessageSystemAttributeValue::builder().data_type("String").string_value(header).build();
            let value = value.map_err(|error| SinkError { reason: error_chain(&error) })?;
            message =
                message.message_system_attributes(MessageSystemAttributeNameForSends::AwsTraceHeader, value);
        }
        let answer = message.send().await.map_err(|error| SinkError { reason: error_chain(&error) })?;
        // SQS names what it has taken; an answer without a name is no acceptance.
        answer.message_id.ok_or_else(|| SinkError { reason: "the answer has no message id".to_owned() })
    }
}
