use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::stack::Stack;

impl Stack {
    /// Moves what is visible on a dead letter queue back to the queue that it came from, as the console's redrive to a custom
    /// destination does: body and attributes as they are, under a new message id. Answers how many.
    pub async fn redrive(&self, from: &str, to: &str) -> Result<usize> {
        let (from, to) = (self.output(from)?, self.output(to)?);
        let inspect = self.engine.inspect();
        let mut moved = 0;
        loop {
            let body = json!({
                "QueueUrl": from, "MaxNumberOfMessages": 10, "MessageAttributeNames": ["All"], "VisibilityTimeout": 30
            });
            let answer = inspect.call("sqs", "AmazonSQS.ReceiveMessage", &body).await?;
            let messages = answer["Messages"].as_array().cloned().unwrap_or_default();
            if messages.is_empty() {
                return Ok(moved);
            }
            for message in messages {
                let attributes = message.get("MessageAttributes").cloned().unwrap_or_else(|| json!({}));
                let body = json!({
                    "QueueUrl": to, "MessageBody": message["Body"], "MessageAttributes": attributes
                });
                inspect.call("sqs", "AmazonSQS.SendMessage", &body).await.context("sending it back")?;
                let body = json!({ "QueueUrl": from, "ReceiptHandle": message["ReceiptHandle"] });
                let _: Value = inspect.call("sqs", "AmazonSQS.DeleteMessage", &body).await?;
                moved += 1;
            }
        }
    }
}
