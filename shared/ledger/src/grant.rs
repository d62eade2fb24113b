use message::{Effect, OperationKey};

use crate::progress::Progress;

/// The right to make one effect. It ends with the lease, or when it is settled.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Grant {
    pub(crate) key: OperationKey,
    pub(crate) owner: String,
    pub(crate) epoch: u64,
    pub(crate) version: u64,
    pub(crate) prior: Effect,
    pub(crate) first_claimed_ms: i64,
    pub(crate) unknown_since_ms: i64,
    pub(crate) progress: Progress,
}

impl Grant {
    pub const fn key(&self) -> &OperationKey {
        &self.key
    }

    /// What is known of the effect of earlier attempts: where it is Unknown, look it up before calling.
    pub const fn prior(&self) -> Effect {
        self.prior
    }

    pub const fn epoch(&self) -> u64 {
        self.epoch
    }

    pub const fn version(&self) -> u64 {
        self.version
    }

    /// When the operation was first claimed, by whoever.
    pub const fn first_claimed_ms(&self) -> i64 {
        self.first_claimed_ms
    }

    /// When the first of the attempts was claimed, this one included, whose effect is not known to be absent.
    pub const fn unknown_since_ms(&self) -> i64 {
        self.unknown_since_ms
    }

    /// What an earlier attempt has left that asked for the same in the same version; empty where none has.
    pub fn progress(&self) -> &str {
        self.progress.text()
    }

    /// Leaves this to the next such attempt, unless this one completes. Small: it stands in the item.
    pub fn leave(&mut self, progress: &str) {
        self.progress.leave(progress);
    }
}
