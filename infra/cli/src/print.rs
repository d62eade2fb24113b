#![expect(clippy::print_stderr, reason = "the one place where the command talks to a person")]

use std::fmt::Display;
use std::io::{IsTerminal, Write};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use review::Stop;

/// After which is asked whether a question is to end.
const ASKED_EVERY: Duration = Duration::from_millis(100);

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

/// A question that is answered yes or no; anything but y or yes is no. `None` where it is told to stop instead.
pub(crate) fn ask(question: impl Display, stop: &Stop) -> Option<bool> {
    eprint!("spillway: {question} [y/N] ");
    answered(stop, || {
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer).map(|_| answer)
    })
}

/// Whoever waits for a line cannot be interrupted, so another thread does; it ends with the process.
fn answered(stop: &Stop, read: impl FnOnce() -> std::io::Result<String> + Send + 'static) -> Option<bool> {
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || drop(tell.send(read())));
    loop {
        match told.recv_timeout(ASKED_EVERY) {
            Ok(Ok(answer)) => return Some(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")),
            Ok(Err(_)) | Err(RecvTimeoutError::Disconnected) => return Some(false),
            Err(RecvTimeoutError::Timeout) if stop.is_stopped() => return None,
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_answered_by_a_line_or_by_nobody() {
        let stop = Stop::default();
        for (line, yes) in
            [("y\n", true), (" Yes\n", true), ("n\n", false), ("", false), ("yesterday", false)]
        {
            assert_eq!(answered(&stop, || Ok(line.to_owned())), Some(yes), "{line}");
        }
        assert_eq!(answered(&stop, || Err(std::io::ErrorKind::Other.into())), Some(false));
        // Somebody who says nothing, until the process ends.
        let (_says_nothing, line) = mpsc::channel::<String>();
        stop.stop();
        assert_eq!(answered(&stop, move || Ok(line.recv().unwrap_or_default())), None);
    }
}
