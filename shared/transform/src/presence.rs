//! Whether members go on coming that a message may lack.

/// Messages over which "nearly every" is said of a member.
const LEARNT: u64 = 100;
/// Messages without it before it is said to have stopped.
const MISSED: u64 = 20;

/// How often each of the watched places had something.
#[derive(Debug, Default)]
pub(crate) struct Presence {
    before: Counts,
    since: Counts,
}

#[derive(Clone, Debug, Default)]
struct Counts {
    messages: u64,
    present: Vec<u64>,
}

impl Presence {
    pub(crate) fn add(&mut self, present: u128) {
        self.since.messages += 1;
        let mut left = present;
        while left != 0 {
            let place = usize::try_from(left.trailing_zeros()).unwrap_or(0);
            if self.since.present.len() <= place {
                self.since.present.resize(place + 1, 0);
            }
            if let Some(count) = self.since.present.get_mut(place) {
                *count += 1;
            }
            left &= left - 1;
        }
    }

    /// The places that came in at least 19 of 20 messages before, and in none since the last time. Told once: then it has
    /// stopped, and counts as what comes now and then.
    pub(crate) fn stopped<'p>(&mut self, places: impl Iterator<Item = &'p str>) -> Vec<String> {
        if self.since.messages < MISSED {
            return Vec::new();
        }
        let at = |counts: &Counts, place: usize| counts.present.get(place).copied().unwrap_or(0);
        let mut stopped = Vec::new();
        for (place, path) in places.enumerate() {
            let usual = at(&self.before, place) * 20 >= self.before.messages * 19;
            if self.before.messages >= LEARNT && usual && at(&self.since, place) == 0 {
                stopped.push(path.to_owned());
            }
        }
        let since = std::mem::take(&mut self.since);
        self.before.messages += since.messages;
        self.before.present.resize(self.before.present.len().max(since.present.len()), 0);
        for (before, since) in self.before.present.iter_mut().zip(&since.present) {
            *before += since;
        }
        // What came long ago counts for less than what comes now.
        if self.before.messages > 10 * LEARNT {
            self.before.messages /= 2;
            self.before.present.iter_mut().for_each(|count| *count /= 2);
        }
        stopped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACES: [&str; 3] = ["$.a", "$.b", "$.c"];

    fn after(presence: &mut Presence, messages: u64, present: u128) -> Vec<String> {
        (0..messages).for_each(|_| presence.add(present));
        presence.stopped(PLACES.into_iter())
    }

    #[test]
    fn a_member_that_always_came_and_stops_is_told_once() {
        let mut presence = Presence::default();
        assert!(after(&mut presence, 100, 0b011).is_empty(), "nothing is known yet");
        assert!(after(&mut presence, 30, 0b011).is_empty());
        assert_eq!(after(&mut presence, 30, 0b010), ["$.a"]);
        assert!(after(&mut presence, 30, 0b010).is_empty());
    }

    #[test]
    fn a_few_messages_and_what_comes_now_and_then_say_nothing() {
        let mut presence = Presence::default();
        after(&mut presence, 60, 0b011);
        after(&mut presence, 60, 0b001);
        assert!(after(&mut presence, 19, 0).is_empty(), "too few");
        assert_eq!(after(&mut presence, 1, 0), ["$.a"], "with those before");
    }
}
