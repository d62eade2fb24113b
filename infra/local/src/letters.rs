//! Dead letters as tests put them there themselves, and their queue's retention.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::engine::Engine;
use crate::stack::Stack;

/// What SQS takes in a call.
const LOT: usize = 10;

/// A message with its attributes, all of them texts.
#[derive(Clone, Debug)]
pub struct Parked {
    pub body: String,
    pub attributes: Vec<(&'static str, String)>,
}

impl Stack {
    /// Puts messages on the queue that this output names, as functions put dead letters there; answers with their ids, in their order.
    pub async fn park(&self, queue_url: &str, letters: &[Parked]) -> Result<Vec<String>> {
        self.engine.park(self.output(queue_url)?, letters).await
    }

    /// Takes everything off the queue that this output names.
    pub async fn purge(&self, queue_url: &str) -> Result<()> {
        self.engine.purge(self.output(queue_url)?).await
    }

    /// How long the queue that this output names keeps a message, from now on: the engine's clock cannot be moved.
    pub async fn keeps_for(&self, queue_url: &str, seconds: u64) -> Result<()> {
        let attributes = json!({ "MessageRetentionPeriod": seconds.to_string() });
        let body = json!({ "QueueUrl": self.output(queue_url)?, "Attributes": attributes });
        let set = self.engine.inspect().call("sqs", "AmazonSQS.SetQueueAttributes", &body).await;
        set.context("setting a queue's retention")?;
        Ok(())
    }
}

impl Engine {
    /// The same of the queue at this address.
    pub async fn park(&self, queue_url: &str, letters: &[Parked]) -> Result<Vec<String>> {
        let mut ids = Vec::new();
        for lot in letters.chunks(LOT) {
            ids.extend(self.park_lot(queue_url, lot).await?);
        }
        Ok(ids)
    }

    async fn park_lot(&self, queue_url: &str, letters: &[Parked]) -> Result<Vec<String>> {
        let entries = letters.iter().enumerate().map(|(index, letter)| {
            let attributes = letter.attributes.iter().map(|(name, value)| {
                ((*name).to_owned(), json!({ "DataType": "String", "StringValue": value }))
            });
            json!({
                "Id": index.to_string(), "MessageBody": letter.body,
                "MessageAttributes": attributes.collect::<serde_json::Map<_, _>>(),
            })
        });
        let body = json!({ "QueueUrl": queue_url, "Entries": entries.collect::<Vec<_>>() });
        let answer = self.inspect().call("sqs", "AmazonSQS.SendMessageBatch", &body).await;
        let answer = answer.context("parking letters")?;
        let sent = answer["Successful"].as_array().cloned().unwrap_or_default();
        ensure!(sent.len() == letters.len(), "letters were not taken: {}", answer["Failed"]);
        let id = |sent: &Value| sent["MessageId"].as_str().map(str::to_owned);
        sent.iter().map(|sent| id(sent).context("a message without an id")).collect()
    }

    pub async fn purge(&self, queue_url: &str) -> Result<()> {
        let body = json!({ "QueueUrl": queue_url });
        self.inspect().call("sqs", "AmazonSQS.PurgeQueue", &body).await.context("purging a queue")?;
        Ok(())
    }
}
