use std::borrow::Cow;
use std::fmt::Write;

use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};
use message::Code;
use review::Planned;

const DAY: i64 = 24;

/// A time as a person reads it, and as a program does.
pub(crate) fn when(at: Timestamp) -> Markup {
    html! { time datetime=(at) { (at.strftime("%Y-%m-%d %H:%M:%S UTC")) } }
}

/// `3 d 4 h`, `12 min`.
pub(crate) fn lasting(time: SignedDuration) -> String {
    let (hours, minutes) = (time.as_hours(), time.as_mins() % 60);
    if hours >= DAY {
        format!("{} d {} h", hours / DAY, hours % DAY)
    } else if hours > 0 {
        format!("{hours} h {minutes} min")
    } else {
        format!("{} min", time.as_mins().max(0))
    }
}

/// Time until SQS drops it. What is urgent says so in words.
pub(crate) fn left(until: Timestamp, now: Timestamp) -> Markup {
    let left = until.duration_since(now);
    html! {
        @if left.as_secs() <= 0 {
            strong class="urgent" { "over" }
        } @else if left.as_hours() < DAY * 2 {
            strong class="urgent" { "soon: " (lasting(left)) }
        } @else {
            (lasting(left))
        }
    }
}

/// A code with what it means.
pub(crate) fn code(code: &str) -> Markup {
    let title = Code::parse(code).map_or("no reason is said", Code::title);
    html! { code { (code) } " " (title) }
}

pub(crate) fn fate(planned: Planned) -> &'static str {
    match planned {
        Planned::Pass => "would pass",
        Planned::Fail => "would still fail",
        Planned::Unjudged => "cannot be judged",
    }
}

/// With signs that nobody sees, or that turn text round, written as JSON writes them: what a letter says anybody may have written.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unseen) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    for sign in text.chars() {
        if is_unseen(sign) {
            for unit in sign.encode_utf16(&mut [0; 2]) {
                let _never_fails = write!(shown, "\\u{unit:04x}");
            }
        } else {
            shown.push(sign);
        }
    }
    Cow::Owned(shown)
}

/// Controls but line ends and tabs, and what Unicode calls format, fillers among them.
fn is_unseen(sign: char) -> bool {
    sign.is_control() && !matches!(sign, '\n' | '\r' | '\t')
        || matches!(
            sign,
            '\u{ad}'
                | '\u{34f}'
                | '\u{600}'..='\u{605}'
                | '\u{61c}'
                | '\u{6dd}'
                | '\u{70f}'
                | '\u{115f}'..='\u{1160}'
                | '\u{17b4}'..='\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{3164}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff0}'..='\u{fffb}'
                | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

/// `1 letter`, `5,000 letters`.
pub(crate) fn letters(count: u64) -> String {
    format!("{} {}", number(count), if count == 1 { "letter" } else { "letters" })
}

/// With a comma at each thousand.
pub(crate) fn number(count: u64) -> String {
    let digits = count.to_string();
    let mut shown = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

pub(crate) fn count(of: usize) -> u64 {
    u64::try_from(of).unwrap_or(u64::MAX)
}

/// The beginning of an id, which is enough to tell it.
pub(crate) fn short(id: &str) -> String {
    id.chars().take(8).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_that_nobody_sees_are_written_out() {
        assert_eq!(visible("a\u{202e}b\u{1b}\u{e0041}\u{200d}"), "a\\u202eb\\u001b\\udb40\\udc41\\u200d");
        let plain = "Ärger \t\r\n שלום 日本 👍🏽";
        assert!(matches!(visible(plain), Cow::Borrowed(same) if same == plain));
    }

    proptest::proptest! {
        /// A letter that is edited keeps what nobody has touched.
        #[test]
        fn what_is_written_out_says_the_same_in_json(signs in proptest::collection::vec(proptest::char::any(), 0..20)) {
            let text: String = signs.into_iter().collect();
            let written = serde_json::to_string(&text).unwrap();
            let shown = visible(&written).into_owned();
            proptest::prop_assert!(!shown.chars().any(is_unseen));
            proptest::prop_assert_eq!(serde_json::from_str::<String>(&shown).unwrap(), text);
        }
    }

    #[test]
    fn numbers_and_times_are_as_people_read_them() {
        assert_eq!((number(0), number(999), number(1_000), number(1_234_567)).3, "1,234,567");
        assert_eq!((letters(1), letters(5_000)), ("1 letter".to_owned(), "5,000 letters".to_owned()));
        let lasts = |minutes| lasting(SignedDuration::from_mins(minutes));
        assert_eq!(
            (lasts(12).as_str(), lasts(75).as_str(), lasts(60 * 76).as_str()),
            ("12 min", "1 h 15 min", "3 d 4 h")
        );
        let now: Timestamp = "2026-11-24T10:00:00Z".parse().unwrap();
        let soon = left(now + SignedDuration::from_hours(47), now).into_string();
        assert!(soon.contains("soon: 1 d 23 h"), "{soon}");
        assert!(left(now, now).into_string().contains("over"));
    }
}
