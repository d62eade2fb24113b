//! Two schemas that hold at once: of a `$ref` and what stands beside it, of `allOf`.

use std::sync::Arc;

use super::schema::{Schema, Type, Types};

/// Nearly always nothing is there to be joined.
pub(super) fn and(one: Option<Arc<Schema>>, other: Arc<Schema>) -> Arc<Schema> {
    if let Some(one) = one { joined(one, other) } else { other }
}

fn joined(one: Arc<Schema>, other: Arc<Schema>) -> Arc<Schema> {
    Arc::new(both(Arc::unwrap_or_clone(one), Arc::unwrap_or_clone(other)))
}

/// What both say, as JSON Schema has it: both hold.
fn both(one: Schema, other: Schema) -> Schema {
    let mut properties = one.properties;
    for (name, member) in other.properties {
        let member = match properties.remove(&name) {
            Some(below) => joined(below, member),
            None => member,
        };
        properties.insert(name, member);
    }
    let mut required = one.required;
    required.extend(other.required);
    let said = !one.types.is_any() && !other.types.is_any();
    let types: Types = match (one.types.is_any(), other.types.is_any()) {
        (false, false) => {
            Type::ALL.into_iter().filter(|it| one.types.allow(*it) && other.types.allow(*it)).collect()
        }
        (true, _) => other.types,
        (false, true) => one.types,
    };
    let nothing = types.is_any();
    let mut conflict = one.conflict.or(other.conflict);
    let least = |one: Option<u64>, other: Option<u64>| one.max(other);
    let most = |one: Option<u64>, other: Option<u64>| [one, other].into_iter().flatten().min();
    Schema {
        types,
        properties,
        required,
        open: one.open || other.open,
        items: match (one.items, other.items) {
            (Some(one), Some(other)) => Some(joined(one, other)),
            (one, other) => other.or(one),
        },
        values: match (one.values, other.values) {
            (Some(one), Some(other)) => Some(one.into_iter().filter(|value| other.contains(value)).collect()),
            (one, other) => one.or(other),
        },
        format: one_of(one.format, other.format, "formats", &mut conflict),
        pattern: one_of(one.pattern, other.pattern, "patterns", &mut conflict),
        conflict,
        min_length: least(one.min_length, other.min_length),
        max_length: most(one.max_length, other.max_length),
        minimum: one.minimum.max(other.minimum),
        maximum: [one.maximum, other.maximum].into_iter().flatten().min(),
        min_items: least(one.min_items, other.min_items),
        max_items: most(one.max_items, other.max_items),
        // What would have to be of two types at once can never be.
        never: one.never || other.never || (said && nothing),
    }
}

/// Of two that both hold, where a mapping can be held against one only.
fn one_of(
    one: Option<String>,
    other: Option<String>,
    what: &'static str,
    conflict: &mut Option<&'static str>,
) -> Option<String> {
    if let (Some(one), Some(other)) = (&one, &other)
        && one != other
    {
        *conflict = Some(what);
    }
    other.or(one)
}
