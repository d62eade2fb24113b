//! SQS as Message Channel and Dead Letter Channel: three small capabilities, so that flows are tested without SQS. All of
//! them work on several messages at once, because a call costs more than a message, and answer for each by itself.

mod attribute;
mod carried;
mod dead_letter;
mod held;
mod reason;
mod sqs;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use message::Envelope;
use thiserror::Error;

pub use attribute::{Attribute, Attributes};
pub use dead_letter::{DeadLetter, attribute_names};
pub use held::{HeldMessage, Origin};
pub use reason::Reason;
pub use sqs::{Message, SqsDeadLetterChannel, SqsEventChannel, SqsSourceQueue, send_messages};

/// An answer a message, in their order.
pub type Sent = Vec<Result<(), ChannelError>>;

/// Where events go: the queue of the next flow.
#[async_trait]
pub trait EventChannel: Send + Sync {
    /// Says `Ok` of an event once the queue has accepted it.
    async fn send(&self, events: &[OutgoingEvent<'_>]) -> Sent;
}

/// An event, and the trace that it belongs to.
#[derive(Clone, Copy)]
pub struct OutgoingEvent<'a> {
    pub envelope: &'a Envelope,
    /// `AWSTraceHeader` of the message that caused it.
    pub trace_header: Option<&'a str>,
}

/// Where messages go that can never succeed as they are.
#[async_trait]
pub trait DeadLetterChannel: Send + Sync {
    /// Says `Ok` of a copy once the dead letter queue has accepted it; only then may the original be acknowledged.
    async fn send(&self, letters: &[DeadLetter<'_>]) -> Sent;
}

/// The queue that a record came from.
#[async_trait]
pub trait SourceQueue: Send + Sync {
    /// Keeps each message hidden for so long from now on, instead of the rest of its visibility timeout.
    async fn retry_after(&self, delays: &[Delay<'_>]) -> Sent;

    /// Sends each message again, to come after its delay. Only then may the original be acknowledged.
    async fn hold(&self, messages: &[HeldMessage<'_>]) -> Sent;
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Delay<'a> {
    pub receipt_handle: &'a str,
    pub delay: Duration,
}

#[derive(Clone, Debug, Error)]
pub enum ChannelError {
    /// Whether it was accepted is not known; sending again may double the message, which the ledger catches.
    #[error("SQS {operation} failed")]
    Sqs {
        operation: &'static str,
        #[source]
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
    /// An answer of 200 that names this message among the failed ones.
    #[error("SQS {operation} refused the message: {code}")]
    Refused { operation: &'static str, code: String },
    #[error("the event cannot be written as JSON")]
    Encode,
}
