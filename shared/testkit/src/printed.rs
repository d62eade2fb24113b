//! What a function prints for CloudWatch, read as CloudWatch reads it: off the standard output of a process.

use std::process::{Command, Output};

use serde_json::Value;

/// The JSON lines that another test of the same file prints, played in a process of its own. `function` is what Lambda calls the function.
pub fn printed_by(test: &str, function: Option<&str>) -> Vec<Value> {
    let text = String::from_utf8(played(test, function).stdout).unwrap();
    // The harness may begin a line of its own.
    text.lines().filter_map(|line| serde_json::from_str(line.get(line.find('{')?..)?).ok()).collect()
}

/// All that it prints, on both its outputs.
pub fn all_printed_by(test: &str, function: Option<&str>) -> String {
    let Output { stdout, stderr, .. } = played(test, function);
    [stdout, stderr].map(|bytes| String::from_utf8(bytes).unwrap()).join("\n")
}

fn played(test: &str, function: Option<&str>) -> Output {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]).env_remove("RUST_LOG");
    if let Some(function) = function {
        command.env("AWS_LAMBDA_FUNCTION_NAME", function);
    }
    let played = command.output().unwrap();
    assert!(played.status.success(), "{test}: {}", String::from_utf8_lossy(&played.stderr));
    let said = String::from_utf8_lossy(&played.stdout);
    assert!(!said.contains("running 0 tests"), "there is no test {test}");
    played
}
