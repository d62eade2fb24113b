//! The project on one machine: what `cargo xtask` and the end-to-end tests stand on. Never in a function.
//!
//! - [`Workspace`], [`Tools`]: where things are; what is installed into `.tools/`, pinned.
//! - [`Engine`]: the local AWS engine. [`Stack`]: template.yaml deployed to it, beside the partner systems.
//! - [`Spillway`]: the operator's command, asking it.
//! - [`browser`]: a real browser, for the operator's page.
//! - [`checkov`]: a linter of templates, and what of its findings is left.
//! - [`watch`]: its alarms ring, and where one reads it.
//! - [`real`]: real systems. [`sandbox`]: the partners' double. [`scenario`]: every flow's main job, and what has to come of it.
#![expect(clippy::indexing_slicing, reason = "indexing JSON that we made answers Null for what is not there")]

pub mod browser;
pub mod checkov;
mod command;
mod deploy;
mod engine;
mod http;
pub mod inspect;
mod letters;
mod node;
mod prerequisites;
mod process;
mod progress;
pub mod real;
mod redrive;
mod running;
pub mod sandbox;
pub mod scenario;
pub mod soak;
mod spillway;
mod stack;
mod stamp;
mod targets;
mod tools;
mod until;
mod usage;
pub mod watch;
mod watchdog;
mod workspace;

pub use command::Step;
pub use deploy::{build, sam, template};
pub use engine::Engine;
pub use http::client as http_client;
pub use letters::Parked;
pub use prerequisites::Python;
pub use process::Service;
pub use progress::say;
pub use running::{Running, Told};
pub use spillway::Spillway;
pub use stack::{CrmSecrets, Stack};
pub use targets::{Partner, Targets};
pub use tools::Tools;
pub use usage::Usage;
pub use workspace::Workspace;
