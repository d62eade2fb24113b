use async_trait::async_trait;
use secrecy::SecretString;

use crate::CallError;

/// A target's API key, asked for at every call: it can be rotated while the function runs.
#[async_trait]
pub trait Credential: Send + Sync {
    /// Where it cannot be had, nothing is sent: `NotNow` with `SecretUnavailable`.
    async fn get(&self) -> Result<SecretString, CallError>;
}
