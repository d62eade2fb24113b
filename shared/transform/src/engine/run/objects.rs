//! Objects, and what is missing in them.

use message::Code;
use serde_json::{Map, Value};

use super::{Frame, Made, Run};
use crate::engine::came::Came;
use crate::engine::convert::Refused;
use crate::engine::plan::{Out, OutMember, Ref, Source};
use crate::mapping::path::Space;
use crate::problem::Kind;

impl<'p, 'm: 'p> Run<'p, 'm> {
    pub(super) fn make(&mut self, out: &'p Out, frame: &Frame<'_, 'm>) -> Made {
        if self.problems.have_overflowed() {
            return Made::Failed;
        }
        match out {
            Out::Rule(index) => match self.plan.rules.get(*index) {
                Some(rule) => self.rule(rule, *index, frame),
                None => Made::Absent,
            },
            Out::Object { members, required } => self.object(members, *required, frame),
            Out::List(list) => self.list(list, frame),
            Out::Fixed(fixed) => self.fixed(fixed, frame),
        }
    }

    fn object(&mut self, members: &'p [(String, OutMember)], required: bool, frame: &Frame<'_, 'm>) -> Made {
        let (mut object, mut missing, mut failed, mut any) = (Map::new(), Vec::new(), false, required);
        for (name, member) in members {
            match self.make(&member.out, frame) {
                Made::Value(value) => {
                    object.insert(name.clone(), value);
                    // What stands there always says nothing of whether the rest is there.
                    any |= !self.is_constant(&member.out);
                }
                Made::Default(value) => {
                    object.insert(name.clone(), value);
                }
                Made::Absent if member.null => {
                    object.insert(name.clone(), Value::Null);
                }
                Made::Absent => {}
                Made::Missing(rule) if any => {
                    self.missing(rule, frame);
                    failed = true;
                }
                Made::Missing(rule) => missing.push(rule),
                Made::Failed => (failed, any) = (true, true),
            }
        }
        if !any {
            return Made::Absent;
        }
        for rule in &missing {
            self.missing(*rule, frame);
        }
        if failed || !missing.is_empty() { Made::Failed } else { Made::Value(Value::Object(object)) }
    }

    fn is_constant(&self, out: &Out) -> bool {
        let Out::Rule(index) = out else { return false };
        self.plan.rules.get(*index).is_some_and(|rule| matches!(rule.from.as_slice(), [Source::Constant(_)]))
    }

    /// Nothing stands where the rule needs something: told at the outermost place that is not there.
    pub(super) fn missing(&mut self, rule: usize, frame: &Frame<'_, 'm>) {
        let Some(rule) = self.plan.rules.get(rule) else { return };
        let Some(at) = rule.place else {
            let path = format!("$.{}", rule.to);
            self.problems.push(Code::FieldMissing, path, rule.expected.into(), Kind::Missing);
            return;
        };
        let outer = self.outermost_absent(at, frame);
        if outer.node == at.node {
            let empty = matches!(self.came(at, frame), Came::Text(_));
            let expected = if empty { "a string that is not empty" } else { rule.expected };
            self.problem(Refused::new(Code::FieldMissing, expected), at, frame);
            return;
        }
        let code = if self.came(outer, frame).is_absent() { Code::FieldMissing } else { Code::TypeMismatch };
        let expected = self.expected_of(outer);
        self.problem(Refused::new(code, expected), outer, frame);
    }

    pub(super) fn expected_of(&self, at: Ref) -> &'static str {
        match self.plan.payload.node(at.node) {
            Some(node) if node.item.is_some() || !node.indexed.is_empty() => "an array",
            _ => "an object",
        }
    }

    /// Of the places on the way to this one, in its own scope, the outermost that holds nothing.
    pub(super) fn outermost_absent(&self, at: Ref, frame: &Frame<'_, 'm>) -> Ref {
        if at.space != Space::Payload {
            return at;
        }
        let shape = &self.plan.payload;
        let Some(scope) = frame.at(at.depth).map(|frame| frame.scope) else { return at };
        let id = shape.outermost(at.node, |node| {
            let came = scope.came(node.slot);
            let holds = match came {
                Came::Object => !node.members.is_empty(),
                Came::Array { .. } => node.item.is_some() || !node.indexed.is_empty(),
                _ => false,
            };
            node.depth == at.depth && !node.is_leaf() && !holds
        });
        shape.node(id).map_or(at, |node| Ref { node: id, slot: node.slot, ..at })
    }
}
