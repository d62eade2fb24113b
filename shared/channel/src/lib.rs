//! SQS as Message Channel and Dead Letter Channel: three small capabilities, so that flows are tested without SQS.

mod dead_letter;
mod sqs;

use std::time::Duration;

use async_trait::async_trait;
use message::Envelope;
use thiserror::Error;

pub use dead_letter::{DeadLetter, attribute_names};
pub use sqs::{SqsDeadLetterChannel, SqsEventChannel, SqsSourceQueue};

/// Where events go: the queue of the next flow.
#[async_trait]
pub trait EventChannel: Send + Sync {
    /// Returns once the queue has accepted the event.
    async fn send(&self, event: &Envelope) -> Result<(), ChannelError>;
}

/// Where messages go that can never succeed as they are.
#[async_trait]
pub trait DeadLetterChannel: Send + Sync {
    /// Returns once the dead letter queue has accepted the copy; only then may the original be acknowledged.
    async fn send(&self, letter: &DeadLetter<'_>) -> Result<(), ChannelError>;
}

/// The queue that a record came from.
#[async_trait]
pub trait SourceQueue: Send + Sync {
    /// Keeps the message hidden for so long from now on, instead of the rest of its visibility timeout.
    async fn retry_after(&self, receipt_handle: &str, delay: Duration) -> Result<(), ChannelError>;
}

#[derive(Debug, Error)]
pub enum ChannelError {
    /// Whether it was accepted is not known; sending again may double the message, which the ledger catches.
    #[error("SQS {operation} failed")]
    Sqs {
        operation: &'static str,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error("the event cannot be written as JSON")]
    Encode(#[source] Box<dyn std::error::Error + Send + Sync>),
}
