#![expect(clippy::print_stderr, reason = "the one place where the command talks to a person")]

use std::fmt::Display;
use std::io::{IsTerminal, Write};

/// The answer, on standard output. A reader that has seen enough, such as `head`, is no fault.
pub(crate) fn result(text: impl Display) {
    let mut out = std::io::stdout().lock();
    drop(writeln!(out, "{text}").and_then(|()| out.flush()));
}

/// What is not the answer, on standard error.
pub(crate) fn say(line: impl Display) {
    eprintln!("spillway: {line}");
}

/// How far it is, on standard error: one line that is written again on a terminal.
pub(crate) fn progress(line: impl Display) {
    let mut err = std::io::stderr().lock();
    drop(if err.is_terminal() { write!(err, "\r\x1b[K{line}") } else { writeln!(err, "{line}") });
    drop(err.flush());
}

/// Whoever runs the command sees what it asks, and can answer.
pub(crate) fn is_asked() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// A question that is answered yes or no; anything but y or yes is no.
pub(crate) fn ask(question: impl Display) -> bool {
    eprint!("spillway: {question} [y/N] ");
    let mut answer = String::new();
    let read = std::io::stdin().read_line(&mut answer);
    read.is_ok() && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}
