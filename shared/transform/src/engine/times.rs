//! Times and dates, in the formats that systems write them in.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;
use serde_json::Value;

use super::came::Came;
use super::convert::{Refused, invalid, mismatch, scalar};

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum TimeFormat {
    Rfc3339,
    Rfc2822,
    UnixSeconds,
    UnixMilliseconds,
    /// strptime's, and the offset of texts that name none.
    Pattern(String, Option<Offset>),
}

impl TimeFormat {
    /// As a mapping says it; the offset is of texts that name none.
    pub(crate) fn parse(name: &str, offset: Option<Offset>) -> Option<Self> {
        match name {
            "rfc3339" => Some(Self::Rfc3339),
            "rfc2822" => Some(Self::Rfc2822),
            "unix-seconds" => Some(Self::UnixSeconds),
            "unix-milliseconds" => Some(Self::UnixMilliseconds),
            pattern if pattern.contains('%') => {
                // A text that names its offset needs none of ours.
                let offset = offset.filter(|_| !pattern.contains("%z") && !pattern.contains("%:z"));
                Some(Self::Pattern(pattern.to_owned(), offset))
            }
            _ => None,
        }
    }

    const fn expected(&self) -> &'static str {
        match self {
            Self::Rfc3339 => "an RFC 3339 time with an offset",
            Self::Rfc2822 => "an RFC 2822 time",
            Self::UnixSeconds => "seconds since 1970",
            Self::UnixMilliseconds => "milliseconds since 1970",
            Self::Pattern(..) => "a time in the mapping's format",
        }
    }

    /// Of a text, or of an integer that came as one.
    pub(crate) fn instant(&self, text: &str, integer: Option<i64>) -> Option<Timestamp> {
        let number = || integer.or_else(|| text.parse().ok());
        match self {
            Self::UnixSeconds => Timestamp::from_second(number()?).ok(),
            Self::UnixMilliseconds => Timestamp::from_millisecond(number()?).ok(),
            Self::Rfc3339 => text.parse().ok(),
            Self::Rfc2822 => jiff::fmt::rfc2822::parse(text).ok().map(|time| time.timestamp()),
            Self::Pattern(pattern, None) => Timestamp::strptime(pattern, text).ok(),
            Self::Pattern(pattern, Some(offset)) => {
                offset.to_timestamp(DateTime::strptime(pattern, text).ok()?).ok()
            }
        }
    }

    pub(crate) fn date(&self, text: &str) -> Option<Date> {
        match self {
            Self::Pattern(pattern, _) => Date::strptime(pattern, text).ok(),
            // Its parser reads a time as its day: which day that is depends on where one is.
            _ => text.parse().ok().filter(|date: &Date| date.to_string() == text),
        }
    }
}

/// RFC 3339 in UTC. An offset is needed: a local time would have to be guessed.
pub(super) fn instant(came: &Came<'_>, formats: &[TimeFormat]) -> Result<Value, Refused> {
    let (text, integer) = match came {
        Came::Text(_) => (scalar(came)?, None),
        Came::Integer(integer) => ("".into(), i64::try_from(*integer).ok()),
        _ => return mismatch("a string"),
    };
    match formats.iter().find_map(|format| format.instant(&text, integer)) {
        Some(time) => Ok(Value::String(time.to_string())),
        None => invalid(formats.first().map_or("a time", TimeFormat::expected)),
    }
}

pub(super) fn date(came: &Came<'_>, formats: &[TimeFormat]) -> Result<Value, Refused> {
    let text = scalar(came)?;
    match formats.iter().find_map(|format| format.date(&text)) {
        Some(date) => Ok(Value::String(date.to_string())),
        None => invalid("a date of the calendar"),
    }
}

/// `+01:00`, `-05:30`, `Z`.
pub(crate) fn parse_offset(text: &str) -> Option<Offset> {
    if matches!(text, "Z" | "UTC") {
        return Some(Offset::UTC);
    }
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    if !(0..=59).contains(&minutes) {
        return None;
    }
    Offset::from_seconds(sign * (hours * 3_600 + minutes * 60)).ok()
}
