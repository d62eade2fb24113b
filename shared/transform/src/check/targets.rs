use std::collections::BTreeSet;

use regex_lite::Regex;
use serde_json::Value;

use super::sources::{Alternative, alternatives};
use super::values::makes_empty;
use super::{Checker, FindingKind};
use crate::contract::Schema;
use crate::mapping::file::{DefaultValue, ListRule, Rule};
use crate::mapping::path::{Place, Space, Step};

impl Checker<'_> {
    /// Every required place of the target is made, for every message.
    pub(super) fn targets(&mut self) {
        let made: Vec<Place> = self.file.rule.iter().filter_map(|rule| Self::place(&rule.to)).collect();
        self.required(self.target, &mut Vec::new(), &made);
        let file = self.file;
        for (rule, place) in file.rule.iter().zip(&made) {
            if self.is_required(place) {
                self.always_made(rule);
            }
        }
        for list in &file.list {
            self.least_items(list);
            self.null_items(list);
        }
        for rule in &file.rule {
            self.reachable(rule);
            self.of_members(rule);
        }
    }

    /// What is made member by member cannot be held against a closed list of whole values.
    fn of_members(&mut self, rule: &Rule) {
        let Some(place) = Self::place(&rule.to) else { return };
        for (above, made) in place.holders() {
            let Some(schema) = self.target.at(above.in_schema()) else { continue };
            let problem = if schema.values.is_some() {
                format!("{} takes certain values here, and it is made member by member", self.file.to)
            } else if schema.types.allow(made) {
                continue;
            } else {
                format!("{} wants {} here, and the rule makes {}", self.file.to, schema.types, made.as_str())
            };
            let mend = "make the whole of it by one rule, or mend the contract";
            if !self.is_told(FindingKind::TypeMismatch, &above) {
                self.find(FindingKind::TypeMismatch, &rule.to, &above, problem, mend);
            }
        }
    }

    fn required(&mut self, schema: &Schema, at: &mut Vec<Step>, made: &[Place]) {
        for (name, member) in &schema.properties {
            at.push(Step::Name(name.clone()));
            let below: Vec<_> = made.iter().filter(|place| place.steps.starts_with(at)).collect();
            if below.is_empty() {
                if schema.required.contains(name) {
                    let place = Place { space: Space::Payload, steps: at.clone() };
                    let problem = format!("{} needs it, and no rule makes it", self.file.to);
                    let path = place.to_string();
                    let to = path.trim_start_matches("$.");
                    let mend = format!("add a [[rule]] with to = {to:?}");
                    self.find(FindingKind::RequiredNotMade, "rules", place, problem, mend);
                }
            } else if below.iter().any(|place| place.steps.len() > at.len()) {
                self.inside(member, at, made, &below);
            }
            at.pop();
        }
    }

    fn inside(&mut self, schema: &Schema, at: &mut Vec<Step>, made: &[Place], below: &[&Place]) {
        let next: Vec<_> = below.iter().filter_map(|place| place.steps.get(at.len())).collect();
        let steps: BTreeSet<_> =
            next.into_iter().filter(|step| !matches!(step, Step::Name(_))).cloned().collect();
        if steps.is_empty() {
            self.required(schema, at, made);
            return;
        }
        self.fixed_items(schema, at, &steps);
        for step in steps {
            at.push(step);
            if let Some(items) = &schema.items {
                self.required(items, at, made);
            }
            at.pop();
        }
    }

    /// A list that is made item by item has as many as the target wants.
    fn fixed_items(&mut self, schema: &Schema, at: &[Step], steps: &BTreeSet<Step>) {
        let indices =
            steps.iter().filter_map(|step| if let Step::Index(index) = step { Some(index) } else { None });
        let Some(made) = indices.max().and_then(|last| u64::try_from(last + 1).ok()) else { return };
        let place = Place { space: Space::Payload, steps: at.to_vec() };
        if let Some(least) = schema.min_items.filter(|least| made < *least) {
            let problem = format!("{} needs at least {least} items, and the rules make {made}", self.file.to);
            let mend = format!("add rules that make item [{made}] of it");
            self.find(FindingKind::RequiredNotMade, "rules", &place, problem, mend);
        }
        if let Some(most) = schema.max_items.filter(|most| made > *most) {
            let problem = format!("{} takes at most {most} items, and the rules make {made}", self.file.to);
            self.find(FindingKind::ValueNotAllowed, "rules", &place, problem, "take out what is too much");
        }
    }

    /// Whether an object that is made could not do without it.
    pub(super) fn is_required(&self, to: &Place) -> bool {
        let Some((last, above)) = to.steps.split_last() else { return false };
        let above = Place { space: to.space, steps: above.to_vec() };
        let Some(parent) = self.target.at(above.in_schema()) else { return false };
        let items_nullable = || parent.items.as_ref().is_some_and(|items| items.nullable());
        match last {
            Step::Name(name) => {
                parent.required.contains(name) && !parent.member(name).is_some_and(Schema::nullable)
            }
            Step::Each => !items_nullable(),
            Step::Index(index) => !items_nullable() && self.has_item_behind(parent, &above, *index),
        }
    }

    /// Whether an item cannot be left out of a list that is made by numbers.
    fn has_item_behind(&self, list: &Schema, above: &Place, index: usize) -> bool {
        let least = list.min_items.and_then(|least| usize::try_from(least).ok()).unwrap_or(0);
        let made = self.file.rule.iter().filter_map(|rule| Self::place(&rule.to));
        let behind = |place: Place| match place.steps.get(above.steps.len()) {
            Some(Step::Index(other)) => place.steps.starts_with(&above.steps) && *other > index,
            _ => false,
        };
        index < least || made.into_iter().any(behind)
    }

    fn always_made(&mut self, rule: &Rule) {
        let unconditional = rule.default.as_ref().is_some_and(DefaultValue::is_unconditional);
        if rule.missing.is_some() || (unconditional && rule.when.is_none()) {
            return;
        }
        if rule.when.is_some() {
            let mend = "take `when` out, give it a default, or say missing = \"park\"";
            self.find(
                FindingKind::MayBeMissing,
                &rule.to,
                &rule.to,
                "it is made only when its condition holds",
                mend,
            );
            return;
        }
        if rule.value.is_some() || rule.expr.is_some() {
            return;
        }
        let alternatives = alternatives(rule);
        if rule.lenient {
            let problem = "a value that cannot be converted is left out, and it is needed";
            let mend = "give it a default, take `lenient` out, or say missing = \"park\"";
            self.find(FindingKind::MayBeMissing, &rule.to, &rule.to, problem, mend);
            return;
        }
        if rule.pattern.as_deref().is_some_and(group_may_be_empty) && !rule.empty {
            let problem = format!("{} needs it, and what `match` takes may be empty", self.file.to);
            let mend =
                "let its group take one character at least, give it a default, or say missing = \"park\"";
            self.find(FindingKind::MayBeMissing, &rule.to, &rule.to, problem, mend);
            return;
        }
        let versions: Vec<_> = self.sources.iter().map(|(version, _)| *version).collect();
        for version in versions {
            let always = alternatives.iter().any(|alternative| self.gives(rule, alternative, version));
            if always {
                continue;
            }
            let Some(place) = alternatives.first().and_then(|alternative| alternative.places.first()) else {
                continue;
            };
            let problem =
                format!("{} needs {}, and {}@{version} may lack this", self.file.to, rule.to, self.file.from);
            let mend = "give it a default, read another place too, or say missing = \"park\"";
            self.find(FindingKind::MayBeMissing, &rule.to, place.clone(), problem, mend);
            return;
        }
    }

    /// Whether every message of that version sets the alternative.
    fn gives(&self, rule: &Rule, alternative: &Alternative, version: &str) -> bool {
        let sure =
            |place: &Place| self.always(place, version) && (rule.empty || !self.may_be_empty(place, version));
        let places = &alternative.places;
        if alternative.all { places.iter().all(sure) } else { places.iter().any(sure) }
    }

    /// Whether every message of that version has a value there.
    pub(super) fn sure(&self, place: &Place, version: &str) -> bool {
        self.always(place, version) && !self.may_be_empty(place, version)
    }

    /// A text that may be empty, where an empty one is as good as none.
    pub(super) fn may_be_empty(&self, place: &Place, version: &str) -> bool {
        let says = self.says(place);
        let schema =
            says.iter().find(|(name, _)| *name == version || says.len() == 1).and_then(|(_, schema)| *schema);
        schema.is_some_and(|schema| {
            let text = schema.types.of_values().any(|one| one == crate::contract::Type::String);
            let blank = |value: &Value| value.as_str().is_some_and(|text| text.trim().is_empty());
            match &schema.values {
                Some(values) => values.iter().any(blank),
                None => {
                    let takes_blank = |pattern: &Regex| ["", " "].iter().any(|blank| pattern.is_match(blank));
                    let pattern = schema.pattern.as_deref().and_then(|it| Regex::new(it).ok());
                    let shaped =
                        schema.format.is_some() || pattern.is_some_and(|pattern| !takes_blank(&pattern));
                    text && schema.min_length.unwrap_or(0) == 0 && !shaped
                }
            }
        })
    }

    fn least_items(&mut self, list: &ListRule) {
        let to = list.to.as_str();
        let Some(above) = Self::place(to).as_ref().and_then(Place::list) else { return };
        let least = self.target.at(above.in_schema()).and_then(|schema| schema.min_items).unwrap_or(0);
        let source = Self::place(&list.from).as_ref().and_then(Place::list);
        let versions: Vec<_> = self.sources.iter().map(|(version, _)| *version).collect();
        let always = |place: &Place| versions.iter().all(|version| self.always(place, version));
        let sure = source.as_ref().is_some_and(always);
        let none = "say with `none` what is expected of a message without any";
        if self.is_required(&above) && !sure && list.none.is_none() {
            let problem = format!("{} needs it, and {} may lack the list", self.file.to, self.file.from);
            self.find(FindingKind::MayBeMissing, to, to, problem, none);
        } else if least > 0 && list.none.is_none() {
            let problem = format!("{} needs at least {least}, and a message may have none", self.file.to);
            self.find(FindingKind::MayBeMissing, to, to, problem, none);
        } else if least > 1 && !source.is_some_and(|source| self.has_items(list, &source, least)) {
            let problem = format!("{} needs at least {least}, and a message may have fewer", self.file.to);
            let mend = "read a list that has as many and say its `minItems`, or make the items by rules of their own";
            self.find(FindingKind::MayBeMissing, to, to, problem, mend);
        }
    }

    /// An item that is null is made null, and where the target takes none a problem.
    fn null_items(&mut self, list: &ListRule) {
        let (Some(to), Some(from)) = (Self::place(&list.to), Self::place(&list.from)) else { return };
        let takes_null = self.target.at(to.in_schema()).is_none_or(Schema::nullable);
        let may_be_null = self.says(&from).iter().any(|(_, schema)| schema.is_some_and(Schema::nullable));
        if may_be_null && !takes_null && list.when.is_none() {
            let problem =
                format!("{} may send null as an item, and {} takes none", self.file.from, self.file.to);
            let mend = "leave such items out with `when`, or mend the contract";
            self.find(FindingKind::MayBeMissing, &list.to, &from, problem, mend);
        }
    }

    /// Whether so many items of the source come and are kept, where the list comes.
    fn has_items(&self, list: &ListRule, source: &Place, least: u64) -> bool {
        let enough = |schema: &Schema| schema.min_items.is_some_and(|items| items >= least);
        list.when.is_none() && self.says(source).into_iter().all(|(_, schema)| schema.is_some_and(enough))
    }

    /// An alternative behind one that every message has is never read.
    fn reachable(&mut self, rule: &Rule) {
        let alternatives = alternatives(rule);
        let map = rule.values.as_ref().and_then(|name| self.file.values.get(name));
        let may_make_nothing =
            rule.pattern.as_deref().is_some_and(group_may_be_empty) || map.is_some_and(makes_empty);
        if rule.expr.is_some() || rule.lenient || may_make_nothing {
            return;
        }
        let versions: Vec<_> = self.sources.iter().map(|(version, _)| *version).collect();
        for (index, alternative) in alternatives.iter().enumerate() {
            let last = index + 1 == alternatives.len() && rule.default.is_none();
            let sure = !versions.is_empty() && versions.iter().all(|it| self.gives(rule, alternative, it));
            if sure && !last {
                let place = alternative.places.first().cloned();
                let path = place.map(|place| place.to_string()).unwrap_or_default();
                let problem = "every message has it: what stands behind it is never used";
                self.find(FindingKind::Dead, &rule.to, path, problem, "take out what stands behind it");
                return;
            }
        }
    }
}

/// Whether the first group of a pattern can take nothing.
fn group_may_be_empty(pattern: &str) -> bool {
    let Some(group) = first_group(pattern) else { return false };
    Regex::new(&format!("^(?:{group})$")).is_ok_and(|group| group.is_match(""))
}

/// What stands between the parentheses of the first group that captures.
fn first_group(pattern: &str) -> Option<&str> {
    let (mut start, mut depth, mut in_class) = (None, 0_u32, false);
    let mut characters = pattern.char_indices().peekable();
    while let Some((at, one)) = characters.next() {
        match one {
            '\\' => {
                characters.next();
            }
            ']' => in_class = false,
            _ if in_class => {}
            '[' => in_class = true,
            '(' => {
                let captures = characters.peek().is_none_or(|(_, next)| *next != '?');
                if start.is_none() && captures {
                    start = Some((at + 1, depth));
                }
                depth += 1;
            }
            ')' => {
                depth = depth.saturating_sub(1);
                if let Some((from, above)) = start
                    && above == depth
                {
                    return pattern.get(from..at);
                }
            }
            _ => {}
        }
    }
    None
}
