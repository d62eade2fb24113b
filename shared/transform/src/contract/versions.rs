//! Versions that are told from others.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::read::{ContractError, ID_PREFIX};

/// Says of which contract this one is another version: `spillway:shopify.order@2026-07`.
pub const VERSION_OF: &str = "x-version-of";
/// An RFC 7386 merge patch of that contract's document: what is null is gone, arrays are replaced.
pub const PATCH: &str = "x-patch";

/// Versions of versions.
const MOST_STEPS: usize = 100;

/// The documents as plain JSON Schema.
pub(super) fn expanded(
    documents: &BTreeMap<String, Value>,
) -> Result<BTreeMap<String, Cow<'_, Value>>, ContractError> {
    documents.keys().map(|id| Ok((id.clone(), expand(id, documents)?))).collect()
}

fn expand<'d>(id: &str, documents: &'d BTreeMap<String, Value>) -> Result<Cow<'d, Value>, ContractError> {
    let wrong = |problem: String| ContractError::new(id, "", problem);
    let (mut patches, mut here) = (Vec::new(), id);
    let base = loop {
        let Some(document) = documents.get(here) else {
            return Err(wrong(format!("{VERSION_OF}: there is no contract {here}")));
        };
        let Some(of) = document.get(VERSION_OF) else { break document };
        let members = document.as_object().into_iter().flatten();
        let own: Map<String, Value> = members
            .filter(|(name, _)| !matches!(name.as_str(), VERSION_OF | PATCH))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        patches.push(Value::Object(own));
        patches.extend(document.get(PATCH).cloned());
        let Some(of) = of.as_str().and_then(|of| of.strip_prefix(ID_PREFIX)) else {
            return Err(wrong(format!("{VERSION_OF}: expected {ID_PREFIX}<system>.<entity>@<version>")));
        };
        if patches.len() > MOST_STEPS {
            return Err(wrong(format!("{VERSION_OF}: goes in a circle")));
        }
        here = of;
    };
    if patches.is_empty() {
        return Ok(Cow::Borrowed(base));
    }
    let mut document = base.clone();
    // A comment is its own document's.
    if let Some(members) = document.as_object_mut() {
        members.remove("$comment");
    }
    for patch in patches.into_iter().rev() {
        merge(&mut document, patch);
    }
    Ok(Cow::Owned(document))
}

/// RFC 7386.
fn merge(target: &mut Value, patch: Value) {
    let Value::Object(patch) = patch else {
        *target = patch;
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Some(members) = target.as_object_mut() else { return };
    for (name, value) in patch {
        if value.is_null() {
            members.remove(&name);
        } else {
            merge(members.entry(name).or_insert(Value::Null), value);
        }
    }
}
