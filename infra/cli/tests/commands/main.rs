//! The command as an operator runs it: its answers, its exit codes, and what it keeps to itself.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail by panicking and say where")]

#[cfg(test)]
mod contracts;
#[cfg(test)]
mod dlq;
#[cfg(test)]
mod live;
#[cfg(test)]
mod mappings;
#[cfg(test)]
mod messages;
#[cfg(test)]
mod serve;
#[cfg(test)]
mod trace;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

const GOOD: i32 = 0;
const BAD: i32 = 1;
const UNANSWERED: i32 = 2;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn fixture(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/commands/fixtures").join(name).display().to_string()
}

/// A file of the transformation layer.
fn transform(name: &str) -> String {
    root().join("shared/transform").join(name).display().to_string()
}

struct Said {
    code: i32,
    out: String,
    err: String,
}

impl Said {
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}{}", self.out, self.err))
    }

    #[track_caller]
    fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}{}", self.out, self.err);
        self
    }

    #[track_caller]
    fn says(self, texts: &[&str]) -> Self {
        for text in texts {
            assert!(self.out.contains(text) || self.err.contains(text), "{text} in {}{}", self.out, self.err);
        }
        self
    }
}

fn spillway_in(folder: &Path, arguments: &[&str]) -> Said {
    said(Command::new(env!("CARGO_BIN_EXE_spillway")).args(arguments).current_dir(folder))
}

fn said(command: &mut Command) -> Said {
    let ended = command.output().unwrap();
    Said {
        code: ended.status.code().unwrap(),
        out: String::from_utf8(ended.stdout).unwrap(),
        err: String::from_utf8(ended.stderr).unwrap(),
    }
}

/// In the checkout, told by this environment where AWS is.
fn spillway_with(arguments: &[String], environment: &[(&str, String)]) -> Said {
    said(
        Command::new(env!("CARGO_BIN_EXE_spillway"))
            .args(arguments)
            .current_dir(root())
            .envs(environment.iter().map(|(name, value)| (name, value.as_str()))),
    )
}

/// In the checkout.
fn spillway(arguments: &[&str]) -> Said {
    spillway_in(&root(), arguments)
}

/// Far from any checkout.
fn elsewhere(arguments: &[&str]) -> Said {
    spillway_in(TempDir::new().unwrap().path(), arguments)
}

/// The project's mappings, contracts and cases, to be changed.
fn checkout() -> TempDir {
    let copy = TempDir::new().unwrap();
    for folder in ["mappings", "contracts", "cases"] {
        copy_folder(
            &root().join("shared/transform").join(folder),
            &copy.path().join("shared/transform").join(folder),
        );
    }
    copy
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_folder(&path, &to);
        } else {
            fs::copy(&path, &to).unwrap();
        }
    }
}

fn replace(checkout: &TempDir, file: &str, old: &str, new: &str) {
    let path = checkout.path().join("shared/transform").join(file);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(old), "{old}");
    fs::write(path, text.replacen(old, new, 1)).unwrap();
}
