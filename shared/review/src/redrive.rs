//! Moves what a plan has chosen back to its flow's queue, slowly at first.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use jiff::Timestamp;

use crate::action::Work;
use crate::error::ReviewError;
use crate::moving::{MARGIN, Mover, PART, Pace};
use crate::pass::{Limits, Looked, Received, chunk, release};
use crate::plan::{CLOCKS_DIFFER, Plan, Wanted};
use crate::ports::SourceQueue;

/// Letters of a chunk at full speed.
const MOST_OF_A_CHUNK: usize = 1_000;
/// Milliseconds after which a speed says something.
const MEASURED_FROM: u128 = 1_000;
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
    /// Of the letters that this run has moved, in percent, those that came back since it began: with more of them it stops.
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
    /// At most.
    pub per_second: u32,
    /// As measured since the last look, once something has moved.
    pub measured: Option<u64>,
    /// Those that were refused again since this run began, by code.
    pub came_back: BTreeMap<String, u64>,
    /// Those that had come back before: an earlier run of the plan has moved them.
    pub came_back_before: u64,
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
    /// There are more letters than a look may hide, and it has seen none of the plan: nobody knows whether one is left.
    NotAllSeen,
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
        wanted: &wanted,
        earlier: HashSet::new(),
        begun_at: None,
        pace: Pace::default(),
        progress: Progress { wanted: count, per_second: redrive.ramp.step(0).0, ..Progress::default() },
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
    wanted: &'a Wanted<'a>,
    /// Ids of letters that had come back before this run moved anything.
    earlier: HashSet<String>,
    /// When it has moved its first.
    begun_at: Option<Timestamp>,
    pace: Pace,
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
        let mover = Mover::of_redrive(self.redrive, self.wanted);
        let mut step = 0;
        loop {
            let (per_second, size) = ramp.step(step);
            let (letters, looked) = self.look(per_second, size).await?;
            let Progress { moved, .. } = self.progress;
            let enough = moved >= ramp.judged_from.max(1);
            if enough && self.progress.failures() * 100 > moved * ramp.most_failures_percent {
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
            self.progress.per_second = per_second;
            self.move_all(&mover, letters, per_second).await?;
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
        Some(if missing && !looked.complete { Why::NotAllSeen } else { Why::Done })
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
        let (mut present, mut came_back, mut before) = (0_u64, BTreeMap::<String, u64>::new(), 0);
        let (wanted, changed, flow) = (self.wanted, &self.changed, work.flow);
        let (earlier, begun_at) = (&mut self.earlier, self.begun_at);
        let chunk = chunk(pass, size, |letter| {
            if wanted.to_move.contains_key(letter.id.as_str()) {
                present += 1;
                return !changed.contains(&letter.id);
            }
            if wanted.has_come_back(letter) {
                let is_earlier =
                    |begun_at: Timestamp| letter.sent_at.duration_since(begun_at) < -CLOCKS_DIFFER;
                if begun_at.is_none_or(is_earlier) {
                    earlier.insert(letter.id.clone());
                }
                if earlier.contains(&letter.id) {
                    before += 1;
                } else {
                    *came_back.entry(letter.reason(flow).code).or_default() += 1;
                }
            }
            false
        })
        .await?;
        self.progress.hidden_elsewhere = chunk.looked.elsewhere();
        (self.progress.came_back, self.progress.came_back_before) = (came_back, before);
        // What somebody else is looking at is not gone, nor what a look that was broken off has not come to.
        if chunk.looked.complete {
            let unseen = present + chunk.looked.elsewhere();
            self.progress.gone = self.progress.wanted.saturating_sub(unseen).max(self.progress.moved);
        }
        (self.redrive.progress)(&self.progress);
        Ok((chunk.letters, chunk.looked))
    }

    async fn move_all(
        &mut self,
        mover: &Mover<'_>,
        letters: Vec<Received>,
        per_second: u32,
    ) -> Result<(), ReviewError> {
        let work = &self.redrive.work;
        self.begun_at.get_or_insert(work.clock.now());
        self.pace.set(per_second);
        let (began, moved_before) = (work.clock.elapsed(), self.progress.moved);
        let (progress, changed, not_deleted) = (&mut self.progress, &mut self.changed, &mut self.not_deleted);
        let tell = self.redrive.progress;
        mover
            .move_all(letters, &mut self.pace, |lot| {
                progress.moved += lot.moved;
                progress.gone = progress.gone.max(progress.moved);
                let took = (work.clock.elapsed() - began).as_millis().max(1);
                let measured = u128::from(progress.moved - moved_before) * 1_000 / took;
                progress.measured = u64::try_from(measured).ok().filter(|_| took >= MEASURED_FROM);
                changed.extend(lot.changed);
                *not_deleted = lot.not_deleted.or(not_deleted.take());
                tell(progress);
            })
            .await
    }
}
