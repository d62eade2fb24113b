//! The lots of a redrive: each written down, then sent, then deleted; several at once where its pace needs that.

use std::collections::HashSet;
use std::pin::pin;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures::future::{Either, join_all, pending, select, select_all};
use futures::lock;

use crate::archive::{Because, key_of};
use crate::audit::{Action, Touched};
use crate::edit::{Edits, effective};
use crate::error::ReviewError;
use crate::letter::Letter;
use crate::pass::{Received, release};
use crate::plan::Wanted;
use crate::redrive::Redrive;

/// Letters that are written down, sent and deleted together: what SQS takes in a call.
const LOT: usize = 10;
/// Where they go faster than ten such lots a second, as many as go in a tenth of it: one lot after the other is written down.
const LOTS_A_SECOND: usize = 10;
const MOST_OF_A_LOT: usize = 100;
/// Lots at once.
const MOST_AT_ONCE: usize = 8;
/// Letters a second that one lot after the other surely makes.
const ONE_BY_ONE: usize = 25;
/// A lot begins only while its letters are surely ours for so long.
pub(crate) const MARGIN: Duration = Duration::from_secs(5);
/// Of a wait, after which is asked whether it is to stop.
pub(crate) const PART: Duration = Duration::from_millis(250);

/// A schedule: each lot has its time, and what work it takes is no pause on top. What is late is not made up for, so that no second sees
/// more letters than it may.
#[derive(Default, Debug)]
pub(crate) struct Pace {
    per_second: u32,
    next: Duration,
}

impl Pace {
    /// From now on so fast; what has begun keeps its time.
    pub(crate) const fn set(&mut self, per_second: u32) {
        self.per_second = per_second;
    }

    /// How long the next lot has to wait.
    fn wait(&self, now: Duration) -> Duration {
        self.next.saturating_sub(now)
    }

    /// A lot of so many begins: for how long it has to wait, which is its own time.
    fn take(&mut self, now: Duration, letters: usize) -> Duration {
        let wait = self.wait(now);
        let took = Duration::from_secs(1) * u32::try_from(letters).unwrap_or(1) / self.per_second.max(1);
        self.next = now + wait + took;
        wait
    }
}

/// What has become of a lot.
#[derive(Default)]
pub(crate) struct Moved {
    pub(crate) moved: u64,
    /// Left where they are, as they were edited since they were judged.
    pub(crate) changed: Vec<String>,
    /// Why a letter that was sent could not be deleted.
    pub(crate) not_deleted: Option<ReviewError>,
    failed: Option<ReviewError>,
}

/// Moves letters at a pace.
pub(crate) struct Mover<'a> {
    pub(crate) redrive: &'a Redrive<'a>,
    pub(crate) wanted: &'a Wanted<'a>,
    /// Lots that are written down at the same time would be in each other's way.
    writing: lock::Mutex<()>,
    /// Of what is sent: a lot that was quicker than the one before it waits for its turn.
    sends: Mutex<Pace>,
}

impl<'a> Mover<'a> {
    pub(crate) fn of_redrive(redrive: &'a Redrive<'a>, wanted: &'a Wanted<'a>) -> Self {
        Self { redrive, wanted, writing: lock::Mutex::default(), sends: Mutex::default() }
    }

    /// Moves these, and tells of each lot. What is not moved is let go of.
    pub(crate) async fn move_all(
        &self,
        letters: Vec<Received>,
        pace: &mut Pace,
        mut told: impl FnMut(Moved) + Send,
    ) -> Result<(), ReviewError> {
        let (clock, queue, stop) = (self.redrive.work.clock, self.redrive.work.queue, self.redrive.work.stop);
        let speed = usize::try_from(pace.per_second).unwrap_or(usize::MAX);
        let lot = (speed / LOTS_A_SECOND).max(LOT.min(speed)).clamp(1, MOST_OF_A_LOT);
        // The letters of a group keep their order.
        let is_ordered = letters.iter().any(|one| one.letter.group_id.is_some());
        let at_once = if is_ordered { 1 } else { speed.div_ceil(ONE_BY_ONE).clamp(1, MOST_AT_ONCE) };
        self.sends().set(pace.per_second);
        let mut left: &[Received] = &letters;
        let (mut running, mut failed) = (Vec::new(), None);
        loop {
            let begins =
                !left.is_empty() && failed.is_none() && !stop.is_stopped() && running.len() < at_once;
            let wait = pace.wait(clock.elapsed());
            if begins && wait.is_zero() {
                let (now, later) = left.split_at(lot.min(left.len()));
                left = later;
                let until = clock.elapsed() + MARGIN;
                let ours: Vec<_> =
                    now.iter().filter(|one| one.until > until).map(|one| &one.letter).collect();
                pace.take(clock.elapsed(), ours.len());
                running.push(Box::pin(async move { (now, self.move_lot(&ours).await) }));
                continue;
            }
            if running.is_empty() && !begins {
                break;
            }
            // Until a lot ends, or the next one's time has come.
            let slept = async {
                if begins {
                    clock.sleep(wait.min(PART)).await;
                } else {
                    pending::<()>().await;
                }
            };
            let ended = if running.is_empty() {
                slept.await;
                None
            } else {
                match select(select_all(running.iter_mut()), pin!(slept)).await {
                    Either::Left(((ended, number, _), _)) => Some((number, ended)),
                    Either::Right(_) => None,
                }
            };
            if let Some((number, (lot, moved))) = ended {
                drop(running.swap_remove(number));
                if let Some(error) = &moved.failed {
                    release(queue, lot).await;
                    failed.get_or_insert(error.clone());
                }
                told(moved);
            }
        }
        release(queue, left).await;
        failed.map_or(Ok(()), Err)
    }

    fn sends(&self) -> std::sync::MutexGuard<'_, Pace> {
        self.sends.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn turn(&self, letters: usize) {
        let clock = self.redrive.work.clock;
        let wait = self.sends().take(clock.elapsed(), letters);
        if !wait.is_zero() {
            clock.sleep(wait).await;
        }
    }

    async fn move_lot(&self, letters: &[&Letter]) -> Moved {
        let mut moved = Moved::default();
        if let Err(error) = self.try_lot(letters, &mut moved).await {
            moved.failed = Some(error);
        }
        moved
    }

    /// Written down, then sent, then deleted.
    async fn try_lot(&self, letters: &[&Letter], moved: &mut Moved) -> Result<(), ReviewError> {
        let Redrive { work, target, plan, .. } = self.redrive;
        let outgoing = self.outgoing(letters, moved).await?;
        if outgoing.is_empty() {
            return Ok(());
        }
        let touched = outgoing.iter().map(|(letter, as_sent)| Touched {
            id: letter.id.clone(),
            before: letter.digest(),
            after: Some(as_sent.digest()).filter(|after| *after != letter.digest()),
        });
        let mut record = work.record(Action::Redrive, touched.collect());
        record.plan = Some(plan.id.clone());
        let writing = self.writing.lock().await;
        work.records.append(&record).await?;
        drop(writing);
        self.turn(outgoing.len()).await;
        let to_send: Vec<_> = outgoing.iter().map(|(_, as_sent)| as_sent.clone()).collect();
        let sent = target.send(&to_send).await;
        let (mut to_delete, mut failed) = (Vec::new(), None);
        for ((letter, _), sent) in outgoing.iter().zip(sent) {
            match sent {
                Ok(()) => to_delete.push((*letter).clone()),
                Err(error) => failed = Some(error),
            }
        }
        let mut sent_off = Vec::new();
        for (letter, deleted) in to_delete.iter().zip(work.queue.delete(&to_delete).await) {
            match deleted {
                Ok(()) => moved.moved += 1,
                Err(error @ ReviewError::Denied(_)) => failed = Some(error),
                // Somebody else has received it since, say. If it is still there the next look finds it.
                Err(error) => {
                    moved.not_deleted = Some(error);
                    continue;
                }
            }
            sent_off.push(key_of(work.flow, letter, Because::Expiring));
        }
        // One that was put there lest SQS drop it is not waiting any more. One after the other they would take longer than all before.
        let forgotten = join_all(sent_off.iter().map(|key| work.archive.delete(key))).await;
        forgotten.into_iter().collect::<Result<(), _>>()?;
        failed.map_or(Ok(()), Err)
    }

    /// Each with what is to be sent in its place: itself, or its edit.
    async fn outgoing<'l>(
        &self,
        letters: &[&'l Letter],
        moved: &mut Moved,
    ) -> Result<Vec<(&'l Letter, Letter)>, ReviewError> {
        let work = &self.redrive.work;
        let edits = Edits::of(letters.iter().copied(), work.records).await?;
        let (mut outgoing, mut changed) = (Vec::new(), HashSet::new());
        for letter in letters {
            let mut as_sent = (*letter).clone();
            as_sent.body = effective(letter, edits.get(letter), work.archive).await?;
            if self.wanted.to_move.get(letter.id.as_str()) == Some(&as_sent.digest().as_str()) {
                outgoing.push((*letter, as_sent));
            } else {
                changed.insert(letter.receipt.clone());
                moved.changed.push(letter.id.clone());
            }
        }
        // What stays is let go of.
        if !changed.is_empty() {
            work.queue.release(&changed.into_iter().collect::<Vec<_>>()).await?;
        }
        Ok(outgoing)
    }
}
