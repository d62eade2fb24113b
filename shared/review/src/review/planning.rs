use std::collections::BTreeMap;

use transform::without_indices;

use crate::audit::{Action, Record};
use crate::called::Called;
use crate::edit::{Edits, effective};
use crate::error::ReviewError;
use crate::filter::Filter;
use crate::judge::{Judge, Verdict, Wrong};
use crate::letter::digest;
use crate::pass::{Looked, Pass, Received, Stop};
use crate::plan::{MOST_LETTERS, Plan, PlanLetter, PlanLine, Planned};
use crate::redrive::{Ended, Progress, Ramp, Redrive, redrive};
use crate::{Operator, Review};

use super::FlowQueues;

/// Lines that a plan tells of its letters.
const MOST_LINES: usize = 500;

/// A plan that was made, and what is expected of it.
#[derive(Clone, Debug)]
pub struct MadePlan {
    pub plan: Plan,
    /// Letters of which the filter's condition is neither true nor false: they are not in the plan.
    pub undecided: u64,
    /// Whole ids that were said and that several letters had first, and how many: all of them are in the plan.
    pub shared_ids: BTreeMap<String, u64>,
    /// By flow.
    pub looked: BTreeMap<String, Looked>,
}

/// How a plan is to be moved.
#[derive(Clone, Copy, Debug)]
pub struct Moving<'a> {
    pub why: &'a str,
    /// Those too that a mapping still refuses.
    pub failing: bool,
    pub ramp: &'a Ramp,
}

#[derive(Default)]
struct Planning {
    letters: Vec<PlanLetter>,
    lines: BTreeMap<(Planned, String, String), u64>,
    undecided: u64,
    called: Called,
}

impl Review {
    /// Judges every letter that is meant, and freezes which those are. Nothing is moved.
    pub async fn plan(
        &self,
        filter: &Filter,
        flows: &[String],
        stop: &Stop,
    ) -> Result<MadePlan, ReviewError> {
        let mut judge = self.judge().await?;
        let made_at = self.clock.now();
        let id = uuid::Uuid::new_v4().simple().to_string().chars().take(12).collect();
        let (mut letters, mut lines, mut looked) = (BTreeMap::new(), Vec::new(), BTreeMap::new());
        let (mut undecided, mut called) = (0, Called::default());
        for (flow, queues) in self.of(flows)? {
            let so_far = Planning { called, ..Planning::default() };
            let (planning, of_flow) =
                self.plan_flow(flow, queues, filter, &mut judge, (so_far, stop)).await?;
            called = planning.called;
            undecided += planning.undecided;
            looked.insert(flow.clone(), of_flow);
            lines.extend(planning.lines.into_iter().map(|((planned, was, because), count)| PlanLine {
                flow: flow.clone(),
                planned,
                was,
                because,
                count,
            }));
            if !planning.letters.is_empty() {
                letters.insert(flow.clone(), planning.letters);
            }
        }
        // A few, as a cause is a code, a path and what was expected; the plan has to fit into its item all the same.
        lines.sort_by(|one, other| (other.count, one).cmp(&(one.count, other)));
        lines.truncate(MOST_LINES);
        let filter = filter.to_string();
        let plan = Plan { id, made_at, by: self.by.clone(), filter, lines, letters };
        if stop.is_stopped() {
            return Err(ReviewError::broken_off("no plan was made"));
        }
        let shared_ids = called.shared()?;
        if plan.is_empty() {
            return Ok(MadePlan { plan, undecided, shared_ids, looked });
        }
        self.records.append(&self.of_plan(&plan)).await?;
        self.records.put_plan(&plan).await?;
        Ok(MadePlan { plan, undecided, shared_ids, looked })
    }

    fn of_plan(&self, plan: &Plan) -> Record {
        let count = |planned| plan.count(planned);
        let note = format!(
            "{} letters: {} would pass, {} would fail, {} unjudged",
            plan.len(),
            count(Planned::Pass),
            count(Planned::Fail),
            count(Planned::Unjudged)
        );
        Record {
            at: plan.made_at,
            by: self.by.clone(),
            action: Action::Plan,
            flow: plan.letters.keys().map(String::as_str).collect::<Vec<_>>().join(" "),
            why: plan.filter.clone(),
            plan: Some(plan.id.clone()),
            group: None,
            note: Some(note),
            letters: Vec::new(),
        }
    }

    async fn plan_flow(
        &self,
        flow: &str,
        queues: &FlowQueues,
        filter: &Filter,
        judge: &mut Judge,
        (mut planning, stop): (Planning, &Stop),
    ) -> Result<(Planning, Looked), ReviewError> {
        let mut pass = Pass::begin(&*queues.letters, &*self.clock, stop, self.limits).await?;
        let mut failed = None;
        while let Some(received) = pass.next().await {
            let planned = match received {
                Ok(received) => self.plan_some(flow, &received, filter, judge, &mut planning).await,
                Err(error) => Err(error),
            };
            if let Err(error) = planned {
                failed = Some(error);
                break;
            }
        }
        let looked = pass.end().await?;
        failed.map_or(Ok((planning, looked)), Err)
    }

    async fn plan_some(
        &self,
        flow: &str,
        received: &[Received],
        filter: &Filter,
        judge: &mut Judge,
        planning: &mut Planning,
    ) -> Result<(), ReviewError> {
        let now = self.clock.now();
        let mut meant = Vec::new();
        for Received { letter, .. } in received {
            filter.note(letter, &mut planning.called);
            match filter.means(flow, letter, now) {
                Ok(true) => meant.push(letter),
                Ok(false) => {}
                Err(_) => planning.undecided += 1,
            }
        }
        if meant.is_empty() {
            return Ok(());
        }
        let edits = Edits::of(meant.iter().copied(), &*self.records).await?;
        for letter in meant {
            let body = effective(letter, edits.get(letter), &*self.archive).await?;
            let reason = letter.reason(flow);
            let verdict = judge.verdict(&body, &reason.mapping);
            let (planned, because) = (Planned::from(&verdict), because(&verdict));
            planning.letters.push(PlanLetter {
                id: letter.id.clone(),
                digest: digest(body.as_bytes()),
                planned,
            });
            *planning.lines.entry((planned, reason.code, because)).or_default() += 1;
            if planning.letters.len() > MOST_LETTERS {
                return Err(ReviewError::Refused(format!(
                    "more than {MOST_LETTERS} letters are meant: say --older-than, --group or another filter"
                )));
            }
        }
        Ok(())
    }

    /// Moves what a plan has chosen, flow by flow. `progress` is told how far each is.
    pub async fn redrive(
        &self,
        plan: &Plan,
        moving: &Moving<'_>,
        stop: &Stop,
        progress: &(dyn Fn(&str, &Progress) + Send + Sync),
    ) -> Result<BTreeMap<String, Ended>, ReviewError> {
        let operator = Operator::new(&self.by, moving.why)?;
        let mut ended = BTreeMap::new();
        for flow in plan.letters.keys() {
            let of_flow = |told: &Progress| progress(flow, told);
            let one = Redrive {
                work: self.work(flow, &operator, stop)?,
                plan,
                failing: moving.failing,
                target: &*self.flow(flow)?.source,
                ramp: moving.ramp,
                progress: &of_flow,
            };
            ended.insert(flow.clone(), redrive(&one).await?);
            if stop.is_stopped() {
                break;
            }
        }
        Ok(ended)
    }
}

fn because(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Passes(tried) => tried.not_tried.clone().unwrap_or_default(),
        Verdict::Unjudged(why) => why.clone(),
        Verdict::Fails(wrong) => {
            wrong.first().map_or_else(String::new, |Wrong { code, path, problem, .. }| {
                format!("{code} at {}: {problem}", without_indices(path))
            })
        }
    }
}
