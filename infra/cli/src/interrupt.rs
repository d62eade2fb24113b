//! Ctrl-C and SIGTERM: whatever is under way lets go of the letters that it hides, and says how far it came.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result};
use review::Stop;
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use crate::print;

/// As a shell says of what SIGINT has ended.
const INTERRUPTED: i32 = 130;

pub(crate) struct Interrupt {
    /// Ends the listener once it is dropped.
    _listens: oneshot::Sender<()>,
    /// While somebody else has the terminal.
    deaf: Arc<AtomicBool>,
}

impl Interrupt {
    /// From now on, on a thread of its own: whatever the work is busy with, it is heard. The first tells the work to end, the second does
    /// not wait for it.
    pub(crate) fn listen(stop: &Stop) -> Result<Self> {
        let context = "listening for signals";
        let runtime = Builder::new_current_thread().enable_all().build().context(context)?;
        let (mut interrupt, mut terminate) = {
            let _inside = runtime.enter();
            (
                signal(SignalKind::interrupt()).context(context)?,
                signal(SignalKind::terminate()).context(context)?,
            )
        };
        let (stop, deaf) = (stop.clone(), Arc::new(AtomicBool::new(false)));
        let is_deaf = Arc::clone(&deaf);
        let (listens, mut ended) = oneshot::channel();
        let listener = async move {
            loop {
                let ctrl_c = tokio::select! {
                    _ = interrupt.recv() => true,
                    _ = terminate.recv() => false,
                    _ = &mut ended => return,
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
        };
        std::thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || runtime.block_on(listener))
            .context(context)?;
        Ok(Self { _listens: listens, deaf })
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

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader};
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};

    use super::*;

    /// Says to this test that it is the process that is ended.
    const BUSY: &str = "SPILLWAY_TEST_IS_BUSY";
    const LONGEST: Duration = Duration::from_secs(30);

    fn signal_to(process: u32, name: &str) {
        let sent = Command::new("kill").args([name, &process.to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Never comes back to its runtime, as an evaluation that takes for ever.
    async fn busy() {
        let _interrupt = Interrupt::listen(&Stop::default()).unwrap();
        print::say("busy");
        let begun = Instant::now();
        while begun.elapsed() < LONGEST {
            std::hint::spin_loop();
        }
    }

    #[tokio::test]
    async fn the_second_signal_ends_a_process_whose_runtime_is_busy() {
        if std::env::vars_os().any(|(name, _)| name == BUSY) {
            return busy().await;
        }
        for signals in [["-INT", "-INT"], ["-TERM", "-TERM"]] {
            let name = "interrupt::tests::the_second_signal_ends_a_process_whose_runtime_is_busy";
            let mut process = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", name, "--nocapture"])
                .env(BUSY, "1")
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            let mut said = BufReader::new(process.stderr.take().unwrap()).lines().map_while(Result::ok);
            for (waits_for, signal) in ["busy", "ending"].into_iter().zip(signals) {
                assert!(said.any(|line| line.contains(waits_for)), "{waits_for}");
                signal_to(process.id(), signal);
            }
            assert_eq!(process.wait().unwrap().code(), Some(INTERRUPTED));
        }
    }
}
