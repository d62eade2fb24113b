use std::time::Duration;

use http::HeaderMap;
use http::header::RETRY_AFTER;
use jiff::Timestamp;

/// A day: what a target may ask for at most; beyond it the header is more likely wrong than meant.
const LONGEST: Duration = Duration::from_secs(24 * 3_600);

/// `Retry-After` in seconds or as an HTTP date (RFC 9110, 10.2.3), as a delay from `now`.
pub(crate) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let delay = match value.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let date = jiff::fmt::rfc2822::parse(value).ok()?.timestamp();
            Duration::try_from(date.duration_since(now)).unwrap_or(Duration::ZERO)
        }
    };
    Some(delay.min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(value: &str) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, value.parse().unwrap());
        retry_after(&headers, "2026-11-24T10:00:00Z".parse().unwrap())
    }

    #[test]
    fn seconds_and_dates_are_understood() {
        assert_eq!(parse("7"), Some(Duration::from_secs(7)));
        assert_eq!(parse("Tue, 24 Nov 2026 10:01:30 GMT"), Some(Duration::from_secs(90)));
    }

    #[test]
    fn a_date_in_the_past_means_now() {
        assert_eq!(parse("Tue, 24 Nov 2026 09:00:00 GMT"), Some(Duration::ZERO));
    }

    #[test]
    fn what_cannot_be_read_is_ignored_and_what_is_absurd_is_capped() {
        assert_eq!(parse("soon"), None);
        assert_eq!(parse("-5"), None);
        assert_eq!(parse("99999999999"), Some(LONGEST));
        assert_eq!(retry_after(&HeaderMap::new(), Timestamp::UNIX_EPOCH), None);
    }
}
