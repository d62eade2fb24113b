use std::time::Duration;

use settings::Settings;

/// What every flow function reads from its environment.
#[derive(Clone, Debug)]
pub struct ReceiverSettings {
    pub ledger_table: String,
    pub ledger_retention: Duration,
    pub queue_url: String,
    pub dead_letter_queue_url: String,
    pub limits: Limits,
}

/// How far the receiver goes.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The queue's redrive policy: the last permitted receive turns a Retry into a dead letter.
    pub max_receive_count: u32,
    /// Operations of one batch that are worked on at a time: the target's calls overlap, memory stays bounded.
    pub concurrency: usize,
    /// Longest time that a message is kept away after a failure, whatever the target asks for.
    pub longest_delay: Duration,
    /// How old a message may grow while it is held for its target.
    pub longest_hold: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_receive_count: 5,
            concurrency: 4,
            longest_delay: Duration::from_secs(3_600),
            longest_hold: Duration::from_secs(3 * 24 * 3_600),
        }
    }
}

impl ReceiverSettings {
    pub fn read(settings: &mut Settings<'_>) -> Self {
        let days: u64 = settings.number("LEDGER_RETENTION_DAYS", 30, 1..=3_650);
        let default = Limits::default();
        let seconds = |duration: Duration| duration.as_secs();
        let limits = Limits {
            max_receive_count: settings.number("MAX_RECEIVE_COUNT", default.max_receive_count, 1..=1_000),
            concurrency: settings.number("RECORD_CONCURRENCY", default.concurrency, 1..=100),
            longest_delay: Duration::from_secs(settings.number(
                "RETRY_MAX_DELAY_SECONDS",
                seconds(default.longest_delay),
                // Not shorter than a claim is kept whose outcome is unknown: receives would be used up against it.
                60..=42_300,
            )),
            longest_hold: Duration::from_secs(settings.number(
                "HOLD_MAX_AGE_SECONDS",
                seconds(default.longest_hold),
                60..=10 * 24 * 3_600,
            )),
        };
        Self {
            ledger_table: settings.required("LEDGER_TABLE"),
            ledger_retention: Duration::from_secs(days * 24 * 3_600),
            queue_url: settings.required("QUEUE_URL"),
            dead_letter_queue_url: settings.required("DEAD_LETTER_QUEUE_URL"),
            limits,
        }
    }
}
