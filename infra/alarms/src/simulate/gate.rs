//! The breaker of `shared/gate` in minutes: five failures in a row open it for half a minute, each failed probe doubles that up to five
//! minutes.

const FAILURES_TO_OPEN: u32 = 5;
const FIRST_SECONDS: u32 = 30;
const LONGEST_SECONDS: u32 = 300;

#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Gate {
    failures: u32,
    open: Option<Open>,
}

#[derive(Clone, Copy, Debug)]
struct Open {
    until: u32,
    seconds: u32,
}

impl Gate {
    /// Nobody may call before that minute.
    pub(super) fn closed_until(&self, minute: u32) -> Option<u32> {
        self.open.map(|open| open.until).filter(|until| minute < *until)
    }

    /// Neither open nor waiting for a probe.
    pub(super) fn is_closed(&self) -> bool {
        self.open.is_none()
    }

    /// How many may try, of so many: one as a probe; without a breaker as many as it takes to open it.
    pub(super) fn tries(&self, minute: u32, of: u32) -> u32 {
        match self.open {
            Some(open) if minute < open.until => 0,
            Some(_) => of.min(1),
            None => of.min(FAILURES_TO_OPEN - self.failures.min(FAILURES_TO_OPEN)),
        }
    }

    pub(super) fn failed(&mut self, minute: u32, tries: u32) {
        self.failures += tries;
        let seconds = match self.open {
            Some(open) if tries > 0 && minute >= open.until => (open.seconds * 2).min(LONGEST_SECONDS),
            None if self.failures >= FAILURES_TO_OPEN => FIRST_SECONDS,
            _ => return,
        };
        self.open = Some(Open { until: minute + seconds.div_ceil(60), seconds });
    }

    pub(super) fn succeeded(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_gate_that_functions_have() {
        let config = gate::GateConfig::new("any");
        assert_eq!(config.failures_to_open, FAILURES_TO_OPEN);
        let seconds = [config.open_for, config.longest_open].map(|time| time.as_secs());
        assert_eq!(seconds, [FIRST_SECONDS, LONGEST_SECONDS].map(u64::from));
    }

    #[test]
    fn five_failures_open_it_and_failed_probes_keep_it_open_for_five_minutes_at_most() {
        let mut gate = Gate::default();
        assert_eq!(gate.tries(0, 3), 3);
        gate.failed(0, 3);
        assert_eq!((gate.closed_until(0), gate.tries(0, 9)), (None, 2));
        gate.failed(0, 2);
        let mut minute = 0;
        let mut opened = Vec::new();
        while let Some(until) = gate.closed_until(minute).filter(|_| opened.len() < 6) {
            assert_eq!(gate.tries(minute, 9), 0);
            opened.push(until - minute);
            minute = until;
            assert_eq!(gate.tries(minute, 9), 1, "a probe");
            gate.failed(minute, 1);
        }
        assert_eq!(opened, [1, 1, 2, 4, 5, 5]);
        gate.succeeded();
        assert_eq!(gate.closed_until(minute), None);
    }
}
