//! Where a schedule takes hold of a worker: before and after every call that it makes.

use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// What happens to one worker at one of its calls, counted from 0.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fault {
    /// The process ends before the call is made.
    CrashBefore(usize),
    /// The process ends after the call has had its effect, before its answer is read.
    CrashAfter(usize),
    /// The call never arrives, and the caller is told so.
    RequestLost(usize),
    /// The call has its effect, and the caller is told that it failed.
    ReplyLost(usize),
    /// The process stands still before the call, for longer than its lease.
    StallBefore(usize),
    /// … or after it.
    StallAfter(usize),
}

impl Fault {
    pub(crate) const CRASHES: [fn(usize) -> Self; 2] = [Self::CrashBefore, Self::CrashAfter];
    pub(crate) const LOSSES: [fn(usize) -> Self; 2] = [Self::RequestLost, Self::ReplyLost];
    pub(crate) const STALLS: [fn(usize) -> Self; 2] = [Self::StallBefore, Self::StallAfter];

    /// What ends or misleads a worker at one call.
    pub(crate) fn at(call: usize) -> impl Iterator<Item = Self> {
        Self::CRASHES.into_iter().chain(Self::LOSSES).map(move |kind| kind(call))
    }

    /// Each of `kinds` at each of so many calls.
    pub(crate) fn each(kinds: &[fn(usize) -> Self], calls: usize) -> Vec<Self> {
        (0..calls).flat_map(|call| kinds.iter().map(move |kind| kind(call))).collect()
    }
}

/// How a call goes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Way {
    Call,
    /// Answer with an error instead of calling.
    Lost,
}

/// Why a worker has stopped without an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Stop {
    Crashed,
    Stalled,
}

/// One worker's.
#[derive(Clone, Default)]
pub(crate) struct Hook(Arc<Inner>);

#[derive(Default)]
struct Inner {
    state: Mutex<State>,
    stopped: Notify,
    released: Notify,
}

#[derive(Default)]
struct State {
    faults: Vec<Fault>,
    calls: Vec<&'static str>,
    stop: Option<Stop>,
}

impl Hook {
    pub(crate) fn with(faults: &[Fault]) -> Self {
        let hook = Self::default();
        faults.clone_into(&mut hook.state().faults);
        hook
    }

    /// Which calls there have been.
    pub(crate) fn calls(&self) -> Vec<&'static str> {
        self.state().calls.clone()
    }

    /// To be called before each call; answers with its number.
    pub(crate) async fn before(&self, name: &'static str) -> (usize, Way) {
        let (call, faults) = {
            let mut state = self.state();
            state.calls.push(name);
            (state.calls.len() - 1, state.faults.clone())
        };
        if faults.contains(&Fault::CrashBefore(call)) {
            self.crash().await;
        }
        if faults.contains(&Fault::StallBefore(call)) {
            self.stall().await;
        }
        (call, if faults.contains(&Fault::RequestLost(call)) { Way::Lost } else { Way::Call })
    }

    /// To be called after it has had its effect.
    pub(crate) async fn after(&self, call: usize) -> Way {
        let faults = self.state().faults.clone();
        if faults.contains(&Fault::CrashAfter(call)) {
            self.crash().await;
        }
        if faults.contains(&Fault::StallAfter(call)) {
            self.stall().await;
        }
        if faults.contains(&Fault::ReplyLost(call)) { Way::Lost } else { Way::Call }
    }

    async fn crash(&self) {
        self.stop(Stop::Crashed);
        pending::<()>().await;
    }

    async fn stall(&self) {
        self.stop(Stop::Stalled);
        self.0.released.notified().await;
    }

    fn stop(&self, stop: Stop) {
        self.state().stop = Some(stop);
        self.0.stopped.notify_one();
    }

    /// Waits until the worker stops.
    pub(crate) async fn stopped(&self) -> Stop {
        loop {
            if let Some(stop) = self.state().stop.take() {
                return stop;
            }
            self.0.stopped.notified().await;
        }
    }

    /// Lets a worker that stands still go on.
    pub(crate) fn release(&self) {
        self.0.released.notify_one();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
