//! What every function needs of AWS beside its own clients.
//!
//! - [`load_config`]: one `SdkConfig` a process, from which all clients are made and whose connections they share.
//! - [`Secrets`]: secrets out of Secrets Manager by their ARN, cached; their values never reach `Debug` or a log.
//! - [`error_chain`]: an SDK error with its causes in one line, without the response it came from.

mod config;
mod error_chain;
mod secrets;
mod secrets_manager;
#[cfg(feature = "test-doubles")]
pub mod test_doubles;

pub use config::load_config;
pub use error_chain::error_chain;
pub use secrecy::{ExposeSecret, SecretSlice, SecretString};
pub use secrets::{MIN_REFRESH_INTERVAL, SecretError, SecretSource, Secrets, Stage, TIME_TO_LIVE, Versions};
pub use secrets_manager::SecretsManager;
