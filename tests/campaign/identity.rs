//! What an edit of a dead letter must leave as it is, is what the flows' ledgers know their operations by.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use review::Judge;
use serde_json::{Value, json};
use testkit::pointers;
use transform::Catalog;

use crate::printed::EXAMPLES;

#[tokio::test(start_paused = true)]
async fn an_edit_that_makes_another_operation_is_known_as_one_whatever_member_it_changes() {
    fastrand::seed(7);
    let catalog = Arc::new(Catalog::built_in().unwrap().clone());
    let mut judge = Judge::new(catalog, HashMap::new(), HashMap::new());
    let mut others = BTreeSet::new();
    for example in EXAMPLES {
        let payload = example.payload();
        let stamp = format!("{}/1 it", example.name);
        let before = example.body(&payload);
        let ended = example.play_body(&before, |_| {}).await;
        assert!(ended.is_good && !ended.keys.is_empty(), "{}", example.name);
        for place in pointers(&payload, |_| true) {
            let mut payload = payload.clone();
            let value = payload.pointer_mut(&place).unwrap();
            *value = changed(value);
            let after = example.body(&payload);
            let played = example.play_body(&after, |_| {}).await;
            if !played.is_good || played.keys == ended.keys {
                continue;
            }
            let other = judge.another_operation(&before, &after, &stamp).unwrap();
            assert!(other.is_some(), "{} {place}: {:?}", example.name, played.keys);
            others.insert(example.name);
        }
    }
    // Of the others what would be another operation is another event, with which the example's world does nothing.
    assert!(others.len() >= 8, "{others:?}");
}

fn changed(value: &Value) -> Value {
    match value {
        Value::String(text) => json!(format!("{text}1")),
        Value::Number(number) => number.as_i64().map_or(json!(1), |number| json!(number + 1)),
        Value::Bool(is) => json!(!is),
        _ => json!("1"),
    }
}
