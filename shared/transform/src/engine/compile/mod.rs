//! A mapping's file and its contracts, made into a plan.

mod conversions;
mod rules;
mod tree;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use thiserror::Error;

use self::tree::Tree;
use super::capture::{Noticed, Scope};
use super::expr::{Expression, Library};
use super::plan::{Condition, ListRef, Plan, Ref, Refusal, Unknown, Values};
use super::shape::Shape;
use crate::contract::{ContractId, Contracts, Schema};
use crate::mapping::file::{ListRule, MappingFile, UnknownValue, ValueMap, With};
use crate::mapping::path::{Place, Space, Step};
use crate::mapping::{ENVELOPE, places};

/// Why a mapping cannot be used.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("mapping {mapping}, {rule}: {problem}")]
pub struct CompileError {
    pub mapping: String,
    /// What the rule makes, or which part it is.
    pub rule: String,
    pub problem: String,
}

impl Plan {
    /// `settings` is what `@settings` reads.
    pub fn compile(
        file: &MappingFile,
        stamp: &'static str,
        contracts: &Contracts,
        settings: &Value,
    ) -> Result<Self, CompileError> {
        Compiler::new(file, contracts)?.plan(stamp, settings)
    }
}

struct Compiler<'f> {
    file: &'f MappingFile,
    sources: Vec<&'f Schema>,
    target: &'f Schema,
    payload: Shape,
    envelope: Shape,
    settings: Shape,
    values: BTreeMap<&'f str, Arc<Values>>,
}

/// Places that are watched for whether they go on coming: a bit each.
const MOST_WATCHED: usize = 128;

type Compiled<T> = Result<T, CompileError>;

impl<'f> Compiler<'f> {
    fn new(file: &'f MappingFile, contracts: &'f Contracts) -> Compiled<Self> {
        let wrong =
            |rule: &str, problem: String| CompileError { mapping: file.id(), rule: rule.to_owned(), problem };
        let contract = |id: &ContractId| {
            contracts.get(id).ok_or_else(|| wrong("contracts", format!("there is no contract {id}")))
        };
        let sources: Vec<&Schema> = file
            .accepts
            .iter()
            .map(|version| contract(&ContractId::new(&file.from, version)))
            .collect::<Compiled<_>>()?;
        let target = ContractId::parse(&file.to)
            .ok_or_else(|| wrong("to", format!("{}: expected <system>.<entity>@<version>", file.to)))?;
        let read = places(file).map_err(|(rule, problem)| wrong(&rule, problem))?;
        let shape = |space, root: &str, schemas: &[&Schema]| {
            let places: Vec<_> = read.iter().filter(|place| place.space == space).cloned().collect();
            Shape::of(root, &places, schemas).map_err(|problem| wrong("places", problem))
        };
        let envelope = ContractId::parse(ENVELOPE).and_then(|id| contracts.get(&id));
        let settings =
            match &file.settings {
                Some(id) => Some(contract(&ContractId::parse(id).ok_or_else(|| {
                    wrong("settings", format!("{id}: expected <system>.<entity>@<version>"))
                })?)?),
                None => None,
            };
        Ok(Self {
            file,
            target: contract(&target)?,
            payload: shape(Space::Payload, "$", &sources)?,
            sources,
            envelope: shape(Space::Envelope, "@envelope", &Vec::from_iter(envelope))?,
            settings: shape(Space::Settings, "@settings", &Vec::from_iter(settings))?,
            values: file.values.iter().map(|(name, map)| (name.as_str(), Arc::new(values(map)))).collect(),
        })
    }

    fn plan(mut self, stamp: &'static str, settings: &Value) -> Compiled<Plan> {
        let file = self.file;
        let (mut rules, mut tree) = (Vec::new(), Tree::default());
        for text in &file.rule {
            let to = self.place(&text.to, &text.to)?;
            rules.push(self.rule(text, &to)?);
            tree.insert(&to.steps, rules.len() - 1).map_err(|problem| self.wrong(&text.to, problem))?;
        }
        for list in &file.list {
            let to = self.place(&list.to, &list.to)?;
            if !tree.has_list(&to.steps) {
                return Err(self.wrong(&list.to, "no rule makes anything of its items".to_owned()));
            }
        }
        let out = self.out(&tree, self.target, &mut Vec::new(), true)?;
        let refusals = file.refuse.iter().map(|refuse| {
            let name = refuse.name();
            let place = self.place(&refuse.at, &name)?;
            let lists: Vec<_> = place.lists().map(<[Step]>::to_vec).collect();
            if lists.len() > 1 {
                return Err(self.wrong(&name, "a place in a list of a list cannot be refused".to_owned()));
            }
            Ok(Refusal {
                at: self.read(&refuse.at, &name, &lists)?,
                when: self.condition(refuse.when.as_deref(), &refuse.with, &name, &lists)?,
                values: refuse.values.as_deref().map(|map| self.value_map(map, &name)).transpose()?,
                expected: refuse.expected.clone().unwrap_or_default(),
                each: lists.first().map(|steps| self.list_ref(steps, &name)).transpose()?,
            })
        });
        let refusals = refusals.collect::<Compiled<Vec<_>>>()?;
        let version_at = file.version_at.as_deref().map(|at| self.read(at, "version_at", &[])).transpose()?;
        let settings_came = Scope::capture(&self.settings, owned(settings), &mut Noticed::default())
            .map_err(|error| self.wrong("settings", error.to_string()))?;
        let watched = self.watched();
        Ok(Plan {
            stamp,
            accepts: file.accepts.clone(),
            version_at,
            payload: std::mem::replace(&mut self.payload, empty()),
            envelope: std::mem::replace(&mut self.envelope, empty()),
            settings: std::mem::replace(&mut self.settings, empty()),
            settings_came,
            watched,
            library: Library::new(&file.sets),
            refusals,
            rules,
            out,
        })
    }

    fn watched(&self) -> Vec<(u16, String)> {
        let outside_lists = self.payload.nodes.iter().filter(|node| node.depth == 0 && node.is_leaf());
        let paths = outside_lists.map(|node| (node.slot, node.path_at(&[])));
        paths.skip(usize::from(self.payload.nodes.len() == 1)).take(MOST_WATCHED).collect()
    }

    fn wrong(&self, rule: &str, problem: String) -> CompileError {
        CompileError { mapping: self.file.id(), rule: rule.to_owned(), problem }
    }

    fn place(&self, text: &str, rule: &str) -> Compiled<Place> {
        Place::parse(text).map_err(|problem| self.wrong(rule, problem))
    }

    /// A place that is read where these lists' items are at hand.
    fn read(&self, text: &str, rule: &str, lists: &[Vec<Step>]) -> Compiled<Ref> {
        let place = self.place(text, rule)?;
        let shape = match place.space {
            Space::Payload => &self.payload,
            Space::Envelope => &self.envelope,
            Space::Settings => &self.settings,
        };
        for (index, list) in place.lists().enumerate() {
            let open = lists.get(index).is_some_and(|open| open.as_slice() == list);
            if !open || place.space != Space::Payload {
                return Err(self.wrong(rule, format!("{text} is in a list that is not at hand here")));
            }
        }
        let found = shape.find(&place).and_then(|id| Some((id, shape.node(id)?)));
        let Some((id, node)) = found else { return Err(self.wrong(rule, format!("{text} is not read"))) };
        Ok(Ref { space: place.space, node: id, slot: node.slot, depth: node.depth })
    }

    fn list_ref(&self, items: &[Step], rule: &str) -> Compiled<ListRef> {
        let steps = items.split_last().map(|(_, list)| list.to_vec()).unwrap_or_default();
        let place = Place { space: Space::Payload, steps };
        let found = self.payload.find(&place).and_then(|id| Some((id, self.payload.node(id)?)));
        let Some((id, node)) = found else { return Err(self.wrong(rule, format!("{place} is not read"))) };
        Ok(ListRef { node: id, depth: node.depth, list: node.list })
    }

    /// The lists of the source whose items are at hand where this place of the target is made.
    fn lists(&self, to: &Place, rule: &str) -> Compiled<Vec<Vec<Step>>> {
        to.lists().map(|items| Ok(self.place(&self.list(items, rule)?.from, rule)?.steps)).collect()
    }

    fn list(&self, items: &[Step], rule: &str) -> Compiled<&'f ListRule> {
        let found =
            self.file.list.iter().find(|list| Place::parse(&list.to).is_ok_and(|place| place.steps == items));
        found.ok_or_else(|| {
            let place = Place { space: Space::Payload, steps: items.to_vec() };
            self.wrong(rule, format!("no [[list]] says what {place} is made of"))
        })
    }

    fn value_map(&self, name: &str, rule: &str) -> Compiled<Arc<Values>> {
        let map = self.values.get(name).cloned();
        map.ok_or_else(|| self.wrong(rule, format!("there is no [values.{name}]")))
    }

    fn expression(&self, source: &str, with: &With, rule: &str, lists: &[Vec<Step>]) -> Compiled<Condition> {
        let expression = Expression::parse(source).map_err(|problem| self.wrong(rule, problem))?;
        let known = |name: &String| with.contains_key(name) || self.file.sets.contains_key(name);
        if let Some(name) = expression.names().iter().find(|name| !known(name)) {
            return Err(self.wrong(rule, format!("{source}: {name} stands neither in `with` nor in [sets]")));
        }
        let names: Vec<_> = with.keys().map(String::as_str).collect();
        let native = expression.native(&names, &self.file.sets);
        let with = with.iter().map(|(name, places)| {
            let places = places.iter().map(|place| self.read(place, rule, lists));
            Ok((name.clone(), places.collect::<Compiled<Vec<_>>>()?))
        });
        let times = expression.times(&self.file.sets);
        Ok(Condition { expression, native, times, with: with.collect::<Compiled<_>>()? })
    }

    fn condition(
        &self,
        when: Option<&str>,
        with: &With,
        rule: &str,
        lists: &[Vec<Step>],
    ) -> Compiled<Option<Condition>> {
        when.map(|when| self.expression(when, with, rule, lists)).transpose()
    }
}

fn values(map: &ValueMap) -> Values {
    Values {
        map: map.map.clone(),
        refuse: map.refuse.clone(),
        unknown: match &map.unknown {
            UnknownValue::Park => Unknown::Park,
            UnknownValue::Pass => Unknown::Pass,
            UnknownValue::Default(value) => Unknown::Default(value.clone()),
        },
    }
}

fn empty() -> Shape {
    Shape { nodes: Vec::new(), scopes: Vec::new() }
}

/// A deserializer whose texts live as long as the plan.
fn owned(value: &Value) -> Value {
    value.clone()
}
