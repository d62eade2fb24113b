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
