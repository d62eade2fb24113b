use std::time::Duration;

use settings::Settings;

/// What every flow function reads from its environment.
#[derive(Clone, Debug)]
pub struct ReceiverSettings {
    pub ledger_table: String,
    pub ledger_retention: Duration,
    pub queue_url: String,
    pub dead_letter_queue_url: String,
    /// The queue's redrive policy: the last permitted receive turns a Retry into a dead letter.
    pub max_receive_count: u32,
}

impl ReceiverSettings {
    pub fn read(settings: &mut Settings<'_>) -> Self {
        let days: u64 = settings.number("LEDGER_RETENTION_DAYS", 30, 1..=3_650);
        Self {
            ledger_table: settings.required("LEDGER_TABLE"),
            ledger_retention: Duration::from_secs(days * 24 * 3_600),
            queue_url: settings.required("QUEUE_URL"),
            dead_letter_queue_url: settings.required("DEAD_LETTER_QUEUE_URL"),
            max_receive_count: settings.number("MAX_RECEIVE_COUNT", 5, 1..=1_000),
        }
    }
}
