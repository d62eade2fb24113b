//! `spillway …`: what an operator asks and does. Commands that need a deployment take its table, or its stack; all others read files
//! and call nothing.
//!
//! One file a command: it has its arguments and answers with an [`Answer`], which is printed here. Exit code 0: nothing is wrong;
//! 1: something is, and the answer says what; 2: the question could not be answered.

mod answer;
mod audit;
mod contract;
mod deployment;
mod dlq;
mod drift;
mod input;
mod interrupt;
mod live;
mod mapping;
mod print;
mod project;
mod serve;
mod table;
mod trace;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use answer::Answer;
use project::Project;

/// Something could not be read, or there is no such thing.
const UNANSWERED: u8 = 2;

#[derive(Parser)]
#[command(name = "spillway", version, about = "What an operator asks and does.")]
struct Arguments {
    /// A checkout of the project, or a folder with mappings/ and contracts/, instead of what is built in.
    #[arg(long, global = true, value_name = "DIR")]
    project: Option<PathBuf>,
    /// JSON on standard output, for programs.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Mappings: check, explain, test, replay.
    #[command(subcommand)]
    Mapping(mapping::Command),
    /// Contracts of the systems.
    #[command(subcommand)]
    Contract(contract::Command),
    /// What came otherwise than the contracts say, by flow and field.
    Drift(drift::Drift),
    /// The journey of an event over all flows, by any id of it. Exit code 1 where a part of it is not done.
    Trace(trace::Trace),
    /// Dead letters: list, show, plan, redrive, edit, discard, restore, ack, archive.
    #[command(subcommand)]
    Dlq(dlq::Command),
    /// All of that as a page in the browser, on this machine.
    Serve(serve::Serve),
    /// Who did what to dead letters, when and why. Exit code 1 where the records are not as they were written.
    Audit(audit::Audit),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match answer(&arguments) {
        Ok(answer) => {
            print::result(if arguments.json { format!("{:#}", answer.json) } else { answer.text });
            if answer.good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            print::say(format!("{error:#}"));
            ExitCode::from(UNANSWERED)
        }
    }
}

fn answer(arguments: &Arguments) -> Result<Answer> {
    let project = Project::open(arguments.project.as_deref())?;
    print::say(format!("mappings and contracts: {}", project.shown));
    match &arguments.command {
        Command::Mapping(command) => command.run(&project),
        Command::Contract(command) => command.run(&project),
        Command::Drift(drift) => drift.run(),
        Command::Trace(trace) => trace.run(),
        Command::Dlq(command) => command.run(&project),
        Command::Serve(serve) => serve.run(&project),
        Command::Audit(audit) => audit.run(&project),
    }
}
