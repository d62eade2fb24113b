use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What an operation of many steps has done of them: an attempt that is broken off leaves it to the next one at the same version, which
/// goes on from there. It is kept with the claim in the ledger, and lost with a process that ends: so only what may be done again is to
/// rely on it.
#[derive(Clone, Default, Debug)]
pub struct Progress {
    before: String,
    now: Arc<Mutex<Option<String>>>,
}

impl Progress {
    /// An item of the ledger is small on purpose: what is longer is not kept, and the next attempt begins where this one did.
    pub const LONGEST: usize = 16_384;

    /// As an earlier attempt has left it.
    pub fn of(before: impl Into<String>) -> Self {
        Self { before: before.into(), now: Arc::default() }
    }

    /// What an earlier attempt has left; empty where none has.
    pub fn before(&self) -> &str {
        &self.before
    }

    /// Leaves this to the next attempt.
    pub fn leave(&self, text: String) {
        if text.len() > Self::LONGEST {
            tracing::warn!(bytes = text.len(), "more than is kept of an attempt: the next one does it again");
        } else {
            *self.now() = Some(text);
        }
    }

    /// What was left last, if anything.
    pub fn left(&self) -> Option<String> {
        self.now().clone()
    }

    fn now(&self) -> MutexGuard<'_, Option<String>> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_is_not_kept() {
        let progress = Progress::of("before");
        progress.leave("x".repeat(Progress::LONGEST));
        progress.leave("y".repeat(Progress::LONGEST + 1));
        assert_eq!((progress.before(), progress.left()), ("before", Some("x".repeat(Progress::LONGEST))));
    }
}
