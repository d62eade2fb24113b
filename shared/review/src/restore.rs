//! Back from the archive onto the dead letter queue.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::action::Work;
use crate::archive::{Archived, Because, key_of};
use crate::audit::{Action, Touched};
use crate::claim::Claim;
use crate::error::ReviewError;
use crate::letter::Letter;

/// Letters that are put back together.
const LOT: usize = 10;
/// The ledger forgets an operation 30 days after it was first worked on (the template's `LedgerRetentionDays`): a letter of it that is
/// redriven after that may be an old version over a newer one, or an effect once more. Two of the days are for the redrive.
const OLDEST: SignedDuration = SignedDuration::from_hours(28 * 24);

/// Which letters are put back, and how.
#[derive(Clone, Copy)]
pub struct Restoring<'a> {
    /// Among those that were archived for this reason.
    pub because: Because,
    pub which: &'a Restore,
    pub why: &'a str,
    /// Those too whose operation the ledger may have forgotten.
    pub anyway: bool,
}

/// Which letters come back out of the archive.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Restore {
    /// By the beginnings of their ids.
    Ids(Vec<String>),
    Group(String),
    All,
}

/// What came of it.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Restored {
    pub restored: u64,
    /// Left out of those that were archived before SQS dropped them, as somebody has discarded them.
    pub discarded: u64,
    /// Left there, as the ledger may have forgotten their operations.
    pub too_old: Vec<TooOld>,
    /// Keys under which there is nothing, or nothing that can be read.
    pub unreadable: Vec<String>,
    pub stopped: bool,
}

/// A letter that would be redriven as if it were new.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct TooOld {
    pub id: String,
    /// When it first failed, or was sent if that was earlier.
    pub since: Timestamp,
}

impl TooOld {
    /// How far back that may be, in days.
    pub const fn days() -> i64 {
        OLDEST.as_hours() / 24
    }

    fn of(letter: &Letter, flow: &str, now: Timestamp) -> Option<Self> {
        let since = letter.reason(flow).first_failed_at.min(letter.sent_at);
        (now.duration_since(since) > OLDEST).then(|| Self { id: letter.id.clone(), since })
    }
}

/// Puts what stands under these keys of a flow back onto its dead letter queue, then takes it out of the archive, whose versions stay. A
/// letter that is put back has another message id, and the one that it had first in its attributes. Between the two it may be put back
/// twice; the ledger knows its operation, unless it is too old for that and is put back `anyway`.
pub(crate) async fn restore(
    work: &Work<'_>,
    claim: &mut Claim<'_>,
    keys: &[String],
    anyway: bool,
) -> Result<Restored, ReviewError> {
    let mut done = Restored::default();
    for keys in keys.chunks(LOT) {
        if work.stop.is_stopped() {
            done.stopped = true;
            break;
        }
        claim.renew().await?;
        let mut lot: Vec<(&String, Letter)> = Vec::new();
        for key in keys {
            let object = work.archive.get(key).await?;
            let archived = object.and_then(|object| serde_json::from_str::<Archived>(&object).ok());
            match archived.filter(|it| it.flow == work.flow).and_then(|it| it.letter()) {
                Some(letter) => match TooOld::of(&letter, work.flow, work.clock.now()).filter(|_| !anyway) {
                    Some(too_old) => done.too_old.push(too_old),
                    None => lot.push((key, letter)),
                },
                None => done.unreadable.push(key.clone()),
            }
        }
        if lot.is_empty() {
            continue;
        }
        let touched = lot.iter().map(|(_, letter)| Touched::whole(letter)).collect();
        work.records.append(&work.record(Action::Restore, touched)).await?;
        let letters: Vec<_> = lot.iter().map(|(_, letter)| letter.clone()).collect();
        let mut failed = None;
        for ((key, letter), answer) in lot.iter().zip(work.queue.put(&letters).await) {
            match answer {
                Ok(()) => {
                    work.archive.delete(key).await?;
                    // One that was discarded may stand there as well, and would be put back from there once more.
                    let expiring = key_of(work.flow, letter, Because::Expiring);
                    if *key != &expiring {
                        work.archive.delete(&expiring).await?;
                    }
                    done.restored += 1;
                }
                Err(error) => failed = Some(error),
            }
        }
        if let Some(error) = failed {
            return Err(error);
        }
    }
    Ok(done)
}
