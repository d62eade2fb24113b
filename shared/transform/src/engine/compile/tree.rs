//! What the rules make together.

use super::{Compiled, Compiler};
use crate::contract::Schema;
use crate::engine::plan::{Out, OutFixed, OutList, OutMember};
use crate::mapping::path::{Place, Space, Step};

/// What the rules make, by the target's members.
#[derive(Debug)]
pub(super) enum Tree {
    Rule(usize),
    Object(Vec<(String, Tree)>),
    List(Box<Tree>),
    Fixed(Vec<Tree>),
}

impl Default for Tree {
    fn default() -> Self {
        Self::Object(Vec::new())
    }
}

impl Tree {
    pub(super) fn insert(&mut self, steps: &[Step], rule: usize) -> Result<(), String> {
        let Some((step, rest)) = steps.split_first() else { return Err("two rules make it".to_owned()) };
        let below = |rest: &[Step]| match rest.first() {
            None => Self::Rule(rule),
            Some(Step::Name(_)) => Self::Object(Vec::new()),
            Some(Step::Each) => Self::List(Box::new(match rest.get(1) {
                None => Self::Rule(rule),
                Some(_) => Self::Object(Vec::new()),
            })),
            Some(Step::Index(_)) => Self::Fixed(Vec::new()),
        };
        match (self, step) {
            (Self::Object(members), Step::Name(name)) => {
                match members.iter_mut().find(|(known, _)| known == name) {
                    Some((_, member)) => return member.insert(rest, rule),
                    None => members.push((name.clone(), below(rest))),
                }
                match (members.last_mut(), rest.is_empty()) {
                    (Some((_, member)), false) => member.insert(rest, rule),
                    _ => Ok(()),
                }
            }
            (Self::List(item), Step::Each) => match (&**item, rest.is_empty()) {
                (Self::Rule(own), true) if *own == rule => Ok(()),
                _ => item.insert(rest, rule),
            },
            (Self::Fixed(items), Step::Index(index)) => {
                if *index > items.len() {
                    return Err(format!("the item before [{index}] is not made"));
                }
                if *index == items.len() {
                    items.push(below(rest));
                    if rest.is_empty() {
                        return Ok(());
                    }
                }
                items.get_mut(*index).map_or(Ok(()), |item| item.insert(rest, rule))
            }
            _ => Err("another rule makes something else of the same place".to_owned()),
        }
    }

    pub(super) fn has_list(&self, items: &[Step]) -> bool {
        let Some((step, rest)) = items.split_first() else { return true };
        match (self, step) {
            (Self::Object(members), Step::Name(name)) => {
                members.iter().any(|(known, member)| known == name && member.has_list(rest))
            }
            (Self::List(item), Step::Each) => item.has_list(rest),
            (Self::Fixed(items), Step::Index(index)) => items.get(*index).is_some_and(|it| it.has_list(rest)),
            _ => false,
        }
    }
}

impl Compiler<'_> {
    pub(super) fn out(
        &self,
        tree: &Tree,
        schema: &Schema,
        at: &mut Vec<Step>,
        required: bool,
    ) -> Compiled<Out> {
        Ok(match tree {
            Tree::Rule(index) => Out::Rule(*index),
            Tree::Object(members) => {
                let mut made = Vec::new();
                for (name, below) in members {
                    let blank = Schema::default();
                    let member = schema.member(name).unwrap_or(&blank);
                    let needed = schema.required.contains(name);
                    at.push(Step::Name(name.clone()));
                    let out = self.out(below, member, at, needed && !member.nullable())?;
                    at.pop();
                    made.push((name.clone(), OutMember { out, null: needed && member.nullable() }));
                }
                Out::Object { members: made, required }
            }
            Tree::List(item) => {
                at.push(Step::Each);
                let place = Place { space: Space::Payload, steps: at.clone() };
                let name = place.to_string();
                let list = self.list(at, &name)?;
                let lists = self.lists(&place, &name)?;
                let of = self.list_ref(lists.last().map_or(&[], Vec::as_slice), &name)?;
                let keep = self.condition(list.when.as_deref(), &list.with, &name, &lists)?;
                let blank = Schema::default();
                let of_items = schema.items.as_deref().unwrap_or(&blank);
                let item = self.out(item, of_items, at, true)?;
                at.pop();
                let most = schema.max_items.and_then(|most| usize::try_from(most).ok());
                let null = of_items.nullable();
                Out::List(Box::new(OutList {
                    least: least_items(schema),
                    of,
                    keep,
                    none: list.none.clone(),
                    most,
                    null,
                    item,
                }))
            }
            Tree::Fixed(items) => {
                let blank = Schema::default();
                let of_items = schema.items.as_deref().unwrap_or(&blank);
                let (mut made, least) = (Vec::new(), least_items(schema));
                for (index, item) in items.iter().enumerate() {
                    at.push(Step::Index(index));
                    let place = Place { space: Space::Payload, steps: at.clone() };
                    let always = index < least || self.is_constant(item);
                    made.push((place.to_string(), self.out(item, of_items, at, always)?));
                    at.pop();
                }
                Out::Fixed(OutFixed { items: made, least, null: of_items.nullable(), required })
            }
        })
    }

    /// Whether nothing of a message goes into it.
    fn is_constant(&self, tree: &Tree) -> bool {
        match tree {
            Tree::Rule(index) => self
                .file
                .rule
                .get(*index)
                .is_some_and(|rule| rule.expr.is_none() && rule.from.iter().next().is_none()),
            Tree::Object(members) => members.iter().all(|(_, member)| self.is_constant(member)),
            Tree::List(_) => false,
            Tree::Fixed(items) => items.iter().all(|item| self.is_constant(item)),
        }
    }
}

pub(super) fn least_items(schema: &Schema) -> usize {
    schema.min_items.and_then(|least| usize::try_from(least).ok()).unwrap_or(0)
}
