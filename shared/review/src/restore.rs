//! Back from the archive onto the dead letter queue.

use crate::action::Work;
use crate::archive::{Archived, Because, key_of};
use crate::audit::{Action, Touched};
use crate::error::ReviewError;
use crate::letter::Letter;

/// Letters that are put back together.
const LOT: usize = 10;

/// What came of it.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Restored {
    pub restored: u64,
    /// Left out of those that were archived before SQS dropped them, as somebody has discarded them.
    pub discarded: u64,
    /// Keys under which there is nothing, or nothing that can be read.
    pub unreadable: Vec<String>,
    pub stopped: bool,
}

/// Puts what stands under these keys of a flow back onto its dead letter queue, then takes it out of the archive, whose versions stay. A
/// letter that is put back has another message id, and the one that it had first in its attributes. Between the two it may be put back
/// twice; the ledger knows its operation.
pub async fn restore(work: &Work<'_>, keys: &[String]) -> Result<Restored, ReviewError> {
    let mut done = Restored::default();
    for keys in keys.chunks(LOT) {
        if work.stop.is_stopped() {
            done.stopped = true;
            break;
        }
        let mut lot: Vec<(&String, Letter)> = Vec::new();
        for key in keys {
            let object = work.archive.get(key).await?;
            let archived = object.and_then(|object| serde_json::from_str::<Archived>(&object).ok());
            match archived.filter(|it| it.flow == work.flow).and_then(|it| it.letter()) {
                Some(letter) => lot.push((key, letter)),
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
