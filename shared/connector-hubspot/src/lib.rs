//! Objects of HubSpot's CRM. README.md holds the facts: calls, authorization, limits.

mod errors;
mod reader;

pub use reader::HubSpotObjectReader;
