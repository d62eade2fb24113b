use std::collections::BTreeSet;

use serde_json::Value;

use super::allowed::disallowed;
use super::sources::conditions;
use super::{Checker, FindingKind};
use crate::contract::{Schema, Type};
use crate::engine::{Came, names_of};
use crate::mapping::file::{DefaultValue, Rule, Source, UnknownValue, ValueMap};
use crate::mapping::path::Place;

impl Checker<'_> {
    /// Every known value of the source has an entry, and every value that is made is allowed.
    pub(super) fn values(&mut self) {
        let file = self.file;
        for refuse in &file.refuse {
            if let (Some(map), Some(place)) =
                (refuse.values.as_ref().and_then(|name| file.values.get(name)), Self::place(&refuse.at))
            {
                self.mapped(&refuse.name(), &[place], map, true);
            }
        }
        for (index, rule) in file.rule.iter().enumerate() {
            let Some(target) = self.target_of(rule) else { continue };
            if let Some(value) = &rule.value {
                self.allowed(rule, target, value, "this constant");
            }
            match &rule.default {
                Some(DefaultValue::Always(value)) => self.allowed(rule, target, value, "the default"),
                Some(DefaultValue::When(default)) => {
                    self.allowed(rule, target, &default.value, "the default")
                }
                None => {}
            }
            let map = rule.values.as_ref().and_then(|name| file.values.get(name));
            if let Some(map) = map {
                for value in map.map.values() {
                    self.allowed(rule, target, value, "an entry of its value map");
                }
                if let UnknownValue::Default(value) = &map.unknown {
                    self.allowed(rule, target, value, "the default of its value map");
                }
                // What is put together or computed is no value of a list, and may be what an entry is for.
                let plain = rule.from.iter().filter_map(|source| match source {
                    Source::Place(text) => Self::place(text),
                    Source::Join { .. } | Source::Template { .. } => None,
                });
                let places: Vec<_> = plain.collect();
                let all = rule.expr.is_none() && places.len() == rule.from.iter().count();
                if !places.is_empty() {
                    self.mapped(&rule.to, &places, map, all);
                }
                self.empty_entries(rule, map);
            }
            if map.is_none_or(|map| map.unknown == UnknownValue::Pass) {
                self.passed(index, rule, target, map);
            }
        }
    }

    fn allowed(&mut self, rule: &Rule, target: &Schema, value: &Value, what: &str) {
        let known = match value {
            Value::String(text) if text.trim() != text || text.chars().any(char::is_control) => {
                Some((String::new(), "text without blanks at its ends and without control characters".into()))
            }
            value => disallowed(target, value),
        };
        if let Some((at, wants)) = known {
            let at =
                if at.is_empty() { String::new() } else { format!(" at {}", at.trim_start_matches('.')) };
            let problem = format!("{what} is {value}, and {} wants {wants}{at}", self.file.to);
            let mend = "map it to a value that the target knows";
            self.find(FindingKind::ValueNotAllowed, &rule.to, &rule.to, problem, mend);
        }
    }

    /// An empty text is nothing.
    fn empty_entries(&mut self, rule: &Rule, map: &ValueMap) {
        let needed = Self::place(&rule.to).is_some_and(|to| self.is_required(&to));
        let instead = matches!(rule.default, Some(DefaultValue::Always(_))) || rule.missing.is_some();
        if needed && !instead && !rule.empty && makes_empty(map) {
            let problem = format!("{} needs it, and its value map makes an empty text", self.file.to);
            let mend = "give the rule a default, or say missing = \"park\"";
            self.find(FindingKind::MayBeMissing, &rule.to, &rule.to, problem, mend);
        }
    }

    /// `all`: nothing but these places is looked up.
    fn mapped(&mut self, rule: &str, places: &[Place], map: &ValueMap, all: bool) {
        let Some(known) = self.known_texts(places) else { return };
        let path = places.first().map(ToString::to_string).unwrap_or_default();
        for value in known.iter().filter(|value| !value.is_empty()) {
            if !map.knows(value) && map.unknown == UnknownValue::Park {
                let problem =
                    format!("{} sends {value:?}, and the value map does not know it", self.file.from);
                let mend = format!(
                    "add {value:?} to `map` or `refuse` of the value map, or give it a policy for the unknown"
                );
                self.find((FindingKind::ValueUnmapped, value.as_str()), rule, &path, problem, mend);
            }
        }
        for entry in map.map.keys().chain(map.refuse.keys()) {
            if all && !known.contains(entry) && entry.trim() == entry {
                let problem = format!("no accepted version of {} sends {entry:?}", self.file.from);
                let mend = "take the entry out of the value map";
                self.find((FindingKind::Dead, entry.as_str()), rule, &path, problem, mend);
            }
        }
    }

    /// Values that go through as they come, or that the value map lets pass.
    fn passed(&mut self, index: usize, rule: &Rule, target: &Schema, map: Option<&ValueMap>) {
        for source in rule.from.iter() {
            let Source::Place(text) = source else {
                // What is put together is no value of a list.
                if target.values.is_some() {
                    self.any_may_come(rule, &rule.to);
                }
                continue;
            };
            let Some(place) = Self::place(text) else { continue };
            let Some(known) = self.known_values(std::slice::from_ref(&place)) else {
                if target.values.is_some() {
                    self.any_may_come(rule, &place);
                }
                continue;
            };
            for value in known {
                let came = Came::from(&value);
                let mapped = |key: &str| map.is_some_and(|map| map.knows(key));
                if came.is_set(rule.empty) && !came.as_key().is_some_and(|key| mapped(&key)) {
                    let told = format!("{} sends", self.file.from);
                    self.converts(index, &came, &told, Some(&place));
                }
            }
        }
    }

    /// A value that is known to come is converted as a message's would be, and held against the target.
    pub(super) fn converts(&mut self, index: usize, came: &Came<'_>, told: &str, path: Option<&Place>) {
        let (Some(rule), Some(compiled)) = (self.file.rule.get(index), self.rules.get(index)) else { return };
        let Some(target) = self.target_of(rule) else { return };
        // What stands beside it is a place's own question.
        let beside = Came::Text("EUR".into());
        let wants = match compiled.conversion.convert(came, Some(&beside), false) {
            Err(refused) if rule.lenient && refused.code == message::Code::ValueInvalid => None,
            Err(refused) => Some((super::types::name(rule.conversion), refused.expected.into_owned())),
            // What a conversion leaves empty is nothing.
            Ok(Value::String(text)) if text.is_empty() && !rule.empty => None,
            Ok(value) => disallowed(target, &value).map(|(_, wants)| (self.file.to.clone(), wants)),
        };
        if let Some((who, wants)) = wants {
            let key = came.as_key().unwrap_or_default();
            let path = path.map_or_else(|| rule.to.clone(), ToString::to_string);
            let problem = format!("{told} {key:?}, and {who} wants {wants}");
            let what = (FindingKind::ValueNotAllowed, key.as_ref());
            self.find(what, &rule.to, path, problem, "add a value map");
        }
    }

    pub(super) fn any_may_come(&mut self, rule: &Rule, path: impl std::fmt::Display) {
        let problem = format!("{} takes certain values only, and any may come", self.file.to);
        self.find(FindingKind::ValueUnmapped, &rule.to, path, problem, "add a value map");
    }

    /// Texts of the values that the source is known to send, in any accepted version; `None` where any may come.
    pub(super) fn known_texts(&self, places: &[Place]) -> Option<BTreeSet<String>> {
        let known = self.known_values(places)?;
        Some(known.iter().filter_map(|value| Came::from(value).as_key().map(Into::into)).collect())
    }

    pub(super) fn known_values(&self, places: &[Place]) -> Option<Vec<Value>> {
        let mut known: Vec<Value> = Vec::new();
        for place in places {
            for (_, schema) in self.says(place) {
                for value in schema.map_or(Some([].as_slice()), values_of)? {
                    if !value.is_null() && !known.contains(value) {
                        known.push(value.clone());
                    }
                }
            }
        }
        Some(known)
    }

    /// Value maps and sets that nobody uses.
    pub(super) fn unused(&mut self) {
        let file = self.file;
        let used: BTreeSet<_> = file
            .rule
            .iter()
            .filter_map(|rule| rule.values.as_deref())
            .chain(file.refuse.iter().filter_map(|refuse| refuse.values.as_deref()))
            .collect();
        for name in file.values.keys().filter(|name| !used.contains(name.as_str())) {
            let rule = format!("values.{name}");
            self.find(
                FindingKind::Dead,
                &rule,
                "$",
                "no rule uses this value map",
                "take it out, or name it in a rule",
            );
        }
        for (name, map) in &file.values {
            let empty = file.rule.iter().any(|rule| rule.empty && rule.values.as_ref() == Some(name));
            for entry in map.map.keys().chain(map.refuse.keys()) {
                if entry.trim() != entry || (entry.is_empty() && !empty) {
                    let (rule, problem) = (format!("values.{name}"), format!("{entry:?} is never looked up"));
                    let mend = "values are looked up without white space at their ends";
                    self.find((FindingKind::Dead, entry.as_str()), &rule, "$", problem, mend);
                }
            }
        }
        let names: BTreeSet<_> = super::expressions::sources(file).into_iter().flat_map(names_of).collect();
        for name in file.sets.keys().filter(|name| !names.contains(*name)) {
            let rule = format!("sets.{name}");
            self.find(FindingKind::Dead, &rule, "$", "no expression uses this set", "take it out");
        }
        for (rule, with) in conditions(file) {
            for name in with.keys().filter(|name| !names.contains(*name)) {
                let problem = format!("`with` names {name}, which no expression uses");
                self.find(FindingKind::Dead, &rule, "$", problem, "take it out");
            }
        }
    }
}

/// The values that a place may have, where that can be said.
fn values_of(schema: &Schema) -> Option<&[Value]> {
    const BOOLEANS: &[Value] = &[Value::Bool(false), Value::Bool(true)];
    let boolean = schema.types.of_values().eq([Type::Boolean]);
    schema.values.as_deref().or(boolean.then_some(BOOLEANS))
}

/// Whether an entry of the value map makes an empty text.
pub(super) fn makes_empty(map: &ValueMap) -> bool {
    let unknown = if let UnknownValue::Default(value) = &map.unknown { Some(value) } else { None };
    map.map.values().chain(unknown).any(|value| value.as_str().is_some_and(str::is_empty))
}
