//! What the workspace has to know of a new crate, and of a new test.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::Integration;
use crate::anchors::{before_first, sorted};

/// Cargo.toml: flows and connectors are members by their folders; what others depend on is named.
pub(crate) fn workspace(text: &str, of: &Integration) -> Result<String> {
    let target = &of.target;
    sorted(text, "connector-", &format!("connector-{target} = {{ path = \"shared/connector-{target}\" }}\n"))
        .context("Cargo.toml")
}

/// tests/Cargo.toml: the contract suite needs the connector.
pub(crate) fn tests(text: &str, of: &Integration, test: &str) -> Result<String> {
    let text = sorted(text, "connector-", &format!("connector-{}.workspace = true\n", of.target));
    text.and_then(|text| before_first(&text, "[dependencies]", test)).context("tests/Cargo.toml")
}

/// Puts the new crates into Cargo.lock. They are this workspace's, so nothing is asked of a registry.
pub(crate) fn lock(root: &Path) -> Result<()> {
    let output = Command::new("cargo")
        .args(["metadata", "--offline", "--format-version", "1"])
        .current_dir(root)
        .output()
        .context("cargo cannot be started")?;
    if !output.status.success() {
        bail!("cargo metadata: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}
