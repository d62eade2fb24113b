//! Lists, of lists and by number.

use message::Code;
use serde_json::Value;

use super::{Frame, Made, Run};
use crate::contract::{Type, Types};
use crate::engine::came::Came;
use crate::engine::convert::Refused;
use crate::engine::plan::{ListRef, Out, OutFixed, OutList, Ref};
use crate::mapping::path::Space;
use crate::problem::Kind;

impl<'p, 'm: 'p> Run<'p, 'm> {
    pub(super) fn list(&mut self, list: &'p OutList, frame: &Frame<'_, 'm>) -> Made {
        let at = self.list_place(&list.of);
        match self.came(at, frame) {
            Came::Array { .. } => {
                if !self.is_read_whole(at, frame) {
                    return Made::Failed;
                }
            }
            came if came.is_absent() && list.none.is_none() => return Made::Absent,
            came => {
                let code = if came.is_absent() { Code::FieldMissing } else { Code::TypeMismatch };
                self.problem(Refused::new(code, "an array"), at, frame);
                return Made::Failed;
            }
        }
        let (mut made, mut failed) = (Vec::new(), 0);
        for (index, scope) in frame.items(&list.of).iter().enumerate() {
            let inner = Frame { scope, index: Some(index), parent: Some(frame), depth: frame.depth + 1 };
            match self.item(list, &inner) {
                Made::Value(value) | Made::Default(value) => made.push(value),
                Made::Absent => {}
                Made::Missing(rule) => {
                    self.missing(rule, &inner);
                    failed += 1;
                }
                Made::Failed => failed += 1,
            }
            if let Some(most) = list.most.filter(|most| made.len() + failed > *most) {
                return self.too_many(most, at, frame);
            }
            if self.problems.have_overflowed() {
                break;
            }
        }
        if failed > 0 {
            return Made::Failed;
        }
        if let (true, Some(none)) = (made.is_empty(), &list.none) {
            self.problem(Refused::new(Code::ValueInvalid, none.clone()), at, frame);
            return Made::Failed;
        }
        if made.len() < list.least {
            let expected = format!("at least {} items", list.least);
            self.problem(Refused::new(Code::ValueInvalid, expected), at, frame);
            return Made::Failed;
        }
        Made::Value(Value::Array(made))
    }

    /// An item is absent only where the mapping says that it is left out.
    fn item(&mut self, list: &'p OutList, frame: &Frame<'_, 'm>) -> Made {
        match list.keep.as_ref().map_or(Ok(true), |keep| self.holds(keep, frame)) {
            Ok(true) => {}
            Ok(false) => return Made::Absent,
            Err(refused) => {
                self.problem(refused, self.item_place(&list.of), frame);
                return Made::Failed;
            }
        }
        let Out::Rule(index) = &list.item else {
            return self.null_item(list, frame).unwrap_or_else(|| self.make(&list.item, frame));
        };
        match self.make(&list.item, frame) {
            Made::Absent if self.is_left_out(*index, frame) => Made::Absent,
            Made::Absent => self.null_item(list, frame).unwrap_or(Made::Value(Value::Null)),
            made => made,
        }
    }

    fn is_left_out(&self, rule: usize, frame: &Frame<'_, 'm>) -> bool {
        let when = self.plan.rules.get(rule).and_then(|rule| rule.when.as_ref());
        when.is_some_and(|when| self.holds(when, frame) == Ok(false))
    }

    /// Of an item that came as null: null, where both contracts have it so.
    fn null_item(&mut self, list: &OutList, frame: &Frame<'_, 'm>) -> Option<Made> {
        if !matches!(frame.scope.came(0), Came::Null) {
            return None;
        }
        let at = self.item_place(&list.of);
        let types = self.types(at).filter(|types| !types.is_any());
        if list.null && types.is_none_or(|types| types.allow(Type::Null)) {
            return Some(Made::Value(Value::Null));
        }
        let expected = types.map_or_else(|| self.expected_of(at), Types::expected);
        self.problem(Refused::new(Code::FieldMissing, expected), at, frame);
        Some(Made::Failed)
    }

    /// Of a list that has more items than are read none is judged.
    pub(super) fn is_read_whole(&mut self, list: Ref, frame: &Frame<'_, 'm>) -> bool {
        let most = self.plan.payload.node(list.node).map_or(usize::MAX, |node| node.most_items);
        let whole = !matches!(self.came(list, frame), Came::Array { items } if *items > most);
        if !whole {
            self.too_many(most, list, frame);
        }
        whole
    }

    fn too_many(&mut self, most: usize, list: Ref, frame: &Frame<'_, 'm>) -> Made {
        self.problem(Refused::new(Code::LimitExceeded, format!("at most {most} items")), list, frame);
        Made::Failed
    }

    pub(crate) fn list_place(&self, of: &ListRef) -> Ref {
        let slot = self.plan.payload.node(of.node).map_or(0, |node| node.slot);
        Ref { space: Space::Payload, node: of.node, slot, depth: of.depth }
    }

    fn item_place(&self, of: &ListRef) -> Ref {
        let item = self.plan.payload.node(of.node).and_then(|node| node.item).unwrap_or(of.node);
        let slot = self.plan.payload.node(item).map_or(0, |node| node.slot);
        Ref { space: Space::Payload, node: item, slot, depth: of.depth + 1 }
    }

    /// A list by number. Whether an item is there is its own rules' to say.
    pub(super) fn fixed(&mut self, fixed: &'p OutFixed, frame: &Frame<'_, 'm>) -> Made {
        let (mut made, mut failed) = (Vec::with_capacity(fixed.items.len()), false);
        for (index, (_, item)) in fixed.items.iter().enumerate() {
            let value = match self.make(item, frame) {
                Made::Absent => continue,
                Made::Value(Value::Object(members)) if members.is_empty() && index >= fixed.least => continue,
                Made::Value(value) | Made::Default(value) => value,
                Made::Missing(rule) => {
                    self.missing(rule, frame);
                    failed = true;
                    Value::Null
                }
                Made::Failed => {
                    failed = true;
                    Value::Null
                }
            };
            // What is not there keeps its place where something stands behind it.
            for before in made.len()..index {
                if !fixed.null {
                    self.gap(fixed, before, frame);
                    failed = true;
                }
                made.push(Value::Null);
            }
            made.push(value);
        }
        if failed {
            return Made::Failed;
        }
        if made.is_empty() && !fixed.required { Made::Absent } else { Made::Value(Value::Array(made)) }
    }

    /// An item is not made, and one behind it is: told where the first of its rules reads.
    fn gap(&mut self, fixed: &OutFixed, index: usize, frame: &Frame<'_, 'm>) {
        let Some((to, item)) = fixed.items.get(index) else { return };
        let expected = "something, as an item behind it is made";
        match self.first_place(item) {
            Some(at) => {
                let at = self.outermost_absent(at, frame);
                self.problem(Refused::new(Code::FieldMissing, expected), at, frame);
            }
            None => self.problems.push(Code::FieldMissing, to.clone(), expected.into(), Kind::Missing),
        }
    }

    fn first_place(&self, out: &Out) -> Option<Ref> {
        match out {
            Out::Rule(index) => self.plan.rules.get(*index)?.place,
            Out::Object { members, .. } => {
                members.iter().find_map(|(_, member)| self.first_place(&member.out))
            }
            Out::List(list) => Some(self.list_place(&list.of)),
            Out::Fixed(fixed) => fixed.items.iter().find_map(|(_, item)| self.first_place(item)),
        }
    }
}
