//! All that a person can ask of the dead letters of a deployment, and do with them.

mod acting;
mod auditing;
mod planning;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use control::ControlStore;
use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use transform::{Catalog, Explanation};

pub use self::acting::{Editing, Selection};
pub use self::auditing::{Audit, AuditEntry};
pub use self::planning::{MadePlan, Moving};
use crate::action::{Operator, Work};
use crate::edit::{Edit, Edits, effective};
use crate::error::ReviewError;
use crate::fingerprint::Fingerprint;
use crate::groups::{Group, Groups};
use crate::judge::{Judge, Verdict};
use crate::letter::{Letter, is_short};
use crate::pass::{Limits, Looked, Pass, Stop};
use crate::ports::{Ack, Archive, Clock, LetterQueue, Records, SourceQueue};

/// Items of a list that an explanation shows.
const MOST_ITEMS: usize = 20;
/// A whole message id of SQS: no other letter is called so.
const WHOLE_ID: usize = 36;

/// The two queues of a flow.
#[derive(Clone)]
pub struct FlowQueues {
    pub letters: Arc<dyn LetterQueue>,
    pub source: Arc<dyn SourceQueue>,
}

/// A deployment, as one person sees it.
pub struct Review {
    pub flows: BTreeMap<String, FlowQueues>,
    pub records: Arc<dyn Records>,
    pub archive: Arc<dyn Archive>,
    pub control: Arc<dyn ControlStore>,
    pub clock: Arc<dyn Clock>,
    pub catalog: Arc<Catalog>,
    /// What mappings read as `@settings`, by the mapping's name.
    pub settings: HashMap<String, Value>,
    /// The ARN of who AWS says that this is.
    pub by: String,
    pub limits: Limits,
}

/// What is on the dead letter queues.
#[derive(Clone, Debug)]
pub struct Listing {
    pub flows: Vec<FlowListing>,
    /// The largest first.
    pub groups: Vec<ListedGroup>,
    /// Letters of more causes than are told apart.
    pub beyond: u64,
}

#[derive(Clone, Debug)]
pub struct FlowListing {
    pub flow: String,
    pub looked: Looked,
    pub oldest_sent: Option<Timestamp>,
    /// When SQS drops the oldest.
    pub expires_at: Option<Timestamp>,
}

#[derive(Clone, Debug)]
pub struct ListedGroup {
    pub group: Group,
    /// When SQS drops the oldest of them.
    pub expires_at: Timestamp,
    pub ack: Option<Ack>,
}

impl Listing {
    /// Whether every letter is of a group that somebody knows of.
    pub fn is_known(&self) -> bool {
        self.beyond == 0 && self.groups.iter().all(|group| group.ack.is_some())
    }
}

/// One letter, and all that is known of it here.
pub struct Shown {
    pub flow: String,
    pub letter: Letter,
    pub fingerprint: Fingerprint,
    pub ack: Option<Ack>,
    pub edit: Option<Edit>,
    /// As it would be redriven.
    pub body: String,
    pub verdict: Verdict,
    /// By the stamp of each mapping.
    pub explained: Vec<(String, Explanation)>,
    pub expires_at: Timestamp,
}

impl Review {
    /// Those that are named, or all.
    fn of<'r>(&'r self, flows: &[String]) -> Result<Vec<(&'r String, &'r FlowQueues)>, ReviewError> {
        if let Some(unknown) = flows.iter().find(|flow| !self.flows.contains_key(*flow)) {
            let known: Vec<_> = self.flows.keys().map(String::as_str).collect();
            return Err(ReviewError::Refused(format!(
                "there is no flow {unknown}; there are {}",
                known.join(", ")
            )));
        }
        Ok(self.flows.iter().filter(|(flow, _)| flows.is_empty() || flows.contains(flow)).collect())
    }

    fn flow(&self, flow: &str) -> Result<&FlowQueues, ReviewError> {
        self.flows.get(flow).ok_or_else(|| ReviewError::Refused(format!("there is no flow {flow}")))
    }

    fn work<'r>(
        &'r self,
        flow: &'r str,
        operator: &'r Operator,
        stop: &'r Stop,
    ) -> Result<Work<'r>, ReviewError> {
        Ok(Work {
            flow,
            operator,
            queue: &*self.flow(flow)?.letters,
            archive: &*self.archive,
            records: &*self.records,
            clock: &*self.clock,
            stop,
            limits: self.limits,
        })
    }

    /// The letters of these flows, of all if none is named, by their cause.
    pub async fn list(&self, flows: &[String], stop: &Stop) -> Result<Listing, ReviewError> {
        let looks = self.of(flows)?.into_iter().map(|(flow, queues)| self.list_flow(flow, queues, stop));
        let (mut listed, mut groups, mut beyond) = (Vec::new(), Vec::new(), 0);
        for look in join_all(looks).await {
            let (flow, of_flow, retention) = look?;
            beyond += of_flow.beyond;
            listed.push(flow);
            groups.extend(of_flow.sorted().into_iter().cloned().map(|group| ListedGroup {
                expires_at: after(group.oldest_sent, retention),
                group,
                ack: None,
            }));
        }
        let fingerprints: Vec<_> = groups.iter().map(|it| it.group.fingerprint.clone()).collect();
        let mut acks = if fingerprints.is_empty() {
            HashMap::new()
        } else {
            self.records.acks(&fingerprints, self.clock.now()).await?
        };
        for group in &mut groups {
            group.ack = acks.remove(&group.group.fingerprint);
        }
        groups.sort_by_key(|listed| std::cmp::Reverse(listed.group.count));
        Ok(Listing { flows: listed, groups, beyond })
    }

    async fn list_flow(
        &self,
        flow: &str,
        queues: &FlowQueues,
        stop: &Stop,
    ) -> Result<(FlowListing, Groups, SignedDuration), ReviewError> {
        let retention = self.retention(queues).await?;
        let (mut groups, mut oldest) = (Groups::default(), None::<Timestamp>);
        let looked = self
            .each(queues, stop, |letter| {
                oldest = Some(oldest.map_or(letter.sent_at, |oldest| oldest.min(letter.sent_at)));
                groups.add(flow, letter);
                true
            })
            .await?;
        let expires_at = oldest.map(|oldest| after(oldest, retention));
        Ok((
            FlowListing { flow: flow.to_owned(), looked, oldest_sent: oldest, expires_at },
            groups,
            retention,
        ))
    }

    async fn retention(&self, queues: &FlowQueues) -> Result<SignedDuration, ReviewError> {
        let retention = queues.letters.retention().await?;
        Ok(SignedDuration::try_from(retention).unwrap_or(SignedDuration::MAX))
    }

    /// Shows each letter of a queue, until it is said that this is enough.
    async fn each(
        &self,
        queues: &FlowQueues,
        stop: &Stop,
        mut visit: impl FnMut(&Letter) -> bool,
    ) -> Result<Looked, ReviewError> {
        let mut pass = Pass::begin(&*queues.letters, &*self.clock, stop, self.limits).await?;
        let mut failed = None;
        while let Some(received) = pass.next().await {
            match received {
                Ok(received) => {
                    let mut go_on = true;
                    // Of those that were received with it none is left out.
                    for one in &received {
                        go_on &= visit(&one.letter);
                    }
                    if !go_on {
                        break;
                    }
                }
                Err(error) => {
                    failed = Some(error);
                    break;
                }
            }
        }
        let looked = pass.end().await;
        failed.map_or(looked, Err)
    }

    /// The letter of these flows that is called so, by the beginning of its id.
    pub async fn find(
        &self,
        id: &str,
        flows: &[String],
        stop: &Stop,
    ) -> Result<(String, Letter), ReviewError> {
        if is_short(id) {
            return Err(ReviewError::Refused(format!("{id}: say six characters of the id at least")));
        }
        let looks = self.of(flows)?.into_iter().map(|(flow, queues)| async move {
            let mut found = Vec::new();
            let whole = id.chars().count() >= WHOLE_ID;
            let looked = self
                .each(queues, stop, |letter| {
                    if letter.is_called(id) {
                        found.push((flow.clone(), letter.clone()));
                    }
                    found.is_empty() || !whole && found.len() < 2
                })
                .await;
            looked.map(|looked| (found, looked.elsewhere()))
        });
        let (mut found, mut hidden) = (Vec::new(), 0);
        for look in join_all(looks).await {
            let (of_flow, of_others) = look?;
            found.extend(of_flow);
            hidden += of_others;
        }
        if stop.is_stopped() {
            return Err(ReviewError::broken_off("nothing was done"));
        }
        if found.len() > 1 {
            let ids: Vec<_> = found.iter().map(|(flow, letter)| format!("{} ({flow})", letter.id)).collect();
            return Err(ReviewError::Refused(format!("several letters are called {id}: {}", ids.join(", "))));
        }
        found.pop().ok_or_else(|| ReviewError::Refused(format!("no letter is called {id}{}", others(hidden))))
    }

    /// One letter, with what the mappings say of it today.
    pub async fn show(&self, id: &str, flows: &[String], stop: &Stop) -> Result<Shown, ReviewError> {
        let (flow, letter) = self.find(id, flows, stop).await?;
        let reason = letter.reason(&flow);
        let fingerprint = Fingerprint::of(&reason);
        let ack = self.records.acks(std::slice::from_ref(&fingerprint), self.clock.now()).await?;
        let ack = ack.into_values().next();
        let edit = Edits::of([&letter], &*self.records).await?.get(&letter).cloned();
        let body = effective(&letter, edit.as_ref(), &*self.archive).await?;
        let mut judge = self.judge().await?;
        let verdict = judge.verdict(&body, &reason.mapping);
        let explained = judge.explain(&body, &reason.mapping, MOST_ITEMS);
        let expires_at = after(letter.sent_at, self.retention(self.flow(&flow)?).await?);
        Ok(Shown { flow, letter, fingerprint, ack, edit, body, verdict, explained, expires_at })
    }

    /// With the overrides that are in force.
    async fn judge(&self) -> Result<Judge, ReviewError> {
        let names: Vec<_> = self.catalog.mappings().map(|mapping| mapping.file.mapping.clone()).collect();
        let asked: Vec<_> = names.iter().map(String::as_str).collect();
        let stored = self.control.overrides(&asked).await.map_err(|error| ReviewError::Unavailable {
            operation: "BatchGetItem",
            problem: error.to_string(),
        })?;
        let mut overrides = HashMap::new();
        for (name, stored) in names.iter().zip(stored) {
            // A function goes on with the last that it can read; here nothing is known of it.
            let standing = stored.map_err(|error| ReviewError::Refused(error.to_string()))?;
            overrides.insert(name.clone(), standing);
        }
        Ok(Judge::new(Arc::clone(&self.catalog), overrides, self.settings.clone()))
    }
}

/// Letters that may be the one that was not found.
fn others(hidden: u64) -> String {
    match hidden {
        0 => String::new(),
        1 => "; 1 letter is being looked at by somebody else just now".to_owned(),
        _ => format!("; {hidden} letters are being looked at by somebody else just now"),
    }
}

fn after(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(Timestamp::MAX)
}
