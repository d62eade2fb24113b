//! How times, codes and counts are said.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use message::Code;

/// To the second.
pub(crate) fn when(at: Timestamp) -> String {
    format!("{at:.0}")
}

/// `3 d 4 h`: from now until then.
pub(super) fn left(now: Timestamp, until: Timestamp) -> String {
    let time = until.duration_since(now);
    if time <= SignedDuration::ZERO {
        return "over".to_owned();
    }
    let (days, hours, minutes) = (time.as_hours() / 24, time.as_hours() % 24, time.as_mins() % 60);
    match (days, hours) {
        (0, 0) => format!("{minutes} min"),
        (0, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

/// `SPW2001 (a required field is missing)`.
pub(super) fn code(code: &str) -> String {
    title(code).map_or_else(|| clean(code), |title| format!("{code} ({title})"))
}

pub(super) fn title(code: &str) -> Option<&'static str> {
    Code::parse(code).map(Code::title)
}

/// Without signs that a terminal obeys: what a letter says anybody may have written.
pub(crate) fn clean(text: &str) -> String {
    text.chars().map(|c| if is_obeyed(c) { '\u{fffd}' } else { c }).collect()
}

/// Whether a terminal or an editor does something other than show it.
pub(super) fn is_obeyed(c: char) -> bool {
    c.is_control() && c != '\t'
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Of one thing one, of several several: `1 letter`, `2 letters`.
pub(crate) fn letters(count: u64) -> String {
    if count == 1 { "1 letter".to_owned() } else { format!("{count} letters") }
}

/// Of ids that were said: those that several letters had first.
pub(super) fn shared(ids: &BTreeMap<String, u64>) -> Vec<String> {
    let said = |(id, count): (&String, &u64)| {
        format!("{id} is what {} were called first: all of them are meant", letters(*count))
    };
    ids.iter().map(said).collect()
}

pub(super) fn left_out(undecided: u64) -> String {
    format!("{} left out: --where is neither true nor false of them", letters(undecided))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_that_is_left_is_said_in_two_units() {
        let now: Timestamp = "2026-11-24T10:00:00Z".parse().unwrap();
        for (until, said) in [
            ("2026-11-27T14:59:00Z", "3 d 4 h"),
            ("2026-11-24T15:10:00Z", "5 h 10 min"),
            ("2026-11-24T10:00:59Z", "0 min"),
            ("2026-11-24T10:00:00Z", "over"),
        ] {
            assert_eq!(left(now, until.parse().unwrap()), said, "{until}");
        }
    }

    #[test]
    fn a_code_is_said_with_what_it_means_and_one_that_nobody_knows_without() {
        assert_eq!(code("SPW1002"), "SPW1002 (the body is not JSON)");
        assert_eq!(code("none"), "none");
    }

    #[test]
    fn no_sign_of_a_letter_commands_the_terminal() {
        assert_eq!(clean("a\u{1b}[31m\u{9b}b\u{202e}ü"), "a\u{fffd}[31m\u{fffd}b\u{fffd}ü");
    }
}
