//! What was done, on a page of its own that a form leads to: loading it again does nothing again.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use maud::Markup;

use crate::session::{Session, secret};

/// The audit tells it for longer.
const LONGEST_KEPT: Duration = Duration::from_secs(3_600);
const MOST_KEPT: usize = 100;

/// What is told of something that was done, and where to go from there.
#[derive(Clone)]
pub(crate) struct Done {
    pub(crate) title: &'static str,
    pub(crate) place: &'static str,
    /// Whether something was done.
    pub(crate) good: bool,
    pub(crate) what: Markup,
    /// Address and words of a link.
    pub(crate) back: (String, &'static str),
}

struct Kept {
    id: String,
    session: String,
    at: Duration,
    done: Done,
}

/// The oldest first.
#[derive(Default)]
pub(crate) struct Dones(Mutex<VecDeque<Kept>>);

impl Dones {
    /// The id by which this session, and no other, is told.
    pub(crate) fn keep(&self, session: &Session, done: Done, now: Duration) -> String {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|one| is_young(one, now));
        if kept.len() >= MOST_KEPT {
            kept.pop_front();
        }
        let id = secret();
        kept.push_back(Kept { id: id.clone(), session: session.id().to_owned(), at: now, done });
        id
    }

    pub(crate) fn get(&self, session: &Session, id: &str, now: Duration) -> Option<Done> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.iter().find(|one| one.id == id && one.session == session.id() && is_young(one, now));
        found.map(|one| one.done.clone())
    }
}

fn is_young(kept: &Kept, now: Duration) -> bool {
    now.saturating_sub(kept.at) < LONGEST_KEPT
}

#[cfg(test)]
mod tests {
    use maud::html;

    use super::*;
    use crate::session::Sessions;

    #[test]
    fn what_was_done_is_told_for_an_hour_and_the_newest_first_of_all() {
        let (sessions, dones) = (Sessions::default(), Dones::default());
        let session = |id: &str| sessions.get(id, Duration::ZERO).unwrap();
        let (one, other) =
            (session(&sessions.begin(Duration::ZERO)), session(&sessions.begin(Duration::ZERO)));
        let done =
            Done { title: "Restored", place: "/", good: true, what: html! {}, back: ("/".to_owned(), "on") };
        let first = dones.keep(&one, done.clone(), Duration::ZERO);
        assert!(dones.get(&one, &first, LONGEST_KEPT - Duration::from_secs(1)).is_some());
        assert!(dones.get(&one, &first, LONGEST_KEPT).is_none());
        assert!(
            dones.get(&other, &first, Duration::ZERO).is_none()
                && dones.get(&one, "", Duration::ZERO).is_none()
        );
        let last = (0..MOST_KEPT).map(|_| dones.keep(&one, done.clone(), Duration::ZERO)).last().unwrap();
        assert!(
            dones.get(&one, &first, Duration::ZERO).is_none()
                && dones.get(&one, &last, Duration::ZERO).is_some()
        );
    }
}
