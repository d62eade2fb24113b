use std::collections::BTreeSet;

use async_trait::async_trait;
use jiff::Timestamp;
use message::{Code, Envelope};

use crate::{Budget, CallError, Refusal};

/// What one call for a window reads at most: a few megabytes.
pub const MAX_EVENTS: usize = 1_000;

/// A source that can be asked what it has told us, or should have.
#[async_trait]
pub trait EventSource: Send + Sync {
    /// What happened at the source from `from` until before `until`, oldest first, as ingest makes it of the source's webhook. All of it, or
    /// an error: of more than [`MAX_EVENTS`] it is [`too_many`], and a shorter window is to be asked for. Changes nothing.
    async fn events(
        &self,
        from: Timestamp,
        until: Timestamp,
        budget: &Budget,
    ) -> Result<Vec<Envelope>, CallError>;

    /// Types of the events that the source posts to this address now, in its own words, `*` being all of them; none where it has no
    /// subscription for the address. `None` where it cannot tell. Changes nothing.
    async fn subscribed(&self, url: &str, budget: &Budget) -> Result<Option<BTreeSet<String>>, CallError>;
}

/// More happened than one call reads.
pub fn too_many() -> CallError {
    let summary = format!("more than {MAX_EVENTS} events in the window");
    CallError::Refused(Refusal::new(Code::WindowTooLarge, "$", summary))
}
