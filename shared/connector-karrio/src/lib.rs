//! Labels by Karrio. README.md holds the facts: calls, authorization, how a repeat is made safe, limits.

mod buyer;
mod errors;
mod wire;

pub use buyer::KarrioLabelBuyer;
