use std::time::Duration;

use settings::Settings;

/// When a target's gate closes and opens, and how many calls it lets through.
#[derive(Clone, Debug)]
pub struct GateConfig {
    /// Name of the target, shared by all flows that call it: `tryton`.
    pub target: &'static str,
    /// Failed attempts in a row, each of another record, in one execution environment, that open the breaker.
    pub failures_to_open: u32,
    /// How long it stays open the first time; every failed probe doubles it.
    pub open_for: Duration,
    /// What that doubling stops at.
    pub longest_open: Duration,
    /// How long an elected probe has before another is elected.
    pub probe_lease: Duration,
    /// Longest time that a 429 closes the gate for, whatever the target asks for.
    pub longest_throttle: Duration,
    /// Calls a window, over all execution environments; `None`: no limit.
    pub limit: Option<Limit>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limit {
    pub calls: u32,
    pub window: Duration,
}

impl GateConfig {
    pub const fn new(target: &'static str) -> Self {
        Self {
            target,
            failures_to_open: 5,
            open_for: Duration::from_secs(30),
            longest_open: Duration::from_secs(300),
            probe_lease: Duration::from_secs(60),
            longest_throttle: Duration::from_secs(3_600),
            limit: None,
        }
    }

    /// The limits are every target's; a function has one.
    pub fn read(settings: &mut Settings<'_>, target: &'static str) -> Self {
        let default = Self::new(target);
        let calls: u32 = settings.number("TARGET_CALLS_PER_WINDOW", 0, 0..=1_000_000);
        let window_ms: u64 = settings.number("TARGET_WINDOW_MS", 1_000, 100..=3_600_000);
        let limit = Limit { calls, window: Duration::from_millis(window_ms) };
        let open_ms: u64 = settings.number("BREAKER_OPEN_MS", 30_000, 100..=3_600_000);
        let longest_throttle_s: u64 = settings.number("RETRY_MAX_DELAY_SECONDS", 3_600, 60..=42_300);
        Self {
            longest_throttle: Duration::from_secs(longest_throttle_s),
            failures_to_open: settings.number("BREAKER_FAILURES", default.failures_to_open, 1..=1_000),
            open_for: Duration::from_millis(open_ms),
            longest_open: Duration::from_millis(open_ms * 10),
            limit: (calls > 0).then_some(limit),
            ..default
        }
    }
}
