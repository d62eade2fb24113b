//! Files that are named on the command line.

use std::io::Read as _;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

/// Of a file, or of standard input where the file is called `-`.
pub(crate) fn text(path: &Path) -> Result<String> {
    if path.as_os_str() == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).context("standard input")?;
        return Ok(text);
    }
    std::fs::read_to_string(path).with_context(|| path.display().to_string())
}

pub(crate) fn json(path: &Path) -> Result<Value> {
    serde_json::from_str(&text(path)?).with_context(|| path.display().to_string())
}
