//! Letters that SQS is about to drop go into the archive, and stay on their queue for whoever redrives them.

use std::time::Duration;

use async_trait::async_trait;
use futures::try_join;
use jiff::{SignedDuration, Timestamp};
use review::{
    Archive, Clock, Count, Expiring, Letter, LetterQueue, Limits, Operator, Records, ReviewError, Sent, Stop,
    Work, archive_expiring,
};
use tokio::time::timeout;

use crate::report::Report;
use crate::watch::Watch;
use crate::world::{Failure, WatchState, World};

/// What a flow's letters are archived with.
pub struct Archiving {
    pub queue: Box<dyn LetterQueue>,
    pub archive: Box<dyn Archive>,
    pub records: Box<dyn Records>,
    pub clock: Box<dyn Clock>,
    /// Who it is that does it, for the audit.
    pub by: String,
}

/// Before SQS drops a letter, it is put into the archive.
const WITHIN: Duration = Duration::from_secs(48 * 3_600);
const WHY: &str = "SQS drops it within 48 hours";
/// Each time hides letters for some seconds from whoever looks at them.
const EVERY: SignedDuration = SignedDuration::from_hours(1);
/// In which letters are received: as much as then still fits goes on being put, and all are released.
const RECEIVES_FOR: Duration = Duration::from_secs(12);
/// All of it; the function has a minute, of which what is before this takes 25 seconds at most.
const TIME: Duration = Duration::from_secs(25);
/// So many that they are released within the time.
const LIMITS: Limits = Limits { hidden: Duration::from_secs(60), most: 20_000, at_once: 4 };

/// What was found, and when the archive had all that it should have, where that is new.
pub(crate) type Kept = (Report, Option<Timestamp>);

/// Where letters of the flow may be near their end and nobody has looked within the hour. What is not done in time goes on with the next look.
pub(crate) async fn archive(
    watch: &Watch,
    world: &dyn World,
    state: &WatchState,
    now: Timestamp,
) -> Result<Kept, Failure> {
    let (mut found, mut complete) = (Report::default(), None);
    let is_done = state.archived_at.is_some_and(|at| at <= now && now.duration_since(at) < EVERY);
    if state.letters == 0 || is_done || !may_end_soon(watch, world, state, now).await? {
        return Ok((found, complete));
    }
    let archiving = world.archiving(watch);
    let put = timeout(TIME, put(&watch.flow, &archiving)).await;
    let put = put.map_err(|_| Failure(format!("took longer than {} seconds", TIME.as_secs())))?;
    let put = put.map_err(|error| Failure(error.to_string()));
    match put {
        Err(failure) => found.failures.push(("archive", failure)),
        Ok(put) => {
            found.note("archived", put.archived);
            if let Some(error) = &put.not_listed {
                found.failures.push(("archive", Failure(error.to_string())));
            }
            found.note("archived_before", put.there);
            if !put.looked.complete && put.archived == 0 {
                let text = format!(
                    "there are more letters than the {} that one look takes, of which none was new: spillway dlq archive takes all, and this is said until there are fewer",
                    put.looked.seen
                );
                found.failures.push(("archive", Failure(text)));
            }
            // What somebody else was looking at was not seen.
            complete = (put.looked.complete && put.looked.elsewhere() == 0).then_some(now);
        }
    }
    Ok((found, complete))
}

/// Whether SQS could drop one in time: it may have been as old as the flow's queue lets a message grow when SQS moved it, and was on the
/// dead letter queue before anybody watched if it was there when the watch began.
async fn may_end_soon(
    watch: &Watch,
    world: &dyn World,
    state: &WatchState,
    now: Timestamp,
) -> Result<bool, Failure> {
    if state.letters_since <= state.since {
        return Ok(true);
    }
    let (queue, dead_letters) =
        try_join!(world.queue(&watch.queue_url), world.queue(&watch.dead_letter_queue_url))?;
    let safe = dead_letters.retention.saturating_sub(queue.retention).saturating_sub(WITHIN);
    let safe = SignedDuration::try_from(safe).unwrap_or(SignedDuration::MAX);
    Ok(now.duration_since(state.letters_since) >= safe)
}

async fn put(flow: &str, with: &Archiving) -> Result<Expiring, ReviewError> {
    let (clock, stop) = (with.clock.as_ref(), Stop::default());
    let until = clock.elapsed() + RECEIVES_FOR;
    let queue = InTime { queue: with.queue.as_ref(), clock, until, stop: &stop };
    let operator = Operator::new(&with.by, WHY)?;
    let work = Work {
        flow,
        operator: &operator,
        queue: &queue,
        archive: with.archive.as_ref(),
        records: with.records.as_ref(),
        clock,
        stop: &stop,
        limits: LIMITS,
    };
    archive_expiring(&work, WITHIN).await
}

/// Ends a look in time.
struct InTime<'a> {
    queue: &'a dyn LetterQueue,
    clock: &'a dyn Clock,
    until: Duration,
    stop: &'a Stop,
}

#[async_trait]
impl LetterQueue for InTime<'_> {
    async fn receive(&self, hidden: Duration) -> Result<Vec<Letter>, ReviewError> {
        if self.clock.elapsed() >= self.until {
            self.stop.stop();
            return Ok(Vec::new());
        }
        self.queue.receive(hidden).await
    }

    async fn release(&self, receipts: &[String]) -> Result<(), ReviewError> {
        self.queue.release(receipts).await
    }

    async fn delete(&self, letters: &[Letter]) -> Sent {
        self.queue.delete(letters).await
    }

    async fn put(&self, letters: &[Letter]) -> Sent {
        self.queue.put(letters).await
    }

    async fn count(&self) -> Result<Count, ReviewError> {
        self.queue.count().await
    }

    async fn retention(&self) -> Result<Duration, ReviewError> {
        self.queue.retention().await
    }
}
