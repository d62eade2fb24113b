//! Letters that nobody needs any more: archived, written down, deleted, in this order.

use std::collections::HashSet;

use crate::action::Operator;
use crate::archive::{Because, keep};
use crate::audit::{Action, Touched};
use crate::error::ReviewError;
use crate::letter::Letter;
use crate::pass::{Limits, Pass, Stop, chunk, release};
use crate::ports::{Archive, Clock, LetterQueue, Records};

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
#[expect(clippy::too_many_arguments, reason = "the world, each part by its name")]
pub async fn discard(
    flow: &str,
    ids: &HashSet<String>,
    group: Option<&str>,
    operator: &Operator,
    queue: &dyn LetterQueue,
    archive: &dyn Archive,
    records: &dyn Records,
    clock: &dyn Clock,
    stop: &Stop,
    limits: Limits,
) -> Result<Discarded, ReviewError> {
    let mut left = ids.clone();
    let mut done = Discarded::default();
    while !left.is_empty() {
        let pass = Pass::begin(queue, clock, stop, limits).await?;
        let chunk = chunk(pass, CHUNK, |letter| left.contains(&letter.id)).await?;
        if stop.is_stopped() {
            release(queue, &chunk.letters).await;
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
            .filter(|one| one.until > clock.elapsed() + limits.hidden / 2)
            .map(|one| one.letter.clone())
            .collect();
        if ours.is_empty() {
            release(queue, &chunk.letters).await;
            return Err(ReviewError::too_slow());
        }
        let result = discard_all(flow, &ours, group, operator, queue, archive, records, clock).await;
        let deleted = match result {
            Ok(deleted) => deleted,
            Err(error) => {
                release(queue, &chunk.letters).await;
                return Err(error);
            }
        };
        for id in deleted {
            left.remove(&id);
            done.discarded += 1;
        }
    }
    done.missing = left.into_iter().collect();
    done.missing.sort();
    Ok(done)
}

#[expect(clippy::too_many_arguments, reason = "the world, each part by its name")]
async fn discard_all(
    flow: &str,
    letters: &[Letter],
    group: Option<&str>,
    operator: &Operator,
    queue: &dyn LetterQueue,
    archive: &dyn Archive,
    records: &dyn Records,
    clock: &dyn Clock,
) -> Result<Vec<String>, ReviewError> {
    keep(flow, letters, Because::Discarded, operator, archive, clock).await?;
    let touched = letters
        .iter()
        .map(|letter| Touched { id: letter.id.clone(), before: letter.digest(), after: None })
        .collect();
    let mut record = operator.record(Action::Discard, flow, clock.now(), touched);
    record.group = group.map(str::to_owned);
    records.append(&record).await?;
    let (mut deleted, mut failed) = (Vec::new(), None);
    for (letter, answer) in letters.iter().zip(queue.delete(letters).await) {
        match answer {
            Ok(()) => deleted.push(letter.id.clone()),
            Err(error) => failed = Some(error),
        }
    }
    failed.map_or(Ok(deleted), Err)
}
