use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use transform::Explanation;

use super::MOST_ITEMS;
use crate::action::Work;
use crate::archive::{Archived, Because, Expiring, archive_expiring, archived_under};
use crate::audit::{Action, Touched};
use crate::called::{Called, begins};
use crate::claim::Claim;
use crate::discard::{Discarded, discard};
use crate::edit::{Edit, EditError, EditedBody, Edits, edited, is_same};
use crate::error::ReviewError;
use crate::filter::Filter;
use crate::fingerprint::Fingerprint;
use crate::groups::Groups;
use crate::judge::{Judge, Verdict};
use crate::letter::{Letter, is_short};
use crate::pass::{Looked, Stop};
use crate::ports::Ack;
use crate::restore::{Restore, Restored, Restoring, restore};
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
    /// The edit that it begins from, by the digest of its body ([`Edit::after`]); none: the letter's own body.
    pub began_from: Option<&'a str>,
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

    /// Puts letters of a flow that were archived back onto its dead letter queue. Refused while somebody else does.
    pub async fn restore(
        &self,
        flow: &str,
        restoring: &Restoring<'_>,
        stop: &Stop,
    ) -> Result<Restored, ReviewError> {
        if let Restore::Ids(ids) = restoring.which
            && let Some(short) = ids.iter().find(|id| is_short(id))
        {
            return Err(ReviewError::Refused(format!("{short}: say six characters of the id at least")));
        }
        let operator = Operator::new(&self.by, restoring.why)?;
        let work = self.work(flow, &operator, stop)?;
        let mut claim = Claim::claim(&work).await?;
        let restored = self.restore_claimed(&work, &mut claim, restoring).await;
        claim.unclaim().await;
        restored
    }

    async fn restore_claimed(
        &self,
        work: &Work<'_>,
        claim: &mut Claim<'_>,
        restoring: &Restoring<'_>,
    ) -> Result<Restored, ReviewError> {
        let Restoring { because, which, anyway, .. } = *restoring;
        let flow = work.flow;
        let mut keys = archived_under(flow, because, &*self.archive).await?;
        // Until SQS drops it a letter that is archived before that may be discarded all the same.
        let discarded: HashSet<String> = match because {
            Because::Discarded => HashSet::new(),
            Because::Expiring => {
                let keys = archived_under(flow, Because::Discarded, &*self.archive).await?;
                keys.iter().map(|key| file(key).to_owned()).collect()
            }
        };
        match which {
            Restore::All => {}
            Restore::Ids(ids) => {
                keys = named(keys, ids)?;
                if let Some(key) = keys.iter().find(|key| discarded.contains(file(key))) {
                    let id = file(key).trim_end_matches(".json");
                    return Err(ReviewError::Refused(format!(
                        "{id}: somebody has discarded it since: it is restored from among those that were discarded (without --expiring); \
                         nothing was put back"
                    )));
                }
            }
            Restore::Group(group) => {
                let mut of_group = Vec::new();
                for key in keys {
                    if work.stop.is_stopped() {
                        return Ok(Restored { stopped: true, ..Restored::default() });
                    }
                    claim.renew().await?;
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
        let (left_out, keys): (Vec<_>, Vec<_>) =
            keys.into_iter().partition(|key| discarded.contains(file(key)));
        let mut done = restore(work, claim, &keys, anyway).await?;
        done.discarded = u64::try_from(left_out.len()).unwrap_or(u64::MAX);
        Ok(done)
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

    /// What today's mappings would say of another body for a letter, and what each would make of it. Nothing is kept.
    pub async fn check(
        &self,
        id: &str,
        flows: &[String],
        after: &str,
        stop: &Stop,
    ) -> Result<(Verdict, Vec<(String, Explanation)>), ReviewError> {
        let (flow, letter) = self.find(id, flows, stop).await?;
        let (after, mut judge) = self.judged(&flow, &letter, after, true).await?;
        let stamp = letter.reason(&flow).mapping;
        Ok((judge.verdict(&after, &stamp), judge.explain(&after, &stamp, MOST_ITEMS)))
    }

    /// Another body that the letter may have, and who judges that. `anyway`: also where nobody can say whether it would be another
    /// operation.
    async fn judged(
        &self,
        flow: &str,
        letter: &Letter,
        after: &str,
        anyway: bool,
    ) -> Result<(String, Judge), ReviewError> {
        let after = edited(&letter.body, after).map_err(|error| ReviewError::Refused(error.to_string()))?;
        let (mut judge, mapping) = (self.judge().await?, letter.reason(flow).mapping);
        stays_the_same(judge.another_operation(&letter.body, &after, &mapping), anyway)?;
        Ok((after, judge))
    }

    /// Keeps another body for a letter, with which it is redriven. Refused where a mapping would still refuse it, and where somebody else has
    /// edited it since. Its own body takes the edit away that is there.
    pub async fn edit(
        &self,
        id: &str,
        flows: &[String],
        editing: &Editing<'_>,
        stop: &Stop,
    ) -> Result<(Edit, Verdict), ReviewError> {
        let operator = Operator::new(&self.by, editing.why)?;
        let (flow, letter) = self.find(id, flows, stop).await?;
        let edits = Edits::of([&letter], &*self.records).await?;
        let (stored, in_force) = (edits.stored(&letter), edits.get(&letter));
        if in_force.map(|edit| edit.after.as_str()) != editing.began_from {
            return Err(edited_meanwhile(stored));
        }
        let is_own = is_same(&letter.body, editing.after);
        let (after, mut judge) = match in_force {
            Some(_) if is_own => (letter.body.clone(), self.judge().await?),
            None if is_own => return Err(ReviewError::Refused(EditError::Nothing.to_string())),
            _ => self.judged(&flow, &letter, editing.after, editing.anyway).await?,
        };
        let verdict = judge.verdict(&after, &letter.reason(&flow).mapping);
        if let (Verdict::Fails(wrong), false) = (&verdict, editing.anyway || is_own) {
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
        let mut record = operator.record(Action::Edit, &flow, now, vec![touched]);
        if is_own {
            record.note = in_force.map(|edit| format!("the edit {} is taken back", edit.after));
        } else {
            self.archive.put(&edit.key, &serde_json::to_string(&body)?).await?;
        }
        self.records.append(&record).await?;
        if !self.records.put_edit(&edit, stored).await? {
            let edits = Edits::of([&letter], &*self.records).await?;
            return Err(edited_meanwhile(edits.stored(&letter)));
        }
        Ok((edit, verdict))
    }
}

fn edited_meanwhile(by: Option<&Edit>) -> ReviewError {
    let who = by.map_or_else(
        || "its edit is gone".to_owned(),
        |edit| format!("{} at {:.0}: {}", edit.by, edit.at, edit.why),
    );
    ReviewError::Refused(format!("somebody has edited it meanwhile ({who}); look again, nothing is stored"))
}

/// Of an archived letter's key what tells it from others of its flow, whyever they are there: its id.
fn file(key: &str) -> &str {
    key.rsplit('/').next().unwrap_or_default()
}

/// An edit must not make another operation of a letter: what was done for the one says nothing of the other, and would be done again.
fn stays_the_same(other: Result<Option<String>, String>, anyway: bool) -> Result<(), ReviewError> {
    match other {
        Ok(None) => Ok(()),
        Ok(Some(member)) => Err(ReviewError::Refused(format!(
            "it would be another operation, as {member} would be another: an edit keeps what a letter is known by"
        ))),
        Err(_) if anyway => Ok(()),
        Err(why) => Err(ReviewError::Refused(format!(
            "nobody can say whether it would be another operation: {why}; it is kept only if you say anyway"
        ))),
    }
}

/// Keys of the letters that these ids call.
fn named(keys: Vec<String>, ids: &[String]) -> Result<Vec<String>, ReviewError> {
    let (mut named, mut called) = (Vec::new(), Called::default());
    for key in keys {
        let id = file(&key).trim_end_matches(".json").to_owned();
        let mut is_called = false;
        for said in ids.iter().filter(|said| begins(&id, said)) {
            called.see(said, &id, id.len() == said.len());
            is_called = true;
        }
        if is_called {
            named.push(key);
        }
    }
    called.shared()?;
    Ok(named)
}
