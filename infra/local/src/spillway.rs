//! The operator's command, as the process that it is, on the local engine.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use tokio::process::Command;

use crate::command::Step;
use crate::deploy::STACK;
use crate::engine::Engine;
use crate::running::{Running, Told};
use crate::stack::Stack;
use crate::tools::Tools;

const PROGRAM: &str = "spillway";

/// `spillway …` of this checkout, asking one stack.
pub struct Spillway {
    program: PathBuf,
    environment: Vec<(&'static str, String)>,
}

impl Spillway {
    /// Builds it to where [`Spillway::of`] looks.
    pub async fn build(tools: &Tools) -> Result<()> {
        let build = Step::new("building the operator's command", "cargo")
            .args(["build", "--quiet", "--locked", "--package", "cli", "--bin", PROGRAM])
            .dir(tools.workspace.root());
        build.output().await.map(drop)
    }

    /// Beside the program that runs, or in the folder above, as it is for tests, which cargo builds together with it.
    pub fn of(stack: &Stack) -> Result<Self> {
        let here = std::env::current_exe()?;
        let found =
            here.ancestors().skip(1).take(2).map(|folder| folder.join(PROGRAM)).find(|it| it.is_file());
        let program = found.with_context(|| {
            format!(
                "no {PROGRAM} beside {}: cargo build --package cli",
                here.parent().unwrap_or(Path::new("")).display()
            )
        })?;
        Ok(Self::at(program, &stack.engine))
    }

    /// This program.
    pub fn at(program: PathBuf, engine: &Engine) -> Self {
        let mut environment = engine.environment();
        environment.push(("SPILLWAY_STACK", STACK.to_owned()));
        Self { program, environment }
    }

    /// Runs it to its end.
    pub async fn ask(&self, arguments: &[&str]) -> Result<Told> {
        self.begin(arguments)?.told().await
    }

    pub fn begin(&self, arguments: &[&str]) -> Result<Running> {
        let what = format!("{PROGRAM} {}", arguments.join(" "));
        let mut command = Command::new(&self.program);
        command.arg("--json").args(arguments);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        Running::begin(what, &mut command)
    }
}
