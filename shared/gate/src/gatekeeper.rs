use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use message::Code;
use uuid::Uuid;

use crate::breaker::{Breaker, ProbeEnd, Verdict, whole_ms};
use crate::config::Limit;
use crate::{GateConfig, GateStore, Lease, Observation};

/// How long a look at the shared record serves.
const CACHED_MS: i64 = 1_000;
/// A 429 that names no time.
const DEFAULT_THROTTLE: Duration = Duration::from_secs(2);
/// Tries of one change against others that change the record at the same time.
const TRIES: usize = 4;
/// Records outlive every outage that they are about.
const KEPT_S: i64 = 7 * 24 * 3_600;
/// Least time over which those that were held come back, so that they do not come all at once.
const SPREAD: Duration = Duration::from_secs(2);

/// Says whether the target is to be called, and hears what comes of it. One an execution environment.
pub struct Gate {
    store: Arc<dyn GateStore>,
    config: GateConfig,
    clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    local: Mutex<Local>,
}

/// What this environment knows and has not told the others yet.
#[derive(Default)]
struct Local {
    cached: Option<(Breaker, i64)>,
    /// Failed attempts in a row.
    failures: u32,
    opens: Option<Code>,
    throttled_until_ms: Option<i64>,
}

/// The right to try a target whose breaker is open, and the duty to say how that went ([`Gate::probed`]).
#[derive(PartialEq, Eq, Debug)]
pub struct Probe {
    owner: String,
}

/// What becomes of records that want to call the target.
#[derive(PartialEq, Eq, Debug)]
pub struct Admission {
    /// So many of them, the first ones, may.
    pub granted: usize,
    pub held: Option<Held>,
    /// The one that may is a probe.
    pub probe: Option<Probe>,
}

impl Admission {
    const fn of(granted: usize, held: Option<Held>) -> Self {
        Self { granted, held, probe: None }
    }
}

/// Why and for how long the others have to wait.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Held {
    pub code: Code,
    after: Duration,
    /// So many at a time, each lot so much later than the one before.
    lot: usize,
    every: Duration,
}

impl Held {
    fn together(code: Code, after: Duration) -> Self {
        Self { code, after, lot: usize::MAX, every: Duration::ZERO }
    }

    /// How long the one at `place` waits; `random` in 0..1 spreads those that wait for the same moment.
    pub fn after(&self, place: usize, random: f64) -> Duration {
        let lots = u32::try_from(place / self.lot.max(1)).unwrap_or(u32::MAX);
        let spread = (self.after / 4).max(if self.every.is_zero() { SPREAD } else { self.every });
        self.after
            .saturating_add(self.every.saturating_mul(lots))
            .saturating_add(spread.mul_f64(random.clamp(0.0, 1.0)))
    }
}

/// What became of a change of the record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Change {
    Written,
    /// The record says so already, or somebody else's later word.
    NotNeeded,
    Unreachable,
}

impl Gate {
    pub fn new(
        store: Arc<dyn GateStore>,
        config: GateConfig,
        clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    ) -> Self {
        Self { store, config, clock, local: Mutex::default() }
    }

    pub const fn target(&self) -> &'static str {
        self.config.target
    }

    /// How many of `wanted` records, each of about `calls` calls, may be tried now.
    pub async fn admit(&self, wanted: usize, calls: u32) -> Admission {
        if wanted == 0 {
            return Admission::of(0, None);
        }
        let breaker = self.look().await;
        match breaker.verdict(self.now_ms()) {
            Verdict::Pass => self.limited(wanted, calls).await,
            Verdict::Wait { code, until_ms } => {
                Admission::of(0, Some(Held::together(code, self.until(until_ms))))
            }
            Verdict::Elect { code } => {
                let probe = self.elect(&breaker).await;
                let granted = usize::from(probe.is_some());
                let held = Held::together(code, Duration::from_secs(5));
                Admission { probe, ..Admission::of(granted, (wanted > granted).then_some(held)) }
            }
        }
    }

    /// Whether the target is not to be called any more, as far as is known here: why, and for how long.
    pub fn closed(&self) -> Option<Held> {
        let now_ms = self.now_ms();
        let local = self.local();
        if let Some(code) = local.opens {
            return Some(Held::together(code, self.config.open_for));
        }
        if let Some(until_ms) = local.throttled_until_ms.filter(|until_ms| now_ms < *until_ms) {
            return Some(Held::together(Code::TargetThrottled, milliseconds(until_ms - now_ms)));
        }
        match local.cached.as_ref()?.0.verdict(now_ms) {
            Verdict::Wait { code, until_ms } => Some(Held::together(code, milliseconds(until_ms - now_ms))),
            Verdict::Pass | Verdict::Elect { .. } => None,
        }
    }

    /// How long a message is left alone that the target, open or not, has failed for this reason.
    pub fn rest(&self, code: Code) -> Held {
        Held::together(code, self.config.open_for)
    }

    /// How the attempt of a record went that was no probe.
    pub fn observe(&self, observation: Observation) {
        let mut local = self.local();
        match observation {
            Observation::Works => local.failures = 0,
            Observation::Throttled { after } => {
                local.failures = 0;
                let longest = self.config.longest_throttle;
                let after = after.unwrap_or(DEFAULT_THROTTLE).min(longest);
                let until_ms = self.now_ms().saturating_add(whole_ms(after));
                local.throttled_until_ms = local.throttled_until_ms.max(Some(until_ms));
            }
            Observation::Failed(code) => {
                local.failures = local.failures.saturating_add(1);
                if local.failures >= self.config.failures_to_open {
                    local.opens = Some(code);
                }
            }
        }
    }

    /// Ends a probe. Without an observation the target was not called, and somebody else tries.
    pub async fn probed(&self, probe: Probe, observation: Option<Observation>) {
        let end = match observation {
            None => ProbeEnd::NoCall,
            Some(Observation::Failed(code)) => ProbeEnd::Failed(code),
            Some(answered @ (Observation::Works | Observation::Throttled { .. })) => {
                self.observe(answered);
                ProbeEnd::Answered
            }
        };
        let now_ms = self.now_ms();
        let change = self.change(|record| record.probed(&probe.owner, end, now_ms, &self.config)).await;
        if change != Change::Written {
            return;
        }
        let target_system = self.config.target;
        match end {
            ProbeEnd::Answered => tracing::info!(target_system, "breaker closed"),
            ProbeEnd::Failed(code) => {
                tracing::warn!(target_system, code = code.as_str(), "breaker stays open");
            }
            ProbeEnd::NoCall => {}
        }
    }

    /// Tells the other environments what was observed here since the last time: once, after which the record is what
    /// counts, here too. Whoever deletes it opens the gate.
    pub async fn share(&self) {
        let (opens, throttled_until_ms) = {
            let local = self.local();
            (local.opens, local.throttled_until_ms)
        };
        if let Some(until_ms) = throttled_until_ms {
            let told = self.change(|record| record.throttled_until(until_ms)).await;
            let mut local = self.local();
            let unheard = |still: &i64| told == Change::Unreachable || *still != until_ms;
            local.throttled_until_ms = local.throttled_until_ms.filter(unheard);
        }
        if let Some(code) = opens {
            let now_ms = self.now_ms();
            if self.change(|record| record.opened(code, now_ms, &self.config)).await == Change::Written {
                tracing::warn!(target_system = self.config.target, code = code.as_str(), "breaker opened");
            }
            let mut local = self.local();
            local.opens = None;
            local.failures = 0;
        }
    }

    /// Tokens for as many of the records as there are.
    async fn limited(&self, wanted: usize, calls: u32) -> Admission {
        let Some(limit) = self.config.limit else { return Admission::of(wanted, None) };
        // A record that needs more calls than a window has takes a whole window.
        let each = calls.clamp(1, limit.calls);
        let now_ms = self.now_ms();
        let window_ms = whole_ms(limit.window).max(1);
        let lease = Lease {
            target: self.config.target,
            window: now_ms.div_euclid(window_ms),
            supply: limit.calls,
            wanted: each.saturating_mul(u32::try_from(wanted).unwrap_or(u32::MAX)),
            least: each,
            expires_at_s: now_ms / 1_000 + 2 * (window_ms / 1_000 + 60),
        };
        let leased = match self.store.lease(&lease).await {
            Ok(leased) => leased,
            Err(error) => {
                tracing::warn!(target_system = self.config.target, %error, "the limiter did not answer");
                return Admission::of(wanted, None);
            }
        };
        let granted = usize::try_from(leased / each).unwrap_or(usize::MAX).min(wanted);
        let next_window_ms = (lease.window + 1).saturating_mul(window_ms);
        let held = Held {
            code: Code::TargetThrottled,
            after: milliseconds(next_window_ms - now_ms),
            lot: usize::try_from(limit.calls / each).unwrap_or(1).max(1),
            every: limit.window,
        };
        Admission::of(granted, (granted < wanted).then_some(held))
    }

    async fn look(&self) -> Breaker {
        let now_ms = self.now_ms();
        let cached = self.local().cached.clone();
        if let Some((breaker, at_ms)) = &cached
            && (0..CACHED_MS).contains(&(now_ms - at_ms))
        {
            return breaker.clone();
        }
        match self.store.load(self.config.target).await {
            Ok(breaker) => {
                self.keep(&breaker);
                breaker
            }
            Err(error) => {
                tracing::warn!(target_system = self.config.target, %error, "the breaker's record did not answer");
                cached.map(|(breaker, _)| breaker).unwrap_or_default()
            }
        }
    }

    async fn elect(&self, seen: &Breaker) -> Option<Probe> {
        let owner = Uuid::new_v4().to_string();
        let elected = seen.elected(&owner, self.now_ms(), &self.config)?;
        if self.swap(&elected).await {
            self.keep(&elected);
            Some(Probe { owner })
        } else {
            self.local().cached = None;
            None
        }
    }

    /// Writes what `next` makes of the record, again where somebody else was faster.
    async fn change(&self, next: impl Fn(&Breaker) -> Option<Breaker>) -> Change {
        for _ in 0..TRIES {
            let record = match self.store.load(self.config.target).await {
                Ok(record) => record,
                Err(error) => {
                    tracing::warn!(target_system = self.config.target, %error, "the breaker's record did not answer");
                    return Change::Unreachable;
                }
            };
            let Some(changed) = next(&record) else {
                self.keep(&record);
                return Change::NotNeeded;
            };
            if self.swap(&changed).await {
                self.keep(&changed);
                return Change::Written;
            }
        }
        Change::Unreachable
    }

    async fn swap(&self, record: &Breaker) -> bool {
        let expires_at_s = self.now_ms() / 1_000 + KEPT_S;
        self.store.swap(self.config.target, record, expires_at_s).await.unwrap_or_else(|error| {
            tracing::warn!(target_system = self.config.target, %error, "the breaker's record was not written");
            false
        })
    }

    fn keep(&self, breaker: &Breaker) {
        self.local().cached = Some((breaker.clone(), self.now_ms()));
    }

    fn until(&self, until_ms: i64) -> Duration {
        milliseconds(until_ms.saturating_sub(self.now_ms()))
    }

    fn now_ms(&self) -> i64 {
        (self.clock)().as_millisecond()
    }

    fn local(&self) -> MutexGuard<'_, Local> {
        self.local.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn milliseconds(ms: i64) -> Duration {
    Duration::from_millis(u64::try_from(ms).unwrap_or(0))
}

impl Limit {
    pub const fn a_second(calls: u32) -> Self {
        Self { calls, window: Duration::from_secs(1) }
    }
}
