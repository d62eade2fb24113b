use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// How far the source's clock may be behind ours: a load is counted to the window that it says, and what it has loaded must be there
/// when that window's refresh begins.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_secs(10);

/// Windows of time that follow one another: all loads of one are one refresh.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Window {
    seconds: i64,
}

impl Window {
    /// Of whole seconds, and at least one.
    pub fn of(length: Duration) -> Self {
        Self { seconds: i64::try_from(length.as_secs()).unwrap_or(i64::MAX).max(1) }
    }

    /// The end of the window that a load belongs to, in seconds since 1970. Loads that finished before are covered by a
    /// refresh that begins then. It counts up in time whatever the length of a window: as the number of a window would not,
    /// once somebody has changed that.
    pub fn end(self, finished_at: Timestamp) -> i64 {
        let second = finished_at.as_second();
        second.saturating_sub(second.rem_euclid(self.seconds)).saturating_add(self.seconds)
    }

    /// When the refresh of the window that ends then begins. `None` where that is no time.
    pub fn begins(end: i64) -> Option<Timestamp> {
        Timestamp::from_second(end).ok()?.checked_add(CLOCK_SKEW).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(seconds: u64, finished_at: &str) -> String {
        let end = Window::of(Duration::from_secs(seconds)).end(finished_at.parse().unwrap());
        Timestamp::from_second(end).unwrap().to_string()
    }

    #[test]
    fn loads_of_a_window_share_its_end() {
        for finished_at in ["2026-11-24T10:00:00Z", "2026-11-24T10:00:59.999Z", "2026-11-24T11:00:30+01:00"] {
            assert_eq!(end(60, finished_at), "2026-11-24T10:01:00Z", "{finished_at}");
        }
        assert_eq!(end(60, "2026-11-24T10:01:00Z"), "2026-11-24T10:02:00Z", "it belongs to the next");
    }

    #[test]
    fn what_finished_before_an_end_is_covered_by_it_whatever_the_length_of_windows_was() {
        let finished: Vec<Timestamp> =
            (0..600).map(|second| Timestamp::from_second(1_795_514_400 + second).unwrap()).collect();
        for lengths in [(60, 300), (300, 60), (7, 60)] {
            let (before, after) = (Duration::from_secs(lengths.0), Duration::from_secs(lengths.1));
            for (load, refreshed) in
                finished.iter().flat_map(|load| finished.iter().map(move |it| (load, it)))
            {
                let applied = Window::of(before).end(*refreshed);
                // Not refreshed again only where the refresh that there was came later than the load.
                if Window::of(after).end(*load) <= applied {
                    assert!(load.as_second() < applied);
                }
            }
        }
    }

    #[test]
    fn a_refresh_begins_when_clocks_may_differ_no_more() {
        assert_eq!(Window::begins(1_795_514_460).unwrap().to_string(), "2026-11-24T10:01:10Z");
        assert_eq!(Window::begins(i64::MAX), None);
        assert_eq!(Window::begins(Window::of(Duration::from_secs(60)).end(Timestamp::MAX)), None);
    }
}
