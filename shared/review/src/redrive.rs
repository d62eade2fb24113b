//! Moves what a plan has chosen back to its flow's queue, slowly at first.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use futures::future::join_all;

use crate::action::Work;
use crate::archive::{Because, key_of};
use crate::audit::{Action, Touched};
use crate::edit::{Edits, effective};
use crate::error::ReviewError;
use crate::letter::Letter;
use crate::pass::{Limits, Looked, Received, chunk, release};
use crate::plan::{Plan, Wanted};
use crate::ports::SourceQueue;

/// Letters that are sent, deleted and written down together: what SQS takes in a call.
const LOT: usize = 10;
/// Letters of a chunk at full speed.
const MOST_OF_A_CHUNK: usize = 1_000;
/// A send begins only while the letter is surely ours for so long.
const MARGIN: Duration = Duration::from_secs(5);
/// Of a wait, after which is asked whether it is to stop.
const PART: Duration = Duration::from_millis(250);
/// Between looks while somebody else is looking at letters of the plan.
const WAIT: Duration = Duration::from_secs(2);

/// How fast, and when to stop.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ramp {
    /// Letters a second, and how many of them, one step after the other. The last goes on until the end.
    pub steps: Vec<(u32, usize)>,
    /// Letters a second at most.
    pub cap: u32,
    /// After a step, and at the end: how long a letter that is refused again takes to be back.
    pub settle: Duration,
    /// Of the letters that were moved, in percent, those that came back: with more of them it stops.
    pub most_failures_percent: u64,
    /// Letters that have to be moved before that is judged.
    pub judged_from: u64,
}

impl Default for Ramp {
    fn default() -> Self {
        Self {
            steps: vec![(1, 5), (10, 100), (100, MOST_OF_A_CHUNK)],
            cap: 100,
            settle: Duration::from_secs(10),
            most_failures_percent: 10,
            judged_from: 5,
        }
    }
}

impl Ramp {
    /// Letters a second and letters of a step; at least one of each.
    fn step(&self, number: usize) -> (u32, usize) {
        let step =
            self.steps.get(number).or(self.steps.last()).copied().unwrap_or((self.cap, MOST_OF_A_CHUNK));
        (step.0.min(self.cap).max(1), step.1.clamp(1, MOST_OF_A_CHUNK))
    }

    fn is_last(&self, number: usize) -> bool {
        number + 1 >= self.steps.len()
    }
}

/// A redrive of one flow's letters of a plan.
pub struct Redrive<'a> {
    pub work: Work<'a>,
    pub plan: &'a Plan,
    /// Those too that a mapping still refuses.
    pub failing: bool,
    pub target: &'a dyn SourceQueue,
    pub ramp: &'a Ramp,
    pub progress: &'a (dyn Fn(&Progress) + Send + Sync),
}

/// How far it is.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Progress {
    /// To be moved by the plan.
    pub wanted: u64,
    /// By this run.
    pub moved: u64,
    /// By this run or before it.
    pub gone: u64,
    pub per_second: u32,
    /// Those that were refused again, by code.
    pub came_back: BTreeMap<String, u64>,
    /// Letters that somebody else is looking at: waited for.
    pub hidden_elsewhere: u64,
}

impl Progress {
    pub fn failures(&self) -> u64 {
        self.came_back.values().sum()
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Why {
    /// Nothing of the plan is on the queue any more.
    Done,
    /// Too many of those that were moved came back.
    Failures,
    /// Somebody said so.
    Stopped,
    /// Somebody else is still looking at letters of the plan.
    HiddenElsewhere,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ended {
    pub why: Why,
    pub progress: Progress,
    /// Left where they are: their body is not the one that was judged, as they were edited since.
    pub changed: Vec<String>,
}

/// Moves letters until none of the plan is left, too many have come back, or it is stopped. Doing it again goes on where it ended, however
/// that was.
pub async fn redrive(redrive: &Redrive<'_>) -> Result<Ended, ReviewError> {
    let empty = Vec::new();
    let letters = redrive.plan.letters.get(redrive.work.flow).unwrap_or(&empty);
    let wanted = Wanted::of(letters, redrive.failing, redrive.plan.made_at);
    let count = u64::try_from(wanted.to_move.len()).unwrap_or(u64::MAX);
    let mut run = Run {
        redrive,
        wanted,
        progress: Progress { wanted: count, ..Progress::default() },
        changed: HashSet::new(),
        waited: Duration::ZERO,
        settled: false,
        not_deleted: None,
    };
    let why = run.until_its_end().await?;
    let mut changed: Vec<_> = run.changed.into_iter().collect();
    changed.sort();
    Ok(Ended { why, progress: run.progress, changed })
}

struct Run<'a> {
    redrive: &'a Redrive<'a>,
    wanted: Wanted<'a>,
    progress: Progress,
    changed: HashSet<String>,
    waited: Duration,
    /// Whether those that were moved last have had the time to come back.
    settled: bool,
    /// Why a letter that was sent could not be deleted.
    not_deleted: Option<ReviewError>,
}

impl Run<'_> {
    async fn until_its_end(&mut self) -> Result<Why, ReviewError> {
        let (clock, ramp) = (self.redrive.work.clock, self.redrive.ramp);
        let mut step = 0;
        loop {
            let (per_second, size) = ramp.step(step);
            self.progress.per_second = per_second;
            let (letters, looked) = self.look(per_second, size).await?;
            let enough = self.progress.gone >= ramp.judged_from.max(1);
            if enough && self.progress.failures() * 100 > self.progress.gone * ramp.most_failures_percent {
                release(self.redrive.work.queue, &letters).await;
                return Ok(Why::Failures);
            }
            if self.redrive.work.stop.is_stopped() {
                release(self.redrive.work.queue, &letters).await;
                return Ok(Why::Stopped);
            }
            if letters.is_empty() {
                match self.at_the_end(looked).await {
                    Some(why) => return Ok(why),
                    None => continue,
                }
            }
            self.waited = Duration::ZERO;
            if letters.iter().all(|one| one.until <= clock.elapsed() + MARGIN) {
                release(self.redrive.work.queue, &letters).await;
                return Err(ReviewError::too_slow());
            }
            let moved_before = self.progress.moved;
            self.move_all(letters, per_second).await?;
            if self.progress.moved == moved_before
                && let Some(error) = self.not_deleted.take()
            {
                return Err(error);
            }
            self.settled = false;
            if !ramp.is_last(step) {
                self.wait(ramp.settle).await;
                step += 1;
            }
        }
    }

    /// Nothing is there to be moved: it is over once what was moved last has had its time to come back, and nobody else holds letters.
    async fn at_the_end(&mut self, looked: Looked) -> Option<Why> {
        let Redrive { work: Work { limits, .. }, ramp, .. } = self.redrive;
        let missing = self.progress.wanted > self.progress.gone;
        if !self.settled && self.progress.moved > 0 {
            self.settled = true;
            self.wait(ramp.settle).await;
            return None;
        }
        // Letters that are neither seen nor known to be gone may be those that somebody else is looking at.
        if missing && looked.elsewhere() > 0 {
            if self.waited > limits.hidden * 2 {
                return Some(Why::HiddenElsewhere);
            }
            self.waited += WAIT;
            self.wait(WAIT).await;
            return None;
        }
        Some(Why::Done)
    }

    /// For so long, or until it is told to stop.
    async fn wait(&self, time: Duration) {
        let (clock, mut left) = (self.redrive.work.clock, time);
        while !left.is_zero() && !self.redrive.work.stop.is_stopped() {
            let part = left.min(PART);
            clock.sleep(part).await;
            left -= part;
        }
    }

    async fn look(&mut self, per_second: u32, size: usize) -> Result<(Vec<Received>, Looked), ReviewError> {
        let work = &self.redrive.work;
        let lasts = u64::try_from(size).unwrap_or(u64::MAX) / u64::from(per_second);
        let limits = Limits { hidden: work.limits.hidden + Duration::from_secs(lasts), ..work.limits };
        let pass = work.pass(limits).await?;
        let (mut present, mut came_back) = (0_u64, BTreeMap::<String, u64>::new());
        let (wanted, changed, flow) = (&self.wanted, &self.changed, work.flow);
        let chunk = chunk(pass, size, |letter| {
            if wanted.to_move.contains_key(letter.id.as_str()) {
                present += 1;
                return !changed.contains(&letter.id);
            }
            if wanted.has_come_back(letter) {
                *came_back.entry(letter.reason(flow).code).or_default() += 1;
            }
            false
        })
        .await?;
        self.progress.hidden_elsewhere = chunk.looked.elsewhere();
        self.progress.came_back = came_back;
        // What somebody else is looking at is not gone, nor what a look that was broken off has not come to.
        if chunk.looked.complete {
            let unseen = present + chunk.looked.elsewhere();
            self.progress.gone = self.progress.wanted.saturating_sub(unseen).max(self.progress.moved);
        }
        (self.redrive.progress)(&self.progress);
        Ok((chunk.letters, chunk.looked))
    }

    async fn move_all(&mut self, letters: Vec<Received>, per_second: u32) -> Result<(), ReviewError> {
        let clock = self.redrive.work.clock;
        let lot = LOT.min(usize::try_from(per_second).unwrap_or(LOT)).max(1);
        let mut left: &[Received] = &letters;
        while let Some((now, later)) =
            left.split_at_checked(lot.min(left.len())).filter(|(now, _)| !now.is_empty())
        {
            if self.redrive.work.stop.is_stopped() {
                break;
            }
            let ours = |one: &&Received| one.until > clock.elapsed() + MARGIN;
            let now: Vec<_> = now.iter().filter(ours).map(|one| &one.letter).collect();
            let moved = self.move_lot(&now).await;
            if let Err(error) = moved {
                release(self.redrive.work.queue, left).await;
                return Err(error);
            }
            left = later;
            (self.redrive.progress)(&self.progress);
            let took = Duration::from_secs(1) * u32::try_from(now.len()).unwrap_or(1) / per_second;
            clock.sleep(took).await;
        }
        release(self.redrive.work.queue, left).await;
        Ok(())
    }

    /// Written down, then sent, then deleted.
    async fn move_lot(&mut self, letters: &[&Letter]) -> Result<(), ReviewError> {
        let Redrive { work, target, plan, .. } = self.redrive;
        let outgoing = self.outgoing(letters).await?;
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
        work.records.append(&record).await?;
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
                Ok(()) => self.progress.moved += 1,
                Err(error @ ReviewError::Denied(_)) => failed = Some(error),
                // Somebody else has received it since, say. If it is still there the next look finds it.
                Err(error) => {
                    self.not_deleted = Some(error);
                    continue;
                }
            }
            sent_off.push(key_of(work.flow, letter, Because::Expiring));
        }
        self.progress.gone = self.progress.gone.max(self.progress.moved);
        // One that was put there lest SQS drop it is not waiting any more. One after the other they would take longer than all before.
        let forgotten = join_all(sent_off.iter().map(|key| work.archive.delete(key))).await;
        forgotten.into_iter().collect::<Result<(), _>>()?;
        failed.map_or(Ok(()), Err)
    }

    /// Each with what is to be sent in its place: itself, or its edit.
    async fn outgoing<'l>(
        &mut self,
        letters: &[&'l Letter],
    ) -> Result<Vec<(&'l Letter, Letter)>, ReviewError> {
        let edits = Edits::of(letters.iter().copied(), self.redrive.work.records).await?;
        let mut outgoing = Vec::new();
        for letter in letters {
            let mut as_sent = (*letter).clone();
            as_sent.body = effective(letter, edits.get(letter), self.redrive.work.archive).await?;
            if self.wanted.to_move.get(letter.id.as_str()) == Some(&as_sent.digest().as_str()) {
                outgoing.push((*letter, as_sent));
            } else {
                self.changed.insert(letter.id.clone());
            }
        }
        // What stays is let go of.
        let stays: Vec<_> = letters
            .iter()
            .filter(|letter| self.changed.contains(&letter.id))
            .map(|letter| letter.receipt.clone())
            .collect();
        if !stays.is_empty() {
            self.redrive.work.queue.release(&stays).await?;
        }
        Ok(outgoing)
    }
}
