//! SQS batch -> records -> dispositions.
//!
//! A [`Flow`] says what a message means and how its effect is made; the [`Receiver`] does everything around it:
//! reads the envelope, claims the operation, guards against panics and the deadline, completes, releases, copies to
//! the dead letter queue, and answers with exactly the identifiers that have to come again. [`Wiring`] is what a
//! function's main.rs connects them with.

mod backoff;
mod batch;
mod canary;
mod due;
mod end;
mod finish;
mod flow;
mod incoming;
mod lambda;
mod prepare;
mod progress;
mod repeats;
mod settings;
mod wave;
mod wiring;

pub use batch::{BatchError, Receiver, ReceiverParts};
pub use due::Due;
pub use flow::{Claim, Flow, Performed, ReopenedBy, Translated};
pub use ledger::Outcome;
pub use progress::Progress;
pub use settings::{Limits, ReceiverSettings};
pub use wiring::Wiring;
