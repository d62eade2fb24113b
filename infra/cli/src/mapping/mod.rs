//! `spillway mapping …`: one file a command.

mod check;
mod explain;
mod letters;
mod replay;
mod test;

use anyhow::Result;
use clap::Subcommand;

use crate::answer::Answer;
use crate::project::Project;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// The static check of mappings against the contracts of both their sides. Exit code 1 where it finds something.
    Check(check::Check),
    /// One message, rule by rule: what came, and what it becomes. Shows values. Exit code 1 where the message is refused.
    Explain(explain::Explain),
    /// Golden cases, and which rules they exercise. Exit code 1 where one fails, lies about, or a rule is not exercised.
    Test(test::Test),
    /// What the mapping would make of messages that were dead letters. Shows no values. Exit code 1 where one still fails.
    Replay(replay::Replay),
}

impl Command {
    pub(crate) fn run(&self, project: &Project) -> Result<Answer> {
        match self {
            Self::Check(check) => check.run(project),
            Self::Explain(explain) => explain.run(project),
            Self::Test(test) => test.run(project),
            Self::Replay(replay) => replay.run(project),
        }
    }
}
