use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::command::{Step, ask};
use crate::prerequisites::Python;
use crate::progress::say;
use crate::stamp::Stamp;
use crate::workspace::Workspace;

/// What is installed into `.tools/`: pinned to exact versions, once; a second run downloads nothing.
#[derive(Clone, Debug)]
pub struct Tools {
    pub workspace: Workspace,
    python: Python,
}

/// The version that CI and everybody uses; an equal or newer one on the path will do.
const NEXTEST: &str = "0.9.143";
const CARGO_DENY: &str = "0.20.2";

impl Tools {
    /// Checks what has to be there already.
    pub fn new(workspace: Workspace) -> Result<Self> {
        Ok(Self { workspace, python: Python::find()? })
    }

    /// Bin folder of the local engine's environment.
    pub async fn engine(&self) -> Result<PathBuf> {
        self.environment("engine", "the local AWS engine").await
    }

    /// Bin folder of SAM CLI's environment: sam, cfn-lint, cargo-lambda and zig.
    pub async fn sam(&self) -> Result<PathBuf> {
        self.environment("sam", "AWS SAM CLI, cargo-lambda and zig").await
    }

    /// A virtual environment of `infra/local/requirements-<name>.txt`; answers with its bin folder.
    pub async fn environment(&self, name: &str, what: &str) -> Result<PathBuf> {
        self.environment_with(&self.python, name, what).await
    }

    /// The same, of a Python that is at least so new.
    pub async fn environment_of(&self, oldest: (u32, u32), name: &str, what: &str) -> Result<PathBuf> {
        let python = if self.python.version >= oldest { self.python.clone() } else { Python::newer(oldest)? };
        self.environment_with(&python, name, what).await
    }

    async fn environment_with(&self, python: &Python, name: &str, what: &str) -> Result<PathBuf> {
        let requirements = self.workspace.local(&format!("requirements-{name}.txt"));
        let folder = self.workspace.tools(name);
        let (major, minor) = python.version;
        let text = fs::read(&requirements).with_context(|| format!("{}", requirements.display()))?;
        let stamp = Stamp::of(&folder, &[&text, format!("{major}.{minor} {}", folder.display()).as_bytes()]);
        if !stamp.holds() {
            say(format!("installing {what}"));
            stamp.remove();
            drop(fs::remove_dir_all(&folder));
            let venv = Step::new(format!("installing {what}: environment"), &python.program);
            venv.args(["-m", "venv"]).args([&folder]).output().await?;
            let pip = Step::new(format!("installing {what}"), folder.join("bin/python"));
            pip.args([
                "-m",
                "pip",
                "install",
                "--disable-pip-version-check",
                "--no-input",
                "--no-deps",
                "-r",
            ])
            .args([&requirements])
            .output()
            .await?;
            stamp.set()?;
        }
        Ok(folder.join("bin"))
    }

    /// `cargo nextest`, as the path has it or installed.
    pub async fn nextest(&self) -> Result<()> {
        let found = ask("cargo-nextest", &["nextest", "--version"]).map(|output| output.stdout);
        if found.is_some_and(|text| is_at_least(&String::from_utf8_lossy(&text), NEXTEST)) {
            return Ok(());
        }
        self.cargo_install("cargo-nextest", NEXTEST).await
    }

    pub async fn cargo_deny(&self) -> Result<()> {
        self.cargo_install("cargo-deny", CARGO_DENY).await
    }

    /// The path with our own tools first, for commands that call each other by name.
    pub fn path(&self, first: &[&Path]) -> Result<std::ffi::OsString> {
        let own = self.workspace.tools("cargo/bin");
        let inherited = settings_path();
        let folders = first.iter().map(|folder| folder.to_path_buf()).chain([own]);
        Ok(std::env::join_paths(folders.chain(std::env::split_paths(&inherited)))?)
    }

    async fn cargo_install(&self, name: &str, version: &str) -> Result<()> {
        let root = self.workspace.tools("cargo");
        let stamp = Stamp::of(&root.join(name), &[version.as_bytes()]);
        if stamp.holds() {
            return Ok(());
        }
        say(format!("building {name} {version}, which takes some minutes"));
        fs::create_dir_all(&root)?;
        let install = Step::new(format!("building {name} {version}"), "cargo")
            .args(["install", "--locked", "--quiet", "--version", version, "--root"])
            .args([&root])
            .args([name])
            // Outside of the checkout's own settings and toolchain file nothing else would be different.
            .dir(&root);
        install.output().await?;
        stamp.set()
    }
}

#[expect(clippy::disallowed_methods, reason = "the path is handed on to the tools that are called")]
fn settings_path() -> String {
    std::env::var("PATH").unwrap_or_default()
}

/// `cargo-nextest 0.9.143 (…)` against `0.9.143`.
fn is_at_least(printed: &str, wanted: &str) -> bool {
    let numbers =
        |text: &str| -> Option<Vec<u32>> { text.split('.').map(|part| part.parse().ok()).collect() };
    let found = printed.split_whitespace().nth(1).and_then(numbers);
    found.is_some_and(|found| Some(found) >= numbers(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_number() {
        assert!(is_at_least("cargo-nextest 0.9.143 (60fa45f63 2026-08-04)", "0.9.143"));
        assert!(is_at_least("cargo-nextest 0.10.2", "0.9.143"));
        assert!(!is_at_least("cargo-nextest 0.9.99", "0.9.143"));
        assert!(!is_at_least("", "0.9.143"));
        assert!(!is_at_least("error: no such command", "0.9.143"));
    }
}
