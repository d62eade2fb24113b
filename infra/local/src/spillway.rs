//! The operator's command, as the process that it is, on the local engine.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use tokio::process::{Child, Command};
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::command::Step;
use crate::deploy::STACK;
use crate::engine::REGION;
use crate::stack::Stack;
use crate::tools::Tools;

const PROGRAM: &str = "spillway";
/// Of what it could not answer; one that answers says 0 or 1.
const UNANSWERED: i32 = 2;
/// How often a process is asked how much memory it takes: a peak that comes just before its end may be missed.
const MEMORY_EVERY: Duration = Duration::from_millis(20);

/// `spillway …` of this checkout, asking one stack.
pub struct Spillway {
    program: PathBuf,
    endpoint: String,
}

/// What it has answered.
#[derive(Debug)]
pub struct Told {
    /// Exit code 0.
    pub good: bool,
    /// Of `--json`.
    pub json: Value,
    pub took: Duration,
    /// The most memory that it had, in bytes: `VmHWM`.
    pub peak: u64,
}

/// One that is at work. It is killed when this is dropped.
pub struct Running {
    child: Child,
    what: String,
    begun: Instant,
}

impl Spillway {
    /// Builds it to where [`Spillway::of`] looks.
    pub async fn build(tools: &Tools) -> Result<()> {
        let build = Step::new("building the operator's command", "cargo")
            .args(["build", "--quiet", "--locked", "--package", "cli", "--bin", PROGRAM])
            .dir(tools.workspace.root());
        build.output().await.map(drop)
    }

    /// Beside the program that runs, or in the folder above, as it is for tests, which cargo builds together with it.
    pub fn of(stack: &Stack) -> Result<Self> {
        let here = std::env::current_exe()?;
        let found =
            here.ancestors().skip(1).take(2).map(|folder| folder.join(PROGRAM)).find(|it| it.is_file());
        let program = found.with_context(|| {
            format!(
                "no {PROGRAM} beside {}: cargo build --package cli",
                here.parent().unwrap_or(Path::new("")).display()
            )
        })?;
        Ok(Self { program, endpoint: stack.engine.endpoint().to_owned() })
    }

    /// Runs it to its end.
    pub async fn ask(&self, arguments: &[&str]) -> Result<Told> {
        self.begin(arguments)?.told().await
    }

    pub fn begin(&self, arguments: &[&str]) -> Result<Running> {
        let what = format!("{PROGRAM} {}", arguments.join(" "));
        let child = Command::new(&self.program)
            .arg("--json")
            .args(arguments)
            .env("SPILLWAY_STACK", STACK)
            .env("AWS_ENDPOINT_URL", &self.endpoint)
            .env("AWS_DEFAULT_REGION", REGION)
            .env("AWS_REGION", REGION)
            .env("AWS_ACCESS_KEY_ID", "local")
            .env("AWS_SECRET_ACCESS_KEY", "local")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn();
        let child = child.with_context(|| format!("{what}: cannot be started"))?;
        Ok(Running { child, what, begun: Instant::now() })
    }
}

impl Running {
    /// As it ends by itself.
    pub async fn told(self) -> Result<Told> {
        let Self { child, what, begun } = self;
        let status = child.id().map(|pid| PathBuf::from(format!("/proc/{pid}/status")));
        let mut every = interval(MEMORY_EVERY);
        every.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let ended = child.wait_with_output();
        tokio::pin!(ended);
        let mut peak = 0;
        let output = loop {
            tokio::select! {
                output = &mut ended => break output.with_context(|| what.clone())?,
                _ = every.tick() => peak = peak.max(status.as_deref().and_then(most_memory).unwrap_or(0)),
            }
        };
        let took = begun.elapsed();
        let Output { status, stdout, stderr } = output;
        let said = String::from_utf8_lossy(&stderr);
        match status.code() {
            Some(code) if code != UNANSWERED => {
                let json = serde_json::from_slice(&stdout);
                let json = json.with_context(|| format!("what {what} answered; it said: {said}"))?;
                Ok(Told { good: status.success(), json, took, peak })
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

fn most_memory(status: &Path) -> Option<u64> {
    let text = std::fs::read_to_string(status).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes * 1024)
}
