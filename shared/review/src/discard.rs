//! Letters that nobody needs any more: archived, written down, deleted, in this order.

use std::collections::HashSet;

use crate::action::Work;
use crate::archive::{Because, keep};
use crate::audit::{Action, Touched};
use crate::error::ReviewError;
use crate::letter::Letter;
use crate::pass::{chunk, release};

/// Letters that are worked on at once.
const CHUNK: usize = 200;

/// What came of it.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Discarded {
    pub discarded: u64,
    /// Asked for, and not seen: somebody else has moved them, or is looking at them.
    pub missing: Vec<String>,
    pub stopped: bool,
}

/// Discards these letters of a flow. Doing it again goes on where it ended, however that was.
pub async fn discard(
    work: &Work<'_>,
    ids: &HashSet<String>,
    group: Option<&str>,
) -> Result<Discarded, ReviewError> {
    let mut left = ids.clone();
    let mut done = Discarded::default();
    while !left.is_empty() {
        let chunk = chunk(work.pass(work.limits).await?, CHUNK, |letter| left.contains(&letter.id)).await?;
        if work.stop.is_stopped() {
            release(work.queue, &chunk.letters).await;
            done.stopped = true;
            break;
        }
        if chunk.letters.is_empty() {
            break;
        }
        // Once their time may have run out somebody else may be moving them.
        let ours: Vec<Letter> = chunk
            .letters
            .iter()
            .filter(|one| one.until > work.clock.elapsed() + work.limits.hidden / 2)
            .map(|one| one.letter.clone())
            .collect();
        let result = if ours.is_empty() {
            Err(ReviewError::too_slow())
        } else {
            discard_all(work, &ours, group).await
        };
        match result {
            Ok(deleted) => {
                for id in deleted {
                    left.remove(&id);
                    done.discarded += 1;
                }
            }
            Err(error) => {
                release(work.queue, &chunk.letters).await;
                return Err(error);
            }
        }
    }
    done.missing = left.into_iter().collect();
    done.missing.sort();
    Ok(done)
}

async fn discard_all(
    work: &Work<'_>,
    letters: &[Letter],
    group: Option<&str>,
) -> Result<Vec<String>, ReviewError> {
    keep(work, letters, Because::Discarded).await?;
    let mut record = work.record(Action::Discard, letters.iter().map(Touched::whole).collect());
    record.group = group.map(str::to_owned);
    work.records.append(&record).await?;
    let (mut deleted, mut failed) = (Vec::new(), None);
    for (letter, answer) in letters.iter().zip(work.queue.delete(letters).await) {
        match answer {
            Ok(()) => deleted.push(letter.id.clone()),
            Err(error) => failed = Some(error),
        }
    }
    // One that somebody else has received since is left to them; the next look tells.
    match failed {
        Some(error) if deleted.is_empty() => Err(error),
        _ => Ok(deleted),
    }
}
