//! `spillway mapping …`: one file a command.

mod check;
pub(crate) mod explain;
mod history;
mod letters;
mod options;
mod replay;
mod set;
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
    /// What a value of the source becomes, while the functions run: in force within a minute, without a deploy.
    SetValue(set::SetValue),
    /// What stands where a message has nothing, while the functions run.
    SetDefault(set::SetDefault),
    /// As the mapping's file has it again.
    Unset(set::Unset),
    /// Who changed what while the functions ran, when and why.
    History(history::History),
    /// Which values the target takes now, beside those that the mapping makes and the contract knows. Exit code 1 where one
    /// that is made would be refused, or one that the contract knows is gone.
    Options(options::Options),
}

impl Command {
    pub(crate) fn run(&self, project: &Project) -> Result<Answer> {
        match self {
            Self::Check(check) => check.run(project),
            Self::Explain(explain) => explain.run(project),
            Self::Test(test) => test.run(project),
            Self::Replay(replay) => replay.run(project),
            Self::SetValue(set) => set.run(project),
            Self::SetDefault(set) => set.run(project),
            Self::Unset(unset) => unset.run(project),
            Self::History(history) => history.run(project),
            Self::Options(options) => options.run(project),
        }
    }
}
