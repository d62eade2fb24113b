//! Stripe's list of events. README.md holds the facts: calls, authorization, limits.

mod accounts;
mod events;
mod wire;

pub use accounts::Accounts;
pub use events::StripeEventSource;
