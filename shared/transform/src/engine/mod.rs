//! The engine: a mapping, compiled once into a plan; a message, read once and translated by it.

mod came;
mod capture;
mod checks;
mod compile;
mod convert;
mod counts;
mod decimal;
mod explain;
mod explained;
mod expr;
mod functions;
mod native;
mod pattern;
mod plan;
mod run;
mod shape;
mod times;

pub(crate) use came::Came;
pub(crate) use checks::allows;
pub use compile::CompileError;
pub(crate) use convert::Conversion;
pub use explained::{Explanation, ListExplained, Looked, Outcome, RefusalExplained, RuleExplained};
pub(crate) use expr::{Expression, Library, names_of};
pub(crate) use pattern::regex;
pub(crate) use plan::{Attempt, Rule as CompiledRule};
pub use plan::{Note, Plan, Translated};
pub(crate) use times::{TimeFormat, parse_offset};
