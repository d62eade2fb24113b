//! SQS as the campaign needs it: visibility, receive counts, redrive, delays, at-least-once.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use channel::{Attribute, Attributes};
use serde_json::{Value, json};

pub(crate) const VISIBILITY: Duration = Duration::from_secs(180);
pub(crate) const MAX_RECEIVE_COUNT: u32 = 5;
/// What SQS takes with one message.
pub(crate) const MOST_ATTRIBUTES: usize = 10;

#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) body: String,
    pub(crate) attributes: Attributes,
    sent_ms: i64,
    first_received_ms: Option<i64>,
    receives: u32,
    visible_ms: i64,
}

#[derive(Default)]
pub(crate) struct Queue {
    name: &'static str,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    messages: BTreeMap<String, Message>,
    /// What the redrive policy has moved: without a reason.
    moved: Vec<Message>,
    sent: usize,
}

impl Queue {
    pub(crate) fn named(name: &'static str) -> Self {
        Self { name, ..Self::default() }
    }

    pub(crate) fn send(&self, body: &str, attributes: Attributes, now_ms: i64, delay: Duration) -> String {
        assert!(attributes.len() <= MOST_ATTRIBUTES, "SQS refuses {attributes:?}");
        let mut state = self.state();
        state.sent += 1;
        let id = format!("{}-{:03}", self.name, state.sent);
        let visible_ms = now_ms + millis(delay);
        let message = Message {
            id: id.clone(),
            body: body.to_owned(),
            attributes,
            sent_ms: now_ms,
            first_received_ms: None,
            receives: 0,
            visible_ms,
        };
        state.messages.insert(id.clone(), message);
        id
    }

    /// Up to ten visible messages, as records of a Lambda event. One that was received too often is moved instead.
    pub(crate) fn receive(&self, now_ms: i64) -> Vec<Value> {
        let mut state = self.state();
        let visible: Vec<_> = state
            .messages
            .values()
            .filter(|message| message.visible_ms <= now_ms)
            .map(|message| message.id.clone())
            .take(10)
            .collect();
        let mut records = Vec::new();
        for id in visible {
            let Some(mut message) = state.messages.remove(&id) else { continue };
            if message.receives >= MAX_RECEIVE_COUNT {
                state.moved.push(message);
                continue;
            }
            message.receives += 1;
            message.first_received_ms.get_or_insert(now_ms);
            message.visible_ms = now_ms + millis(VISIBILITY);
            records.push(record(self.name, &message));
            state.messages.insert(id, message);
        }
        records
    }

    /// Lambda deletes what was not reported as failed.
    pub(crate) fn answered(&self, records: &[Value], failures: &[String]) {
        let mut state = self.state();
        let ids = records.iter().filter_map(|record| record["messageId"].as_str());
        for id in ids.filter(|id| !failures.iter().any(|failure| failure == id)) {
            state.messages.remove(id);
        }
    }

    /// The receipt handle is the id. On a message that is gone it changes nothing.
    pub(crate) fn change_visibility(&self, receipt_handle: &str, now_ms: i64, delay: Duration) {
        if let Some(message) = self.state().messages.get_mut(receipt_handle) {
            message.visible_ms = now_ms + millis(delay);
        }
    }

    /// As an operator does it: each message as it is to `source`, where it is a new one.
    pub(crate) fn redrive(&self, source: &Self, now_ms: i64) {
        self.redrive_first(usize::MAX, source, now_ms);
    }

    /// The same with so many of them, in the order in which they came.
    pub(crate) fn redrive_first(&self, most: usize, source: &Self, now_ms: i64) {
        for _ in 0..most {
            let Some((_, letter)) = self.state().messages.pop_first() else { return };
            source.send(&letter.body, letter.attributes, now_ms, Duration::ZERO);
        }
    }

    /// When the next message becomes visible.
    pub(crate) fn next_visible_ms(&self) -> Option<i64> {
        self.state().messages.values().map(|message| message.visible_ms).min()
    }

    pub(crate) fn messages(&self) -> Vec<Message> {
        self.state().messages.values().cloned().collect()
    }

    pub(crate) fn moved(&self) -> Vec<Message> {
        self.state().moved.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap()
}

fn record(queue: &str, message: &Message) -> Value {
    let attributes: BTreeMap<_, _> = message
        .attributes
        .iter()
        .map(|(name, value)| (name, json!({ "dataType": "String", "stringValue": value.text() })))
        .collect();
    json!({
        "messageId": message.id,
        "receiptHandle": message.id,
        "body": message.body,
        "attributes": {
            "ApproximateReceiveCount": message.receives.to_string(),
            "SentTimestamp": message.sent_ms.to_string(),
            "ApproximateFirstReceiveTimestamp": message.first_received_ms.unwrap_or(message.sent_ms).to_string(),
        },
        "messageAttributes": attributes,
        "eventSource": "aws:sqs",
        "eventSourceARN": format!("arn:aws:sqs:us-east-1:123456789012:{queue}"),
    })
}

/// What a dead letter was before it was held or copied.
pub(crate) fn original_id(message: &Message) -> String {
    let attribute = message.attributes.get("OriginalMessageId").and_then(Attribute::text);
    attribute.unwrap_or(&message.id).to_owned()
}
