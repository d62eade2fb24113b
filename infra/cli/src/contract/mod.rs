//! `spillway contract …`: one file a command.

mod diff;

use anyhow::Result;
use clap::Subcommand;

use crate::answer::Answer;
use crate::project::Project;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// What changed between two contracts, in words. Exit code 1 where something may break.
    Diff(diff::Diff),
}

impl Command {
    pub(crate) fn run(&self, project: &Project) -> Result<Answer> {
        match self {
            Self::Diff(diff) => diff.run(project),
        }
    }
}
