//! What the watchdog sees of a flow.

use super::Flow;

/// In which the watchdog looks for what is held (functions/watchdog/src/aws/metrics.rs).
const HELD_FOR: u32 = 20;

impl Flow {
    pub(super) fn remember_held(&mut self, minute: u32, oldest: Option<u32>) {
        self.held.extend(oldest.map(|age| (minute, age)));
        while self.held.front().is_some_and(|(at, _)| at + HELD_FOR <= minute) {
            self.held.pop_front();
        }
    }

    pub(in super::super) fn function(&self) -> &str {
        &self.parts.function
    }

    /// In minutes; none where nothing is.
    pub(in super::super) fn oldest_held(&self) -> u32 {
        self.held.iter().map(|(_, age)| *age).max().unwrap_or_default()
    }

    /// In minutes, of what waits to be received.
    pub(in super::super) fn oldest_queued(&self, minute: u32) -> u32 {
        self.queue.oldest_visible(minute).map_or(0, |enqueued| minute.saturating_sub(enqueued))
    }

    pub(in super::super) fn breaker_is_closed(&self) -> bool {
        self.gate.is_closed()
    }

    /// With those that somebody is looking at.
    pub(in super::super) fn dead_letters(&self) -> u32 {
        self.dead_letters.count()
    }

    /// All that was there before it has been received within this minute.
    pub(in super::super) fn has_received(&self, minute: u32, enqueued: u32) -> bool {
        self.queue.oldest_visible(minute).is_none_or(|oldest| oldest > enqueued)
    }

    pub(in super::super) fn visibility(&self) -> u32 {
        self.parts.visibility
    }

    pub(in super::super) fn max_receives(&self) -> u32 {
        self.parts.max_receives
    }
}
