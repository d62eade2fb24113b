use std::time::Duration;

use anyhow::{Result, ensure};

use crate::aws::Aws;
use crate::job::{BATCH, Job};
use crate::subject::{Running, Subject};

/// Starts that an init time is the median of.
pub(crate) const STARTS: usize = 11;
/// Messages before anything is measured: connections, caches, just-in-time compilers.
const WARM_UP: usize = 500;
/// Messages of one round, each fresh and then once more; a figure is the median of the rounds.
const ROUND: u32 = 2_000;
const ROUNDS: usize = 3;

/// What one message costs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    pub(crate) cpu: Duration,
    pub(crate) dynamodb: f64,
    pub(crate) sqs: f64,
}

#[derive(Debug)]
pub(crate) struct Start {
    /// From the start of the process to its first poll.
    pub(crate) init: Duration,
    pub(crate) memory: u64,
}

#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) start: Start,
    pub(crate) fresh: Cost,
    pub(crate) duplicate: Cost,
    pub(crate) peak_memory: u64,
}

pub(crate) async fn start(subject: &Subject, aws: &Aws) -> Result<Start> {
    let table = table(subject, aws).await?;
    let (mut times, mut memory) = (Vec::new(), 0);
    for _ in 0..STARTS {
        let running = subject.start(aws, &table).await?;
        times.push(running.init);
        memory = memory.max(running.used()?.peak_memory);
    }
    Ok(Start { init: median(times), memory })
}

pub(crate) async fn job(subject: &Subject, aws: &Aws, job: Job) -> Result<Measured> {
    let start = start(subject, aws).await?;
    let table = table(subject, aws).await?;
    let running = subject.start(aws, &table).await?;
    for _ in 0..2 {
        send(subject, &running, job, 0, WARM_UP).await?;
    }
    let (mut fresh, mut duplicate) = (Vec::new(), Vec::new());
    let mut first = WARM_UP;
    let round = usize::try_from(ROUND)?;
    for _ in 0..ROUNDS {
        for (costs, effects) in [(&mut fresh, job.calls() * round), (&mut duplicate, 0)] {
            let (cpu, before) = (running.used()?.cpu, aws.requests());
            send(subject, &running, job, first, round).await?;
            let after = aws.requests();
            let calls = after.target - before.target;
            ensure!(calls == effects, "{}: {calls} calls of the target, expected {effects}", subject.name);
            costs.push(Cost {
                cpu: (running.used()?.cpu - cpu) / ROUND,
                dynamodb: a_message(after.dynamodb - before.dynamodb),
                sqs: a_message(after.sqs - before.sqs),
            });
        }
        first += round;
    }
    let peak_memory = running.used()?.peak_memory;
    Ok(Measured { start, fresh: typical(&fresh), duplicate: typical(&duplicate), peak_memory })
}

async fn send(subject: &Subject, running: &Running, job: Job, first: usize, count: usize) -> Result<()> {
    for first in (first..first + count).step_by(BATCH) {
        let answer = running.api.invoke(job.event(first)).await?;
        let failures = answer["batchItemFailures"].as_array().map_or(BATCH, Vec::len);
        ensure!(failures == 0, "{}: {failures} of a batch failed: {answer}", subject.name);
    }
    Ok(())
}

/// A table of its own for every measurement.
async fn table(subject: &Subject, aws: &Aws) -> Result<String> {
    let name = format!("bench-{}", aws.requests().dynamodb);
    aws.create_table(&name, subject.table_key).await?;
    Ok(name)
}

fn typical(costs: &[Cost]) -> Cost {
    let middle = |of: fn(&Cost) -> f64| {
        let mut values: Vec<_> = costs.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or_default()
    };
    Cost {
        cpu: median(costs.iter().map(|cost| cost.cpu).collect()),
        dynamodb: middle(|cost| cost.dynamodb),
        sqs: middle(|cost| cost.sqs),
    }
}

pub(crate) fn median(mut values: Vec<Duration>) -> Duration {
    values.sort();
    values.get(values.len() / 2).copied().unwrap_or_default()
}

fn a_message(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / f64::from(ROUND)
}
