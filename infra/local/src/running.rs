//! A program that answers in JSON, and what it took for that.

use std::process::{Output, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use tokio::process::{Child, Command};
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::usage::Usage;

/// Exit code of what could not be answered; what answers says 0 or 1.
const UNANSWERED: i32 = 2;
/// How often a process is asked what it has taken: what it takes just before its end may be missed.
const ASKED_EVERY: Duration = Duration::from_millis(20);

/// What it has answered.
#[derive(Debug)]
pub struct Told {
    /// Exit code 0.
    pub good: bool,
    pub json: Value,
    pub took: Duration,
    pub used: Usage,
}

/// One that is at work. It is killed when this is dropped.
pub struct Running {
    child: Child,
    what: String,
    begun: Instant,
}

impl Running {
    pub fn begin(what: String, command: &mut Command) -> Result<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let child = command.spawn().with_context(|| format!("{what}: cannot be started"))?;
        Ok(Self { child, what, begun: Instant::now() })
    }

    /// As it ends by itself.
    pub async fn told(self) -> Result<Told> {
        let Self { child, what, begun } = self;
        let process = child.id();
        let mut every = interval(ASKED_EVERY);
        every.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let ended = child.wait_with_output();
        tokio::pin!(ended);
        let mut used = Usage::default();
        let output = loop {
            tokio::select! {
                output = &mut ended => break output.with_context(|| what.clone())?,
                _ = every.tick() => used = process.and_then(|it| Usage::of(it).ok()).unwrap_or(used),
            }
        };
        let took = begun.elapsed();
        let Output { status, stdout, stderr } = output;
        let said = String::from_utf8_lossy(&stderr);
        match status.code() {
            Some(code) if code != UNANSWERED => {
                let json = serde_json::from_slice(&stdout);
                let json = json.with_context(|| format!("what {what} answered; it said: {said}"))?;
                Ok(Told { good: status.success(), json, took, used })
            }
            _ => bail!("{what}: {status}: {said}"),
        }
    }

    /// Ends it as a machine that fails would: it has no time for a word. Fails where it had ended by itself before.
    pub async fn kill(mut self) -> Result<()> {
        ensure!(self.child.try_wait()?.is_none(), "{} had ended before it was killed", self.what);
        self.child.kill().await.with_context(|| format!("killing {}", self.what))
    }
}
