//! Who puts letters of a flow back: one at a time, or two would put each back twice.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::action::Work;
use crate::error::ReviewError;
use crate::ports::Put;

/// How long a claim holds after which nobody hears of its owner any more.
const HOLDS: SignedDuration = SignedDuration::from_mins(2);
/// Held for so long yet it is made anew. What is done between two looks at it takes a second or two; the rest is for clocks that differ.
const RENEWED: Duration = Duration::from_secs(60);

/// The claim to a flow's archived letters, in the archive beside them: an object that is written only if there is none of its key. Whoever
/// takes over one that holds no more, or makes their own anew, writes the next number, which one of them can; and whoever has written one
/// looks whether another holds, as in between all may have changed. What an owner has begun and not ended is done once more by the next:
/// a letter may be there twice then, and none is lost.
pub(crate) struct Claim<'w> {
    work: &'w Work<'w>,
    number: u64,
    since: Duration,
}

#[derive(Serialize, Deserialize)]
struct Held {
    by: String,
    until: Timestamp,
    /// Whose it is, where the answer to its write was lost.
    token: String,
}

impl<'w> Claim<'w> {
    /// Refused while somebody else holds it.
    pub(crate) async fn claim(work: &'w Work<'w>) -> Result<Self, ReviewError> {
        let numbers = numbers(work).await?;
        no_other(work, &numbers).await?;
        let number = numbers.into_iter().max().unwrap_or_default();
        let mut claim = Self { work, number, since: work.clock.elapsed() };
        claim.write_claim().await?;
        Ok(claim)
    }

    /// To be asked before letters are looked up, and before they are put back.
    pub(crate) async fn renew(&mut self) -> Result<(), ReviewError> {
        if self.work.clock.elapsed().saturating_sub(self.since) > RENEWED {
            self.write_claim().await
        } else {
            Ok(())
        }
    }

    /// If it cannot be taken away it holds no more after its time.
    pub(crate) async fn unclaim(self) {
        drop(self.work.archive.delete(&key(self.work.flow, self.number)).await);
    }

    /// The next one, in place of the one before it.
    async fn write_claim(&mut self) -> Result<(), ReviewError> {
        let Work { flow, operator, archive, clock, .. } = *self.work;
        let since = clock.elapsed();
        let until = clock.now().saturating_add(HOLDS).unwrap_or(Timestamp::MAX);
        let held = Held { by: operator.by.clone(), until, token: Uuid::new_v4().simple().to_string() };
        let number = self.number.saturating_add(1);
        let put = archive.put(&key(flow, number), &serde_json::to_string(&held)?).await?;
        let mut others = numbers(self.work).await?;
        if put == Put::Stored {
            others.retain(|other| ![self.number, number].contains(other));
        }
        if let Err(busy) = no_other(self.work, &others).await {
            if put == Put::Stored {
                archive.delete(&key(flow, number)).await?;
            }
            return Err(busy);
        }
        if put == Put::There {
            return Err(ReviewError::Refused(format!(
                "somebody else has just put letters of {flow} back: ask again"
            )));
        }
        others.extend(Some(self.number).filter(|before| *before > 0));
        (self.number, self.since) = (number, since);
        for other in others {
            archive.delete(&key(flow, other)).await?;
        }
        Ok(())
    }
}

/// Of those that there are.
async fn numbers(work: &Work<'_>) -> Result<Vec<u64>, ReviewError> {
    let (prefix, mut numbers, mut after) = (prefix(work.flow), Vec::new(), None);
    loop {
        let (keys, next) = work.archive.keys(&prefix, after).await?;
        let number = |key: &String| key.strip_prefix(&prefix)?.strip_suffix(".json")?.parse::<u64>().ok();
        numbers.extend(keys.iter().filter_map(number));
        if next.is_none() {
            return Ok(numbers);
        }
        after = next;
    }
}

/// None of these holds. One that cannot be read holds nobody up.
async fn no_other(work: &Work<'_>, numbers: &[u64]) -> Result<(), ReviewError> {
    for number in numbers {
        let object = work.archive.get(&key(work.flow, *number)).await?;
        let held = object.and_then(|object| serde_json::from_str::<Held>(&object).ok());
        if let Some(Held { by, until, .. }) = held.filter(|held| held.until > work.clock.now()) {
            return Err(ReviewError::Refused(format!(
                "{by} is putting letters of {} back just now: ask again once that has ended, or, if it was broken off, after {until:.0}",
                work.flow
            )));
        }
    }
    Ok(())
}

fn prefix(flow: &str) -> String {
    format!("letters/{flow}/restoring/")
}

fn key(flow: &str, number: u64) -> String {
    format!("{}{number}.json", prefix(flow))
}
