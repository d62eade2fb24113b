use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::time::Instant;

/// Asks until there is an answer.
pub(crate) async fn until<T>(
    what: &str,
    within: Duration,
    probe: impl AsyncFn() -> Result<Option<T>>,
) -> Result<T> {
    let ends = Instant::now() + within;
    let mut every = tokio::time::interval(Duration::from_millis(250));
    loop {
        every.tick().await;
        if let Some(found) = probe().await.with_context(|| format!("while waiting for {what}"))? {
            return Ok(found);
        }
        if Instant::now() > ends {
            bail!("{what} did not come within {} s", within.as_secs());
        }
    }
}
