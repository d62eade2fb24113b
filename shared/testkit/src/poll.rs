use std::future::Future;
use std::time::Duration;

use tokio::time::Instant;

/// Asks `probe` again and again until it answers `Some`; panics with `what` once the deadline has passed.
pub async fn poll_until<T, F>(what: &str, deadline: Duration, mut probe: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    let ends = Instant::now() + deadline;
    let mut every = tokio::time::interval(Duration::from_millis(100));
    loop {
        every.tick().await;
        if let Some(found) = probe().await {
            return found;
        }
        assert!(Instant::now() < ends, "not within {deadline:?}: {what}");
    }
}
