//! Looks into the local engine without changing anything in it: what is on a queue, what a function has logged.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

/// A message as it stands on a queue, visible or in flight.
#[derive(Clone, Debug)]
pub struct QueuedMessage {
    pub id: String,
    pub body: String,
    /// Message attributes by name; all of ours are strings.
    pub attributes: BTreeMap<String, String>,
    /// When it was put there, in seconds since 1970.
    pub sent_at: i64,
    /// How often it was received.
    pub receives: u64,
}

/// What stands in a log, and when the engine has written it, in milliseconds since 1970.
#[derive(Clone, Debug)]
pub struct LogEvent {
    pub at: i64,
    pub message: String,
}

#[derive(Clone, Debug)]
pub struct Inspect {
    endpoint: String,
    client: reqwest::Client,
}

impl Inspect {
    pub fn new(endpoint: impl Into<String>) -> Self {
        Self { endpoint: endpoint.into(), client: crate::http::client() }
    }

    /// Reads the queue without receiving: no receive count rises, nothing becomes invisible.
    pub async fn messages(&self, queue_url: &str) -> Result<Vec<QueuedMessage>> {
        let request = self
            .client
            .get(format!("{}/_ministack/sqs/messages", self.endpoint))
            .query(&[("QueueUrl", queue_url)]);
        let answer: Value = request.send().await?.error_for_status()?.json().await?;
        // {"messages": {account: {region: {queue: [message]}}}}
        let nested =
            |value: &Value| value.as_object().map(|object| object.values().cloned().collect::<Vec<_>>());
        let queues = nested(&answer["messages"])
            .into_iter()
            .flatten()
            .filter_map(|account| nested(&account))
            .flatten()
            .filter_map(|region| nested(&region))
            .flatten();
        let messages = queues.filter_map(|queue| queue.as_array().cloned()).flatten();
        Ok(messages.map(|message| queued(&message)).collect())
    }

    /// The JSON lines that a function has logged, oldest first. Lines that are no JSON are left out.
    pub async fn log_lines(&self, log_group: &str) -> Result<Vec<Value>> {
        let events = self.log_events(log_group, 0).await?;
        Ok(events.iter().filter_map(|event| serde_json::from_str(event.message.trim()).ok()).collect())
    }

    /// What stands in a log since then, oldest first.
    ///
    /// The engine answers with the first ten thousand events and has no next page: the next question begins where the
    /// answer ended.
    pub async fn log_events(&self, log_group: &str, since: i64) -> Result<Vec<LogEvent>> {
        const PAGE: usize = 10_000;
        let (mut all, mut seen, mut from) = (Vec::new(), BTreeSet::new(), since);
        loop {
            let body = json!({ "logGroupName": log_group, "limit": PAGE, "startTime": from });
            let answer = self.call("logs", "Logs_20140328.FilterLogEvents", &body).await?;
            let events = answer["events"].as_array().cloned().unwrap_or_default();
            // Its events have no ids.
            let fresh: Vec<_> = events.iter().filter(|event| seen.insert(event.to_string())).collect();
            all.extend(fresh.iter().filter_map(|event| {
                Some(LogEvent {
                    at: event["timestamp"].as_i64()?,
                    message: event["message"].as_str()?.to_owned(),
                })
            }));
            if events.len() < PAGE || fresh.is_empty() {
                return Ok(all);
            }
            from = events.last().and_then(|event| event["timestamp"].as_i64()).unwrap_or(from);
        }
    }

    /// Keys of all versions in a bucket that begin so, deleted ones left out: a key stands there as often as it was written.
    pub async fn versions(&self, bucket: &str, prefix: &str) -> Result<Vec<String>> {
        self.keys(&format!("{bucket}?versions"), prefix, "Version").await
    }

    /// Keys of what is in a bucket that begins so.
    pub async fn objects(&self, bucket: &str, prefix: &str) -> Result<Vec<String>> {
        self.keys(&format!("{bucket}?list-type=2"), prefix, "Contents").await
    }

    async fn keys(&self, of: &str, prefix: &str, element: &str) -> Result<Vec<String>> {
        let request = self.client.get(format!("{}/{of}&prefix={prefix}", self.endpoint));
        let xml = answered("a list of a bucket", request.header("authorization", unsigned("s3"))).await?;
        if xml.contains("<IsTruncated>true") {
            bail!("more keys begin with {prefix} than one page lists");
        }
        let begin = format!("<{element}>");
        let each = xml.split(&begin).skip(1);
        let key = |each: &str| Some(each.split_once("<Key>")?.1.split_once("</Key>")?.0.to_owned());
        each.map(|each| key(each).context("an object without a key")).collect()
    }

    /// One call in AWS's JSON protocol. The engine reads the service off the credential scope and checks no
    /// signature.
    pub(crate) async fn call(&self, service: &str, target: &str, body: &Value) -> Result<Value> {
        let request = self
            .client
            .post(&self.endpoint)
            .header("x-amz-target", target)
            .header("content-type", "application/x-amz-json-1.1")
            .header("authorization", unsigned(service))
            .body(body.to_string());
        let text = answered(target, request).await?;
        serde_json::from_str(&text).with_context(|| format!("the engine's answer to {target}"))
    }

    /// One call in AWS's Query protocol, of services that the engine knows in no other; the answer is XML.
    pub(crate) async fn query(
        &self,
        service: &str,
        action: &str,
        parameters: &[(&str, &str)],
    ) -> Result<String> {
        let parameters = [&[("Action", action)], parameters].concat();
        let request =
            self.client.post(&self.endpoint).header("authorization", unsigned(service)).query(&parameters);
        answered(action, request).await
    }
}

fn unsigned(service: &str) -> String {
    let scope = format!("AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/{service}/aws4_request");
    format!("{scope}, SignedHeaders=host, Signature=0")
}

async fn answered(what: &str, request: reqwest::RequestBuilder) -> Result<String> {
    let response = request.send().await?;
    let status = response.status();
    let text = response.text().await?;
    if !status.is_success() {
        bail!("the engine answered {what} with {status}: {text}");
    }
    Ok(text)
}

fn queued(message: &Value) -> QueuedMessage {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let attributes = message["MessageAttributes"].as_object().cloned().unwrap_or_default();
    QueuedMessage {
        id: text(&message["MessageId"]),
        body: text(&message["Body"]),
        attributes: attributes
            .iter()
            .map(|(name, value)| (name.clone(), text(&value["StringValue"])))
            .collect(),
        sent_at: message["SentTimestamp"].as_i64().unwrap_or_default(),
        receives: message["ReceiveCount"].as_u64().unwrap_or_default(),
    }
}
