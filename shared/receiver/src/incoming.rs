use aws_lambda_events::event::sqs::{SqsMessage, SqsMessageAttribute};
use channel::{Attribute, Attributes, Origin};
use jiff::Timestamp;

/// A record of the batch, as far as SQS says something about it. What is missing or cannot be read has a value that
/// loses nothing.
pub(crate) struct Incoming<'e> {
    /// Empty where it is missing.
    pub(crate) message_id: &'e str,
    pub(crate) receipt_handle: Option<&'e str>,
    pub(crate) body: &'e str,
    /// `ApproximateReceiveCount`; 1 where it is missing or no number: a doubt must not cut a message's attempts short.
    pub(crate) attempts: u32,
    pub(crate) attributes: Attributes,
    pub(crate) origin: Origin,
    /// `ApproximateFirstReceiveTimestamp`.
    pub(crate) first_received_at: Timestamp,
    pub(crate) trace_header: Option<&'e str>,
    /// `MessageGroupId`, of a FIFO queue.
    pub(crate) group_id: Option<&'e str>,
    /// Name of the queue.
    pub(crate) queue: &'e str,
}

impl<'e> Incoming<'e> {
    /// When it was received for the first time, as whichever message.
    pub(crate) fn first_failed_at(&self) -> Timestamp {
        self.origin
            .first_received_at
            .map_or(self.first_received_at, |first| first.min(self.first_received_at))
    }

    pub(crate) fn read(record: &'e SqsMessage, now: Timestamp) -> Self {
        let attribute = |name: &str| record.attributes.get(name).map(String::as_str);
        let time = |name| {
            let milliseconds = attribute(name)?.parse().ok()?;
            Timestamp::from_millisecond(milliseconds).ok().filter(|time| *time <= now)
        };
        let message_id = record.message_id.as_deref().unwrap_or_default();
        let attributes: Attributes = record
            .message_attributes
            .iter()
            .filter_map(|(name, value)| Some((name.clone(), read(value)?)))
            .collect();
        let sent_at = time("SentTimestamp").unwrap_or(now);
        let arn = record.event_source_arn.as_deref().unwrap_or_default();
        let queue = arn.rsplit(':').next().unwrap_or_default();
        Self {
            message_id,
            receipt_handle: record.receipt_handle.as_deref(),
            body: record.body.as_deref().unwrap_or_default(),
            attempts: attribute("ApproximateReceiveCount").and_then(|count| count.parse().ok()).unwrap_or(1),
            origin: Origin::of(&attributes, message_id, sent_at),
            attributes,
            first_received_at: time("ApproximateFirstReceiveTimestamp").unwrap_or(now),
            trace_header: attribute("AWSTraceHeader"),
            group_id: attribute("MessageGroupId").filter(|_| queue.ends_with(".fifo")),
            queue,
        }
    }
}

fn read(attribute: &SqsMessageAttribute) -> Option<Attribute> {
    let data_type = attribute.data_type.clone()?;
    match (&attribute.string_value, &attribute.binary_value) {
        (Some(value), _) => Some(Attribute::Text { data_type, value: value.clone() }),
        (None, Some(value)) => Some(Attribute::Binary { data_type, value: value.0.clone() }),
        (None, None) => None,
    }
}
