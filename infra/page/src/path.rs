//! Places of a message as problems name them.

use serde_json::Value;

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Step {
    Member(String),
    Item(usize),
}

/// `$.line_items[0].sku`; of `[]` and what follows it nothing, as that is no one place.
pub(crate) fn steps(path: &str) -> Option<Vec<Step>> {
    let mut rest = path.strip_prefix('$')?;
    let mut steps = Vec::new();
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('.') {
            let end = after.find(['.', '[']).unwrap_or(after.len());
            let (name, left) = after.split_at(end);
            steps.push(Step::Member(name.to_owned()));
            rest = left;
        } else {
            let (index, left) = rest.strip_prefix('[')?.split_once(']')?;
            let Ok(index) = index.parse() else { break };
            steps.push(Step::Item(index));
            rest = left;
        }
    }
    Some(steps)
}

/// How many of the steps lead somewhere.
pub(crate) fn reached(value: &Value, steps: &[Step]) -> usize {
    let mut at = value;
    for (number, step) in steps.iter().enumerate() {
        let next = match step {
            Step::Member(name) => at.get(name.as_str()),
            Step::Item(index) => at.get(*index),
        };
        match next {
            Some(next) => at = next,
            None => return number,
        }
    }
    steps.len()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_path_is_read_as_far_as_it_is_one_place() {
        let sku = vec![Step::Member("line_items".to_owned()), Step::Item(2), Step::Member("sku".to_owned())];
        assert_eq!(steps("$.line_items[2].sku"), Some(sku));
        assert_eq!(steps("$"), Some(Vec::new()));
        assert_eq!(steps("$.lines[].sku"), Some(vec![Step::Member("lines".to_owned())]));
        assert_eq!(steps("@envelope.source"), None);
        assert_eq!(steps(""), None);
        assert_eq!(steps("$x"), None);
    }

    #[test]
    fn a_place_is_followed_as_far_as_there_is_one() {
        let value = json!({ "a": [{ "b": 1 }] });
        let reach = |path| reached(&value, &steps(path).unwrap());
        assert_eq!((reach("$.a[0].b"), reach("$.a[0].c"), reach("$.a[1].b"), reach("$.x")), (3, 2, 1, 0));
    }
}
