//! Letters that nobody needs any more: archived, written down, deleted, in this order.

use std::collections::HashSet;
use std::time::Duration;

use crate::action::Work;
use crate::archive::{Because, keep};
use crate::audit::{Action, Touched};
use crate::error::ReviewError;
use crate::letter::Letter;
use crate::pass::{Limits, MOST_BYTES, Pass, Received, release};

/// Letters that are worked on at once.
const LOT: usize = 200;
/// Letters a second that are surely archived and deleted: for so much longer a look hides what it has yet to come to.
const SLOWEST_A_SECOND: u64 = 100;

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
    let mut run = Run { work, group, left: ids.clone(), lot: Vec::new(), bytes: 0, discarded: 0 };
    // One look sees what is there; another is worth it where that has found some of them and not all.
    loop {
        let (left, found) = (run.left.len(), run.discard_all().await?);
        if work.stop.is_stopped() || found == 0 || run.left.is_empty() {
            break;
        }
        if run.left.len() == left {
            return Err(ReviewError::too_slow());
        }
    }
    let mut missing: Vec<_> = run.left.into_iter().collect();
    missing.sort();
    let stopped = work.stop.is_stopped() && !missing.is_empty();
    Ok(Discarded { discarded: run.discarded, missing, stopped })
}

struct Run<'a> {
    work: &'a Work<'a>,
    group: Option<&'a str>,
    /// Those that are yet to be discarded.
    left: HashSet<String>,
    /// Found, and kept until they are enough to be worked on.
    lot: Vec<Received>,
    bytes: usize,
    discarded: u64,
}

impl Run<'_> {
    /// Looks at the whole queue once, and discards of it what is meant as it comes. How many of those it has found.
    async fn discard_all(&mut self) -> Result<usize, ReviewError> {
        let Work { limits, stop, .. } = *self.work;
        let lasts =
            Duration::from_secs(u64::try_from(self.left.len()).unwrap_or(u64::MAX) / SLOWEST_A_SECOND);
        let mut pass = self.work.pass(Limits { hidden: limits.hidden + lasts, ..limits }).await?;
        let (mut found, mut failed) = (0, None);
        while let Some(received) = pass.next().await {
            let worked = match received {
                Ok(received) => {
                    found += self.keep(&mut pass, received);
                    self.discard_lots(false).await
                }
                Err(error) => Err(error),
            };
            if let Err(error) = worked {
                failed = Some(error);
                break;
            }
        }
        // What is not meant is there for others again before the last are worked on.
        let ended = pass.end().await.map(drop);
        let mut result = failed.map_or(ended, Err);
        if result.is_ok() && !stop.is_stopped() {
            result = self.discard_lots(true).await;
        }
        release(self.work.queue, &std::mem::take(&mut self.lot)).await;
        self.bytes = 0;
        result.map(|()| found)
    }

    /// Those that are meant, for a lot. How many.
    fn keep(&mut self, pass: &mut Pass<'_>, received: Vec<Received>) -> usize {
        let before = self.lot.len();
        for one in received {
            if self.left.contains(&one.letter.id) {
                pass.keep(&one.letter);
                self.bytes += one.letter.bytes();
                self.lot.push(one);
            }
        }
        self.lot.len() - before
    }

    /// Those that are enough for a lot, or all.
    async fn discard_lots(&mut self, all: bool) -> Result<(), ReviewError> {
        while !self.lot.is_empty() && (all || self.lot.len() >= LOT || self.bytes >= MOST_BYTES) {
            if self.work.stop.is_stopped() {
                break;
            }
            let rest = self.lot.split_off(LOT.min(self.lot.len()));
            let lot = std::mem::replace(&mut self.lot, rest);
            self.bytes = self.lot.iter().map(|one| one.letter.bytes()).sum();
            let worked = self.discard_lot(&lot).await;
            if worked.is_err() {
                self.lot.extend(lot);
            }
            worked?;
        }
        Ok(())
    }

    async fn discard_lot(&mut self, lot: &[Received]) -> Result<(), ReviewError> {
        let work = self.work;
        // Once their time may have run out somebody else may be moving them.
        let ours = |lot: &[Received], spare: Duration| -> Vec<Letter> {
            let now = work.clock.elapsed() + spare;
            lot.iter().filter(|one| one.until > now).map(|one| one.letter.clone()).collect()
        };
        let letters = ours(lot, work.limits.hidden / 2);
        if letters.len() < lot.len() {
            // The next look begins with all of its time.
            let late: Vec<_> = lot.iter().filter(|one| !letters.contains(&one.letter)).cloned().collect();
            release(work.queue, &late).await;
        }
        if letters.is_empty() {
            return Ok(());
        }
        keep(work, &letters, Because::Discarded).await?;
        let mut record = work.record(Action::Discard, letters.iter().map(Touched::whole).collect());
        record.group = self.group.map(str::to_owned);
        work.records.append(&record).await?;
        // It may have taken its time.
        let still: HashSet<_> =
            ours(lot, work.limits.hidden / 4).into_iter().map(|letter| letter.id).collect();
        let letters: Vec<_> = letters.into_iter().filter(|letter| still.contains(&letter.id)).collect();
        let (mut deleted, mut failed) = (0, None);
        for (letter, answer) in letters.iter().zip(work.queue.delete(&letters).await) {
            match answer {
                Ok(()) => {
                    self.left.remove(&letter.id);
                    deleted += 1;
                }
                Err(error) => failed = Some(error),
            }
        }
        self.discarded += deleted;
        // One that somebody else has received since is left to them; the next look tells.
        match failed {
            Some(error) if deleted == 0 => Err(error),
            _ => Ok(()),
        }
    }
}
