//! Calls to target systems.
//!
//! - [`HttpTarget`] sends one request inside a [`Budget`] and classifies the answer into [`CallError`].
//! - [`at_most_once`] looks an effect up before it is made, and again when its outcome is unknown; [`keyed`] makes it
//!   under our idempotency key ([`IdempotencySeed`]) where the target takes one; [`repeatable`] where a repeat does no harm.
//! - [`StockReserver`], [`LabelBuyer`], [`RecordUpserter`], [`ObjectReader`], [`CaseDesk`], [`DatasetRefresher`]: the capabilities that
//!   connectors implement, in canonical terms; [`OptionLists`]: what fields of theirs take; [`EventSource`]: what a source has told us,
//!   or should have.

mod budget;
mod call_error;
mod capability;
mod credential;
mod event_source;
mod http_target;
mod idempotency;
mod once;
mod refresh_steps;
mod request;
mod retry_after;
mod target_config;
mod transport;

pub use budget::Budget;
pub use call_error::{CallError, Refusal};
pub use capability::{
    CaseDesk, CrmObject, DatasetRefresher, LabelBuyer, ObjectReader, OptionLists, RecordUpserter,
    StockReserver, Told, Upserted,
};
pub use credential::Credential;
pub use event_source::{EventSource, MAX_EVENTS, too_many};
pub use http_target::{HttpTarget, TargetConfigError};
pub use idempotency::{IdempotencySeed, TargetKey};
pub use once::{Attempt, at_most_once, keyed, repeatable};
pub use refresh_steps::RefreshSteps;
pub use request::{Request, Response};
pub use secrecy::{ExposeSecret, SecretString};
pub use target_config::TargetConfig;
pub use transport::{Transport, TransportError};
