use jiff::civil::Weekday;
use settings::Problem;

/// Minutes of a day; 24:00 is the last.
const DAY: u16 = 24 * 60;
const WEEK: u32 = 7 * 24 * 60;
const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// Business hours of a week, by the local clock.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Hours {
    /// From Monday on, the minutes of the day at which each opening begins and ends: in order, none over another.
    days: [Vec<(u16, u16)>; 7],
}

impl Hours {
    pub(super) fn always() -> Self {
        Self { days: std::array::from_fn(|_| vec![(0, DAY)]) }
    }

    /// `Mon-Fri 08:00-18:00, Sat 09:00-13:00`; blank is always open.
    pub(super) fn parse(text: &str) -> Result<Self, Vec<Problem>> {
        if text.trim().is_empty() {
            return Ok(Self::always());
        }
        let mut hours = Self { days: Default::default() };
        let mut problems = Vec::new();
        for (place, entry) in text.split(',').enumerate() {
            if let Err(problem) = hours.add(entry) {
                problems.push(Problem { path: format!("[{place}]"), problem: problem.to_owned() });
            }
        }
        if problems.is_empty() { Ok(hours) } else { Err(problems) }
    }

    fn add(&mut self, entry: &str) -> Result<(), &'static str> {
        const FORM: &str = "must be <days> <from>-<to>, such as Mon-Fri 08:00-18:00";
        let (days, times) = entry.trim().split_once(' ').ok_or(FORM)?;
        let (first, last) = days.split_once('-').unwrap_or((days, days));
        let day = |name: &str| DAYS.iter().position(|day| *day == name);
        let (first, last) = day(first).zip(day(last)).ok_or(FORM)?;
        let (from, to) = times.trim().split_once('-').ok_or(FORM)?;
        let (from, to) = minute(from).zip(minute(to)).ok_or(FORM)?;
        if from >= to {
            return Err("must end after it begins; a night is two entries, until 24:00 and from 00:00");
        }
        let length = (last + DAYS.len() - first) % DAYS.len() + 1;
        let mut overlaps = false;
        let from_first = |day: usize| (day + DAYS.len() - first) % DAYS.len();
        for (_, openings) in self.days.iter_mut().enumerate().filter(|(day, _)| from_first(*day) < length) {
            overlaps |= openings.iter().any(|opening| opening.0 < to && from < opening.1);
            openings.push((from, to));
            openings.sort_unstable();
        }
        if overlaps { Err("is open already in another entry") } else { Ok(()) }
    }

    pub(super) fn openings(&self, day: Weekday) -> &[(u16, u16)] {
        self.days.get(from_monday(day)).map_or(&[], Vec::as_slice)
    }

    /// What part of the hour that begins at this minute of the week, counted from Monday 00:00, is open.
    pub(super) fn open_share(&self, begins: u32) -> f64 {
        let ends = begins + 60;
        let days = (0u32..).zip(&self.days);
        let openings = days.flat_map(|(day, openings)| {
            let midnight = day * u32::from(DAY);
            openings.iter().map(move |(from, to)| (midnight + u32::from(*from), midnight + u32::from(*to)))
        });
        // An hour from Sunday 23:30 on reaches into Monday.
        let weeks = openings.flat_map(|(from, to)| [(from, to), (from + WEEK, to + WEEK)]);
        let minutes: u32 = weeks.map(|(from, to)| to.min(ends).saturating_sub(from.max(begins))).sum();
        f64::from(minutes) / 60.0
    }

    pub(super) fn minutes_a_week(&self) -> u32 {
        self.days.iter().flatten().map(|(from, to)| u32::from(to - from)).sum()
    }
}

pub(super) fn from_monday(day: Weekday) -> usize {
    usize::try_from(day.to_monday_zero_offset()).unwrap_or_default()
}

/// `08:30` and, as the end of a day, `24:00`.
fn minute(text: &str) -> Option<u16> {
    let digits = |text: &str| {
        let two = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        two.then(|| text.parse::<u16>().ok()).flatten()
    };
    let (hour, minute) = text.split_once(':')?;
    let (hour, minute) = digits(hour).zip(digits(minute))?;
    (minute < 60 && hour * 60 + minute <= DAY).then_some(hour * 60 + minute)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<String> {
        let problems = Hours::parse(text).unwrap_err();
        problems.into_iter().map(|Problem { path, problem }| format!("{path}: {problem}")).collect()
    }

    #[test]
    fn days_are_one_or_from_one_to_another_and_several_entries_add_up() {
        let hours = Hours::parse("Mon-Fri 08:00-12:00, Mon-Thu 13:00-18:30,Sat 09:00-13:00").unwrap();
        assert_eq!(hours.openings(Weekday::Monday), [(480, 720), (780, 1110)]);
        assert_eq!(hours.openings(Weekday::Friday), [(480, 720)]);
        assert_eq!(hours.openings(Weekday::Saturday), [(540, 780)]);
        assert!(hours.openings(Weekday::Sunday).is_empty());
        assert_eq!(hours.minutes_a_week(), 5 * 240 + 4 * 330 + 240);
        let weekend = Hours::parse("Sat-Mon 00:00-24:00").unwrap();
        let open: Vec<bool> = weekend.days.iter().map(|day| !day.is_empty()).collect();
        assert_eq!(open, [true, false, false, false, false, true, true]);
        assert_eq!(Hours::parse(" "), Ok(Hours::always()));
        assert_eq!(Hours::always().minutes_a_week(), WEEK);
    }

    #[test]
    fn an_hour_is_open_in_part() {
        let hours = Hours::parse("Mon 00:00-00:15, Mon 08:45-18:00, Sun 22:00-24:00").unwrap();
        let day = u32::from(DAY);
        for (begins, share) in [
            (0, 0.25),
            (7 * 60, 0.0),
            (8 * 60, 0.25),
            (9 * 60, 1.0),
            (17 * 60 + 30, 0.5),
            (day + 9 * 60, 0.0),
            (6 * day + 22 * 60, 1.0),
            (6 * day + 23 * 60 + 30, 0.75),
        ] {
            assert_eq!(hours.open_share(begins), share, "{begins}");
        }
    }

    #[test]
    fn all_that_is_wrong_is_told_at_once() {
        assert_eq!(
            problems(
                "Mon-Fri 08:00-18:00, Fri 17:00-19:00, Monday 08:00-09:00, Sat 22:00-02:00, Sun 8:00-24:01, , Sun"
            ),
            [
                "[1]: is open already in another entry",
                "[2]: must be <days> <from>-<to>, such as Mon-Fri 08:00-18:00",
                "[3]: must end after it begins; a night is two entries, until 24:00 and from 00:00",
                "[4]: must be <days> <from>-<to>, such as Mon-Fri 08:00-18:00",
                "[5]: must be <days> <from>-<to>, such as Mon-Fri 08:00-18:00",
                "[6]: must be <days> <from>-<to>, such as Mon-Fri 08:00-18:00",
            ]
        );
    }
}
