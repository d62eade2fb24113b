use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::command::Step;
use crate::progress::say;
use crate::real::once;
use crate::real::postgres::Server;
use crate::tools::Tools;

pub(crate) type Environment = Vec<(&'static str, String)>;

/// A Django application on a PostgreSQL server of its own.
pub(crate) struct Application {
    pub(crate) title: &'static str,
    /// In which it keeps everything.
    pub(crate) database: &'static str,
    /// Its program that makes the tables.
    pub(crate) migrates_by: &'static str,
    /// Makes what a test needs, and prints a token last.
    pub(crate) seed: &'static str,
}

impl Application {
    /// Makes its database, once, out of those files of infra/local; the token stands in the file `token` beside it.
    pub(crate) async fn prepare(
        &self,
        tools: &Tools,
        bin: &Path,
        files: &[&str],
        environment: impl Fn(&Path, &Server) -> Environment,
    ) -> Result<PathBuf> {
        let title = self.title;
        let name = format!("{}-database", title.to_lowercase());
        let files: Vec<_> = files.iter().copied().chain(["requirements-postgres.txt", self.seed]).collect();
        once(tools, &name, &files, async |prepared| {
            say(format!("preparing {title}'s database, which takes a minute or two"));
            let postgres = Server::create(tools, &prepared.join("data")).await?;
            postgres.create_database(self.database).await?;
            let environment = environment(prepared, &postgres);
            let tables = Step::new(format!("preparing {title}: tables"), bin.join(self.migrates_by));
            tables.arg("migrate").envs(environment.clone()).dir(prepared).output().await?;
            let seed = Step::new(format!("preparing {title}: what is there"), bin.join("python"));
            let seed = seed.arg(tools.workspace.local(self.seed)).envs(environment).dir(prepared);
            let token = seed.output().await?;
            Ok(fs::write(prepared.join("token"), token.lines().last().unwrap_or_default().trim())?)
        })
        .await
    }
}
