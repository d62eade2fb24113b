use serde_json::Value;

/// Differences of one case that are told.
const MOST: usize = 10;

/// Where what came is not what was expected, by path.
pub(super) fn differences(expected: &Value, came: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare("$", Some(expected), Some(came), &mut found);
    if found.len() > MOST {
        let more = found.len() - MOST;
        found.truncate(MOST);
        found.push(format!("and {more} more"));
    }
    found
}

fn compare(path: &str, expected: Option<&Value>, came: Option<&Value>, found: &mut Vec<String>) {
    match (expected, came) {
        (Some(Value::Object(old)), Some(Value::Object(new))) => {
            let added = new.keys().filter(|name| !old.contains_key(*name));
            for name in old.keys().chain(added) {
                compare(&format!("{path}.{name}"), old.get(name), new.get(name), found);
            }
        }
        (Some(Value::Array(old)), Some(Value::Array(new))) => {
            for index in 0..old.len().max(new.len()) {
                compare(&format!("{path}[{index}]"), old.get(index), new.get(index), found);
            }
        }
        (expected, came) if expected != came => {
            let shown = |value: Option<&Value>| value.map_or("nothing".to_owned(), Value::to_string);
            found.push(format!("{path}: expected {}, came {}", shown(expected), shown(came)));
        }
        _ => {}
    }
}
