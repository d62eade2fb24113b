//! What changed between two contracts, in words.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::Value;

use super::schema::{Schema, Type};

/// One difference.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Change {
    /// `$.line_items[].sku`.
    pub path: String,
    pub what: String,
    pub effect: Effect,
    /// Of a format, a pattern or a bound: whether a value is within it only the value shows.
    pub is_limit: bool,
}

/// Whom a change may break: those that read what the system sends, or those that write to it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Effect {
    Harmless,
    BreaksReaders,
    BreaksWriters,
    BreaksBoth,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let effect = match self.effect {
            Effect::Harmless => "harmless",
            Effect::BreaksReaders => "may break mappings that read it",
            Effect::BreaksWriters => "may break mappings that write it",
            Effect::BreaksBoth => "may break mappings that read or write it",
        };
        write!(f, "{}: {} ({effect})", self.path, self.what)
    }
}

/// From the old to the new, in the order of their paths.
pub fn diff(old: &Schema, new: &Schema) -> Vec<Change> {
    let mut changes = Vec::new();
    compare("$", old, new, &mut changes);
    changes.sort();
    changes
}

fn compare(path: &str, old: &Schema, new: &Schema, changes: &mut Vec<Change>) {
    let mut say = |what: String, effect, is_limit| {
        changes.push(Change { path: path.to_owned(), what, effect, is_limit });
    };
    if old.types != new.types {
        let wider = old.types.is_subset(new.types) || new.types.is_any();
        let narrower = new.types.is_subset(old.types) || old.types.is_any();
        let effect = match (wider, narrower) {
            (true, _) => Effect::BreaksReaders,
            (_, true) => Effect::BreaksWriters,
            _ => Effect::BreaksBoth,
        };
        say(format!("was {}, is {}", old.types, new.types), effect, false);
    }
    if old.format != new.format {
        let named = |format: &Option<String>| format.clone().unwrap_or_else(|| "none".to_owned());
        say(
            format!("its format was {}, is {}", named(&old.format), named(&new.format)),
            Effect::BreaksBoth,
            true,
        );
    }
    if old.pattern != new.pattern {
        say("its pattern is another".to_owned(), Effect::BreaksBoth, true);
    }
    values(old, new, &mut |what, effect| say(what, effect, false));
    limits(old, new, &mut |what, effect| say(what, effect, true));
    let names: BTreeSet<_> = old.properties.keys().chain(new.properties.keys()).collect();
    for name in names {
        member(&format!("{path}.{name}"), name, old, new, changes);
    }
    let items = format!("{path}[]");
    let mut say = |what: String, effect| {
        changes.push(Change { path: items.clone(), what, effect, is_limit: false });
    };
    let are_lists = [old, new].iter().all(|schema| schema.types.names(Type::Array));
    match (&old.items, &new.items) {
        (Some(old), Some(new)) => compare(&items, old, new, changes),
        (Some(_), None) if are_lists => say("may be anything now".to_owned(), Effect::BreaksReaders),
        (None, Some(new)) if are_lists => {
            say(format!("is {} now, and was anything", new.types), Effect::BreaksWriters);
        }
        _ => {}
    }
}

fn member(path: &str, name: &str, old: &Schema, new: &Schema, changes: &mut Vec<Change>) {
    let mut say = |what: &str, effect| {
        changes.push(Change { path: path.to_owned(), what: what.to_owned(), effect, is_limit: false });
    };
    let in_one = |schema: &Schema| schema.member(name).filter(|member| !member.never).is_some();
    let (was, is) = (old.required.contains(name), new.required.contains(name));
    match (in_one(old), in_one(new)) {
        (false, true) if is => say("is new and required", Effect::BreaksWriters),
        (false, true) => say("is new", Effect::Harmless),
        (true, false) => say("is gone", Effect::BreaksBoth),
        (true, true) if !was && is => say("is required now", Effect::BreaksWriters),
        (true, true) if was && !is => say("is not always there any more", Effect::BreaksReaders),
        _ => {}
    }
    if let (Some(old), Some(new)) = (old.member(name), new.member(name))
        && !old.never
        && !new.never
    {
        compare(path, old, new, changes);
    }
}

fn values(old: &Schema, new: &Schema, say: &mut impl FnMut(String, Effect)) {
    let shown = |value: &Value| value.to_string();
    match (&old.values, &new.values) {
        (Some(old), Some(new)) => {
            for value in new.iter().filter(|value| !old.contains(value)) {
                say(format!("has the new value {}", shown(value)), Effect::BreaksReaders);
            }
            for value in old.iter().filter(|value| !new.contains(value)) {
                say(format!("has no value {} any more", shown(value)), Effect::BreaksWriters);
            }
        }
        (Some(_), None) => say("takes any value now".to_owned(), Effect::BreaksReaders),
        (None, Some(_)) => say("takes certain values only now".to_owned(), Effect::BreaksWriters),
        (None, None) => {}
    }
}

fn limits(old: &Schema, new: &Schema, say: &mut impl FnMut(String, Effect)) {
    let count = |limit: Option<u64>| limit.map(i128::from);
    let most = [
        (" characters", count(old.max_length), count(new.max_length)),
        (" items", count(old.max_items), count(new.max_items)),
        ("", old.maximum.map(i128::from), new.maximum.map(i128::from)),
    ];
    for (of, was, is) in most.into_iter().filter(|(_, was, is)| was != is) {
        let shown =
            |limit: Option<i128>| limit.map_or("without limit".to_owned(), |it| format!("at most {it}{of}"));
        let narrower = is.is_some_and(|is| was.is_none_or(|was| is < was));
        let effect = if narrower { Effect::BreaksWriters } else { Effect::BreaksReaders };
        say(format!("was {}, is {}", shown(was), shown(is)), effect);
    }
    let least = [("characters", old.min_length, new.min_length), ("items", old.min_items, new.min_items)];
    for (of, was, is) in least.into_iter().filter(|(_, was, is)| was.unwrap_or(0) != is.unwrap_or(0)) {
        let (was, is) = (was.unwrap_or(0), is.unwrap_or(0));
        let effect = if is > was { Effect::BreaksWriters } else { Effect::BreaksReaders };
        say(format!("was at least {was} {of}, is {is}"), effect);
    }
    if old.minimum != new.minimum {
        let shown = |limit: Option<i64>| limit.map_or("none".to_owned(), |limit| limit.to_string());
        say(format!("its least was {}, is {}", shown(old.minimum), shown(new.minimum)), Effect::BreaksBoth);
    }
}
