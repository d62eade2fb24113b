//! Whether a value that stands in a mapping may stand in the target: the whole of it, as a JSON Schema validator has it.

use serde_json::Value;

use crate::contract::Schema;
use crate::engine::{Came, Conversion, TimeFormat, allows};

/// Where in the value, and what the contract wants there; `None` where it is allowed.
pub(super) fn disallowed(schema: &Schema, value: &Value) -> Option<(String, String)> {
    inside(schema, value, String::new())
}

fn inside(schema: &Schema, value: &Value, at: String) -> Option<(String, String)> {
    if schema.never {
        return Some((at, "nothing".to_owned()));
    }
    if let Err(expected) = allows(schema, value) {
        return Some((at, expected));
    }
    match value {
        Value::String(text) => {
            let wanted = schema.format.as_deref().filter(|format| !is_of_format(text, format));
            wanted.map(|format| (at, format!("format {format}")))
        }
        Value::Array(items) => {
            let count = u64::try_from(items.len()).unwrap_or(u64::MAX);
            if let Some(least) = schema.min_items.filter(|least| count < *least) {
                return Some((at, format!("at least {least} items")));
            }
            if let Some(most) = schema.max_items.filter(|most| count > *most) {
                return Some((at, format!("at most {most} items")));
            }
            let of_items = schema.items.as_deref()?;
            let mut items = items.iter().enumerate();
            items.find_map(|(index, item)| inside(of_items, item, format!("{at}[{index}]")))
        }
        Value::Object(members) => {
            if let Some(name) = schema.required.iter().find(|name| !members.contains_key(*name)) {
                return Some((at, format!("a member {name}")));
            }
            // Of an object that the contract does not describe anything will do.
            let open = schema.open || schema.properties.is_empty();
            members.iter().find_map(|(name, member)| match schema.member(name) {
                Some(schema) => inside(schema, member, format!("{at}.{name}")),
                None if open => None,
                None => Some((at.clone(), format!("no member {name}"))),
            })
        }
        _ => None,
    }
}

/// Formats that are no more than a hint are not held.
fn is_of_format(text: &str, format: &str) -> bool {
    let conversion = match format {
        "date-time" => Conversion::Instant(vec![TimeFormat::Rfc3339]),
        "date" => Conversion::Date(vec![TimeFormat::Rfc3339]),
        "email" => Conversion::Email,
        _ => return true,
    };
    let made = conversion.convert(&Came::Text(text.into()), None, false);
    made.is_ok_and(|made| format != "date" || made == *text)
}
