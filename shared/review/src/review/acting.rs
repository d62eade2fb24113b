use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::archive::{Archived, Because, Expiring, archive_expiring, archived_under};
use crate::audit::{Action, Touched};
use crate::called::{Called, begins};
use crate::discard::{Discarded, discard};
use crate::edit::{Edit, EditedBody, edited};
use crate::error::ReviewError;
use crate::filter::Filter;
use crate::fingerprint::Fingerprint;
use crate::groups::Groups;
use crate::judge::Verdict;
use crate::letter::is_short;
use crate::pass::{Looked, Stop};
use crate::ports::Ack;
use crate::restore::{Restored, restore};
use crate::{Operator, Review};

use super::others;

/// The longest that a group is known of before somebody has to look again.
const LONGEST_ACK: SignedDuration = SignedDuration::from_hours(90 * 24);
/// Letters that are named one by one in memory.
const MOST_SELECTED: usize = 100_000;

/// Letters that are meant, by flow, as they were when they were looked for.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Selection {
    pub ids: BTreeMap<String, HashSet<String>>,
    /// What they are.
    pub groups: Groups,
    /// Where all are of one.
    pub group: Option<String>,
    /// Letters of which the filter's condition is neither true nor false: they are not selected.
    pub undecided: u64,
    /// Whole ids that were said and that several letters had first, and how many: all of them are selected.
    pub shared_ids: BTreeMap<String, u64>,
    /// By flow.
    pub looked: BTreeMap<String, Looked>,
}

impl Selection {
    pub fn len(&self) -> usize {
        self.ids.values().map(HashSet::len).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Another body for a letter.
#[derive(Clone, Copy)]
pub struct Editing<'a> {
    pub after: &'a str,
    pub why: &'a str,
    /// Also where a mapping would still refuse it.
    pub anyway: bool,
}

/// Which letters come back out of the archive.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Restore {
    /// By the beginnings of their ids.
    Ids(Vec<String>),
    Group(String),
    All,
}

impl Review {
    /// The letters that are meant just now.
    pub async fn select(
        &self,
        filter: &Filter,
        group: Option<&str>,
        flows: &[String],
        stop: &Stop,
    ) -> Result<Selection, ReviewError> {
        let mut selection = Selection { group: group.map(str::to_owned), ..Selection::default() };
        let mut called = Called::default();
        for (flow, queues) in self.of(flows)? {
            let (mut ids, mut undecided) = (HashSet::new(), 0);
            let looked = self
                .each(queues, stop, |letter| {
                    filter.note(letter, &mut called);
                    match filter.means(flow, letter, self.clock.now()) {
                        Ok(true) => {
                            ids.insert(letter.id.clone());
                            selection.groups.add(flow, letter);
                        }
                        Ok(false) => {}
                        Err(_) => undecided += 1,
                    }
                    ids.len() <= MOST_SELECTED
                })
                .await?;
            selection.undecided += undecided;
            selection.looked.insert(flow.clone(), looked);
            if !ids.is_empty() {
                selection.ids.insert(flow.clone(), ids);
            }
        }
        if stop.is_stopped() {
            return Err(ReviewError::broken_off("nothing was done"));
        }
        if selection.len() > MOST_SELECTED {
            return Err(ReviewError::Refused(format!(
                "more than {MOST_SELECTED} letters are meant: say fewer"
            )));
        }
        selection.shared_ids = called.shared()?;
        Ok(selection)
    }

    /// Archives, writes down and deletes what was selected.
    pub async fn discard(
        &self,
        selection: &Selection,
        why: &str,
        stop: &Stop,
    ) -> Result<Discarded, ReviewError> {
        let operator = Operator::new(&self.by, why)?;
        let mut all = Discarded::default();
        for (flow, ids) in &selection.ids {
            let work = self.work(flow, &operator, stop)?;
            let one = discard(&work, ids, selection.group.as_deref()).await?;
            all.discarded += one.discarded;
            all.missing.extend(one.missing);
            all.stopped |= one.stopped;
        }
        Ok(all)
    }

    /// Puts letters of a flow that were archived for this reason back onto its dead letter queue.
    pub async fn restore(
        &self,
        flow: &str,
        because: Because,
        which: &Restore,
        why: &str,
        stop: &Stop,
    ) -> Result<Restored, ReviewError> {
        let operator = Operator::new(&self.by, why)?;
        let work = self.work(flow, &operator, stop)?;
        let mut keys = archived_under(flow, because, &*self.archive).await?;
        match which {
            Restore::All => {}
            Restore::Ids(ids) => {
                if let Some(short) = ids.iter().find(|id| is_short(id)) {
                    return Err(ReviewError::Refused(format!(
                        "{short}: say six characters of the id at least"
                    )));
                }
                keys = named(keys, ids)?;
            }
            Restore::Group(group) => {
                let mut of_group = Vec::new();
                for key in keys {
                    if stop.is_stopped() {
                        return Ok(Restored { stopped: true, ..Restored::default() });
                    }
                    let object = self.archive.get(&key).await?;
                    let archived = object.and_then(|object| serde_json::from_str::<Archived>(&object).ok());
                    let letter = archived.and_then(|archived| archived.letter());
                    let is_of =
                        letter.is_some_and(|letter| Fingerprint::of(&letter.reason(flow)).as_str() == group);
                    if is_of {
                        of_group.push(key);
                    }
                }
                keys = of_group;
            }
        }
        restore(&work, &keys).await
    }

    /// Puts what SQS drops within this time into the archive.
    pub async fn archive(
        &self,
        flows: &[String],
        within: Duration,
        why: &str,
        stop: &Stop,
    ) -> Result<BTreeMap<String, Expiring>, ReviewError> {
        let operator = Operator::new(&self.by, why)?;
        let mut all = BTreeMap::new();
        for (flow, _) in self.of(flows)? {
            let one = archive_expiring(&self.work(flow, &operator, stop)?, within).await?;
            all.insert(flow.clone(), one);
        }
        Ok(all)
    }

    /// Somebody knows of a group until then, and why it waits.
    pub async fn ack(
        &self,
        group: &str,
        until: Timestamp,
        why: &str,
        stop: &Stop,
    ) -> Result<Ack, ReviewError> {
        let operator = Operator::new(&self.by, why)?;
        let now = self.clock.now();
        if until <= now {
            return Err(ReviewError::Refused(format!("{until} is over")));
        }
        if until.duration_since(now) > LONGEST_ACK {
            return Err(ReviewError::Refused(
                "90 days is the longest that a group may wait unseen".to_owned(),
            ));
        }
        let listing = self.list(&[], stop).await?;
        let found = listing.groups.iter().find(|listed| listed.group.fingerprint.as_str() == group);
        if stop.is_stopped() {
            return Err(ReviewError::broken_off("nothing was acknowledged"));
        }
        let found = found.ok_or_else(|| {
            let others = others(listing.flows.iter().map(|flow| flow.looked.elsewhere()).sum());
            ReviewError::Refused(format!("no letter is of group {group}{others}"))
        })?;
        let mut record = operator.record(Action::Ack, &found.group.flow, now, Vec::new());
        record.group = Some(group.to_owned());
        record.note = Some(format!("until {until}"));
        self.records.append(&record).await?;
        let ack = Ack { until, by: operator.by, reason: operator.why, at: now };
        self.records.put_ack(&found.group.fingerprint, &ack).await?;
        Ok(ack)
    }

    /// Keeps another body for a letter, with which it is redriven. Refused where a mapping would still refuse it.
    pub async fn edit(
        &self,
        id: &str,
        flows: &[String],
        editing: &Editing<'_>,
        stop: &Stop,
    ) -> Result<(Edit, Verdict), ReviewError> {
        let operator = Operator::new(&self.by, editing.why)?;
        let (flow, letter) = self.find(id, flows, stop).await?;
        let after =
            edited(&letter.body, editing.after).map_err(|error| ReviewError::Refused(error.to_string()))?;
        let verdict = self.judge().await?.verdict(&after, &letter.reason(&flow).mapping);
        if let (Verdict::Fails(wrong), false) = (&verdict, editing.anyway) {
            let said: Vec<_> =
                wrong.iter().map(|it| format!("{} at {}: {}", it.code, it.path, it.problem)).collect();
            return Err(ReviewError::Refused(format!("it would still be refused: {}", said.join("; "))));
        }
        let now = self.clock.now();
        let edit = Edit::of(&letter, &flow, &after, &operator.by, &operator.why, now);
        let body = EditedBody {
            before: letter.body.clone(),
            after,
            by: operator.by.clone(),
            why: operator.why.clone(),
            at: now,
        };
        let touched =
            Touched { id: letter.id.clone(), before: edit.before.clone(), after: Some(edit.after.clone()) };
        self.archive.put(&edit.key, &serde_json::to_string(&body)?).await?;
        self.records.append(&operator.record(Action::Edit, &flow, now, vec![touched])).await?;
        self.records.put_edit(&edit).await?;
        Ok((edit, verdict))
    }
}

/// Keys of the letters that these ids call.
fn named(keys: Vec<String>, ids: &[String]) -> Result<Vec<String>, ReviewError> {
    let (mut named, mut called) = (Vec::new(), Called::default());
    for key in keys {
        let file = key.rsplit('/').next().unwrap_or_default();
        let id = file.strip_suffix(".json").unwrap_or(file);
        let mut is_called = false;
        for said in ids.iter().filter(|said| begins(id, said)) {
            called.see(said, id, id.len() == said.len());
            is_called = true;
        }
        if is_called {
            named.push(key);
        }
    }
    called.shared()?;
    Ok(named)
}
