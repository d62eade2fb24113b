use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use async_trait::async_trait;
use jiff::Timestamp;

use crate::ports::Clock;

/// The machine's time.
#[derive(Debug)]
pub struct SystemClock {
    begun: Instant,
    begun_at: SystemTime,
    /// Milliseconds: the most that was ever said.
    furthest: AtomicU64,
}

impl SystemClock {
    pub fn new() -> Self {
        Self { begun: Instant::now(), begun_at: SystemTime::now(), furthest: AtomicU64::new(0) }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    /// By the clock that says more: the steady one stands still while a laptop sleeps, and SQS does not.
    fn elapsed(&self) -> Duration {
        let wall = self.begun_at.elapsed().unwrap_or_default();
        let said = u64::try_from(self.begun.elapsed().max(wall).as_millis()).unwrap_or(u64::MAX);
        Duration::from_millis(self.furthest.fetch_max(said, Ordering::SeqCst).max(said))
    }

    async fn sleep(&self, time: Duration) {
        wait(time).await;
    }
}

#[expect(clippy::disallowed_methods, reason = "the pace of a redrive, and the jitter between tries")]
pub(super) async fn wait(time: Duration) {
    tokio::time::sleep(time).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_that_slept_has_let_time_pass() {
        let hour = Duration::from_secs(3_600);
        let slept = SystemClock { begun_at: SystemTime::now() - hour, ..SystemClock::new() };
        assert!(slept.elapsed() >= hour);
    }

    #[test]
    fn time_never_goes_backwards_whatever_the_machine_is_told() {
        let hour = Duration::from_secs(3_600);
        let mut clock = SystemClock { begun_at: SystemTime::now() - hour, ..SystemClock::new() };
        let before = clock.elapsed();
        clock.begun_at = SystemTime::now() + hour;
        assert!(clock.elapsed() >= before);
    }
}
