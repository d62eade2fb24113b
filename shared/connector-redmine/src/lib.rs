//! Cases at an operations desk by Redmine. README.md holds the facts: calls, authorization, how a repeat is made safe, limits.

mod case;
mod client;
mod desk;
mod errors;
mod settings;
mod wire;

pub use desk::RedmineCaseDesk;
pub use settings::DeskSettings;
