//! What travels through Spillway, and what can become of it. Pure: no clock, no network, no AWS.
//!
//! - [`Envelope`]: the CloudEvents 1.0 message that stands on every queue; events of EventBridge are read into one.
//! - [`OperationKey`], [`Fingerprint`]: which effect a message asks for, and with what content.
//! - [`Disposition`]: the one failure taxonomy; [`Code`]: why, in four digits.
//! - [`Redacted`]: personal data that neither logs nor `Debug` can print.

mod code;
mod disposition;
mod envelope;
mod eventbridge;
mod key;
mod redacted;

pub use code::Code;
pub use disposition::{Disposition, Effect, Hold, Rejection, Retry};
pub use envelope::{Envelope, EnvelopeError, JSON_CONTENT_TYPE, SPEC_VERSION, Sender};
pub use key::{Fingerprint, OperationKey};
pub use redacted::Redacted;
