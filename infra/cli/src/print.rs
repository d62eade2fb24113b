#![expect(clippy::print_stderr, reason = "the one place where the command talks to a person")]

use std::fmt::Display;
use std::io::Write;

/// The answer, on standard output. A reader that has seen enough, such as `head`, is no fault.
pub(crate) fn result(text: impl Display) {
    let mut out = std::io::stdout().lock();
    drop(writeln!(out, "{text}").and_then(|()| out.flush()));
}

/// What is not the answer, on standard error.
pub(crate) fn say(line: impl Display) {
    eprintln!("spillway: {line}");
}
