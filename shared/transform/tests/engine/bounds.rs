//! What one message may cost, and what is told of what it brought that no contract lists.

use message::Code::{LimitExceeded, ValueInvalid};
use serde_json::{Value, json};
use transform::{Catalog, Note, Plan};

fn plan(source: &str, target: &str, rules: &str) -> Plan {
    let source = format!(r#"{{"$id": "spillway:any.list@1", "type": "object", "properties": {source}}}"#);
    let target = format!(r#"{{"$id": "spillway:made.list@1", "type": "object", "properties": {target}}}"#);
    let mapping = format!(
        "mapping = \"any-list\"\nversion = 1\nfrom = \"any.list\"\naccepts = [\"1\"]\nto = \"made.list@1\"\n{rules}"
    );
    let catalog = Catalog::read([("any-list.toml", mapping.as_str())], [source.as_str(), &target]).unwrap();
    catalog.plan("any-list", &Value::Null).unwrap()
}

fn refused(plan: &Plan, message: &Value) -> (message::Code, String) {
    let error = plan.translate(&message.to_string(), None).unwrap_err();
    let problem = error.problems.into_iter().next().unwrap();
    (problem.code, problem.path)
}

const LIST: &str = r#"{"n": {"type": "string"},
    "l": {"type": "array", "items": {"type": "object", "properties": {"s": {"type": "string"}}}}}"#;
const MADE: &str = r#"{"l": {"type": "array", "items": {"type": "object",
    "properties": {"n": {"type": "string"}, "s": {"type": "string"}}}}}"#;

/// A text at the root, and so many items that each look at it.
fn long(bytes: usize, items: usize) -> Value {
    json!({ "n": "a".repeat(bytes), "l": vec![json!({ "s": "b" }); items] })
}

#[test]
fn a_text_that_every_item_is_matched_against_is_looked_through_for_16_mib_at_most() {
    let plan = plan(
        LIST,
        MADE,
        "[[list]]\nto = \"l[]\"\nfrom = \"l[]\"\n[[rule]]\nto = \"l[].n\"\nfrom = \"n\"\nmatch = \"#([0-9]+)\"\nlenient = true\n[[rule]]\nto = \"l[].s\"\nfrom = \"l[].s\"\n",
    );
    assert!(plan.translate(&long(1_000, 1_000).to_string(), None).is_ok());
    assert_eq!(refused(&plan, &long(65_000, 9_000)).0, LimitExceeded);
}

#[test]
fn a_text_that_every_item_is_compared_with_a_set_is_looked_through_as_often() {
    let set = (0..200).map(|number| format!("\"{number}\"")).collect::<Vec<_>>().join(", ");
    let rules = format!(
        "[sets]\nz = [{set}]\n[[list]]\nto = \"l[]\"\nfrom = \"l[]\"\nwhen = \"z.exists(q, n + q == 'b') || s == 'b'\"\nwith = {{ n = \"n\", s = \"l[].s\" }}\n[[rule]]\nto = \"l[].s\"\nfrom = \"l[].s\"\n"
    );
    let plan = plan(LIST, MADE, &rules);
    assert!(plan.translate(&long(100, 100).to_string(), None).is_ok());
    assert_eq!(refused(&plan, &long(16_000, 1_000)).0, LimitExceeded);
}

#[test]
fn a_list_that_is_made_has_as_many_items_as_the_target_wants() {
    let least = MADE.replacen(r#""type": "array""#, r#""type": "array", "minItems": 2"#, 1);
    let rules = "[[list]]\nto = \"l[]\"\nfrom = \"l[]\"\nnone = \"an item\"\n[[rule]]\nto = \"l[].s\"\nfrom = \"l[].s\"\n";
    let plan = plan(LIST, &least, rules);
    assert!(plan.translate(&long(1, 2).to_string(), None).is_ok());
    assert_eq!(refused(&plan, &long(1, 1)), (ValueInvalid, "$.l".to_owned()));
}

#[test]
fn a_default_alone_makes_no_object_that_the_target_can_do_without() {
    let source =
        r#"{"c": {"type": "object", "properties": {"id": {"type": "string"}, "note": {"type": "string"}}}}"#;
    let target = r#"{"c": {"type": "object", "required": ["id"],
        "properties": {"id": {"type": "string"}, "note": {"type": "string"}}}}"#;
    let rules = "[[rule]]\nto = \"c.id\"\nfrom = \"c.id\"\nmissing = \"park\"\n[[rule]]\nto = \"c.note\"\nfrom = \"c.note\"\ndefault = \"none\"\n";
    let plan = plan(source, target, rules);
    let made = |message: Value| plan.translate(&message.to_string(), None).map(|it| it.value).ok();
    assert_eq!(made(json!({})), Some(json!({})));
    assert_eq!(made(json!({ "c": { "id": "1" } })), Some(json!({ "c": { "id": "1", "note": "none" } })));
    assert_eq!(made(json!({ "c": { "note": "x" } })), None);
}

#[test]
fn the_currency_of_an_amount_is_one_that_the_target_takes() {
    let source = r#"{"a": {"type": "string"}, "c": {"type": "string"}}"#;
    let target = r#"{"m": {"type": "object", "properties": {"minor": {"type": "integer"},
        "currency": {"type": "string", "enum": ["EUR"]}}}}"#;
    let plan = plan(source, target, "[[rule]]\nto = \"m\"\nfrom = \"a\"\nas = \"money\"\ncurrency = \"c\"\n");
    assert!(plan.translate(r#"{"a": "1.00", "c": "EUR"}"#, None).is_ok());
    let told = refused(&plan, &json!({ "a": "1.00", "c": "USD" }));
    assert_eq!(told, (ValueInvalid, "$.c".to_owned()));
}

#[test]
fn a_value_that_no_contract_lists_is_told_wherever_it_is_read() {
    let source = r#"{"a": {"type": "string", "enum": ["x", "y"]}, "n": {"type": "string"},
        "l": {"type": "array", "items": {"type": "object", "properties": {"k": {"type": "integer", "enum": [1, 2]}}}}}"#;
    let target = r#"{"a": {"type": "string"}, "n": {"type": "string"}, "l": {"type": "array", "items": {"type": "object",
        "properties": {"k": {"type": "integer"}}}}}"#;
    let rules = "[[list]]\nto = \"l[]\"\nfrom = \"l[]\"\n[[rule]]\nto = \"l[].k\"\nfrom = \"l[].k\"\nas = \"integer\"\n[[rule]]\nto = \"n\"\nfrom = \"n\"\nwhen = \"a == 'x'\"\nwith = { a = \"a\" }\n";
    let plan = plan(source, target, rules);
    let notes = |message: Value| plan.translate(&message.to_string(), None).unwrap().notes;
    assert_eq!(notes(json!({ "a": "x", "l": [{ "k": 2 }] })), []);
    let unknown = |path: &str| Note::UnknownValue { path: path.to_owned() };
    let found = notes(json!({ "a": "z", "l": [{ "k": 1 }, { "k": 7 }, { "k": 8 }] }));
    assert_eq!(found.len(), 2);
    assert!(found.contains(&unknown("$.a")) && found.contains(&unknown("$.l[].k")), "{found:?}");
}

#[test]
fn of_one_message_32_things_are_told_at_most() {
    let names =
        (b'a'..=b'z').flat_map(|one| [format!("{}x", char::from(one)), format!("{}y", char::from(one))]);
    let names: Vec<_> = names.collect();
    let members = |schema: &str| {
        let members = names.iter().map(|name| format!("\"{name}\": {schema}")).collect::<Vec<_>>();
        format!("{{{}}}", members.join(", "))
    };
    let rules = names.iter().map(|name| format!("[[rule]]\nto = \"{name}\"\nfrom = \"{name}\"\n"));
    let source = members(r#"{"type": "string", "enum": ["known"]}"#);
    let plan = plan(&source, &members(r#"{"type": "string"}"#), &rules.collect::<String>());
    let message: serde_json::Map<_, _> = names.iter().map(|name| (name.clone(), json!("new"))).collect();
    assert_eq!(plan.translate(&Value::Object(message).to_string(), None).unwrap().notes.len(), 32);
}

#[test]
fn a_way_that_leads_through_something_else_than_an_object_is_wrong_and_not_absent() {
    let source = r#"{"c": {"type": ["object", "string"], "properties": {"id": {"type": "string"}}}}"#;
    let plan = plan(
        source,
        r#"{"id": {"type": "string"}}"#,
        "[[rule]]\nto = \"id\"\nfrom = \"c.id\"\ndefault = \"none\"\n",
    );
    assert_eq!(refused(&plan, &json!({ "c": "text" })), (message::Code::TypeMismatch, "$.c".to_owned()));
    assert_eq!(plan.translate("{}", None).unwrap().value, json!({ "id": "none" }));
}
