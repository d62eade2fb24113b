use std::time::Duration;

use message::Code;

use crate::GateConfig;

/// The shared record of one target. Pure: every change is a new value, written on the condition that nobody else has
/// written since.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Breaker {
    pub state: State,
    /// Milliseconds since the epoch until which a 429 asks us to wait; 0 where none does.
    pub not_before_ms: i64,
    /// Raised by every write; 0 where there is no record yet.
    pub revision: u64,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum State {
    Closed,
    Open {
        code: Code,
        until_ms: i64,
        /// For how long this time: what a failed probe doubles.
        for_ms: i64,
    },
    /// One worker is trying the target.
    Probing {
        code: Code,
        owner: String,
        /// Until when the probe is waited for.
        until_ms: i64,
        for_ms: i64,
    },
}

/// What a look at the record says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Verdict {
    Pass,
    /// Not before this time.
    Wait {
        code: Code,
        until_ms: i64,
    },
    /// Somebody may try the target.
    Elect {
        code: Code,
    },
}

/// How often a message that is held during a probe looks again.
const PROBE_SECONDS: i64 = 5;

impl Default for Breaker {
    fn default() -> Self {
        Self { state: State::Closed, not_before_ms: 0, revision: 0 }
    }
}

impl Breaker {
    pub(crate) fn verdict(&self, now_ms: i64) -> Verdict {
        match &self.state {
            State::Open { code, until_ms, .. } if now_ms < *until_ms => {
                Verdict::Wait { code: *code, until_ms: *until_ms }
            }
            State::Probing { code, until_ms, .. } if now_ms < *until_ms => {
                let soon = now_ms.saturating_add(PROBE_SECONDS * 1_000);
                Verdict::Wait { code: *code, until_ms: soon.min(*until_ms) }
            }
            State::Open { code, .. } | State::Probing { code, .. } => Verdict::Elect { code: *code },
            State::Closed if now_ms < self.not_before_ms => {
                Verdict::Wait { code: Code::TargetThrottled, until_ms: self.not_before_ms }
            }
            State::Closed => Verdict::Pass,
        }
    }

    /// The breaker opens, if it is closed: a failure that was on its way when it opened changes nothing more.
    pub(crate) fn opened(&self, code: Code, now_ms: i64, config: &GateConfig) -> Option<Self> {
        let for_ms = whole_ms(config.open_for);
        let state = State::Open { code, until_ms: now_ms.saturating_add(for_ms), for_ms };
        matches!(self.state, State::Closed).then(|| self.next(state))
    }

    pub(crate) fn throttled_until(&self, until_ms: i64) -> Option<Self> {
        (until_ms > self.not_before_ms)
            .then(|| Self { not_before_ms: until_ms, ..self.next(self.state.clone()) })
    }

    /// `owner` becomes the one that tries the target.
    pub(crate) fn elected(&self, owner: &str, now_ms: i64, config: &GateConfig) -> Option<Self> {
        if !matches!(self.verdict(now_ms), Verdict::Elect { .. }) {
            return None;
        }
        let (code, for_ms) = match &self.state {
            State::Closed => return None,
            State::Open { code, for_ms, .. } | State::Probing { code, for_ms, .. } => (*code, *for_ms),
        };
        let until_ms = now_ms.saturating_add(whole_ms(config.probe_lease));
        Some(self.next(State::Probing { code, owner: owner.to_owned(), until_ms, for_ms }))
    }

    /// The end of `owner`'s probe; nothing where another has been elected since.
    pub(crate) fn probed(
        &self,
        owner: &str,
        end: ProbeEnd,
        now_ms: i64,
        config: &GateConfig,
    ) -> Option<Self> {
        let State::Probing { code, owner: elected, for_ms, .. } = &self.state else { return None };
        if elected != owner {
            return None;
        }
        let state = match end {
            ProbeEnd::Answered => State::Closed,
            ProbeEnd::Failed(code) => {
                let for_ms = for_ms.saturating_mul(2).min(whole_ms(config.longest_open)).max(1);
                State::Open { code, until_ms: now_ms.saturating_add(for_ms), for_ms }
            }
            ProbeEnd::NoCall => State::Open { code: *code, until_ms: now_ms, for_ms: *for_ms },
        };
        Some(self.next(state))
    }

    fn next(&self, state: State) -> Self {
        Self { state, not_before_ms: self.not_before_ms, revision: self.revision + 1 }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ProbeEnd {
    Answered,
    Failed(Code),
    /// The message needed no call: a duplicate, say. Somebody else tries.
    NoCall,
}

pub(crate) fn whole_ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: GateConfig = GateConfig::new("erp");

    fn opened() -> Breaker {
        Breaker::default().opened(Code::TargetFailed, 0, &CONFIG).unwrap()
    }

    #[test]
    fn it_stays_open_for_its_time_and_then_elects_one() {
        let open = opened();
        assert_eq!(open.verdict(29_999), Verdict::Wait { code: Code::TargetFailed, until_ms: 30_000 });
        assert_eq!(open.elected("a", 29_999, &CONFIG), None);
        let probing = open.elected("a", 30_000, &CONFIG).unwrap();
        assert_eq!(probing.elected("b", 30_001, &CONFIG), None, "the others wait");
        assert_eq!(probing.verdict(30_001), Verdict::Wait { code: Code::TargetFailed, until_ms: 35_001 });
        assert!(probing.elected("b", 90_000, &CONFIG).is_some(), "a probe that never ends is replaced");
    }

    #[test]
    fn a_failed_probe_doubles_the_time_up_to_its_bound() {
        let (mut breaker, mut now) = (opened(), 30_000);
        let mut times = Vec::new();
        for _ in 0..5 {
            let probing = breaker.elected("a", now, &CONFIG).unwrap();
            breaker = probing.probed("a", ProbeEnd::Failed(Code::TargetUnreachable), now, &CONFIG).unwrap();
            let State::Open { until_ms, .. } = breaker.state else { panic!("expected open") };
            times.push((until_ms - now) / 1_000);
            now = until_ms;
        }
        assert_eq!(times, [60, 120, 240, 300, 300]);
    }

    #[test]
    fn an_answered_probe_closes_it_and_only_its_own_probe_counts() {
        let probing = opened().elected("a", 30_000, &CONFIG).unwrap();
        assert_eq!(probing.probed("b", ProbeEnd::Answered, 30_000, &CONFIG), None);
        let closed = probing.probed("a", ProbeEnd::Answered, 30_000, &CONFIG).unwrap();
        assert_eq!(closed.verdict(30_000), Verdict::Pass);
        assert_eq!(closed.probed("a", ProbeEnd::Failed(Code::TargetFailed), 30_000, &CONFIG), None);
    }

    #[test]
    fn a_probe_without_a_call_lets_the_next_one_try_at_once() {
        let probing = opened().elected("a", 30_000, &CONFIG).unwrap();
        let open = probing.probed("a", ProbeEnd::NoCall, 31_000, &CONFIG).unwrap();
        assert!(open.elected("b", 31_000, &CONFIG).is_some());
    }

    #[test]
    fn late_failures_do_not_keep_it_open_longer() {
        assert_eq!(opened().opened(Code::TargetFailed, 20_000, &CONFIG), None);
    }

    #[test]
    fn a_throttle_waits_as_long_as_asked_and_never_shorter() {
        let throttled = Breaker::default().throttled_until(9_000).unwrap();
        let wait = Verdict::Wait { code: Code::TargetThrottled, until_ms: 9_000 };
        assert_eq!((throttled.verdict(8_999), throttled.verdict(9_000)), (wait, Verdict::Pass));
        assert_eq!(throttled.throttled_until(5_000), None);
    }
}
