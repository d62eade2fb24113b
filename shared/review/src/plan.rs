use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

#[cfg(any(feature = "aws", feature = "memory"))]
use crate::error::ReviewError;
use crate::judge::Verdict;
use crate::letter::Letter;

/// A letter of a plan.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PlanLetter {
    pub id: String,
    /// Of the body that it would be redriven with: its own, or an edit of it.
    pub digest: String,
    #[serde(flatten)]
    pub planned: Planned,
}

/// What the plan has in mind for it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(tag = "would", rename_all = "lowercase")]
pub enum Planned {
    /// The mappings take it today.
    Pass,
    /// A mapping refuses it today as well.
    Fail,
    /// No mapping can be asked: only a redrive shows.
    Unjudged,
}

impl From<&Verdict> for Planned {
    fn from(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Passes(_) => Self::Pass,
            Verdict::Fails(_) => Self::Fail,
            Verdict::Unjudged(_) => Self::Unjudged,
        }
    }
}

/// How many letters of a flow would end so, and why.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct PlanLine {
    pub flow: String,
    pub planned: Planned,
    /// The code that they have now.
    pub was: String,
    /// Of those that would fail: what is wrong first, items of a list together. Of those that cannot be judged: why.
    pub because: String,
    pub count: u64,
}

/// Letters that were chosen and judged, frozen. What comes later is not in it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Plan {
    pub id: String,
    pub made_at: Timestamp,
    pub by: String,
    /// What was asked for, in words.
    pub filter: String,
    /// What would become of them, most of them first.
    #[serde(default)]
    pub lines: Vec<PlanLine>,
    /// The letters of each flow.
    pub letters: BTreeMap<String, Vec<PlanLetter>>,
}

/// Letters that one plan may have: what it freezes is some seventy bytes each.
pub(crate) const MOST_LETTERS: usize = 100_000;

impl Plan {
    pub fn count(&self, planned: Planned) -> usize {
        self.letters.values().flatten().filter(|letter| letter.planned == planned).count()
    }

    pub fn len(&self) -> usize {
        self.letters.values().map(Vec::len).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Another one has this id.
    #[cfg(any(feature = "aws", feature = "memory"))]
    pub(crate) fn taken(id: &str) -> ReviewError {
        ReviewError::Refused(format!("there is another plan {id} already: make a new one"))
    }
}

/// How far the clock that the plan's time was read from may be behind that of SQS, and a bit.
pub(crate) const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_mins(5);

/// What a redrive of one flow asks of each letter that it meets.
pub(crate) struct Wanted<'p> {
    /// Those to be moved, by id, with their digests.
    pub(crate) to_move: HashMap<&'p str, &'p str>,
    /// Ids of all that the plan knows, moved or not.
    known: HashSet<&'p str>,
    /// Of all that are moved: a letter that is none of the plan's and has one of these was redriven and has come back.
    digests: HashSet<&'p str>,
    /// Since when it can have.
    since: Timestamp,
}

impl<'p> Wanted<'p> {
    /// `failing`: those too that a mapping still refuses.
    pub(crate) fn of(letters: &'p [PlanLetter], failing: bool, made_at: Timestamp) -> Self {
        let moved = || letters.iter().filter(move |letter| failing || letter.planned != Planned::Fail);
        Self {
            to_move: moved().map(|letter| (letter.id.as_str(), letter.digest.as_str())).collect(),
            known: letters.iter().map(|letter| letter.id.as_str()).collect(),
            digests: moved().map(|letter| letter.digest.as_str()).collect(),
            since: made_at.saturating_sub(CLOCKS_DIFFER).unwrap_or(Timestamp::MIN),
        }
    }

    /// Not one that was on the queue before the plan was made, which may be the same once more: it has never moved.
    pub(crate) fn has_come_back(&self, letter: &Letter) -> bool {
        letter.sent_at >= self.since
            && !self.known.contains(letter.id.as_str())
            && self.digests.contains(letter.digest().as_str())
    }
}
