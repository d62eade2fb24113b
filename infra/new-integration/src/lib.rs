//! Makes the skeleton of a new integration: the flow, what its mappings need, its block of template.yaml, and a connector where the target has
//! none yet. It compiles, deploys to the local engine, and has failing tests that say what is to be filled in.
//!
//! [`Integration::named`] checks what was asked for, [`plan`] makes every file and every change in memory, [`Plan::write`] writes all of them or none.
//! What they say stands in `skeleton/`, as files of the same path as what is made of them.

mod anchors;
mod cargo;
mod integration;
mod plan;
mod skeleton;
mod template;

pub use integration::{Integration, Wish};
pub use plan::{Plan, plan, template_with};
