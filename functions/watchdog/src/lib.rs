//! Looks at one flow: at what no message of it can tell, as none may come. A schedule of each flow asks for it every five minutes, and says
//! in its event what is to be watched ([`Watch`]); what is found is told in metrics under the name of the flow's function ([`Report`]).
//!
//! A look that cannot be made is counted (metric ChecksFailed) and hinders no other: each [`look`] is made of checks that know
//! nothing of each other.

mod archive;
pub mod aws;
mod canary;
mod look;
mod reconcile;
mod report;
mod settings;
mod sources;
mod watch;
mod world;

pub use archive::Archiving;
pub use canary::{CanaryPost, signed};
pub use look::look;
pub use reconcile::Asked;
pub use report::Report;
pub use settings::WatchdogSettings;
pub use watch::{SourceToAsk, Watch};
pub use world::{Failure, Hour, PollerState, QueueState, SecretDates, Waiting, WatchState, World};
