use std::time::Duration;

use anyhow::{Context, Result};

/// Linux counts CPU time in hundredths of a second.
const TICK: Duration = Duration::from_millis(10);

/// What a process has taken so far.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Usage {
    /// User and system time, of all its threads.
    pub cpu: Duration,
    /// The most memory that it has ever held, in bytes: `VmHWM`.
    pub peak_memory: u64,
}

impl Usage {
    pub fn of(process: u32) -> Result<Self> {
        let read = |file: &str| std::fs::read_to_string(format!("/proc/{process}/{file}"));
        let (stat, status) = (read("stat")?, read("status")?);
        // pid (name) state …: utime and stime are the 14th and 15th field.
        let (_, fields) = stat.rsplit_once(") ").context("/proc/<pid>/stat")?;
        let ticks = fields.split(' ').skip(11).take(2).filter_map(|field| field.parse::<u32>().ok()).sum();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("VmHWM")?;
        let kilobytes: u64 = line.split_whitespace().next().unwrap_or_default().parse()?;
        Ok(Self { cpu: TICK.saturating_mul(ticks), peak_memory: kilobytes * 1_024 })
    }
}
