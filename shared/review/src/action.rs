use jiff::Timestamp;

use crate::audit::{Action, Record, Touched};
use crate::error::ReviewError;
use crate::pass::{Limits, Pass, Stop};
use crate::ports::{Archive, Clock, LetterQueue, Records};

/// A reason is a sentence or two.
const LONGEST_REASON: usize = 1_000;

/// Who acts, and why: for the audit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Operator {
    /// The ARN of who AWS says it is.
    pub by: String,
    pub why: String,
}

impl Operator {
    pub fn new(by: impl Into<String>, why: &str) -> Result<Self, ReviewError> {
        Ok(Self { by: by.into(), why: reason(why)? })
    }

    pub(crate) fn record(&self, action: Action, flow: &str, at: Timestamp, letters: Vec<Touched>) -> Record {
        Record {
            at,
            by: self.by.clone(),
            action,
            flow: flow.to_owned(),
            why: self.why.clone(),
            plan: None,
            group: None,
            note: None,
            letters,
        }
    }
}

/// What it takes to act on the letters of a flow.
#[derive(Clone, Copy)]
pub struct Work<'a> {
    pub flow: &'a str,
    pub operator: &'a Operator,
    pub queue: &'a dyn LetterQueue,
    pub archive: &'a dyn Archive,
    pub records: &'a dyn Records,
    pub clock: &'a dyn Clock,
    pub stop: &'a Stop,
    pub limits: Limits,
}

impl<'a> Work<'a> {
    pub(crate) async fn pass(&self, limits: Limits) -> Result<Pass<'a>, ReviewError> {
        Pass::begin(self.queue, self.clock, self.stop, limits).await
    }

    pub(crate) fn record(&self, action: Action, letters: Vec<Touched>) -> Record {
        self.operator.record(action, self.flow, self.clock.now(), letters)
    }
}

/// One that says something, without the blanks around it.
pub fn reason(text: &str) -> Result<String, ReviewError> {
    let text = text.trim();
    if text.is_empty() || text.len() > LONGEST_REASON {
        return Err(ReviewError::Reason { most: LONGEST_REASON });
    }
    Ok(text.to_owned())
}
