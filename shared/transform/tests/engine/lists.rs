//! Lists: no item is dropped without a word, and none takes another one's place.

use message::Code::{FieldMissing, LimitExceeded};
use serde_json::{Value, json};

use super::translate;

type Made = Result<Value, (message::Code, String)>;

fn made(rules: &str, message: Value) -> Made {
    translate(rules, message).map(|translated| translated.value)
}

fn missing(path: &str) -> Made {
    Err((FieldMissing, path.to_owned()))
}

/// A list of the target, of a list of the source, item by item.
fn each(to: &str, from: &str, more: &str) -> String {
    format!(
        "[[list]]\nto = \"{to}[]\"\nfrom = \"{from}[]\"\n{more}\n[[rule]]\nto = \"{to}[]\"\nfrom = \"{from}[]\"\n"
    )
}

/// The same, of objects with a name.
fn named(to: &str, from: &str, more: &str) -> String {
    format!(
        "[[list]]\nto = \"{to}[]\"\nfrom = \"{from}[]\"\n{more}\n\
         [[rule]]\nto = \"{to}[].name\"\nfrom = \"{from}[].name\"\n"
    )
}

#[test]
fn an_item_that_is_null_stays_null_where_both_contracts_say_that_it_may() {
    let came = json!({ "codes": ["a", null, " ", "b"] });
    assert_eq!(made(&each("marks", "codes", ""), came), Ok(json!({ "marks": ["a", null, null, "b"] })));
    let came = json!({ "rows": [{ "name": "a" }, null, {}] });
    assert_eq!(
        made(&named("crates", "rows", ""), came),
        Ok(json!({ "crates": [{ "name": "a" }, null, {}] }))
    );
}

#[test]
fn an_item_that_is_null_is_a_problem_where_either_contract_says_that_it_is_none() {
    let codes = json!({ "codes": ["a", null] });
    assert_eq!(made(&each("texts", "codes", ""), codes), missing("$.codes[1]"));
    let labels = json!({ "labels": ["a", null] });
    assert_eq!(made(&each("texts", "labels", ""), labels.clone()), missing("$.labels[1]"));
    assert_eq!(made(&each("marks", "labels", ""), labels), missing("$.labels[1]"));
    let rows = json!({ "rows": [{}, null] });
    assert_eq!(made(&named("boxes", "rows", ""), rows), missing("$.rows[1]"));
    let orders = json!({ "orders": [null] });
    assert_eq!(made(&named("boxes", "orders", ""), orders.clone()), missing("$.orders[0]"));
    assert_eq!(made(&named("crates", "orders", ""), orders), missing("$.orders[0]"));
}

#[test]
fn what_a_list_or_a_rule_leaves_out_is_left_out_null_or_not() {
    let when = "when = \"name != null\"\nwith = { name = \"orders[].name\" }";
    let came = json!({ "orders": [null, { "name": "a" }, {}] });
    assert_eq!(made(&named("boxes", "orders", when), came), Ok(json!({ "boxes": [{ "name": "a" }] })));
    let rules = each("marks", "codes", "") + "when = \"code != 'a'\"\nwith = { code = \"codes[]\" }\n";
    let came = json!({ "codes": ["a", null, "b"] });
    assert_eq!(made(&rules, came), Ok(json!({ "marks": [null, "b"] })));
    let rules = each("marks", "codes", "") + "default = \"-\"\n";
    let came = json!({ "codes": ["a", null] });
    assert_eq!(made(&rules, came), Ok(json!({ "marks": ["a", "-"] })));
}

#[test]
fn of_an_item_that_is_null_no_rule_is_explained() {
    let message = json!({ "version": "1", "rows": [null, { "name": "a" }] }).to_string();
    let explanation = super::plan(&named("crates", "rows", "")).explain(&message, None, 3);
    assert_eq!(explanation.output, Some(json!({ "crates": [null, { "name": "a" }] })));
    let told: Vec<_> = explanation.rules.iter().map(|rule| rule.to.as_str()).collect();
    assert_eq!((told, explanation.lists[0].kept), (vec!["crates[1].name"], 2));
}

#[test]
fn an_item_by_number_keeps_its_place_though_one_before_it_is_not_there() {
    let of = |to: &str| {
        format!(
            "[[rule]]\nto = \"{to}[0]\"\nfrom = \"came\"\n[[rule]]\nto = \"{to}[1]\"\nfrom = \"other\"\n\
             [[rule]]\nto = \"{to}[2]\"\nfrom = \"country\"\n"
        )
    };
    let second = json!({ "other": "b" });
    assert_eq!(made(&of("marks"), second.clone()), Ok(json!({ "marks": [null, "b"] })));
    assert_eq!(made(&of("texts"), second), missing("$.came"));
    let ends = json!({ "came": "a", "country": "DE" });
    assert_eq!(made(&of("marks"), ends.clone()), Ok(json!({ "marks": ["a", null, "DE"] })));
    assert_eq!(made(&of("texts"), ends), missing("$.other"));
    assert_eq!(made(&of("texts"), json!({ "came": "a" })), Ok(json!({ "texts": ["a"] })));
    assert_eq!(made(&of("texts"), json!({})), Ok(json!({})));
}

#[test]
fn an_object_by_number_is_there_where_a_rule_other_than_a_constant_makes_something() {
    let of = |to: &str| {
        format!(
            "[[rule]]\nto = \"{to}[0].size\"\nvalue = \"L\"\n[[rule]]\nto = \"{to}[0].name\"\nfrom = \"came\"\n\
             [[rule]]\nto = \"{to}[1].size\"\nvalue = \"S\"\n[[rule]]\nto = \"{to}[1].name\"\nfrom = \"other\"\n"
        )
    };
    let (first, second) = (json!({ "name": "a", "size": "L" }), json!({ "name": "b", "size": "S" }));
    assert_eq!(
        made(&of("boxes"), json!({ "came": "a", "other": "b" })),
        Ok(json!({ "boxes": [first, second] }))
    );
    assert_eq!(made(&of("boxes"), json!({ "came": "a" })), Ok(json!({ "boxes": [first] })));
    assert_eq!(made(&of("crates"), json!({ "other": "b" })), Ok(json!({ "crates": [null, second] })));
    assert_eq!(made(&of("boxes"), json!({ "other": "b" })), missing("$.came"));
    // What the contract's `minItems` says that a list has at least is needed.
    assert_eq!(made(&of("parcels"), json!({})), missing("$.came"));
    assert_eq!(made(&of("parcels"), json!({ "came": "a" })), Ok(json!({ "parcels": [first] })));
}

#[test]
fn an_object_of_constants_alone_is_made_whenever_their_conditions_hold() {
    let constant =
        |index: usize, more: &str| format!("[[rule]]\nto = \"boxes[{index}].size\"\nvalue = \"L\"\n{more}\n");
    let large = json!({ "size": "L" });
    assert_eq!(made(&constant(0, ""), json!({})), Ok(json!({ "boxes": [large] })));
    let rules = constant(0, "when = \"country == 'JP'\"\nwith = { country = \"country\" }");
    assert_eq!(made(&rules, json!({ "country": "JP" })), Ok(json!({ "boxes": [large] })));
    assert_eq!(made(&rules, json!({})), Ok(json!({})));
    let rules = rules + &constant(1, "");
    assert_eq!(made(&rules, json!({})), missing("$.boxes[0]"));
}

#[test]
fn the_target_s_limit_is_one_of_the_items_that_are_made() {
    let rules = each("few", "codes", "when = \"code != 'x'\"\nwith = { code = \"codes[]\" }");
    let came = |codes: &[&str]| json!({ "codes": codes });
    assert_eq!(made(&rules, came(&["x", "a", "x", "b"])), Ok(json!({ "few": ["a", "b"] })));
    assert_eq!(made(&rules, came(&["a", "b", "c"])), Err((LimitExceeded, "$.codes".to_owned())));
}

#[test]
fn more_items_than_are_read_are_a_problem_wherever_the_list_is_looked_at() {
    let over = json!({ "codes": vec!["a"; 10_001] });
    let refused = Err((LimitExceeded, "$.codes".to_owned()));
    assert_eq!(made(&each("marks", "codes", ""), over.clone()), refused);
    let rules = "[[refuse]]\nat = \"codes[]\"\nwhen = \"code == 'x'\"\nwith = { code = \"codes[]\" }\nexpected = \"no x\"\n\
        [[rule]]\nto = \"made\"\nfrom = \"came\"\n";
    assert_eq!(made(rules, over), refused);
    let most = json!({ "codes": vec!["a"; 10_000] });
    assert_eq!(made(rules, most), Ok(json!({})));
}

#[test]
fn all_lists_of_a_message_together_have_a_limit_as_well() {
    let rules = "[[list]]\nto = \"orders[]\"\nfrom = \"orders[]\"\n\
        [[list]]\nto = \"orders[].tags[]\"\nfrom = \"orders[].tags[]\"\n\
        [[rule]]\nto = \"orders[].name\"\nfrom = \"orders[].name\"\n\
        [[rule]]\nto = \"orders[].tags[]\"\nfrom = \"orders[].tags[]\"\n";
    let orders = |tags: usize| {
        let order = json!({ "name": "a", "tags": vec!["t"; tags] });
        json!({ "orders": vec![order; 5] })
    };
    assert!(made(rules, orders(9_999)).is_ok());
    assert_eq!(made(rules, orders(10_000)), Err((LimitExceeded, "$.orders[].tags".to_owned())));
    let twice = r#"{"version": "1", "orders": [], "orders": []}"#;
    assert!(super::plan(rules).translate(twice, None).is_ok());
}

#[test]
fn a_text_that_is_put_into_every_item_does_not_grow_beyond_measure() {
    let rules = "[[list]]\nto = \"boxes[]\"\nfrom = \"labels[]\"\n\
        [[rule]]\nto = \"boxes[].name\"\nfrom = { template = \"{labels[]}{came}\" }\n";
    let came = |bytes: usize| json!({ "came": "x".repeat(bytes), "labels": vec!["a"; 1_000] });
    assert!(made(rules, came(10_000)).is_ok());
    assert_eq!(made(rules, came(20_000)), Err((LimitExceeded, "$.labels[838]".to_owned())));
}
