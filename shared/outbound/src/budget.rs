use std::time::Duration;

use message::Code;
use tokio::time::Instant;

use crate::CallError;

/// How long a worker may go on calling targets: until its lease ends, less a margin, on a monotonic clock.
///
/// A worker that stalls past its lease must not send after its successor has looked the effect up: a call is
/// started only while it can also end inside the time for work, after which the lease still has a minute.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    ends: Instant,
}

impl Budget {
    /// What a call must at least have to be worth starting.
    const SHORTEST_CALL: Duration = Duration::from_millis(250);
    /// Kept free at the end of that time, which itself outlives the invocation by two seconds: so that the last call
    /// has ended, and the ledger item can be completed, before the invocation's deadline.
    pub const MARGIN: Duration = Duration::from_millis(3_500);

    /// `work` is the time for work under a claim; it counts from `started`, an instant taken before the claim was sent.
    pub fn of_work(started: Instant, work: Duration) -> Self {
        Self { ends: started + work.saturating_sub(Self::MARGIN) }
    }

    /// The time-out for a call that would like `wanted`: shortened to what is left, refused below a quarter second.
    pub fn allow(&self, wanted: Duration) -> Result<Duration, CallError> {
        let left = self.ends.saturating_duration_since(Instant::now());
        let granted = wanted.min(left);
        if granted < Self::SHORTEST_CALL {
            return Err(CallError::NotNow { code: Code::LeaseTooShort, after: None });
        }
        Ok(granted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_call_never_outlives_the_lease() {
        let budget = Budget::of_work(Instant::now(), Duration::from_secs(12));
        let wanted = Duration::from_secs(8);
        assert_eq!(budget.allow(wanted).unwrap(), wanted);
        tokio::time::advance(Duration::from_secs(5)).await;
        assert_eq!(budget.allow(wanted).unwrap(), Duration::from_millis(3_500));
        tokio::time::advance(Duration::from_millis(3_300)).await;
        let refused = budget.allow(wanted).unwrap_err();
        assert_eq!(refused.code(), Code::LeaseTooShort);
    }

    #[tokio::test(start_paused = true)]
    async fn a_lease_shorter_than_the_margin_allows_no_call() {
        assert!(
            Budget::of_work(Instant::now(), Duration::from_secs(1)).allow(Duration::from_secs(1)).is_err()
        );
    }
}
