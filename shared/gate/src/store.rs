use std::error::Error;

use async_trait::async_trait;
use thiserror::Error;

use crate::Breaker;

/// Where the records are. Two atomic operations; one conformance suite holds every implementation.
#[async_trait]
pub trait GateStore: Send + Sync {
    /// The target's record, read consistently; the default where there is none.
    async fn load(&self, target: &str) -> Result<Breaker, GateError>;

    /// Writes the record if the one that stands there is of the revision before it. `false`: somebody was faster.
    async fn swap(&self, target: &str, record: &Breaker, expires_at_s: i64) -> Result<bool, GateError>;

    /// Takes up to `wanted` tokens, at least `least`, of the window's supply; answers how many, 0 where there are fewer.
    async fn lease(&self, lease: &Lease<'_>) -> Result<u32, GateError>;
}

#[derive(Clone, Copy, Debug)]
pub struct Lease<'a> {
    pub target: &'a str,
    /// Number of the window since the epoch.
    pub window: i64,
    pub supply: u32,
    pub wanted: u32,
    pub least: u32,
    pub expires_at_s: i64,
}

#[derive(Debug, Error)]
pub enum GateError {
    #[error("the gate's record could not be read or written")]
    Unavailable {
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    #[error("the gate's record: attribute {attribute} cannot be read")]
    Corrupt { attribute: &'static str },
}

impl GateError {
    pub(crate) fn unavailable(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Unavailable { source: source.into() }
    }
}
