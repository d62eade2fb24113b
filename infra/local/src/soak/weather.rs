use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, interval, sleep_until};

use super::Plan;
use crate::process::kill;
use crate::progress::say;
use crate::sandbox::{Fault, FaultKind};
use crate::stack::Stack;

/// The call that decides: of a reservation and of a label. One an order.
const RESERVE: &str = "assign_try";
const BUY: &str = "/v1/shipments";
/// Of twenty deciding calls one is answered with 500: 5 %.
const FAILED_EVERY: u32 = 20;
/// Of fifty one has its effect and no answer: 2 %.
const LOST_EVERY: u32 = 50;
/// Calls of the storm, all answered with 429.
const STORM: u32 = 200;

/// What goes wrong, and when.
pub(super) struct Weather<'a> {
    stack: &'a Stack,
    plan: &'a Plan,
}

/// What went wrong.
pub(super) struct Passed {
    pub(super) kills: usize,
    /// Begin and end of the label system's outage, in milliseconds since the epoch.
    pub(super) outage_ms: (i64, i64),
}

impl<'a> Weather<'a> {
    pub(super) const fn over(stack: &'a Stack, plan: &'a Plan) -> Self {
        Self { stack, plan }
    }

    /// A storm after a tenth of the time, the outage in the middle, kills and single faults all the while.
    pub(super) async fn pass(&self, duration: Duration) -> Passed {
        self.usual();
        let (kills, outage_ms) = tokio::join!(self.kill_functions(duration), self.storm_and_outage(duration));
        Passed { kills, outage_ms }
    }

    fn usual(&self) {
        for path in [RESERVE, BUY] {
            let failed = FaultKind::Status { status: 500, retry_after_s: None };
            self.fail("POST", path, failed, u32::MAX, FAILED_EVERY);
            self.fail("POST", path, FaultKind::TimeoutAfterEffect, u32::MAX, LOST_EVERY);
        }
    }

    async fn storm_and_outage(&self, duration: Duration) -> (i64, i64) {
        let started = Instant::now();
        sleep_until(started + duration / 10).await;
        say("a storm of 429 at the label system");
        // Ahead of the usual faults, which are added again behind it.
        self.stack.sandbox.fail_no_more();
        let throttled = FaultKind::Status { status: 429, retry_after_s: Some(2) };
        self.fail("", BUY, throttled, STORM, 1);
        self.usual();
        sleep_until(started + duration / 4).await;
        say("the label system is down");
        let begin = Timestamp::now().as_millisecond();
        self.stack.sandbox.fail_no_more();
        self.fail("", "/v1/", FaultKind::Status { status: 503, retry_after_s: None }, u32::MAX, 1);
        self.usual();
        sleep_until(Instant::now() + self.plan.outage).await;
        self.stack.sandbox.fail_no_more();
        self.usual();
        say("the label system is up again");
        (begin, Timestamp::now().as_millisecond())
    }

    /// One at a time, whichever comes first in the system's list.
    async fn kill_functions(&self, duration: Duration) -> usize {
        let (ends, mut kills) = (Instant::now() + duration, 0);
        let mut every = interval(self.plan.kill_every);
        every.tick().await;
        while Instant::now() < ends {
            every.tick().await;
            let processes = self.stack.engine.function_processes();
            if let Some(process) = processes.get(kills % processes.len().max(1)) {
                kill(*process);
                kills += 1;
            }
        }
        kills
    }

    fn fail(&self, method: &str, path: &str, kind: FaultKind, times: u32, every: u32) {
        let method = Some(method).filter(|method| !method.is_empty()).map(str::to_owned);
        self.stack.sandbox.fail(Fault { method, path: path.to_owned(), kind, times, every });
    }
}
