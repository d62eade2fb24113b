//! The transformation layer: source contract -> canonical model -> target contract. Pure: no tokio, AWS or HTTP.
//!
//! - `mappings/`: one TOML file a direction and entity; `contracts/`: JSON Schema a system, entity and version. Both are built
//!   in ([`Catalog`]); docs/mappings.md describes how they are written.
//! - [`Translator`]: a mapping in use. It is compiled once into a [`Plan`], and reads each message once.
//! - [`Overrides`]: value maps and defaults that people change while a mapping runs; [`check`]: what would go wrong, before
//!   it does.
//! - [`canonical`]: the model in the middle, typed. [`reconcile`]: what a ledger knows an event by.
//!
//! Every mapping reports all problems of a message together ([`MappingError`]): code, JSON path, what was expected
//! and the kind of what came, never the value.

pub mod canonical;
#[cfg(feature = "cases")]
pub mod cases;
mod catalog;
mod check;
pub mod contract;
mod engine;
pub mod mapping;
mod options;
mod overrides;
mod presence;
mod problem;
pub mod reconcile;
pub mod reservation;
mod translator;

pub use catalog::{Catalog, CatalogError, Mapping, stamps};
pub use check::{Finding, FindingKind, check};
pub use engine::{
    CompileError, Explanation, ListExplained, Looked, Note, Outcome, Plan, RefusalExplained, RuleExplained,
    Translated,
};
pub use mapping::path::without_indices;
pub use options::OptionDrift;
pub use overrides::{Change, OverrideError, Overrides};
pub use problem::{Kind, MAX_PROBLEMS, MappingError, Problem};
pub use translator::{Decoded, Drift, Translator};
