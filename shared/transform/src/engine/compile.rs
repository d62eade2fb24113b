use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::tz::Offset;
use serde_json::Value;
use thiserror::Error;

use super::capture::{Noticed, Scope};
use super::checks::Checks;
use super::convert::{Conversion, TimeFormat};
use super::expr::{Expression, Library};
use super::pattern::Pattern;
use super::plan::{
    Condition, Default_, ListRef, Out, OutFixed, OutList, OutMember, Piece, Plan, Ref, Refusal, Rule, Source,
    Unknown, Values,
};
use super::shape::Shape;
use crate::contract::{ContractId, Contracts, Schema};
use crate::mapping::file::{
    ConversionName, DefaultValue, ListRule, MappingFile, Rule as RuleText, Source as SourceText,
    UnknownValue, ValueMap, With,
};
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
            let name = format!("refuse at {}", refuse.at);
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
        Ok(Condition { expression, native, with: with.collect::<Compiled<_>>()? })
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

    fn rule(&self, text: &RuleText, to: &Place) -> Compiled<Rule> {
        let name = text.to.as_str();
        let lists = self.lists(to, name)?;
        let Some(schema) = self.target.at(to.in_schema()) else {
            return Err(self.wrong(name, format!("{} has no such place", self.file.to)));
        };
        let mut from = Vec::new();
        for source in text.from.iter() {
            from.push(self.source(source, name, &lists)?);
        }
        if let Some(expr) = &text.expr {
            from.push(Source::Expression(self.expression(expr, &text.with, name, &lists)?));
        }
        from.extend(text.value.clone().map(Source::Constant));
        let place = self.always_sent(text).and_then(|place| self.read(place, name, &lists).ok());
        let place = place.or_else(|| from.iter().find_map(first_place));
        let default = text.default.as_ref().map(|default| match default {
            DefaultValue::Always(value) => Ok(Default_ { value: value.clone(), when: None }),
            DefaultValue::When(default) => Ok(Default_ {
                value: default.value.clone(),
                when: self.condition(default.when.as_deref(), &default.with, name, &lists)?,
            }),
        });
        let beside = text.currency.as_deref().map(|place| self.read(place, name, &lists)).transpose()?;
        Ok(Rule {
            to: text.to.clone(),
            from,
            conversion: self.conversion(text)?,
            beside,
            empty: text.empty,
            lenient: text.lenient,
            values: text.values.as_deref().map(|map| self.value_map(map, name)).transpose()?,
            default: default.transpose()?,
            when: self.condition(text.when.as_deref(), &text.with, name, &lists)?,
            required: self.required(to) && !schema.nullable(),
            needed_with: text.needed_with.as_deref().map(|at| self.read(at, name, &lists)).transpose()?,
            checks: Checks::of(
                match text.conversion {
                    ConversionName::Money | ConversionName::MinorMoney => {
                        schema.member("minor").unwrap_or(schema)
                    }
                    _ => schema,
                },
                is_shaped(text.conversion),
            )
            .map_err(|problem| self.wrong(name, problem))?,
            place,
            expected: expected(text.conversion),
        })
    }

    /// Of the places that a rule reads, one that every message should have: if all of them are empty, that is the wrong one.
    fn always_sent<'t>(&self, text: &'t RuleText) -> Option<&'t str> {
        let places = text.from.iter().filter_map(|source| match source {
            SourceText::Place(place) => Some(place.as_str()),
            _ => None,
        });
        places.into_iter().find(|text| {
            let Ok(place) = Place::parse(text) else { return false };
            let Some((Step::Name(name), above)) = place.steps.split_last() else { return false };
            let above = Place { space: place.space, steps: above.to_vec() };
            let required = |schema: &&Schema| {
                schema.at(above.in_schema()).is_some_and(|schema| schema.required.contains(name))
            };
            place.space == Space::Payload && self.sources.iter().all(required)
        })
    }

    /// Whether the object or the list that holds the place cannot do without it.
    fn required(&self, to: &Place) -> bool {
        let Some((last, above)) = to.steps.split_last() else { return true };
        let above = Place { space: to.space, steps: above.to_vec() };
        let holder = self.target.at(above.in_schema());
        match last {
            Step::Name(name) => holder.is_some_and(|schema| schema.required.contains(name)),
            Step::Each => true,
            Step::Index(index) => holder.is_some_and(|schema| *index < least_items(schema)),
        }
    }

    fn source(&self, source: &SourceText, rule: &str, lists: &[Vec<Step>]) -> Compiled<Source> {
        Ok(match source {
            SourceText::Place(place) => Source::Place(self.read(place, rule, lists)?),
            SourceText::Join { join, by } => {
                let parts = join.iter().map(|place| self.read(place, rule, lists));
                Source::Join { parts: parts.collect::<Compiled<_>>()?, by: by.clone() }
            }
            SourceText::Template { template } => {
                let mut pieces = Vec::new();
                for piece in
                    crate::mapping::template(template).map_err(|problem| self.wrong(rule, problem))?
                {
                    pieces.push(match piece {
                        Ok(text) => Piece::Text(text.to_owned()),
                        Err(place) => Piece::Place(self.read(place, rule, lists)?),
                    });
                }
                Source::Template(pieces)
            }
        })
    }

    fn conversion(&self, text: &RuleText) -> Compiled<Conversion> {
        let wrong = |problem: String| self.wrong(&text.to, problem);
        let needs = |what: &str, is: bool| {
            if is { Ok(()) } else { Err(self.wrong(&text.to, format!("{what} is needed"))) }
        };
        Ok(match text.conversion {
            ConversionName::String => Conversion::String {
                pattern: match &text.pattern {
                    None => None,
                    Some(pattern) => {
                        let parsed = Pattern::parse(pattern).map_err(|error| wrong(error.to_string()))?;
                        let expected =
                            text.expected.clone().unwrap_or_else(|| format!("text like {pattern}"));
                        Some((parsed, expected.into()))
                    }
                },
            },
            ConversionName::Id => Conversion::Id,
            ConversionName::Integer => Conversion::Integer,
            ConversionName::Decimal => Conversion::Decimal,
            ConversionName::Money | ConversionName::MinorMoney => {
                needs("`currency`", text.currency.is_some())?;
                Conversion::Money { minor: text.conversion == ConversionName::MinorMoney }
            }
            ConversionName::Amount => {
                needs("`currency`", text.currency.is_some())?;
                Conversion::Amount
            }
            ConversionName::Instant => Conversion::Instant(self.formats(text)?),
            ConversionName::Date => Conversion::Date(self.formats(text)?),
            ConversionName::Country => Conversion::Country,
            ConversionName::Subdivision => Conversion::Subdivision,
            ConversionName::Currency => Conversion::Currency,
            ConversionName::Boolean => Conversion::Boolean {
                yes: text.yes.clone().unwrap_or_default(),
                no: text.no.clone().unwrap_or_default(),
            },
            ConversionName::Email => Conversion::Email,
            ConversionName::Unit => {
                let unit = text.unit.as_deref().unwrap_or_default();
                let (times, by) = unit
                    .split_once("->")
                    .and_then(|(from, to)| factor(from.trim(), to.trim()))
                    .ok_or_else(|| {
                        wrong(format!("unit {unit:?}: expected two units of one kind, such as \"g -> kg\""))
                    })?;
                Conversion::Unit(times, by)
            }
        })
    }

    fn formats(&self, text: &RuleText) -> Compiled<Vec<TimeFormat>> {
        let offset = match &text.offset {
            None => None,
            Some(offset) => Some(parse_offset(offset).ok_or_else(|| {
                self.wrong(&text.to, format!("offset {offset:?}: expected one such as \"+01:00\""))
            })?),
        };
        let format = |name: &String| match name.as_str() {
            "rfc3339" => Ok(TimeFormat::Rfc3339),
            "rfc2822" => Ok(TimeFormat::Rfc2822),
            "unix-seconds" => Ok(TimeFormat::UnixSeconds),
            "unix-milliseconds" => Ok(TimeFormat::UnixMilliseconds),
            pattern if pattern.contains('%') => {
                // A text that names its offset needs none of ours.
                let offset = offset.filter(|_| !pattern.contains("%z") && !pattern.contains("%:z"));
                Ok(TimeFormat::Pattern(pattern.to_owned(), offset))
            }
            other => Err(self.wrong(&text.to, format!("{other:?} is no format of times"))),
        };
        if text.formats.is_empty() {
            return Ok(vec![TimeFormat::Rfc3339]);
        }
        text.formats.iter().map(format).collect()
    }

    fn out(&self, tree: &Tree, schema: &Schema, at: &mut Vec<Step>, required: bool) -> Compiled<Out> {
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
                Out::List(Box::new(OutList { of, keep, none: list.none.clone(), most, null, item }))
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

fn least_items(schema: &Schema) -> usize {
    schema.min_items.and_then(|least| usize::try_from(least).ok()).unwrap_or(0)
}

/// What the rules make, by the target's members.
#[derive(Debug)]
enum Tree {
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
    fn insert(&mut self, steps: &[Step], rule: usize) -> Result<(), String> {
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

    fn has_list(&self, items: &[Step]) -> bool {
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

fn first_place(source: &Source) -> Option<Ref> {
    match source {
        Source::Place(at) => Some(*at),
        Source::Join { parts, .. } => parts.first().copied(),
        Source::Template(pieces) => pieces.iter().find_map(|piece| match piece {
            Piece::Place(at) => Some(*at),
            Piece::Text(_) => None,
        }),
        Source::Expression(condition) => {
            condition.with.iter().find_map(|(_, places)| places.first().copied())
        }
        Source::Constant(_) => None,
    }
}

/// Whether what the conversion makes has one form, whatever came: then the contract's pattern is not held.
const fn is_shaped(conversion: ConversionName) -> bool {
    use ConversionName as As;
    !matches!(conversion, As::String | As::Id | As::Decimal | As::Subdivision)
}

const fn expected(conversion: ConversionName) -> &'static str {
    match conversion {
        ConversionName::Integer => "an integer",
        ConversionName::Id => "an integer of at most 64 bits, or a string",
        ConversionName::MinorMoney | ConversionName::Amount => "an integer of minor units",
        ConversionName::Boolean => "a boolean",
        ConversionName::Unit => "a number",
        _ => "a string",
    }
}

/// Times, by: within mass, and within length.
fn factor(from: &str, to: &str) -> Option<(i128, i128)> {
    const MASS: &[(&str, i128)] = &[("mg", 1), ("g", 1_000), ("kg", 1_000_000), ("t", 1_000_000_000)];
    const MASS_US: &[(&str, i128)] = &[("oz", 1), ("lb", 16)];
    const LENGTH: &[(&str, i128)] = &[("mm", 1), ("cm", 10), ("m", 1_000)];
    const LENGTH_US: &[(&str, i128)] = &[("in", 1), ("ft", 12)];
    const TIME: &[(&str, i128)] = &[("s", 1), ("min", 60), ("h", 3_600)];
    [MASS, MASS_US, LENGTH, LENGTH_US, TIME].iter().find_map(|kind| {
        let of = |unit: &str| kind.iter().find(|(name, _)| *name == unit).map(|(_, size)| *size);
        Some((of(from)?, of(to)?))
    })
}

/// `+01:00`, `-05:30`, `Z`.
fn parse_offset(text: &str) -> Option<Offset> {
    if matches!(text, "Z" | "UTC") {
        return Some(Offset::UTC);
    }
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    if !(0..=59).contains(&minutes) {
        return None;
    }
    Offset::from_seconds(sign * (hours * 3_600 + minutes * 60)).ok()
}

fn empty() -> Shape {
    Shape { nodes: Vec::new(), scopes: Vec::new() }
}

/// A deserializer whose texts live as long as the plan.
fn owned(value: &Value) -> Value {
    value.clone()
}
