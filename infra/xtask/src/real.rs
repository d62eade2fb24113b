#![expect(clippy::print_stdout, reason = "what runs is the command's result")]

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use local::real::System;
use local::real::background::{self, Record};
use local::{Tools, say};

#[derive(Subcommand)]
pub(crate) enum Real {
    /// Installs and prepares what is new, and starts it in the background.
    Up {
        /// All of them where none is named.
        names: Vec<String>,
        #[command(flatten)]
        webhook: Webhook,
    },
    /// Ends exactly what `up` has started.
    Down { names: Vec<String> },
    /// What runs, how well, and how much memory it takes.
    Status,
    /// The process that holds one of them.
    #[command(hide = true)]
    Hold {
        name: String,
        #[command(flatten)]
        webhook: Webhook,
    },
}

/// Where Vendure posts placed orders to; the others are told while they run.
#[derive(Args)]
pub(crate) struct Webhook {
    #[arg(long, requires = "webhook_secret")]
    webhook_url: Option<String>,
    /// A secret of Standard Webhooks: whsec_ and base64.
    #[arg(long, requires = "webhook_url")]
    webhook_secret: Option<String>,
}

pub(crate) async fn run(tools: &Tools, command: Real) -> Result<()> {
    match command {
        Real::Up { names, webhook } => up(tools, named(&names)?, webhook).await,
        Real::Down { names } => {
            // Those that stand on others first.
            for system in named(&names)?.into_iter().rev() {
                background::stop(tools, system).await?;
            }
            Ok(())
        }
        Real::Status => status(tools).await,
        Real::Hold { name, webhook } => {
            let system = System::named(&name).with_context(|| format!("no system is called {name}"))?;
            background::hold(tools, system, webhook.webhook_url.zip(webhook.webhook_secret)).await
        }
    }
}

async fn up(tools: &Tools, mut systems: Vec<System>, webhook: Webhook) -> Result<()> {
    if systems.contains(&System::Superset) && !systems.contains(&System::Postgres) {
        say("Superset needs its warehouse: starting Postgres as well");
        systems.insert(0, System::Postgres);
    }
    for system in &systems {
        let started = std::time::Instant::now();
        system.prepare(tools).await?;
        if started.elapsed().as_secs() > 1 {
            say(format!("{} is installed and prepared: {} s", system.name(), started.elapsed().as_secs()));
        }
    }
    for system in systems {
        let started = std::time::Instant::now();
        let webhook = webhook.webhook_url.as_deref().zip(webhook.webhook_secret.as_deref());
        background::start(tools, system, webhook.filter(|_| system == System::Vendure)).await?;
        say(format!("{} is ready: {:.1} s", system.name(), started.elapsed().as_secs_f32()));
    }
    status(tools).await
}

async fn status(tools: &Tools) -> Result<()> {
    let mut total = 0;
    for system in System::ALL {
        let record = Record::of(tools, system).filter(Record::is_running);
        let Some(record) = record else {
            println!("{:<12} not running", system.name());
            continue;
        };
        let memory = record.memory_kb() / 1024;
        total += memory;
        let Some(facts) = &record.facts else {
            println!("{:<12} starting, process {}, {memory} MB", system.name(), record.pid);
            continue;
        };
        let health = if facts.is_healthy(tools).await { "healthy" } else { "NOT HEALTHY" };
        println!("{:<12} {health}, process {}, {memory} MB  {}", system.name(), record.pid, facts.url);
        for (name, value) in &facts.credentials {
            println!("{:<12} {name}: {value}", "");
        }
    }
    println!("{:<12} {total} MB", "together");
    Ok(())
}

fn named(names: &[String]) -> Result<Vec<System>> {
    let wanted = |name: &String| System::named(name).with_context(|| format!("no system is called {name}"));
    let wanted = names.iter().map(wanted).collect::<Result<Vec<_>>>()?;
    // In the order that they need.
    Ok(System::ALL.into_iter().filter(|system| names.is_empty() || wanted.contains(system)).collect())
}
