use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, ChildStdin};
use tokio::time::Instant;

use crate::process::{GroupGuard, supervised};
use crate::progress::say;

/// A long command, such as an installation or a build: its last lines are kept for the error, and whoever waits
/// hears of it every few seconds. It ends with the caller: nothing is left behind on Ctrl-C.
pub struct Step {
    what: String,
    command: Command,
}

const SAY_EVERY: Duration = Duration::from_secs(15);
const KEPT_LINES: usize = 40;

impl Step {
    pub fn new(what: impl Into<String>, program: impl AsRef<OsStr>) -> Self {
        Self { what: what.into(), command: Command::new(program) }
    }

    #[must_use]
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    #[must_use]
    pub fn args(mut self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.command.args(args);
        self
    }

    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    #[must_use]
    pub fn dir(mut self, dir: &Path) -> Self {
        self.command.current_dir(dir);
        self
    }

    /// Runs quietly but for progress; answers with standard output.
    pub async fn output(self) -> Result<String> {
        let (mut child, _input) = self.spawn(Stdio::piped)?;
        let guard = GroupGuard::new(child.id());
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let started = Instant::now();
        let work = async {
            let (out, err) = tokio::join!(lines(stdout), lines(stderr));
            anyhow::Ok((out?, err?, child.wait().await?))
        };
        tokio::pin!(work);
        let (out, err, status) = loop {
            match tokio::time::timeout(SAY_EVERY, &mut work).await {
                Ok(done) => break done?,
                Err(_) => say(format!("{} ({} s)", self.what, started.elapsed().as_secs())),
            }
        };
        guard.disarm();
        if !status.success() {
            let printed: Vec<_> = out.into_iter().chain(err).collect();
            let tail = printed.get(printed.len().saturating_sub(KEPT_LINES)..).unwrap_or_default();
            bail!("{} failed ({status}):\n{}", self.what, tail.join("\n"));
        }
        Ok(out.join("\n"))
    }

    /// Runs with this process's own standard output and error: for tools that show progress themselves.
    pub async fn shown(self) -> Result<()> {
        let (mut child, _input) = self.spawn(Stdio::inherit)?;
        let guard = GroupGuard::new(child.id());
        let status = child.wait().await?;
        guard.disarm();
        if !status.success() {
            bail!("{} failed ({status})", self.what);
        }
        Ok(())
    }

    /// The command ends when its standard input is dropped; waiting for it would close it, so it is kept apart.
    fn spawn(&self, output: fn() -> Stdio) -> Result<(Child, Option<ChildStdin>)> {
        let mut command = tokio::process::Command::from(supervised(&self.command)?);
        let child = command.stdout(output()).stderr(output()).spawn();
        let mut child = child.with_context(|| format!("{}: cannot be started", self.what))?;
        let input = child.stdin.take();
        Ok((child, input))
    }
}

async fn lines(pipe: Option<impl AsyncRead + Unpin>) -> Result<Vec<String>> {
    let Some(pipe) = pipe else { return Ok(Vec::new()) };
    let mut reader = BufReader::new(pipe);
    let (mut lines, mut line) = (Vec::new(), Vec::new());
    while reader.read_until(b'\n', &mut line).await? > 0 {
        lines.push(String::from_utf8_lossy(&line).trim_end().to_owned());
        line.clear();
    }
    Ok(lines)
}

/// A short question to a program; `None` where it is not there.
pub(crate) fn ask(program: &str, args: &[&str]) -> Option<Output> {
    std::process::Command::new(program).args(args).stdin(Stdio::null()).output().ok()
}
