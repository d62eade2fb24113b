//! Ctrl-C and SIGTERM: whatever is under way lets go of the letters that it hides, and says how far it came.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result};
use review::Stop;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;

use crate::print;

/// As a shell says of what SIGINT has ended.
const INTERRUPTED: i32 = 130;

pub(crate) struct Interrupt {
    listener: JoinHandle<()>,
    /// While somebody else has the terminal.
    deaf: Arc<AtomicBool>,
}

impl Interrupt {
    /// From now on. The first tells the work to end, the second does not wait for it.
    pub(crate) fn listen(stop: &Stop) -> Result<Self> {
        let context = "listening for signals";
        let mut interrupt = signal(SignalKind::interrupt()).context(context)?;
        let mut terminate = signal(SignalKind::terminate()).context(context)?;
        let (stop, deaf) = (stop.clone(), Arc::new(AtomicBool::new(false)));
        let is_deaf = Arc::clone(&deaf);
        let listener = tokio::spawn(async move {
            loop {
                let ctrl_c = tokio::select! {
                    _ = interrupt.recv() => true,
                    _ = terminate.recv() => false,
                };
                if is_deaf.load(Ordering::SeqCst) {
                    if !ctrl_c {
                        stop.stop();
                    }
                    continue;
                }
                if stop.is_stopped() {
                    // What is hidden comes back by itself.
                    std::process::exit(INTERRUPTED);
                }
                print::say("ending: letters that are held are let go of. Once more ends at once");
                stop.stop();
            }
        });
        Ok(Self { listener, deaf })
    }

    /// Ctrl-C is an editor's while it runs. What it was given is removed whatever comes, also where its terminal is closed.
    pub(crate) async fn leaving_ctrl_c<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let _outlives_the_terminal = signal(SignalKind::hangup()).context("listening for signals")?;
        self.deaf.store(true, Ordering::SeqCst);
        let result = work.await;
        self.deaf.store(false, Ordering::SeqCst);
        result
    }
}

impl Drop for Interrupt {
    fn drop(&mut self) {
        self.listener.abort();
    }
}
