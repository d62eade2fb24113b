use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use super::calendar::Calendar;
use super::hours::from_monday;

/// An hour of the week by the local clock.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct LocalHour {
    /// From Monday 00:00 on.
    pub(super) of_week: usize,
    /// What part of it is open.
    pub(super) open_share: f64,
}

/// Which hour of the week it is, for moments that mostly follow each other: the zone's rules are asked once for all between two changes
/// of its clock, since asking takes a microsecond.
pub(super) struct LocalHours<'a> {
    calendar: &'a Calendar,
    unchanged: Option<Unchanged>,
}

/// The time between two changes of a clock.
struct Unchanged {
    offset: Offset,
    from: Timestamp,
    to: Timestamp,
    /// Within it the times that the clock shows once.
    once: std::ops::Range<Timestamp>,
}

impl<'a> LocalHours<'a> {
    pub(super) fn of(calendar: &'a Calendar) -> Self {
        Self { calendar, unchanged: None }
    }

    /// The hour that begins at this moment. `None` on a holiday, and where the clock is put back over it: nobody can know in which of
    /// two hours of the same name a source does what it does once a day.
    pub(super) fn at(&mut self, moment: Timestamp) -> Option<LocalHour> {
        let known = self.unchanged.take().filter(|it| it.from <= moment && moment < it.to);
        let unchanged =
            self.unchanged.insert(known.unwrap_or_else(|| Unchanged::at(&self.calendar.zone, moment)));
        let local = unchanged.offset.to_datetime(moment);
        if !unchanged.once.contains(&moment) || self.calendar.holidays.contains(&local.date()) {
            return None;
        }
        let of_week = from_monday(local.weekday()) * 24 + usize::try_from(local.hour()).ok()?;
        let begins = u32::try_from(of_week * 60).ok()? + u32::try_from(local.minute()).ok()?;
        Some(LocalHour { of_week, open_share: self.calendar.hours.open_share(begins) })
    }
}

impl Unchanged {
    fn at(zone: &TimeZone, moment: Timestamp) -> Self {
        let nanosecond = SignedDuration::from_nanos(1);
        let offset = zone.to_offset(moment);
        let next = moment.checked_add(nanosecond).unwrap_or(Timestamp::MAX);
        let from = zone.preceding(next).next().map_or(Timestamp::MIN, |change| change.timestamp());
        let to = zone.following(moment).next().map_or(Timestamp::MAX, |change| change.timestamp());
        // By how much the clock goes back at a change, if it does.
        let back = |before: Offset, after: Offset| {
            SignedDuration::from_secs(i64::from(before.seconds() - after.seconds()).max(0))
        };
        let before = from.checked_sub(nanosecond).map_or(offset, |moment| zone.to_offset(moment));
        let once_from = from.checked_add(back(before, offset)).unwrap_or(to);
        let once_to = to.checked_sub(back(offset, zone.to_offset(to))).unwrap_or(from);
        Self { offset, from, to, once: once_from..once_to }
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::{AmbiguousOffset, TimeZoneDatabase};

    use super::*;
    use crate::hours::Hours;

    #[test]
    fn each_hour_of_years_is_that_which_the_zone_says() {
        for name in [
            "UTC",
            "Europe/Berlin",
            "America/New_York",
            "Australia/Lord_Howe",
            "Pacific/Apia",
            "Africa/Casablanca",
        ] {
            let zone = TimeZoneDatabase::bundled().get(name).unwrap();
            let calendar =
                Calendar { zone: zone.clone(), hours: Hours::always(), holidays: Default::default() };
            let mut hours = LocalHours::of(&calendar);
            let mut twice = 0;
            // From 2010 on: Samoa changes its date in 2011.
            for hour in 350_640..350_640 + 2 * 366 * 24 {
                let moment = Timestamp::from_second(hour * 3600).unwrap();
                let local = zone.to_datetime(moment);
                let whole = |number: i8| usize::try_from(number).unwrap();
                let place = whole(local.weekday().to_monday_zero_offset()) * 24 + whole(local.hour());
                let fold =
                    matches!(zone.to_ambiguous_timestamp(local).offset(), AmbiguousOffset::Fold { .. });
                twice += i32::from(fold);
                assert_eq!(
                    hours.at(moment).map(|hour| hour.of_week),
                    (!fold).then_some(place),
                    "{name} {moment}"
                );
            }
            assert_eq!(twice > 0, name != "UTC", "{name}: {twice}");
        }
    }

    #[test]
    fn the_ends_of_time_are_hours_as_well() {
        let zone = TimeZoneDatabase::bundled().get("Europe/Berlin").unwrap();
        let calendar = Calendar { zone, hours: Hours::always(), holidays: Default::default() };
        for moment in [Timestamp::MIN, Timestamp::MAX - SignedDuration::from_nanos(1)] {
            assert!(LocalHours::of(&calendar).at(moment).is_some(), "{moment}");
        }
    }
}
