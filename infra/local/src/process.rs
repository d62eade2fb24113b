use std::collections::HashMap;
use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};

use crate::prerequisites::Python;
use crate::workspace::Workspace;

/// How long a service has to end by itself before it is killed.
const GRACE: Duration = Duration::from_secs(5);

/// A server that runs beside us, in a process group of its own, with a log file. It ends with this value, and with
/// it everything that it has started.
/// Even where this process is killed: `supervise.py` sees that.
pub struct Service {
    name: &'static str,
    child: Child,
    log: PathBuf,
}

impl Service {
    /// Starts `command`; its output goes to `log`.
    pub fn start(name: &'static str, command: &Command, log: &Path) -> Result<Self> {
        if let Some(folder) = log.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let file = File::create(log).with_context(|| format!("log file of {name}"))?;
        let mut command = supervised(command)?;
        let child = command.stdout(file.try_clone()?).stderr(file).spawn();
        let child = child.with_context(|| format!("{name} cannot be started"))?;
        Ok(Self { name, child, log: log.to_owned() })
    }

    /// Waits until `probe` says yes; fails at once where the service has ended.
    pub async fn ready(&mut self, deadline: Duration, probe: impl AsyncFn() -> bool) -> Result<()> {
        let started = Instant::now();
        let mut every = tokio::time::interval(Duration::from_millis(100));
        loop {
            every.tick().await;
            if probe().await {
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                bail!("{} has ended ({status}); its log ends with:\n{}", self.name, self.log_tail());
            }
            if started.elapsed() > deadline {
                bail!(
                    "{} was not ready within {deadline:?}; its log ends with:\n{}",
                    self.name,
                    self.log_tail()
                );
            }
        }
    }

    /// Processes under this one whose program has that name, by their ids.
    pub fn descendants(&self, program: &str) -> Vec<u32> {
        let under = descendants(self.child.id()).into_iter();
        under.filter(|(_, name)| name == program).map(|(pid, _)| pid).collect()
    }

    fn log_tail(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<_> = text.lines().rev().take(20).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let group = group_of(self.child.id());
        end_group(group);
        // Reaps the leader, which the signals have ended by now.
        drop(self.child.wait());
    }
}

/// All processes that a process has started, and theirs: ids and names of programs.
pub(crate) fn descendants(ancestor: u32) -> Vec<(u32, String)> {
    let mut parents: HashMap<u32, (u32, String)> = HashMap::new();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Ok(stat) = std::fs::read_to_string(entry.path().join("stat")) else { continue };
        // pid (name) state ppid …
        let Some((before, after)) = stat.rsplit_once(") ") else { continue };
        let Some((pid, name)) = before.split_once(" (") else { continue };
        let parent = after.split(' ').nth(1).and_then(|parent| parent.parse().ok());
        if let (Ok(pid), Some(parent)) = (pid.parse(), parent) {
            parents.insert(pid, (parent, name.to_owned()));
        }
    }
    let is_under = |mut pid: u32| {
        while let Some((parent, _)) = parents.get(&pid) {
            if *parent == ancestor {
                return true;
            }
            pid = *parent;
        }
        false
    };
    parents.iter().filter(|(pid, _)| is_under(**pid)).map(|(pid, (_, name))| (*pid, name.clone())).collect()
}

/// The same command under `supervise.py`, in a process group of its own. It ends when the child's standard input is
/// dropped, which this process's own end does.
pub(crate) fn supervised(command: &Command) -> Result<Command> {
    let mut supervised = Command::new(&Python::find()?.program);
    supervised
        // -I: neither the environment nor the folder of the command changes what is imported.
        .args(["-I", "-S"])
        .arg(Workspace::here().local("supervise.py"))
        .arg(command.get_program())
        .args(command.get_args())
        .stdin(Stdio::piped())
        .process_group(0);
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => supervised.env(name, value),
            None => supervised.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        supervised.current_dir(folder);
    }
    Ok(supervised)
}

/// Ends a process without a warning, as a machine that fails would.
pub(crate) fn kill(process: u32) {
    if let Some(pid) = group_of(process) {
        // It may have ended by itself in the meantime.
        let _gone = rustix::process::kill_process(pid, Signal::KILL);
    }
}

/// Ends a process group when it is dropped, unless it was disarmed because its leader has been waited for.
pub(crate) struct GroupGuard(Option<Pid>);

impl GroupGuard {
    pub(crate) fn new(leader: Option<u32>) -> Self {
        Self(leader.and_then(group_of))
    }

    pub(crate) fn disarm(mut self) {
        self.0 = None;
    }
}

impl Drop for GroupGuard {
    fn drop(&mut self) {
        end_group(self.0);
    }
}

fn group_of(leader: u32) -> Option<Pid> {
    i32::try_from(leader).ok().and_then(Pid::from_raw)
}

/// TERM, a while for an orderly end, then KILL.
fn end_group(group: Option<Pid>) {
    let Some(group) = group else { return };
    // Fails where the group has ended by itself, which is what is wanted.
    let _gone = kill_process_group(group, Signal::TERM);
    let asked = Instant::now();
    while asked.elapsed() < GRACE && has_running_member(group) {
        pause();
    }
    let _gone = kill_process_group(group, Signal::KILL);
}

/// A zombie still counts as a member for `kill`, so the states are read where the system shows them.
fn has_running_member(group: Pid) -> bool {
    if test_kill_process_group(group).is_err() {
        return false;
    }
    let Ok(processes) = std::fs::read_dir("/proc") else { return true };
    let mut members = processes.flatten().filter_map(|entry| {
        let stat = std::fs::read_to_string(entry.path().join("stat")).ok()?;
        // pid (name) state ppid pgrp …; the name may hold anything but ends with the last parenthesis.
        let (_, fields) = stat.rsplit_once(") ")?;
        let mut fields = fields.split(' ');
        let (state, _, pgrp) = (fields.next()?, fields.next()?, fields.next()?);
        (pgrp == group.as_raw_nonzero().to_string() && state != "Z").then_some(())
    });
    members.next().is_some()
}

#[expect(clippy::disallowed_methods, reason = "a destructor cannot await; bounded by the grace period")]
fn pause() {
    std::thread::sleep(Duration::from_millis(50));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A shell that ignores TERM and has a child that would outlive it.
    fn stubborn() -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", "trap '' TERM; sleep 300 & echo $!; wait; wait"]);
        command
    }

    fn is_gone(process: &str) -> bool {
        let state = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        state.is_empty() || state.contains(") Z ")
    }

    #[tokio::test]
    async fn a_service_and_what_it_has_started_end_with_the_value() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let mut service = Service::start("stubborn", &stubborn(), &log).unwrap();
        let started = || std::fs::read_to_string(&log).ok().filter(|text| text.ends_with('\n'));
        service.ready(Duration::from_secs(5), async || started().is_some()).await.unwrap();
        let grandchild = started().unwrap().trim().to_owned();
        drop(service);
        // It has been killed by now; when the system takes it away is the system's affair.
        testkit::poll_until("the grandchild is gone", Duration::from_secs(20), async || {
            is_gone(&grandchild).then_some(())
        })
        .await;
    }

    /// A kill of this process closes what it holds, and runs no destructor.
    #[tokio::test]
    async fn what_was_started_ends_when_we_are_killed() {
        let mut child = supervised(&stubborn()).unwrap().stdout(Stdio::piped()).spawn().unwrap();
        let mut grandchild = String::new();
        let printed = child.stdout.take().unwrap();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(printed), &mut grandchild).unwrap();
        assert!(!is_gone(grandchild.trim()));
        drop(child.stdin.take());
        testkit::poll_until("the grandchild is gone", Duration::from_secs(20), async || {
            is_gone(grandchild.trim()).then_some(())
        })
        .await;
        child.wait().unwrap();
    }

    #[tokio::test]
    async fn a_service_that_ends_early_says_so_with_its_log() {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", "echo no such database; exit 3"]);
        let mut service = Service::start("early", &command, &folder.path().join("log")).unwrap();
        let error = service.ready(Duration::from_secs(5), async || false).await.unwrap_err().to_string();
        assert!(error.contains("no such database") && error.contains('3'), "{error}");
    }

    #[tokio::test]
    async fn a_program_that_is_not_there_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let command = Command::new("no-such-program");
        let mut service = Service::start("absent", &command, &folder.path().join("log")).unwrap();
        let error = service.ready(Duration::from_secs(5), async || false).await.unwrap_err().to_string();
        assert!(error.contains("no-such-program: No such file"), "{error}");
    }
}
