//! One look at every letter of a queue.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::future::join_all;
use jiff::Timestamp;

use crate::error::ReviewError;
use crate::letter::Letter;
use crate::ports::{Clock, Count, LetterQueue};

/// Answers in a row without a letter after which a queue has been seen, though SQS counted more letters: a long poll asks all of its servers.
/// Where as many were seen as it counted, one is enough.
const EMPTY_ROUNDS: u32 = 2;
/// Letters that SQS hands out in one receive.
const MOST_RECEIVED: u64 = 10;
/// Letters a second that a look surely reads: by it the time is reckoned for which a large queue is hidden.
const SLOWEST_A_SECOND: u64 = 100;
/// The longest that a letter is hidden by a look.
const LONGEST_HIDDEN: Duration = Duration::from_secs(900);

/// Told to whatever is under way that it is to end: it lets go of what it holds and says how far it came.
#[derive(Clone, Default, Debug)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    pub fn stop(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    pub fn is_stopped(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// For how long a letter is hidden at least: whatever ends without a word hides it for the rest.
    pub hidden: Duration,
    /// Letters that are hidden at once. SQS lets 120,000 be in flight.
    pub most: usize,
    /// Receives at a time.
    pub at_once: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { hidden: Duration::from_secs(60), most: 100_000, at_once: 8 }
    }
}

/// How a look ended.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Looked {
    pub seen: u64,
    /// Of them, those that came while it looked, by SQS's clock and ours: with one that is late some more for that time.
    came: u64,
    /// What SQS said of the queue before. What was hidden then somebody else was looking at.
    before: Count,
    /// Whether it came to the queue's end.
    pub complete: bool,
}

impl Looked {
    /// How many letters somebody else is looking at, as far as is known: those that were hidden before, and those that were not and have not
    /// been seen, as somebody was faster. One that came since stands for none of them.
    pub fn elsewhere(&self) -> u64 {
        let Count { visible, hidden } = self.before;
        if self.complete { (visible + hidden).saturating_sub(self.seen - self.came) } else { hidden }
    }
}

/// A look that is under way. What was received is hidden from others until [`Pass::end`], which is never left out: not when
/// something fails, and not when the look is stopped.
pub struct Pass<'a> {
    queue: &'a dyn LetterQueue,
    clock: &'a dyn Clock,
    stop: &'a Stop,
    limits: Limits,
    begun_at: Timestamp,
    hidden: Duration,
    /// By the beginning of their ids' digests: SQS may hand out a letter twice, and hands it out again once its time has run out.
    ids: HashSet<u64>,
    /// Receipts of what is to be released, and when their time runs out.
    held: HashMap<String, Duration>,
    empty_rounds: u32,
    /// Receives at a time once as many letters were seen as were counted: one, and more while each brings as many as it can.
    beyond: usize,
    looked: Looked,
}

impl<'a> Pass<'a> {
    pub async fn begin(
        queue: &'a dyn LetterQueue,
        clock: &'a dyn Clock,
        stop: &'a Stop,
        limits: Limits,
    ) -> Result<Self, ReviewError> {
        let begun_at = clock.now();
        let before = queue.count().await?;
        let needed = Duration::from_secs(before.visible / SLOWEST_A_SECOND);
        let hidden = (limits.hidden + needed).min(LONGEST_HIDDEN.max(limits.hidden));
        let looked = Looked { before, ..Looked::default() };
        let (ids, held) = (HashSet::new(), HashMap::new());
        Ok(Self {
            queue,
            clock,
            stop,
            limits,
            begun_at,
            hidden,
            ids,
            held,
            empty_rounds: 0,
            beyond: 1,
            looked,
        })
    }

    /// The next letters, none of them twice; `None` once there are no more, or it is to end. Each is let go of at the end unless
    /// [`Pass::keep`] says otherwise.
    pub async fn next(&mut self) -> Option<Result<Vec<Received>, ReviewError>> {
        loop {
            if self.stop.is_stopped() || self.held.len() >= self.limits.most {
                return None;
            }
            let left = self.looked.before.visible.saturating_sub(self.looked.seen - self.looked.came);
            if self.empty_rounds >= if left > 0 { EMPTY_ROUNDS } else { 1 } {
                self.looked.complete = true;
                return None;
            }
            // Near its end a queue is asked once at a time.
            let most = self.limits.at_once.max(1);
            let at_once = match left {
                _ if self.empty_rounds > 0 => 1,
                0 => self.beyond.min(most),
                _ => left.div_ceil(MOST_RECEIVED).try_into().unwrap_or(most).min(most),
            };
            let until = self.clock.elapsed() + self.hidden;
            let answers = join_all((0..at_once).map(|_| self.queue.receive(self.hidden))).await;
            let mut fresh = Vec::new();
            let mut failed = None;
            for answer in answers {
                match answer {
                    Ok(letters) => fresh.extend(letters),
                    Err(error) => failed = Some(error),
                }
            }
            let is_full = fresh.len() as u64 >= at_once as u64 * MOST_RECEIVED;
            self.beyond = if left == 0 && is_full { at_once * 2 } else { 1 };
            let mut received = Vec::new();
            for letter in fresh {
                self.held.insert(letter.receipt.clone(), until);
                if self.ids.insert(short(&letter.id)) {
                    received.push(Received { letter, until });
                }
            }
            if let Some(error) = failed {
                return Some(Err(error));
            }
            if received.is_empty() {
                self.empty_rounds += 1;
                continue;
            }
            self.empty_rounds = 0;
            let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
            let came = received.iter().filter(|one| one.letter.sent_at > self.begun_at);
            self.looked.came += number(came.count());
            self.looked.seen += number(received.len());
            return Some(Ok(received));
        }
    }

    /// Does not let go of this letter at the end: whoever keeps it releases or deletes it.
    pub fn keep(&mut self, letter: &Letter) {
        self.held.remove(&letter.receipt);
    }

    /// Lets go of all that is not kept.
    pub async fn end(self) -> Result<Looked, ReviewError> {
        let now = self.clock.elapsed();
        let receipts: Vec<_> =
            self.held.into_iter().filter(|(_, until)| *until > now).map(|(receipt, _)| receipt).collect();
        self.queue.release(&receipts).await?;
        Ok(self.looked)
    }
}

/// A letter, and until when it is surely ours.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Received {
    pub letter: Letter,
    pub until: Duration,
}

fn short(id: &str) -> u64 {
    let digits: String = crate::letter::digest(id.as_bytes()).chars().take(16).collect();
    u64::from_str_radix(&digits, 16).unwrap_or_default()
}

/// Bytes of letters that are worked on at once.
pub(crate) const MOST_BYTES: usize = 64 * 1_048_576;

/// Some letters that were kept out of a look at all of them.
#[derive(Debug)]
pub(crate) struct Chunk {
    pub(crate) letters: Vec<Received>,
    pub(crate) looked: Looked,
}

/// Looks at the whole queue and keeps of the letters that are wanted as many as asked for, and no more than fit into memory.
pub(crate) async fn chunk(
    mut pass: Pass<'_>,
    most: usize,
    mut wanted: impl FnMut(&Letter) -> bool + Send,
) -> Result<Chunk, ReviewError> {
    let queue = pass.queue;
    let (mut letters, mut bytes, mut failed) = (Vec::new(), 0_usize, None);
    while let Some(received) = pass.next().await {
        match received {
            Ok(received) => {
                for one in received {
                    let size = one.letter.bytes();
                    let fits = letters.len() < most && (letters.is_empty() || bytes + size <= MOST_BYTES);
                    if wanted(&one.letter) && fits {
                        pass.keep(&one.letter);
                        bytes += size;
                        letters.push(one);
                    }
                }
            }
            Err(error) => {
                failed = Some(error);
                break;
            }
        }
    }
    let ended = pass.end().await;
    match (failed, ended) {
        (None, Ok(looked)) => Ok(Chunk { letters, looked }),
        (Some(error), _) | (None, Err(error)) => {
            release(queue, &letters).await;
            Err(error)
        }
    }
}

/// Lets go of what was kept. If that fails they come back by themselves once their time has run out.
pub(crate) async fn release(queue: &dyn LetterQueue, letters: &[Received]) {
    let receipts: Vec<_> = letters.iter().map(|one| one.letter.receipt.clone()).collect();
    drop(queue.release(&receipts).await);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_there_and_was_not_seen_somebody_else_is_looking_at() {
        let before = Count { visible: 40, hidden: 2 };
        let elsewhere = |seen, came, complete| Looked { seen, came, before, complete }.elsewhere();
        assert_eq!([elsewhere(40, 0, true), elsewhere(0, 0, true), elsewhere(45, 0, true)], [2, 42, 0]);
        assert_eq!(elsewhere(40, 3, true), 5, "what came since stands for none of them");
        assert_eq!(elsewhere(10, 0, false), 2, "of a look that was broken off the rest is not known");
    }
}
