use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::Review;
use crate::audit::{Class, Entry, Record, broken};
use crate::error::ReviewError;

/// Readings of entries that do not fit what is noted of them.
const TRIES: u32 = 5;

/// What was done, the oldest first.
#[derive(Clone, Debug, Default)]
pub struct Audit {
    pub entries: Vec<AuditEntry>,
    /// What is wrong with the records themselves: one is missing, or was changed. Nothing should be.
    pub broken: Vec<String>,
}

#[derive(Clone, Debug)]
pub struct AuditEntry {
    /// `move 2026-11-24 #7`.
    pub name: String,
    pub record: Record,
}

impl Review {
    /// Today and so many days before it, UTC.
    pub async fn audit(&self, days: u16) -> Result<Audit, ReviewError> {
        let now = self.clock.now();
        let mut audit = Audit::default();
        for before in (0..=i64::from(days)).rev() {
            let then = now.saturating_sub(SignedDuration::from_hours(24 * before)).unwrap_or(Timestamp::MIN);
            let day = TimeZone::UTC.to_datetime(then).date();
            for class in Class::ALL {
                let (entries, wrong) = self.entries(class, day).await?;
                let named = format!("{} {day}", class.name());
                audit.broken.extend(wrong.into_iter().map(|what| format!("{named}: {what}")));
                for entry in entries {
                    if let Some(record) = entry.record() {
                        audit.entries.push(AuditEntry { name: format!("{named} #{}", entry.number), record });
                    }
                }
            }
        }
        audit.entries.sort_by_key(|entry| entry.record.at);
        Ok(audit)
    }

    /// With what is wrong with them. What is written while they are read is no fault of theirs.
    async fn entries(&self, class: Class, day: Date) -> Result<(Vec<Entry>, Vec<String>), ReviewError> {
        let mut tries = 0;
        loop {
            tries += 1;
            let entries = self.records.entries(class, day).await?;
            let last = self.records.last(class, day).await?;
            let last = last.as_ref().map(|(number, digest)| (*number, digest.as_str()));
            let wrong = broken(&entries, last);
            if wrong.is_empty() || tries >= TRIES {
                return Ok((entries, wrong));
            }
        }
    }
}
