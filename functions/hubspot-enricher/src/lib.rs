//! A notification of HubSpot becomes the state of the object that it is about.

mod flow;
mod settings;

pub use flow::HubSpotEnricher;
pub use settings::HubSpotEnricherSettings;
