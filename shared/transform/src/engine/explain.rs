//! A message, rule by rule: what each has read, and what became of it. For an operator at a terminal, so values are shown here and
//! nowhere else. It asks the run for each rule by itself, once the message has been translated: the run knows nothing of it.

use message::Envelope;
use serde_json::Value;

use super::came::Came;
use super::capture::{Noticed, Scope};
use super::explained::{Explanation, ListExplained, Looked, Outcome, RefusalExplained, RuleExplained};
use super::plan::{Attempt, Condition, Out, OutList, Piece, Plan, Ref, Refusal, Rule, Source};
use super::run::{Attributes, Frame, MAX_PAYLOAD_BYTES, Made, Read, Run};

impl Plan {
    /// As [`Plan::translate`], with its reasons. Of each list the rules of `most_items` are explained, and of those items
    /// that something is wrong with.
    pub fn explain(&self, payload: &str, envelope: Option<&Envelope>, most_items: usize) -> Explanation {
        let Attempt { made, notes, .. } = self.attempt(payload, envelope);
        let (output, problems) = match made {
            Ok(value) => (Some(value), Vec::new()),
            Err(error) => (None, error.problems),
        };
        let mut explanation = Explanation {
            stamp: self.stamp,
            rules: Vec::new(),
            lists: Vec::new(),
            refusals: Vec::new(),
            problems,
            notes,
            output,
        };
        if payload.len() > MAX_PAYLOAD_BYTES {
            return explanation;
        }
        let mut deserializer = serde_json::Deserializer::from_str(payload);
        let mut noticed = Noticed::default();
        let message = Scope::capture(&self.payload, &mut deserializer, &mut noticed);
        let (Ok(message), Ok(())) = (message, deserializer.end()) else { return explanation };
        let attributes = envelope.and_then(|envelope| {
            Scope::capture(&self.envelope, Attributes(envelope), &mut Noticed::default()).ok()
        });
        let envelope = attributes.unwrap_or_default();
        let root = Frame { scope: &message, index: None, parent: None, depth: 0 };
        let mut explainer = Explainer { plan: self, envelope: &envelope, most_items, told: &mut explanation };
        if explainer.is_looked_into(&root, &noticed) {
            explainer.refusals(&root);
            explainer.out(&self.out, &root, "");
            explanation.rules.sort_by_key(|explained| explained.rule);
        }
        explanation
    }
}

struct Explainer<'p, 'm, 't> {
    plan: &'p Plan,
    envelope: &'p Scope<'m>,
    most_items: usize,
    told: &'t mut Explanation,
}

impl<'p, 'm: 'p> Explainer<'p, 'm, '_> {
    fn run(&self) -> Run<'p, 'm> {
        Run::new(self.plan, self.envelope)
    }

    fn is_looked_into(&self, root: &Frame<'_, 'm>, noticed: &Noticed) -> bool {
        let mut run = self.run();
        run.version(root);
        run.whole(noticed);
        matches!(root.scope.came(0), Came::Object) && run.problems.is_empty()
    }

    fn refusals(&mut self, root: &Frame<'_, 'm>) {
        let plan = self.plan;
        for (number, refusal) in plan.refusals.iter().enumerate() {
            let Some(list) = &refusal.each else {
                self.refusal(number, refusal, root);
                continue;
            };
            for (index, scope) in root.items(list).iter().enumerate() {
                let frame = Frame { scope, index: Some(index), parent: Some(root), depth: 1 };
                self.refusal(number, refusal, &frame);
                if index >= self.most_items {
                    self.told.refusals.pop_if(|told| told.refused.is_none());
                }
            }
        }
    }

    fn refusal(&mut self, number: usize, refusal: &Refusal, frame: &Frame<'_, 'm>) {
        let mut run = self.run();
        run.refusal(refusal, frame);
        let refused =
            std::mem::take(&mut run.problems).into_error(self.plan.stamp).problems.into_iter().next();
        let came = run.came(refusal.at, frame);
        let key = refusal.values.as_ref().filter(|_| came.is_set(false)).and_then(|_| key(came));
        let at = looked(&run, refusal.at, frame);
        self.told.refusals.push(RefusalExplained { refusal: number, at, key, refused });
    }

    /// Whether something other than constants was made or went wrong: otherwise an object that may be absent is, as in the run.
    fn out(&mut self, out: &'p Out, frame: &Frame<'_, 'm>, to: &str) -> bool {
        match out {
            Out::Rule(index) => self.rule(*index, frame, to),
            Out::Object { members, required } => {
                let (first, mut any) = (self.told.rules.len(), *required);
                for (name, member) in members {
                    let to = if to.is_empty() { name.clone() } else { format!("{to}.{name}") };
                    any |= self.out(&member.out, frame, &to);
                }
                if !any {
                    let own = self.told.rules.iter_mut().skip(first);
                    own.filter(|it| it.outcome == Outcome::Missing)
                        .for_each(|it| it.outcome = Outcome::Absent);
                }
                any
            }
            Out::List(list) => {
                let came = self.list(list, frame, to);
                came || list.none.is_some()
            }
            Out::Fixed(fixed) => {
                let mut any = fixed.required;
                for (index, (_, item)) in fixed.items.iter().enumerate() {
                    any |= self.out(item, frame, &format!("{to}[{index}]"));
                }
                any
            }
        }
    }

    /// Whether a list came, or something that is none.
    fn list(&mut self, list: &'p OutList, frame: &Frame<'_, 'm>, to: &str) -> bool {
        let OutList { of, keep, item, .. } = list;
        let (run, mut kept) = (self.run(), 0);
        let at = run.list_place(of);
        for (index, scope) in frame.items(of).iter().enumerate() {
            let inner = Frame { scope, index: Some(index), parent: Some(frame), depth: frame.depth + 1 };
            if keep.as_ref().is_some_and(|keep| !matches!(run.holds(keep, &inner), Ok(true))) {
                continue;
            }
            let (rules, lists) = (self.told.rules.len(), self.told.lists.len());
            // Of an item that is null no rule makes anything, but one that makes the item itself.
            if matches!(item, Out::Rule(_)) || !scope.came(0).is_absent() {
                self.out(item, &inner, &format!("{to}[{kept}]"));
            }
            if kept >= self.most_items && !self.told.rules.iter().skip(rules).any(RuleExplained::is_wrong) {
                self.told.rules.truncate(rules);
                self.told.lists.truncate(lists);
            }
            kept += 1;
        }
        self.told.lists.push(ListExplained { to: format!("{to}[]"), from: looked(&run, at, frame), kept });
        !run.came(at, frame).is_absent()
    }

    fn rule(&mut self, index: usize, frame: &Frame<'_, 'm>, to: &str) -> bool {
        let Some(rule) = self.plan.rules.get(index) else { return false };
        let mut run = self.run();
        let made = run.rule(rule, index, frame);
        let problems = std::mem::take(&mut run.problems).into_error(self.plan.stamp).problems;
        let Used { by, key } = used(&run, rule, frame);
        let constant = matches!(rule.from.as_slice(), [Source::Constant(_)]);
        let (outcome, any) = match (made, by) {
            (Made::Value(value), Some(by)) => (Outcome::Made { value, by }, !constant),
            (Made::Value(value), None) => (Outcome::Default { value }, true),
            (Made::Default(value), _) => (Outcome::Default { value }, false),
            (Made::Absent, _) => (Outcome::Absent, false),
            (Made::Missing(_), _) => (Outcome::Missing, false),
            (Made::Failed, _) => (Outcome::Refused(problems), true),
        };
        let from = places(rule).into_iter().map(|at| looked(&run, at, frame)).collect();
        self.told.rules.push(RuleExplained { rule: index, to: to.to_owned(), from, key, outcome });
        any
    }
}

/// Which alternative gave something, and what was looked up in the value map for it.
#[derive(Default)]
struct Used {
    by: Option<usize>,
    key: Option<String>,
}

fn used<'m>(run: &Run<'_, 'm>, rule: &Rule, frame: &Frame<'_, 'm>) -> Used {
    for (number, source) in rule.from.iter().enumerate() {
        let key = || {
            rule.values.as_ref()?;
            match run.read(source, rule, frame) {
                Ok(Some(Read::Came(came))) => key(came),
                Ok(Some(Read::Made(came))) => key(&came),
                _ => None,
            }
        };
        match run.from(source, rule, frame) {
            Ok(Some(_)) => return Used { by: Some(number), key: key() },
            Ok(None) => {}
            Err(_) => return Used { by: None, key: key() },
        }
    }
    Used::default()
}

/// Every place that a rule may look at, in its order.
fn places(rule: &Rule) -> Vec<Ref> {
    let of = |condition: &Condition| {
        condition.with.iter().flat_map(|(_, places)| places.clone()).collect::<Vec<_>>()
    };
    let mut places = Vec::new();
    for source in &rule.from {
        match source {
            Source::Place(at) => places.push(*at),
            Source::Join { parts, .. } => places.extend(parts),
            Source::Template(pieces) => places.extend(pieces.iter().filter_map(|piece| match piece {
                Piece::Place(at) => Some(*at),
                Piece::Text(_) => None,
            })),
            Source::Expression(condition) => places.extend(of(condition)),
            Source::Constant(_) => {}
        }
    }
    places.extend(rule.beside);
    let default = rule.default.as_ref().and_then(|default| default.when.as_ref());
    places.extend(rule.when.iter().chain(default).flat_map(of));
    places.extend(rule.needed_with);
    let mut once: Vec<Ref> = Vec::new();
    for place in places {
        if !once.contains(&place) {
            once.push(place);
        }
    }
    once
}

fn key(came: &Came<'_>) -> Option<String> {
    came.as_key().map(|key| key.into_owned())
}

fn looked<'m>(run: &Run<'_, 'm>, at: Ref, frame: &Frame<'_, 'm>) -> Looked {
    let came = match run.came(at, frame) {
        Came::Missing => "nothing".to_owned(),
        Came::Null => "null".to_owned(),
        Came::Boolean(boolean) => boolean.to_string(),
        Came::Integer(integer) => integer.to_string(),
        Came::Fraction(fraction) => fraction.to_string(),
        Came::Text(text) => Value::from(text.as_ref()).to_string(),
        Came::Array { items: 1 } => "1 item".to_owned(),
        Came::Array { items } => format!("{items} items"),
        Came::Object => "an object".to_owned(),
    };
    Looked { path: run.path(at, frame), came }
}
