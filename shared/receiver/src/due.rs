use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use message::{Code, Disposition, Hold, Rejection};

/// When an operation is to be worked on.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Due {
    #[default]
    Now,
    /// Held until then, without a look at gate or ledger: what many messages ask for together is done once, when no more of
    /// them can come.
    NotBefore(Timestamp),
    /// There is nothing to do: it ends as done, and neither the ledger nor the target hears of it.
    Never,
}

impl Due {
    /// How a message ends that is not to be worked on now. Waiting is nobody's failure, so it may last for as long as a
    /// message is held at all; a time further away is a wrong one.
    pub(crate) fn ends(
        self,
        now: Timestamp,
        longest: Duration,
        mapping: &'static str,
    ) -> Option<Disposition> {
        let Self::NotBefore(due) = self else { return (self == Self::Never).then_some(Disposition::Done) };
        let left = due.duration_since(now);
        if left <= SignedDuration::ZERO {
            return None;
        }
        match Duration::try_from(left) {
            Ok(after) if after <= longest => {
                Some(Disposition::Hold(Hold { code: Code::NotDueYet, after, mapping }))
            }
            _ => {
                let summary = format!("due in {} h, and a message is held for less", left.as_hours());
                let rejection = Rejection::new(Code::NotDueYet, "$", summary).with_mapping(mapping);
                Some(Disposition::Reject(rejection))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3_600);

    fn ends(due: &str) -> Option<Disposition> {
        let due = Due::NotBefore(due.parse().unwrap());
        due.ends("2026-11-24T12:00:00Z".parse().unwrap(), HOUR, "m/1")
    }

    #[test]
    fn what_is_due_is_worked_on_and_what_is_not_waits_for_its_time() {
        assert_eq!(ends("2026-11-24T11:00:00Z"), None);
        assert_eq!(ends("2026-11-24T12:00:00Z"), None);
        let hold = Hold { code: Code::NotDueYet, after: Duration::from_millis(1_500), mapping: "m/1" };
        assert_eq!(ends("2026-11-24T12:00:01.5Z"), Some(Disposition::Hold(hold)));
    }

    #[test]
    fn what_is_due_later_than_a_message_is_held_is_given_up_at_once() {
        assert!(matches!(ends("2026-11-24T13:00:00Z"), Some(Disposition::Hold(_))));
        let Some(Disposition::Reject(rejection)) = ends("2026-11-24T14:00:01Z") else {
            panic!("not rejected")
        };
        assert_eq!((rejection.code, rejection.mapping), (Code::NotDueYet, "m/1"));
        assert_eq!(rejection.summary, "due in 2 h, and a message is held for less");
        assert!(matches!(ends("9999-12-30T00:00:00Z"), Some(Disposition::Reject(_))));
    }
}
