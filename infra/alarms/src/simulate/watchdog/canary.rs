//! Canaries on the way through the simulated flows, one hop a minute. They are left out of what queues, functions and the API count: one
//! in five minutes among what sources send.

use super::super::flow::Flow;
use super::super::weather::{Runs, Weather};

/// The flows that the canaries of one of them pass.
pub(super) struct Way {
    path: Vec<usize>,
    /// Of each flow of the path the newest that has passed: when it was sent, or how long before the simulation.
    passed: Vec<i64>,
    canaries: Vec<Canary>,
}

struct Canary {
    sent: u32,
    hop: usize,
    enqueued: u32,
    /// Not received before.
    visible_at: u32,
    receives: u32,
}

impl Way {
    pub(super) fn of(path: Vec<usize>, every: u32) -> Self {
        Self { passed: vec![-i64::from(every); path.len()], path, canaries: Vec::new() }
    }

    pub(super) fn post(&mut self, minute: u32) {
        let canary = Canary { sent: minute, hop: 0, enqueued: minute, visible_at: minute, receives: 0 };
        self.canaries.push(canary);
    }

    /// In minutes, since the newest was sent that has come through.
    pub(super) fn age(&self, minute: u32) -> u32 {
        let oldest = self.passed.iter().min().copied().unwrap_or_default();
        u32::try_from(i64::from(minute) - oldest).unwrap_or_default()
    }

    pub(super) fn moves(&mut self, minute: u32, flows: &[Flow], weathers: &[Weather]) {
        let Self { path, passed, canaries } = self;
        canaries.retain_mut(|canary| {
            let place = path.get(canary.hop).copied().unwrap_or(usize::MAX);
            let (Some(flow), Some(weather)) = (flows.get(place), weathers.get(place)) else { return false };
            let waits = canary.visible_at > minute || !flow.has_received(minute, canary.enqueued);
            if waits || !weather.polls {
                return true;
            }
            if weather.runs != Runs::Well {
                canary.receives += 1;
                canary.visible_at = minute + flow.visibility();
                // Or the redrive policy has it.
                return canary.receives < flow.max_receives();
            }
            // Where the ledger does not answer it is given up (shared/receiver/src/canary.rs).
            if weather.table_throttled {
                return false;
            }
            if let Some(passed) = passed.get_mut(canary.hop) {
                *passed = i64::from(canary.sent).max(*passed);
            }
            let next = Canary {
                sent: canary.sent,
                hop: canary.hop + 1,
                enqueued: minute + 1,
                visible_at: minute + 1,
                receives: 0,
            };
            *canary = next;
            canary.hop < path.len()
        });
    }
}
