//! When is a flow's silence unusual? Measured by what is declared of its input, and by what its last weeks have taught; the greater
//! of both counts, so that what is learned never takes from what is declared: a source that dies slowly, or has been silent for
//! weeks, must not teach that silence is normal.

mod baseline;
mod cadence;
mod calendar;
mod hours;
mod local_hours;

use jiff::{SignedDuration, Timestamp};

pub use baseline::History;
pub use cadence::Cadence;

use baseline::Baseline;

/// A longer silence is measured as one of this length: the largest cadence has passed by then, whatever the hours.
const LONGEST_SILENCE: SignedDuration = SignedDuration::from_hours(2 * 366 * 24);

/// How unusual a flow's silence is.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Freshness {
    /// 100 and above: a person should look.
    pub silence_percent: f64,
    /// Open time since the last arrival.
    pub silent_for: SignedDuration,
    /// Arrivals that the baseline expects in that time.
    pub missed: f64,
    pub because: Because,
    /// Our clock is behind what it has recorded itself, and nothing is told until it has caught up.
    pub clock_skewed: bool,
}

/// What the silence was measured by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Because {
    /// Nothing is declared, and nothing learned yet.
    NothingExpected,
    Cadence,
    Baseline,
}

impl Because {
    /// As log lines have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NothingExpected => "nothing expected",
            Self::Cadence => "cadence",
            Self::Baseline => "baseline",
        }
    }
}

/// How unusual a flow's silence is now. It is watched since `watching_since`: nothing is known of the time before. Where the history
/// has arrivals after `last_arrival`, those count, from the end of their hour on.
pub fn freshness(
    cadence: &Cadence,
    history: &History,
    last_arrival: Option<Timestamp>,
    watching_since: Timestamp,
    now: Timestamp,
) -> Freshness {
    let newest = history.last_arrivals();
    let later = newest.filter(|(start, _)| last_arrival.is_none_or(|last| *start > last));
    let known = last_arrival.unwrap_or(watching_since).max(watching_since);
    let clock_skewed = now < known || later.is_some_and(|(start, _)| now < start);
    let since = later.map_or(known, |(_, end)| known.max(end));

    // Of a silence that has not begun both are nothing.
    let longest = since.saturating_add(LONGEST_SILENCE).unwrap_or(Timestamp::MAX);
    let until = now.min(longest);
    let silent_for = cadence.calendar.open_between(since, until);
    let baseline = Baseline::learn(history, &cadence.calendar, since);
    let missed = baseline.missed(&cadence.calendar, since, until);

    let by_cadence = cadence.every.map(|every| 100.0 * silent_for.as_secs_f64() / every.as_secs_f64());
    let learned = baseline.expects_something();
    let by_baseline = learned.then(|| 100.0 * missed / f64::from(cadence.missed_least));
    let (silence_percent, because) = match (by_cadence, by_baseline) {
        (None, None) => (0.0, Because::NothingExpected),
        (Some(declared), Some(learned)) if learned > declared => (learned, Because::Baseline),
        (Some(declared), _) => (declared, Because::Cadence),
        (None, Some(learned)) => (learned, Because::Baseline),
    };
    Freshness { silence_percent, silent_for, missed, because, clock_skewed }
}
