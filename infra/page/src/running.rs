//! Redrives that go on behind the pages.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use review::{Ended, Plan, Planned, Progress, Stop, Why};

use crate::words::{count, letters, number};

/// Redrives that are remembered, those that run among them.
const MOST_REMEMBERED: usize = 50;

/// How it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Stand {
    Running,
    Ended(BTreeMap<String, Ended>),
    /// What went wrong, in words.
    Failed(String),
}

/// A redrive of a plan.
pub(crate) struct Running {
    pub(crate) plan: String,
    pub(crate) reason: String,
    pub(crate) begun_at: Timestamp,
    pub(crate) stop: Stop,
    state: Mutex<State>,
}

struct State {
    flows: BTreeMap<String, Progress>,
    stand: Stand,
}

/// As it is shown, at one moment.
pub(crate) struct Shot {
    pub(crate) flows: BTreeMap<String, Progress>,
    pub(crate) stand: Stand,
    pub(crate) stopping: bool,
}

impl Running {
    /// `failing`: those too that a mapping still refuses.
    pub(crate) fn new(plan: &Plan, failing: bool, reason: &str, at: Timestamp) -> Self {
        let flows = plan.letters.iter().map(|(flow, letters)| {
            let moved = letters.iter().filter(|letter| failing || letter.planned != Planned::Fail).count();
            (flow.clone(), Progress { wanted: count(moved), ..Progress::default() })
        });
        let state = State { flows: flows.collect(), stand: Stand::Running };
        Self {
            plan: plan.id.clone(),
            reason: reason.to_owned(),
            begun_at: at,
            stop: Stop::default(),
            state: Mutex::new(state),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn tell(&self, flow: &str, progress: &Progress) {
        self.lock().flows.insert(flow.to_owned(), progress.clone());
    }

    pub(crate) fn end(&self, stand: Stand) {
        let mut state = self.lock();
        if let Stand::Ended(ended) = &stand {
            for (flow, ended) in ended {
                state.flows.insert(flow.clone(), ended.progress.clone());
            }
        }
        state.stand = stand;
    }

    pub(crate) fn is_running(&self) -> bool {
        self.lock().stand == Stand::Running
    }

    pub(crate) fn shot(&self) -> Shot {
        let state = self.lock();
        Shot { flows: state.flows.clone(), stand: state.stand.clone(), stopping: self.stop.is_stopped() }
    }
}

impl Shot {
    /// In a sentence or two, as it is announced.
    pub(crate) fn sentence(&self) -> String {
        let moved: u64 = self.flows.values().map(|progress| progress.moved).sum();
        let wanted: u64 = self.flows.values().map(|progress| progress.wanted).sum();
        let back: u64 = self.flows.values().map(Progress::failures).sum();
        let so_far = format!("{} of {} moved by this run", number(moved), letters(wanted));
        let came_back = match back {
            0 => String::new(),
            back => format!(", {} came back", number(back)),
        };
        let how = match &self.stand {
            Stand::Running if self.stopping => "Stopping".to_owned(),
            Stand::Running => "Running".to_owned(),
            Stand::Failed(what) => format!("Broken off ({what})"),
            Stand::Ended(ended) => {
                ended.values().map(|ended| why(ended.why)).fold(String::new(), |all, why| {
                    if all.is_empty() || all == why { why.to_owned() } else { format!("{all}; {why}") }
                })
            }
        };
        format!("{how}: {so_far}{came_back}.")
    }
}

const fn why(why: Why) -> &'static str {
    match why {
        Why::Done => "Done",
        Why::Failures => "Stopped by itself, as too many came back",
        Why::Stopped => "Stopped",
        Why::HiddenElsewhere => "Ended, as somebody else is still looking at the rest",
        Why::NotAllSeen => "Ended, as not all letters could be seen",
    }
}

/// By plan: the newest of each.
#[derive(Default)]
pub(crate) struct Redrives(Mutex<Vec<Arc<Running>>>);

impl Redrives {
    fn lock(&self) -> MutexGuard<'_, Vec<Arc<Running>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `false` where one of the same plan is running: two would hide letters from each other.
    pub(crate) fn add(&self, running: &Arc<Running>) -> bool {
        let mut all = self.lock();
        if all.iter().any(|other| other.plan == running.plan && other.is_running()) {
            return false;
        }
        all.retain(|other| other.plan != running.plan);
        if all.len() >= MOST_REMEMBERED
            && let Some(ended) = all.iter().position(|other| !other.is_running())
        {
            all.remove(ended);
        }
        all.push(Arc::clone(running));
        true
    }

    pub(crate) fn remove(&self, running: &Arc<Running>) {
        self.lock().retain(|other| !Arc::ptr_eq(other, running));
    }

    pub(crate) fn get(&self, plan: &str) -> Option<Arc<Running>> {
        self.lock().iter().find(|running| running.plan == plan).cloned()
    }

    pub(crate) fn all(&self) -> Vec<Arc<Running>> {
        self.lock().iter().rev().cloned().collect()
    }

    pub(crate) fn stop_all(&self) {
        for running in self.lock().iter() {
            running.stop.stop();
        }
    }
}
