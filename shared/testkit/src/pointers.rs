use serde_json::Value;

/// JSON pointers to every value in it that is neither an object nor an array, and is wanted.
pub fn pointers(value: &Value, wanted: fn(&Value) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    walk(value, "", wanted, &mut found);
    found
}

fn walk(value: &Value, at: &str, wanted: fn(&Value) -> bool, found: &mut Vec<String>) {
    match value {
        Value::Array(all) => {
            all.iter()
                .enumerate()
                .for_each(|(place, value)| walk(value, &format!("{at}/{place}"), wanted, found));
        }
        Value::Object(all) => {
            all.iter().for_each(|(name, value)| walk(value, &format!("{at}/{name}"), wanted, found));
        }
        leaf if wanted(leaf) => found.push(at.to_owned()),
        _ => {}
    }
}
