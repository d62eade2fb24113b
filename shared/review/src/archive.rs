//! Letters in the archive: what is discarded, and what SQS is about to drop.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use channel::{Attribute, Attributes};
use futures::future::join_all;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::action::{Operator, Work};
use crate::audit::{Action, Touched};
use crate::error::ReviewError;
use crate::letter::Letter;
use crate::pass::Looked;
use crate::ports::Archive;

/// Objects that are written at a time.
const PUTS_AT_ONCE: usize = 20;

/// Why it was put there.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Because {
    /// Taken off its queue: to be put back if that was wrong.
    Discarded,
    /// SQS drops it soon; until then it is on its queue as well.
    Expiring,
}

impl Because {
    const fn name(self) -> &'static str {
        match self {
            Self::Discarded => "discarded",
            Self::Expiring => "expiring",
        }
    }
}

/// A letter as the bucket has it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Archived {
    pub id: String,
    pub flow: String,
    pub sent_at: Timestamp,
    pub receive_count: u32,
    pub body: String,
    /// Texts as they are.
    #[serde(default)]
    pub texts: BTreeMap<String, (String, String)>,
    /// Binary values, in lower case hexadecimal digits.
    #[serde(default)]
    pub binaries: BTreeMap<String, (String, String)>,
    #[serde(default)]
    pub trace_header: Option<String>,
    #[serde(default)]
    pub group_id: Option<String>,
    pub because: Because,
    pub by: String,
    pub why: String,
    pub at: Timestamp,
}

impl Archived {
    pub(crate) fn of(
        letter: &Letter,
        flow: &str,
        because: Because,
        operator: &Operator,
        at: Timestamp,
    ) -> Self {
        let (mut texts, mut binaries) = (BTreeMap::new(), BTreeMap::new());
        for (name, attribute) in &letter.attributes {
            match attribute {
                Attribute::Text { data_type, value } => {
                    texts.insert(name.clone(), (data_type.clone(), value.clone()));
                }
                Attribute::Binary { data_type, value } => {
                    let digits = value.iter().map(|byte| format!("{byte:02x}")).collect();
                    binaries.insert(name.clone(), (data_type.clone(), digits));
                }
            }
        }
        Self {
            id: letter.id.clone(),
            flow: flow.to_owned(),
            sent_at: letter.sent_at,
            receive_count: letter.receive_count,
            body: letter.body.clone(),
            texts,
            binaries,
            trace_header: letter.trace_header.clone(),
            group_id: letter.group_id.clone(),
            because,
            by: operator.by.clone(),
            why: operator.why.clone(),
            at,
        }
    }

    /// As it was, but for the receipt: it is on no queue.
    pub fn letter(&self) -> Option<Letter> {
        let mut attributes = Attributes::new();
        for (name, (data_type, value)) in &self.texts {
            attributes
                .insert(name.clone(), Attribute::Text { data_type: data_type.clone(), value: value.clone() });
        }
        for (name, (data_type, digits)) in &self.binaries {
            let value = bytes(digits)?;
            attributes.insert(name.clone(), Attribute::Binary { data_type: data_type.clone(), value });
        }
        Some(Letter {
            id: self.id.clone(),
            receipt: String::new(),
            body: self.body.clone(),
            attributes,
            sent_at: self.sent_at,
            receive_count: self.receive_count,
            trace_header: self.trace_header.clone(),
            group_id: self.group_id.clone(),
        })
    }
}

fn bytes(digits: &str) -> Option<Vec<u8>> {
    let pairs = digits.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).ok());
    pairs.map(|pair| u8::from_str_radix(pair?, 16).ok()).collect()
}

/// `letters/<flow>/<why>/<day that it was sent>/<message id>.json`.
pub(crate) fn key_of(flow: &str, letter: &Letter, because: Because) -> String {
    let day = TimeZone::UTC.to_datetime(letter.sent_at).date();
    format!("{}{day}/{}.json", prefix_of(flow, because), letter.id)
}

fn prefix_of(flow: &str, because: Because) -> String {
    format!("letters/{flow}/{}/", because.name())
}

/// Keys of all that was archived of a flow for this reason, [`crate::Review::restore`] takes them.
pub async fn archived_under(
    flow: &str,
    because: Because,
    archive: &dyn Archive,
) -> Result<Vec<String>, ReviewError> {
    let (prefix, mut all, mut after) = (prefix_of(flow, because), Vec::new(), None);
    loop {
        let (keys, next) = archive.keys(&prefix, after).await?;
        all.extend(keys);
        if next.is_none() {
            return Ok(all);
        }
        after = next;
    }
}

/// What came of it.
#[derive(Clone, Default, Debug)]
pub struct Expiring {
    pub looked: Looked,
    /// Put into the archive now.
    pub archived: u64,
    /// Already there.
    pub there: u64,
    /// Why the archive could not be listed: its letters were written down and put once more, which changes none of them.
    pub not_listed: Option<ReviewError>,
}

/// Puts every letter into the archive that SQS drops within this time, and leaves it where it is.
pub async fn archive_expiring(work: &Work<'_>, within: Duration) -> Result<Expiring, ReviewError> {
    let retention = SignedDuration::try_from(work.queue.retention().await?).unwrap_or(SignedDuration::MAX);
    let within = SignedDuration::try_from(within).unwrap_or(SignedDuration::MAX);
    let (mut done, mut known) = (Expiring::default(), HashSet::new());
    match archived_under(work.flow, Because::Expiring, work.archive).await {
        Ok(keys) => known.extend(keys),
        Err(error) => done.not_listed = Some(error),
    }
    let mut pass = work.pass(work.limits).await?;
    let mut failed = None;
    while let Some(received) = pass.next().await {
        let result = match received {
            Err(error) => Err(error),
            Ok(received) => {
                let now = work.clock.now();
                let expires = |letter: &Letter| {
                    let end = letter.sent_at.saturating_add(retention).unwrap_or(Timestamp::MAX);
                    end.duration_since(now) < within
                };
                let expiring = received.into_iter().map(|one| one.letter).filter(|letter| expires(letter));
                let (there, fresh): (Vec<_>, Vec<_>) = expiring
                    .partition(|letter| known.contains(&key_of(work.flow, letter, Because::Expiring)));
                done.there += number(&there);
                let kept = keep_expiring(work, &fresh).await;
                if kept.is_ok() {
                    done.archived += number(&fresh);
                }
                kept
            }
        };
        if let Err(error) = result {
            failed = Some(error);
            break;
        }
    }
    done.looked = pass.end().await?;
    failed.map_or(Ok(done), Err)
}

fn number(letters: &[Letter]) -> u64 {
    u64::try_from(letters.len()).unwrap_or(u64::MAX)
}

async fn keep_expiring(work: &Work<'_>, letters: &[Letter]) -> Result<(), ReviewError> {
    if letters.is_empty() {
        return Ok(());
    }
    let touched = letters.iter().map(Touched::whole).collect();
    work.records.append(&work.record(Action::Archive, touched)).await?;
    keep(work, letters, Because::Expiring).await
}

/// Puts letters into the archive; one that is there stays as it was put.
pub(crate) async fn keep(work: &Work<'_>, letters: &[Letter], because: Because) -> Result<(), ReviewError> {
    for lot in letters.chunks(PUTS_AT_ONCE) {
        let puts = lot.iter().map(|letter| async move {
            let object = Archived::of(letter, work.flow, because, work.operator, work.clock.now());
            work.archive.put(&key_of(work.flow, letter, because), &serde_json::to_string(&object)?).await
        });
        for put in join_all(puts).await {
            put?;
        }
    }
    Ok(())
}
