//! Real systems that go on after a command has ended. Each is held by a process of ours, which has started it as a test
//! would; the holder's id and start time are in a record in `.tools/run`, and it is the holder that is told to end.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};

use crate::http::succeeds;
use crate::process::descendants;
use crate::progress::say;
use crate::real::System;
use crate::real::postgres;
use crate::real::system::{Facts, Wishes};
use crate::tools::Tools;

/// Starting takes seconds; installing was done before.
const STARTED_WITHIN: Duration = Duration::from_secs(300);
/// A holder gives each of its servers five seconds.
const ENDED_WITHIN: Duration = Duration::from_secs(30);

/// A system that runs in the background, or has run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record {
    pub pid: u32,
    /// In clock ticks since the machine started: another process with this id has another.
    started: u64,
    /// None while the system is starting.
    pub facts: Option<Facts>,
}

impl Record {
    pub fn of(tools: &Tools, system: System) -> Option<Self> {
        let text = fs::read(file(tools, system, "json")).ok()?;
        serde_json::from_slice(&text).ok()
    }

    /// Whether the process is still the one that was recorded.
    pub fn is_running(&self) -> bool {
        start_of(self.pid) == Some(self.started)
    }

    /// Of this very process.
    fn own(facts: Option<Facts>) -> Result<Self> {
        let pid = std::process::id();
        Ok(Self { pid, started: start_of(pid).context("no /proc")?, facts })
    }

    /// Whole or not at all: others read it.
    fn write(&self, tools: &Tools, system: System) -> Result<()> {
        let unfinished = file(tools, system, "json.part");
        fs::write(&unfinished, serde_json::to_vec_pretty(self)?)?;
        fs::rename(&unfinished, file(tools, system, "json"))?;
        Ok(())
    }
}

impl Facts {
    pub async fn is_healthy(&self, tools: &Tools) -> bool {
        let health = &self.health;
        if health.url.starts_with("postgresql:") {
            return postgres::answers(tools, &health.url).await;
        }
        let request = crate::http::client().get(&health.url).timeout(Duration::from_secs(10));
        let request = match health.authorization.as_str() {
            "" => request,
            value => request.header("authorization", value),
        };
        succeeds(request).await
    }
}

impl Record {
    /// Kilobytes of memory of all its processes; what several share is counted once.
    pub fn memory_kb(&self) -> u64 {
        let processes = descendants(self.pid).into_iter().map(|(pid, _)| pid).chain([self.pid]);
        processes.filter_map(memory_of).sum()
    }
}

/// Starts a system in a process of its own and waits until it is ready. Where another command is starting it already, waits for
/// that.
pub async fn start(tools: &Tools, system: System, webhook: Option<(&str, &str)>) -> Result<Facts> {
    fs::create_dir_all(tools.workspace.tools("run"))?;
    let mut holder = match running(tools, system) {
        Some(Record { facts: Some(facts), .. }) => return Ok(facts),
        Some(_) => None,
        None => Some(spawn(tools, system, webhook)?),
    };
    let asked = Instant::now();
    let mut every = tokio::time::interval(Duration::from_millis(100));
    loop {
        every.tick().await;
        // Asked before the record is read, which may be another holder's, who was first.
        let has_ended = match &mut holder {
            Some(holder) => holder.try_wait()?.is_some(),
            None => true,
        };
        match running(tools, system) {
            Some(Record { facts: Some(facts), .. }) => return Ok(facts),
            None if has_ended => break,
            _ => {}
        }
        if asked.elapsed() > STARTED_WITHIN {
            stop(tools, system).await?;
            break;
        }
    }
    let log = fs::read_to_string(file(tools, system, "log")).unwrap_or_default();
    bail!("{} has not started:\n{log}", system.name());
}

fn running(tools: &Tools, system: System) -> Option<Record> {
    Record::of(tools, system).filter(Record::is_running)
}

fn spawn(tools: &Tools, system: System, webhook: Option<(&str, &str)>) -> Result<Child> {
    let log = fs::File::create(file(tools, system, "log"))?;
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["real", "hold", system.name()]).current_dir(tools.workspace.root());
    if let Some((url, secret)) = webhook {
        command.args(["--webhook-url", url, "--webhook-secret", secret]);
    }
    let command = command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    // A group of its own: Ctrl-C in the terminal is not meant for it.
    Ok(std::os::unix::process::CommandExt::process_group(command, 0).spawn()?)
}

/// What the process does that holds a system: records itself, so that it can be ended from the first moment on, starts the system,
/// and waits to be told to end.
pub async fn hold(tools: &Tools, system: System, webhook: Option<(String, String)>) -> Result<()> {
    // As long as the process lives. Who comes second leaves the first one's record alone.
    let lock = fs::File::create(file(tools, system, "lock"))?;
    if lock.try_lock().is_err() {
        bail!("another process holds {}", system.name());
    }
    Record::own(None)?.write(tools, system)?;
    let warehouse = running(tools, System::Postgres).and_then(|record| record.facts);
    let wishes = Wishes { warehouse: warehouse.map(|facts| facts.url), webhook };
    let (_alive, facts) = system.up(tools, &wishes).await?;
    Record::own(Some(facts))?.write(tools, system)?;
    std::future::pending().await
}

/// Ends what was recorded, if it is still that; says whether there was anything to end.
pub async fn stop(tools: &Tools, system: System) -> Result<bool> {
    let Some(record) = Record::of(tools, system) else { return Ok(false) };
    let was_running = record.is_running();
    if was_running {
        let pid = i32::try_from(record.pid).ok().and_then(Pid::from_raw).context("an id that is none")?;
        kill_process(pid, Signal::TERM)?;
        let asked = Instant::now();
        let mut every = tokio::time::interval(Duration::from_millis(100));
        while record.is_running() {
            every.tick().await;
            anyhow::ensure!(asked.elapsed() < ENDED_WITHIN, "{} has not ended", system.name());
        }
        say(format!("{} has ended", system.name()));
    }
    fs::remove_file(file(tools, system, "json"))?;
    Ok(was_running)
}

fn file(tools: &Tools, system: System, kind: &str) -> PathBuf {
    tools.workspace.tools(&format!("run/real-{}.{kind}", system.name()))
}

/// `None` for a process that is not there, or has ended and only waits to be reaped.
fn start_of(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // pid (name) state …, of which the start is the 22nd.
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut fields = fields.split(' ');
    let state = fields.next()?;
    (state != "Z").then(|| fields.nth(18)?.parse().ok()).flatten()
}

fn memory_of(pid: u32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Workspace;

    fn facts() -> Facts {
        let health = crate::real::system::Health { url: String::new(), authorization: String::new() };
        Facts { url: "http://127.0.0.1:1".to_owned(), credentials: Vec::new(), health }
    }

    #[test]
    fn a_process_is_known_by_when_it_started() {
        let own = Record::own(Some(facts())).unwrap();
        assert!(own.is_running());
        assert!(!Record { started: own.started + 1, ..own }.is_running());
        assert!(memory_of(std::process::id()).unwrap() > 100);
    }

    #[tokio::test]
    async fn what_is_still_starting_can_be_ended_and_is_not_taken_for_ready() {
        let folder = tempfile::tempdir().unwrap();
        let tools = Tools::new(Workspace::at(folder.path())).unwrap();
        fs::create_dir_all(tools.workspace.tools("run")).unwrap();
        let mut holder = Command::new("sleep").arg("600").spawn().unwrap();
        let started = start_of(holder.id()).unwrap();
        let starting = Record { pid: holder.id(), started, facts: None };
        starting.write(&tools, System::Tryton).unwrap();
        assert!(running(&tools, System::Tryton).unwrap().facts.is_none());

        assert!(stop(&tools, System::Tryton).await.unwrap());
        assert!(!holder.wait().unwrap().success());
        assert!(Record::of(&tools, System::Tryton).is_none());
    }

    #[tokio::test]
    async fn whoever_comes_while_it_is_starting_waits_for_it_and_starts_no_second_one() {
        let folder = tempfile::tempdir().unwrap();
        let tools = Tools::new(Workspace::at(folder.path())).unwrap();
        fs::create_dir_all(tools.workspace.tools("run")).unwrap();
        Record::own(None).unwrap().write(&tools, System::Tryton).unwrap();
        let ready = async {
            tokio::task::yield_now().await;
            Record::own(Some(facts())).unwrap().write(&tools, System::Tryton).unwrap();
        };
        let (found, ()) = tokio::join!(start(&tools, System::Tryton, None), ready);
        assert_eq!(found.unwrap().url, facts().url);
    }
}
