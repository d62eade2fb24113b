//! Objects of HubSpot's CRM. README.md holds the facts: calls, authorization, limits.

mod errors;
mod reader;
mod wire;

pub use reader::HubSpotObjectReader;
