use std::collections::BTreeSet;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use super::hours::Hours;

/// When input is expected at all: business hours by the local clock, without holidays.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Calendar {
    pub(super) zone: TimeZone,
    pub(super) hours: Hours,
    pub(super) holidays: BTreeSet<Date>,
}

impl Calendar {
    /// How much of the time between two moments is open. Nothing where the second is not after the first.
    pub(super) fn open_between(&self, from: Timestamp, to: Timestamp) -> SignedDuration {
        let mut open = SignedDuration::ZERO;
        if from >= to {
            return open;
        }
        let last = self.zone.to_datetime(to).date();
        let mut next = Some(self.zone.to_datetime(from).date());
        while let Some(date) = next.filter(|date| *date <= last) {
            next = date.tomorrow().ok();
            if self.holidays.contains(&date) {
                continue;
            }
            for (begins, ends) in self.hours.openings(date.weekday()) {
                let begins = self.first_moment(date, *begins).max(from);
                let ends = self.first_moment(date, *ends).min(to);
                open = open.saturating_add(ends.duration_since(begins).max(SignedDuration::ZERO));
            }
        }
        open
    }

    /// The first moment at which the local clock shows this minute of the day, or a later one: so hours that are skipped have no
    /// length, those that come twice begin and end by their first, and whatever is in order by the clock is in order by this.
    fn first_moment(&self, date: Date, minute: u16) -> Timestamp {
        let midnight = || date.tomorrow().map(|date| date.to_datetime(Time::midnight()));
        let (hour, minute) = (i8::try_from(minute / 60), i8::try_from(minute % 60));
        let shown = match (hour, minute) {
            (Ok(hour @ ..24), Ok(minute)) => date.at(hour, minute, 0, 0),
            _ => midnight().unwrap_or(DateTime::MAX),
        };
        let moment = self.zone.to_ambiguous_timestamp(shown);
        let skipped = matches!(moment.offset(), AmbiguousOffset::Gap { .. });
        // The end of jiff's time may be shown at a place where it has not come, or before the first moment that there is.
        let beyond = if shown.year() > 0 { Timestamp::MAX } else { Timestamp::MIN };
        let Ok(moment) = moment.compatible() else { return beyond };
        // In a gap that is the clock's reading before the gap, read as a moment after it.
        let gap = || self.zone.preceding(moment.checked_add(SignedDuration::from_nanos(1)).ok()?).next();
        if skipped { gap().map_or(moment, |gap| gap.timestamp()) } else { moment }
    }
}
