//! `cargo xtask …`. Each command installs what it needs, pinned, into `.tools/`.

mod alarms;
mod checks;
mod demo;
mod demo_real;
mod new_integration;
mod real;
mod test;

use std::future::Future;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, bail, ensure};
use clap::{Parser, Subcommand};
use local::{Tools, Workspace, say};
use tokio::signal::unix::{SignalKind, signal};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "What a person and CI do with the project.")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// All flows on this machine: webhooks of every source in, and what has become of each.
    Demo {
        /// Leave everything running until Ctrl-C and say where to look.
        #[arg(long)]
        keep: bool,
        /// Every flow from a real source to a real target: docs/real-systems.md.
        #[arg(long)]
        real: bool,
    },
    /// All tests; with --real the ones against the real systems.
    Test {
        #[arg(long)]
        real: bool,
    },
    /// The real systems on this machine, in the background: docs/real-systems.md.
    #[command(subcommand)]
    Real(real::Real),
    /// Thousands of orders on the local engine while partners fail, throttle and go down and functions are killed.
    Soak,
    /// CPU, memory, requests, init and size beside Powertools for AWS Lambda, translations beside jaq and JSONata; writes docs/benchmarks.md.
    Bench,
    /// Which alarm rings how long after which failure, simulated; writes docs/alarms.md.
    Alarms,
    /// The template's checks: `sam validate --lint`, cfn-lint, and checkov with what infra/checkov.toml leaves.
    Lint,
    /// Licences, bans and sources of all dependencies.
    Deny,
    /// The skeleton of a new flow, and of a connector where its target has none: docs/adding-an-integration.md.
    NewIntegration(new_integration::NewIntegration),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match unless_interrupted(run(arguments.command)).await {
        Ok(code) => code,
        Err(error) => {
            say(format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Result<ExitCode> {
    let workspace = Workspace::here();
    // Cargo says where what it runs belongs.
    if let Some(manifest) = std::env::var_os("CARGO_MANIFEST_DIR") {
        ensure!(
            workspace.holds(Path::new(&manifest)),
            "this was built in another checkout ({}), with which this one shares its target folder: give each its own",
            workspace.root().display()
        );
    }
    let tools = Tools::new(workspace)?;
    match command {
        Command::Demo { keep, real: false } => return demo::run(&tools, keep).await,
        Command::Demo { keep, real: true } => return demo_real::run(&tools, keep).await,
        Command::Test { real: false } => test::all(&tools).await?,
        Command::Test { real: true } => test::real(&tools).await?,
        Command::Real(command) => real::run(&tools, command).await?,
        Command::Soak => {
            let report = local::soak::run(&tools, local::soak::Plan::default()).await?;
            demo::print(&report);
            std::fs::write(tools.workspace.root().join("docs/soak.md"), report.page())?;
            return Ok(if report.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        Command::Bench => bench::run(&tools).await.map(|page| demo::print(&page))?,
        Command::Alarms => alarms::write(&tools)?,
        Command::Lint => checks::template(&tools).await?,
        Command::Deny => checks::dependencies(&tools).await?,
        Command::NewIntegration(wish) => new_integration::run(&tools, wish)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Ends the work on Ctrl-C or TERM by dropping it, which ends every process that it has started.
async fn unless_interrupted(work: impl Future<Output = Result<ExitCode>>) -> Result<ExitCode> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::select! {
        done = work => done,
        _ = interrupt.recv() => bail!("interrupted; everything that was started has been ended"),
        _ = terminate.recv() => bail!("terminated; everything that was started has been ended"),
    }
}
