use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use subtle::ConstantTimeEq;
use uuid::Uuid;

/// Browsers that are let in at once; the one that was seen longest ago has to enter again.
const MOST_SESSIONS: usize = 16;
/// Whoever has been away for so long enters again.
const LONGEST_IDLE: Duration = Duration::from_secs(12 * 3_600);

/// What nobody guesses: 244 random bits of the system.
pub(crate) fn secret() -> String {
    format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())
}

/// Without saying by the time that it takes how much of it is right.
pub(crate) fn is_same(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

/// A browser that was let in.
#[derive(Clone)]
pub(crate) struct Session {
    id: String,
    /// In every form, and checked with every change: another site can send a form, but cannot read ours.
    pub(crate) csrf: String,
    seen: Duration,
}

impl Session {
    pub(crate) fn id(&self) -> &str {
        &self.id
    }
}

#[derive(Default)]
pub(crate) struct Sessions(Mutex<Vec<Session>>);

impl Sessions {
    /// The id of a fresh one.
    pub(crate) fn begin(&self, now: Duration) -> String {
        let session = Session { id: secret(), csrf: secret(), seen: now };
        let id = session.id.clone();
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.retain(|session| is_awake(session, now));
        sessions.sort_by_key(|session| session.seen);
        if sessions.len() >= MOST_SESSIONS {
            sessions.remove(0);
        }
        sessions.push(session);
        id
    }

    pub(crate) fn get(&self, id: &str, now: Duration) -> Option<Session> {
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.retain(|session| is_awake(session, now));
        let found = sessions.iter_mut().fold(None, |found, session| {
            // All of them are compared.
            if is_same(&session.id, id) { Some(session) } else { found }
        })?;
        found.seen = now;
        Some(found.clone())
    }
}

fn is_awake(session: &Session, now: Duration) -> bool {
    now.saturating_sub(session.seen) < LONGEST_IDLE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends_by_itself_and_gives_way_to_newer_ones() {
        let sessions = Sessions::default();
        let first = sessions.begin(Duration::ZERO);
        assert!(sessions.get(&first, LONGEST_IDLE - Duration::from_secs(1)).is_some());
        assert!(sessions.get("", Duration::ZERO).is_none());
        assert!(sessions.get(&first, LONGEST_IDLE * 3).is_none());

        let ids: Vec<_> = (0..=MOST_SESSIONS).map(|_| sessions.begin(LONGEST_IDLE * 3)).collect();
        let held = ids.iter().filter(|id| sessions.get(id, LONGEST_IDLE * 3).is_some()).count();
        assert_eq!(held, MOST_SESSIONS);
    }

    #[test]
    fn secrets_differ_and_are_compared_whole() {
        let (one, other) = (secret(), secret());
        assert!(one.len() == 64 && is_same(&one, &one.clone()) && !is_same(&one, &other));
        assert!(!is_same(&one, &one[..63]) && !is_same(&one, ""));
    }
}
