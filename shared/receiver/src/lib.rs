//! SQS batch -> records -> dispositions.
//!
//! A [`Flow`] says what a message means and how its effect is made; the [`Receiver`] does everything around it:
//! reads the envelope, claims the operation, guards against panics and the deadline, completes, releases, copies to
//! the dead letter queue, and answers with exactly the identifiers that have to come again.

mod backoff;
mod batch;
mod flow;
mod lambda;
mod record;
mod settings;

pub use batch::{BatchError, Receiver, ReceiverParts};
pub use flow::{Flow, Performed, Translated};
pub use lambda::run;
pub use settings::ReceiverSettings;
