//! Real systems that nobody here wrote, each installed and prepared once, copied for each run, on a free loopback port:
//! docs/real-systems.md says which, what for, and what they cost.

pub mod background;
pub mod bottlecrm;
mod django;
pub mod journey;
pub mod karrio;
pub mod localstripe;
pub mod postgres;
pub mod redmine;
pub mod relay;
pub mod signature;
pub mod superset;
mod system;
pub mod tryton;
pub mod vendure;

pub use system::System;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::command::Step;
use crate::engine::free_port;
use crate::stamp::Stamp;
use crate::tools::Tools;
use crate::until;

/// How long anything may take that has to happen by itself: on a busy machine, with a function's first start in it.
const DEADLINE: Duration = Duration::from_secs(120);

/// Long enough for the slowest of them on a busy machine.
const READY_WITHIN: Duration = Duration::from_secs(180);

/// Asks until there is an answer.
async fn until<T>(what: &str, probe: impl AsyncFn() -> Result<Option<T>>) -> Result<T> {
    until::until(what, DEADLINE, probe).await
}

/// A gunicorn that serves an application of `.tools/<name>` out of the run's folder.
fn gunicorn(tools: &Tools, name: &str, application: &str, run: &Run) -> Command {
    let mut command = Command::new(tools.workspace.tools(&format!("{name}/bin/gunicorn")));
    command
        .args([application, "--workers", "1", "--threads", "4"])
        // Seconds: with its own two, a client on a busy machine writes into connections that are being closed.
        .args(["--bind", &format!("127.0.0.1:{}", run.port), "--keep-alive", "75"])
        .current_dir(&run.folder);
    command
}

/// Makes `.tools/<name>` out of those files of infra/local, unless it was made out of exactly them before.
pub(crate) async fn once(
    tools: &Tools,
    name: &str,
    files: &[&str],
    make: impl AsyncFnOnce(&Path) -> Result<()>,
) -> Result<PathBuf> {
    let folder = tools.workspace.tools(name);
    let read = |file: &&str| fs::read(tools.workspace.local(file)).with_context(|| (*file).to_owned());
    let inputs = files.iter().map(read).collect::<Result<Vec<_>>>()?;
    let stamp = Stamp::of(&folder, &inputs.iter().map(Vec::as_slice).collect::<Vec<_>>());
    // Whoever comes second waits, and finds it made.
    fs::create_dir_all(tools.workspace.tools(""))?;
    let lock = fs::File::create(folder.with_extension("lock"))?;
    lock.lock()?;
    if !stamp.holds() {
        stamp.remove();
        drop(fs::remove_dir_all(&folder));
        fs::create_dir_all(&folder)?;
        make(&folder).await?;
        stamp.set()?;
    }
    Ok(folder)
}

/// A folder of its own for one run, with a copy of what was prepared, and a free port. Removed with this value, but
/// for a test that fails: whoever looks into it needs the log.
pub(crate) struct Run {
    pub(crate) folder: PathBuf,
    pub(crate) port: u16,
}

impl Run {
    pub(crate) async fn of(tools: &Tools, name: &str, prepared: &Path) -> Result<Self> {
        let port = free_port()?;
        let folder = tools.workspace.tools(&format!("run/{name}-{port}"));
        drop(fs::remove_dir_all(&folder));
        fs::create_dir_all(&folder)?;
        let run = Self { folder, port };
        let copy = Step::new(format!("copying what was prepared for {name}"), "cp");
        copy.arg("-a").arg(prepared.join(".")).arg(&run.folder).output().await?;
        Ok(run)
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.folder.join("server.log")
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            drop(fs::remove_dir_all(&self.folder));
        }
    }
}
