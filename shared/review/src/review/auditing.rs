use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::Review;
use crate::audit::{Class, Record, broken};
use crate::error::ReviewError;

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
                let last = self.records.last(class, day).await?;
                let mut entries = self.records.entries(class, day).await?;
                // Written since the newest was asked for.
                entries
                    .truncate(last.as_ref().map_or(0, |(number, _)| usize::try_from(*number).unwrap_or(0)));
                let last = last.as_ref().map(|(number, digest)| (*number, digest.as_str()));
                let named = format!("{} {day}", class.name());
                audit
                    .broken
                    .extend(broken(&entries, last).into_iter().map(|what| format!("{named}: {what}")));
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
}
