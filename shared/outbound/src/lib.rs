//! Calls to target systems.
//!
//! - [`HttpTarget`] sends one request inside a [`Budget`] and classifies the answer into [`CallError`].
//! - [`at_most_once`] looks an effect up before it is made, and again when its outcome is unknown.
//! - [`StockReserver`], [`LabelBuyer`]: the capabilities that connectors implement, in canonical terms.

mod budget;
mod call_error;
mod capability;
mod credential;
mod http_target;
mod once;
mod retry_after;
mod target_config;

pub use budget::Budget;
pub use call_error::{CallError, Refusal};
pub use capability::{LabelBuyer, StockReserver};
pub use credential::Credential;
pub use http_target::{HttpTarget, Request, Response, TargetConfigError};
pub use once::{Attempt, at_most_once};
pub use secrecy::{ExposeSecret, SecretString};
pub use target_config::TargetConfig;
