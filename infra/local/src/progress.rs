#![expect(clippy::print_stderr, reason = "the one place where these tools talk to a person")]

use std::fmt::Display;

/// One line to the person who waits. On standard error: standard output is for results.
pub fn say(line: impl Display) {
    eprintln!("spillway: {line}");
}
