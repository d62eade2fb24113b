use std::collections::BTreeSet;

use serde_json::Value;

use super::sources::{alternatives, conditions};
use super::{Checker, FindingKind};
use crate::contract::{Schema, Type};
use crate::engine::{allows, names_of};
use crate::mapping::file::{DefaultValue, Rule, UnknownValue, ValueMap};
use crate::mapping::path::Place;

impl Checker<'_> {
    /// Every known value of the source has an entry, and every value that is made is allowed.
    pub(super) fn values(&mut self) {
        let file = self.file;
        for refuse in &file.refuse {
            if let (Some(map), Some(place)) =
                (refuse.values.as_ref().and_then(|name| file.values.get(name)), Self::place(&refuse.at))
            {
                self.mapped(&format!("refuse at {}", refuse.at), &[place], map);
            }
        }
        for rule in &file.rule {
            let Some(target) = Self::place(&rule.to).and_then(|to| self.target.at(to.in_schema())) else {
                continue;
            };
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
            let places: Vec<_> =
                alternatives(rule).into_iter().flat_map(|alternative| alternative.places).collect();
            match rule.values.as_ref().and_then(|name| file.values.get(name)) {
                Some(map) => {
                    for value in map.map.values() {
                        self.allowed(rule, target, value, "an entry of its value map");
                    }
                    if let UnknownValue::Default(value) = &map.unknown {
                        self.allowed(rule, target, value, "the default of its value map");
                    }
                    self.mapped(&rule.to, &places, map);
                }
                None => self.passed(rule, target, &places),
            }
        }
    }

    fn allowed(&mut self, rule: &Rule, target: &Schema, value: &Value, what: &str) {
        if let Err(expected) = allows(target, value) {
            let problem = format!("{what} is {value}, and {} wants {expected}", self.file.to);
            self.find(
                FindingKind::ValueNotAllowed,
                &rule.to,
                &rule.to,
                problem,
                "map it to a value that the target knows",
            );
        }
    }

    /// Texts of the values that the source is known to send, in any accepted version.
    fn known_values(&self, places: &[Place]) -> Option<BTreeSet<String>> {
        let mut known = BTreeSet::new();
        for place in places {
            for (_, schema) in self.says(place) {
                let Some(schema) = schema else { continue };
                let values = schema.values.as_ref()?;
                known.extend(values.iter().filter_map(|value| match value {
                    Value::String(text) => Some(text.clone()),
                    Value::Null => None,
                    other => Some(other.to_string()),
                }));
            }
        }
        Some(known)
    }

    fn mapped(&mut self, rule: &str, places: &[Place], map: &ValueMap) {
        let Some(known) = self.known_values(places) else { return };
        let path = places.first().map(ToString::to_string).unwrap_or_default();
        for value in &known {
            let has = map.map.contains_key(value) || map.refuse.contains_key(value);
            if !has && map.unknown == UnknownValue::Park {
                let problem =
                    format!("{} sends {value:?}, and the value map does not know it", self.file.from);
                let mend = format!(
                    "add {value:?} to `map` or `refuse` of the value map, or give it a policy for the unknown"
                );
                self.find(FindingKind::ValueUnmapped, rule, &path, problem, mend);
            }
        }
        for entry in map.map.keys().chain(map.refuse.keys()) {
            if !known.contains(entry) {
                let problem = format!("no accepted version of {} sends {entry:?}", self.file.from);
                self.find(FindingKind::Dead, rule, &path, &problem, "take the entry out of the value map");
                for finding in self.findings.iter_mut().filter(|finding| finding.problem == problem) {
                    finding.value = Some(entry.clone());
                }
            }
        }
    }

    /// Values that go through as they come.
    fn passed(&mut self, rule: &Rule, target: &Schema, places: &[Place]) {
        if target.values.is_none() || places.is_empty() {
            return;
        }
        let path = places.first().map(ToString::to_string).unwrap_or_default();
        let Some(known) = self.known_values(places) else {
            let problem = format!("{} takes certain values only, and any may come", self.file.to);
            self.find(FindingKind::ValueUnmapped, &rule.to, path, problem, "add a value map");
            return;
        };
        for value in known {
            let as_target = if target.types.allow(Type::String) {
                Value::String(value.clone())
            } else {
                serde_json::from_str(&value).unwrap_or(Value::Null)
            };
            if allows(target, &as_target).is_err() {
                let problem =
                    format!("{} sends {value:?}, which {} does not know", self.file.from, self.file.to);
                self.find(FindingKind::ValueNotAllowed, &rule.to, &path, problem, "add a value map");
            }
        }
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
        let names: BTreeSet<_> = super::expressions::sources(file).into_iter().flat_map(names_of).collect();
        for name in file.sets.keys().filter(|name| !names.contains(*name)) {
            let rule = format!("sets.{name}");
            self.find(FindingKind::Dead, &rule, "$", "no expression uses this set", "take it out");
        }
        for (rule, with) in conditions(file) {
            for name in with.keys().filter(|name| !names.contains(*name)) {
                let problem = format!("`with` names {name}, which no expression uses");
                self.find(FindingKind::Dead, rule, "$", problem, "take it out");
            }
        }
    }
}
