//! What conditions are given, what they say, and why a message is not gone on with.

use message::Code;
use serde_json::Value;

use super::{Frame, Run};
use crate::engine::came::Came;
use crate::engine::convert::Refused;
use crate::engine::expr;
use crate::engine::plan::{Condition, Ref, Refusal, Unknown, Values};
use crate::mapping::path::Space;

const NULL: &Came<'static> = &Came::Null;

impl<'p, 'm: 'p> Run<'p, 'm> {
    pub(super) fn refusals(&mut self, root: &Frame<'_, 'm>) {
        let plan = self.plan;
        for refusal in &plan.refusals {
            match &refusal.each {
                None => self.refusal(refusal, root),
                Some(list) if !self.is_read_whole(self.list_place(list), root) => {}
                Some(list) => {
                    for (index, scope) in root.items(list).iter().enumerate() {
                        self.refusal(
                            refusal,
                            &Frame { scope, index: Some(index), parent: Some(root), depth: 1 },
                        );
                    }
                }
            }
        }
    }

    pub(crate) fn refusal(&mut self, refusal: &Refusal, frame: &Frame<'_, 'm>) {
        if let Some(values) = &refusal.values {
            let came = self.came(refusal.at, frame);
            if came.is_set(false)
                && let Err(refused) = self.fits(refusal.at, came).and_then(|()| self.known(values, came))
            {
                self.problem(refused, refusal.at, frame);
            }
        }
        if let Some(when) = &refusal.when {
            let refused = match self.holds(when, frame) {
                Ok(false) => return,
                Ok(true) => Refused::new(Code::ValueInvalid, refusal.expected.clone()),
                Err(refused) => refused,
            };
            self.problem(refused, refusal.at, frame);
        }
    }

    /// What the value map has for it; `None` where it passes as it came.
    pub(super) fn known(&self, values: &Values, came: &Came<'_>) -> Result<Option<(Value, bool)>, Refused> {
        let key = came.as_key();
        let key = key.as_deref().unwrap_or_default();
        if let Some(value) = values.map.get(key) {
            return Ok(Some((value.clone(), true)));
        }
        if let Some(expected) = values.refuse.get(key) {
            return Err(Refused::new(Code::ValueInvalid, expected.clone()));
        }
        match &values.unknown {
            Unknown::Park => Err(Refused::new(Code::ValueUnknown, "a value that the value map knows")),
            Unknown::Pass => Ok(None),
            Unknown::Default(value) => Ok(Some((value.clone(), false))),
        }
    }

    /// The first of these places that is set, as the contract has it: an object where a text should be is no null.
    fn given<'r>(&'r self, places: &'r [Ref], frame: &'r Frame<'_, 'm>) -> Result<&'r Came<'r>, Refused> {
        let set = places.iter().map(|at| (*at, self.came(*at, frame))).find(|(_, came)| came.is_set(false));
        let Some((at, came)) = set else { return Ok(NULL) };
        let fits = self.fits(at, came).and_then(|()| expr::fits(came));
        fits.map_err(|refused| Refused { at: Some(at), ..refused })?;
        Ok(came)
    }

    pub(super) fn fits(&self, at: Ref, came: &Came<'_>) -> Result<(), Refused> {
        let Some(node) = self.node(at) else { return Ok(()) };
        if !came.is_one_of(node.types) {
            return Err(Refused::new(Code::TypeMismatch, node.types.expected()));
        }
        if let Some(values) = &node.values
            && came.is_set(false)
            && !came.as_key().is_some_and(|key| values.iter().any(|value| **value == *key))
            && at.space == Space::Payload
        {
            self.news.borrow_mut().insert(at.node);
        }
        Ok(())
    }

    fn all_given<'r>(
        &'r self,
        condition: &'r Condition,
        frame: &'r Frame<'_, 'm>,
    ) -> Result<Vec<(&'r str, &'r Came<'r>)>, Refused> {
        let named = |(name, places): &'r (String, Vec<Ref>)| Ok((name.as_str(), self.given(places, frame)?));
        condition.with.iter().map(named).collect()
    }

    pub(crate) fn holds(&self, condition: &Condition, frame: &Frame<'_, 'm>) -> Result<bool, Refused> {
        let values = self.all_given(condition, frame)?;
        let given = |name: usize| values.get(name).map_or(NULL, |(_, came)| *came);
        if let Some(holds) = condition.native.as_ref().and_then(|native| native.holds(&given)) {
            return Ok(holds);
        }
        self.look_through(condition, &values)?;
        condition.expression.holds(&self.plan.library.with(values))
    }

    fn look_through(&self, condition: &Condition, values: &[(&str, &Came<'_>)]) -> Result<(), Refused> {
        let bytes = |came: &Came<'_>| if let Came::Text(text) = came { text.len() } else { 0 };
        let bytes: usize = values.iter().map(|(_, came)| bytes(came)).sum();
        self.scan(bytes.saturating_mul(condition.times))
    }

    pub(super) fn evaluate(
        &self,
        condition: &Condition,
        frame: &Frame<'_, 'm>,
    ) -> Result<Came<'static>, Refused> {
        let values = self.all_given(condition, frame)?;
        self.look_through(condition, &values)?;
        condition.expression.evaluate(&self.plan.library.with(values))
    }
}
