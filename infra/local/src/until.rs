use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::time::Instant;

/// How long anything may take that has to happen by itself: on a busy machine, with a function's first start in it.
const DEADLINE: Duration = Duration::from_secs(120);

/// Asks until there is an answer.
pub(crate) async fn until<T>(what: &str, probe: impl AsyncFn() -> Result<Option<T>>) -> Result<T> {
    let ends = Instant::now() + DEADLINE;
    let mut every = tokio::time::interval(Duration::from_millis(250));
    loop {
        every.tick().await;
        if let Some(found) = probe().await.with_context(|| format!("while waiting for {what}"))? {
            return Ok(found);
        }
        if Instant::now() > ends {
            bail!("{what} did not come within {} s", DEADLINE.as_secs());
        }
    }
}
