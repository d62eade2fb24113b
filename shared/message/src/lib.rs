//! What travels through Spillway, and what can become of it. Pure: no clock, no network, no AWS.
//!
//! - [`Envelope`]: the CloudEvents 1.0 message that stands on every queue; events of EventBridge are read into one.
//! - [`SourceEvent`]: what a source says about an event of its; [`Payload`]: where that is read, as far as it can be.
//! - [`canary_key`]: events of the watchdog's own, which ask for nothing.
//! - [`OperationKey`], [`Fingerprint`]: which effect a message asks for, and with what content.
//! - [`Disposition`]: the one failure taxonomy; [`Code`]: why, in four digits.
//! - [`Redacted`]: personal data that neither logs nor `Debug` can print.

mod canary;
mod code;
mod disposition;
mod envelope;
mod eventbridge;
mod key;
mod payload;
mod redacted;
mod source_event;

pub use canary::{CANARY, canary_key};
pub use code::Code;
pub use disposition::{Disposition, Effect, Hold, Rejection, Retry};
pub use envelope::{Envelope, EnvelopeError, JSON_CONTENT_TYPE, SPEC_VERSION, Sender};
pub use key::{Fingerprint, OperationKey};
pub use payload::{Payload, is_identifier};
pub use redacted::Redacted;
pub use source_event::SourceEvent;
