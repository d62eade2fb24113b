//! It is built, and its tests are run, in a copy that always stands at the same place, with the workspace's own target folder: what it depends
//! on is built already.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{files, planned, put, signups_to_erp, tickets_to_crm, with};

/// What a command has said on both its channels, and whether it ended well.
struct Said {
    good: bool,
    text: String,
}

fn cargo(folder: &Path, arguments: &[&str]) -> Said {
    let output = Command::new("cargo").args(arguments).current_dir(folder).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    Said { good: output.status.success(), text: String::from_utf8_lossy(&text).into_owned() }
}

fn tests(folder: &Path, arguments: &[&str]) -> Said {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().display().to_string();
    let always = ["test", "--offline", "--no-fail-fast", "--target-dir", &target];
    let said = cargo(folder, &[&always, arguments].concat());
    assert!(!said.text.contains("could not compile") && !said.text.contains("warning: "), "{}", said.text);
    said
}

/// Names of the tests that failed, sorted.
fn failed(said: &Said) -> Vec<&str> {
    let lines = said.text.lines().filter_map(|line| line.strip_prefix("test ")?.strip_suffix(" ... FAILED"));
    let mut names: Vec<_> = lines.collect();
    names.sort_unstable();
    assert_eq!(said.good, names.is_empty(), "{}", said.text);
    names
}

fn fill(folder: &Path, file: &str, old: &str, new: &str) {
    let path = folder.join(file);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(old), "{old} in {file}");
    std::fs::write(path, text.replace(old, new)).unwrap();
}
