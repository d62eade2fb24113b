//! Soak: thousands of orders through both flows on the local engine, in bad weather, bounded in number and time.
//!
//! Orders go onto the queue as ingest would put them there: repeats, out of their order, poison among them. The partners fail
//! now and then, lose answers, throttle in a storm, and one of them is down for two minutes. Function processes are
//! killed at random. In the end the partners are asked what they have seen.

mod load;
mod report;
mod weather;

use std::time::Duration;

use anyhow::{Result, bail};
use tokio::time::{Instant, interval};

use crate::progress::say;
use crate::stack::Stack;
use crate::targets::Targets;
use crate::tools::Tools;

pub use report::Report;

use load::Load;
use weather::Weather;

/// How much, how fast, how bad.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    pub orders: usize,
    /// Of a hundred orders so many come a second time.
    pub repeats_percent: usize,
    pub poison: usize,
    pub orders_a_second: usize,
    pub outage: Duration,
    /// Time between two kills of a function's process.
    pub kill_every: Duration,
    /// A run that takes longer has failed.
    pub longest: Duration,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            orders: 10_000,
            repeats_percent: 10,
            poison: 20,
            orders_a_second: 50,
            outage: Duration::from_secs(120),
            kill_every: Duration::from_secs(8),
            longest: Duration::from_secs(30 * 60),
        }
    }
}

/// Both queues and their dead letter queues.
const QUEUES: [&str; 2] = ["OrdersToInventory", "InventoryToShipping"];

pub async fn run(tools: &Tools, plan: Plan) -> Result<Report> {
    tools.engine().await?;
    crate::build(tools).await?;
    let parameters = [
        // A lost answer costs its time-out: a second is enough on loopback.
        ("TargetTimeoutMs", "1000".to_owned()),
        ("BreakerOpenMs", "5000".to_owned()),
        // A line a call would be most of what is logged.
        ("LogLevel", "info,outbound=warn".to_owned()),
    ];
    let stack = Stack::up_with(tools, Targets::default(), &parameters).await?;
    let (load, started) = (Load::of(&plan), Instant::now());
    say(format!("sending {} orders, {} a second", plan.orders, plan.orders_a_second));
    let weather = Weather::over(&stack, &plan);
    let (sent, kills) = tokio::join!(load.send(&stack, &plan), weather.pass(load.duration(&plan)));
    let sent = sent?;
    say("everything is sent; waiting until the queues are empty");
    until_empty(&stack, started, &plan).await?;
    Report::of(&stack, &plan, &sent, &kills, started.elapsed()).await
}

async fn until_empty(stack: &Stack, started: Instant, plan: &Plan) -> Result<()> {
    let (mut every, mut said) = (interval(Duration::from_secs(2)), Instant::now());
    loop {
        every.tick().await;
        let mut left = 0;
        for queue in QUEUES {
            let url = stack.output(&format!("{queue}QueueUrl"))?;
            left += stack.engine.inspect().messages(url).await?.len();
        }
        if left == 0 {
            return Ok(());
        }
        if started.elapsed() > plan.longest {
            bail!("after {} s {left} messages are still on their queues", started.elapsed().as_secs());
        }
        if said.elapsed() > Duration::from_secs(15) {
            said = Instant::now();
            say(format!("{left} messages left ({} s)", started.elapsed().as_secs()));
        }
    }
}
