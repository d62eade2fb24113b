use serde_json::Value;

use super::{Checker, FindingKind};
use crate::contract::Type;
use crate::engine::Came;
use crate::mapping::file::{DefaultValue, ListRule, MappingFile, Rule, Source, With};
use crate::mapping::path::{Place, Step};
use crate::mapping::template;

/// Places of one alternative: all of a template's, some of a join's.
pub(super) struct Alternative {
    pub(super) places: Vec<Place>,
    pub(super) all: bool,
}

/// The alternatives that a rule reads, in its order; of its expression, each name.
pub(super) fn alternatives(rule: &Rule) -> Vec<Alternative> {
    let mut alternatives = read(rule);
    if rule.expr.is_some() {
        for places in rule.with.values() {
            let places = places.iter().filter_map(|place| Place::parse(place).ok());
            alternatives.push(Alternative { places: places.collect(), all: false });
        }
    }
    alternatives
}

/// The alternatives of its `from`.
pub(super) fn read(rule: &Rule) -> Vec<Alternative> {
    let parse = |texts: &[String]| texts.iter().filter_map(|text| Place::parse(text).ok()).collect();
    rule.from
        .iter()
        .map(|source| match source {
            Source::Place(place) => Alternative { places: parse(std::slice::from_ref(place)), all: true },
            Source::Join { join, .. } => Alternative { places: parse(join), all: false },
            Source::Template { template: text } => {
                let places = template(text).unwrap_or_default().into_iter().filter_map(Result::err);
                Alternative {
                    places: places.filter_map(|place| Place::parse(place).ok()).collect(),
                    all: true,
                }
            }
        })
        .collect()
}

/// Every `with` of the file, with the rule that it belongs to.
pub(super) fn conditions(file: &MappingFile) -> Vec<(String, &With)> {
    let lists = file.list.iter().map(|list| (list.to.clone(), &list.with));
    let refusals = file.refuse.iter().map(|refuse| (refuse.name(), &refuse.with));
    let rules = file.rule.iter().filter(|rule| rule.when.is_some()).map(|rule| (rule.to.clone(), &rule.with));
    let defaults = file.rule.iter().filter_map(|rule| match &rule.default {
        Some(DefaultValue::When(default)) => Some((rule.to.clone(), &default.with)),
        _ => None,
    });
    lists.chain(refusals).chain(rules).chain(defaults).collect()
}

impl Checker<'_> {
    /// Every place that is read exists in every accepted version; of alternatives one does.
    pub(super) fn sources(&mut self) {
        let file = self.file;
        for rule in &file.rule {
            let alternatives = alternatives(rule);
            if alternatives.is_empty() {
                continue;
            }
            for alternative in &alternatives {
                self.some_version(&rule.to, &alternative.places, alternative.all);
            }
            // Each name of an expression needs a place; of a rule's own places one is enough.
            match rule.expr {
                None => self.each_version(&rule.to, &alternatives),
                Some(_) => self.names(&rule.to, &rule.with),
            }
            for place in rule.currency.iter().chain(&rule.needed_with).filter_map(|text| Self::place(text)) {
                self.each_version(&rule.to, &[Alternative { places: vec![place], all: true }]);
            }
        }
        for list in &file.list {
            self.at_hand(&list.to, &list.from);
            let places: Vec<_> = Self::place(&list.from).into_iter().collect();
            self.each_version(&list.to, &[Alternative { places, all: true }]);
        }
        for refuse in &file.refuse {
            let places: Vec<_> = Self::place(&refuse.at).into_iter().collect();
            self.each_version(&refuse.name(), &[Alternative { places, all: true }]);
        }
        for (rule, with) in conditions(file) {
            self.names(&rule, with);
        }
        self.version();
    }

    /// The place that says the version has it in every version, and may say each that is accepted.
    fn version(&mut self) {
        const RULE: &str = "version_at";
        let Some(place) = self.file.version_at.as_deref().and_then(Self::place) else { return };
        self.each_version(RULE, &[Alternative { places: vec![place.clone()], all: true }]);
        for version in &self.file.accepts {
            let says = self.says(&place);
            let of_it = says.iter().find(|(name, _)| name == version || says.len() == 1);
            let Some(schema) = of_it.and_then(|(_, schema)| *schema) else { continue };
            if !schema.types.allow(Type::String) && !schema.types.allow(Type::Integer) {
                let problem = format!("it is {}, and a version is a text", schema.types);
                let mend = "read the place where a message says its version";
                self.find(FindingKind::TypeMismatch, RULE, &place, problem, mend);
            }
            let named = |value: &Value| Came::from(value).as_key().is_some_and(|key| key == *version);
            if schema.values.as_ref().is_some_and(|values| !values.iter().any(named)) {
                let problem = format!("no message of {}@{version} says {version:?} here", self.file.from);
                let mend = "mend the contract, or take the version out of `accepts`";
                self.find(FindingKind::SourceMissing, RULE, &place, problem, mend);
            }
        }
    }

    /// The items of a list in a list are there only where one item of the outer is looked at.
    fn at_hand(&mut self, to: &str, from: &str) {
        let (Some(place), Some(source)) = (Self::place(to), Self::place(from)) else { return };
        let open: Vec<_> = place.lists().filter_map(|items| self.list_from(items)).collect();
        let wrong = source
            .lists()
            .enumerate()
            .any(|(depth, items)| open.get(depth).is_none_or(|open| open.steps != items));
        if wrong {
            let problem = "it is in a list whose items are not at hand here";
            let mend = "make it inside a list that is made of the outer one";
            self.find(FindingKind::Unusable, to, source, problem, mend);
        }
    }

    /// What the items of this list of the target are made of.
    fn list_from(&self, items: &[Step]) -> Option<Place> {
        let of = |list: &&ListRule| Self::place(&list.to).is_some_and(|place| place.steps == items);
        self.file.list.iter().find(of).and_then(|list| Self::place(&list.from))
    }

    fn names(&mut self, rule: &str, with: &With) {
        for places in with.values() {
            let of = |place| Alternative { places: vec![place], all: true };
            let alternatives: Vec<_> = places.iter().filter_map(Self::place).map(of).collect();
            for alternative in &alternatives {
                self.some_version(rule, &alternative.places, true);
            }
            self.each_version(rule, &alternatives);
        }
    }

    fn exists(&self, alternative: &Alternative, version: &str) -> bool {
        let known = |place: &Place| {
            let says = self.says(place);
            says.iter().any(|(name, schema)| (*name == version || says.len() == 1) && schema.is_some())
        };
        if alternative.all {
            alternative.places.iter().all(known)
        } else {
            alternative.places.iter().any(known)
        }
    }

    /// A place that no version has is a slip of the pen, or was renamed.
    fn some_version(&mut self, rule: &str, places: &[Place], all: bool) {
        let unknown: Vec<_> = places
            .iter()
            .filter(|place| self.says(place).iter().all(|(_, schema)| schema.is_none()))
            .collect();
        if unknown.is_empty() || (!all && unknown.len() < places.len()) {
            return;
        }
        for place in unknown {
            let problem = format!("no accepted version of {} has it", self.file.from);
            let mend = "read it where it stands now, or take the rule out";
            self.find(FindingKind::SourceMissing, rule, place, problem, mend);
        }
    }

    fn each_version(&mut self, rule: &str, alternatives: &[Alternative]) {
        let versions: Vec<_> = self.sources.iter().map(|(version, _)| *version).collect();
        for version in versions {
            if alternatives.iter().any(|alternative| self.exists(alternative, version)) {
                continue;
            }
            let Some(first) = alternatives.first().and_then(|alternative| alternative.places.first()) else {
                continue;
            };
            let problem = format!("{}@{version} does not have it", self.file.from);
            let mend =
                format!("add the place where {version} has it to `from`, or take {version} out of `accepts`");
            let place = first.clone();
            self.find(FindingKind::SourceMissing, rule, place, problem, mend);
        }
    }
}
