use message::Code::{FieldMissing, LimitExceeded, TypeMismatch, ValueInvalid, VersionUnsupported};
use serde_json::{Value, json};
use transform::Note;

use super::{plan, translate};

fn value(rules: &str, message: Value) -> Value {
    translate(rules, message).unwrap().value
}

#[test]
fn the_version_is_told_by_the_message_and_each_that_is_accepted_is_read() {
    let plan = plan("[[rule]]\nto = \"made\"\nfrom = \"came\"\n");
    for version in ["1", "2"] {
        let message = json!({ "version": version, "came": "a" }).to_string();
        assert_eq!(plan.translate(&message, None).unwrap().value, json!({ "made": "a" }));
    }
    for message in [json!({ "version": "3", "came": "a" }), json!({ "came": "a" })] {
        let problem = plan.translate(&message.to_string(), None).unwrap_err().problems.remove(0);
        assert_eq!((problem.code, problem.path.as_str()), (VersionUnsupported, "$.version"));
    }
}

#[test]
fn the_first_place_that_is_set_is_taken_and_one_of_a_wrong_type_is_told() {
    let rules = "[[rule]]\nto = \"made\"\nfrom = [\"person.first\", \"came\"]\n";
    assert_eq!(value(rules, json!({ "person": { "first": "Ann" }, "came": "b" })), json!({ "made": "Ann" }));
    for nothing in [json!(null), json!({}), json!({ "first": null }), json!({ "first": " " })] {
        assert_eq!(value(rules, json!({ "person": nothing, "came": "b" })), json!({ "made": "b" }));
    }
    let refused = translate(rules, json!({ "person": { "first": 7 }, "came": "b" })).unwrap_err();
    assert_eq!(refused, (TypeMismatch, "$.person.first".to_owned()));
}

#[test]
fn joins_take_what_is_there_and_templates_all_or_nothing() {
    let join = "[[rule]]\nto = \"made\"\nfrom = { join = [\"person.first\", \"person.last\"] }\n";
    let template = "[[rule]]\nto = \"made\"\nfrom = { template = \"<{person.first}/{person.last}>\" }\n";
    let (whole, half) = (json!({ "first": "Ann", "last": "Example" }), json!({ "last": " Example " }));
    assert_eq!(value(join, json!({ "person": whole })), json!({ "made": "Ann Example" }));
    assert_eq!(value(join, json!({ "person": half })), json!({ "made": "Example" }));
    assert_eq!(value(template, json!({ "person": whole })), json!({ "made": "<Ann/Example>" }));
    assert_eq!(value(template, json!({ "person": half })), json!({}));
}

#[test]
fn defaults_stand_where_nothing_is_set_and_only_where_their_condition_holds() {
    let rules = "[[rule]]\nto = \"made\"\nfrom = \"came\"\ndefault = 7\nas = \"integer\"\n";
    assert_eq!(value(rules, json!({})), json!({ "made": 7 }));
    assert_eq!(value(rules, json!({ "came": 0 })), json!({ "made": 0 }));
    let conditional = "[[rule]]\nto = \"made\"\nfrom = \"came\"\n\
        default = { value = \"-\", when = \"country == 'JP'\", with = { country = \"country\" } }\n";
    assert_eq!(value(conditional, json!({ "country": "JP" })), json!({ "made": "-" }));
    assert_eq!(value(conditional, json!({ "country": "DE" })), json!({}));
}

#[test]
fn an_object_that_may_be_absent_is_whole_or_not_there() {
    let rules = "[[rule]]\nto = \"person.first\"\nfrom = \"person.first\"\n\
        [[rule]]\nto = \"person.last\"\nfrom = \"person.last\"\n[[rule]]\nto = \"person.title\"\nvalue = \"Dr\"\n";
    assert_eq!(value(rules, json!({})), json!({}), "a constant alone makes none");
    let whole = json!({ "first": "Ann", "last": "Example", "title": "Dr" });
    assert_eq!(
        value(rules, json!({ "person": { "first": "Ann", "last": "Example" } })),
        json!({ "person": whole })
    );
    let refused = translate(rules, json!({ "person": { "first": "Ann" } })).unwrap_err();
    assert_eq!(refused, (FieldMissing, "$.person.last".to_owned()));
}

#[test]
fn lists_keep_their_order_leave_out_what_is_not_wanted_and_nest() {
    let rules = "[[list]]\nto = \"orders[]\"\nfrom = \"orders[]\"\nwhen = \"count != 0\"\nwith = { count = \"orders[].count\" }\n\
        [[list]]\nto = \"orders[].parts[]\"\nfrom = \"orders[].parts[]\"\n\
        [[list]]\nto = \"orders[].tags[]\"\nfrom = \"orders[].tags[]\"\n\
        [[rule]]\nto = \"orders[].name\"\nfrom = \"orders[].name\"\n\
        [[rule]]\nto = \"orders[].parts[].code\"\nfrom = \"orders[].parts[].code\"\n\
        [[rule]]\nto = \"orders[].parts[].of\"\nfrom = { template = \"{orders[].name}/{country}\" }\n\
        [[rule]]\nto = \"orders[].tags[]\"\nfrom = \"orders[].tags[]\"\n";
    let message = json!({ "country": "JP", "orders": [
        { "name": "a", "parts": [{ "code": "1" }, { "code": "2" }], "tags": ["x", "y"] },
        { "name": 7, "count": 0 },
        { "name": "c", "count": 1, "parts": [] },
    ] });
    let expected = json!({ "orders": [
        { "name": "a", "parts": [{ "code": "1", "of": "a/JP" }, { "code": "2", "of": "a/JP" }], "tags": ["x", "y"] },
        { "name": "c", "parts": [] },
    ] });
    assert_eq!(value(rules, message), expected);
    let wrong =
        json!({ "orders": [{ "name": "a" }, { "name": "b", "parts": [{ "code": "1" }, { "code": 2 }] }] });
    assert_eq!(translate(rules, wrong).unwrap_err(), (TypeMismatch, "$.orders[1].parts[1].code".to_owned()));
    for (orders, refused) in [
        (json!({}), (TypeMismatch, "$.orders")),
        (json!(["a"]), (TypeMismatch, "$.orders[0]")),
        (json!([{ "name": "a" }, null]), (FieldMissing, "$.orders[1]")),
        (json!(vec![json!({ "name": "a" }); 6]), (LimitExceeded, "$.orders")),
    ] {
        let told = translate(rules, json!({ "orders": orders })).unwrap_err();
        assert_eq!((told.0, told.1.as_str()), refused);
    }
}

#[test]
fn a_list_of_fixed_items_is_made_of_what_is_no_list() {
    let rules = "[[rule]]\nto = \"boxes[0].name\"\nfrom = \"came\"\n[[rule]]\nto = \"boxes[0].size\"\nvalue = \"L\"\n\
        [[rule]]\nto = \"boxes[1].name\"\nfrom = \"orders[1].name\"\n";
    let message = json!({ "came": "a", "orders": [{ "name": "x" }, { "name": "y" }] });
    assert_eq!(value(rules, message), json!({ "boxes": [{ "name": "a", "size": "L" }, { "name": "y" }] }));
}

#[test]
fn expressions_change_texts_and_write_money_as_people_read_it() {
    let of = |expr: &str| {
        format!(
            "[[rule]]\nto = \"made\"\nexpr = '{expr}'\nwith = {{ came = \"came\", currency = \"currency\" }}\n"
        )
    };
    let made = |expr, came, currency| {
        translate(&of(expr), json!({ "came": came, "currency": currency })).map(|it| it.value["made"].clone())
    };
    let money = "money(came, currency.upperAscii())";
    for (came, currency, expected) in [
        (4_200, "eur", "42.00 EUR"),
        (-5, "EUR", "-0.05 EUR"),
        (500, "jpy", "500 JPY"),
        (1, "KWD", "0.001 KWD"),
    ] {
        assert_eq!(made(money, json!(came), currency).unwrap(), expected);
    }
    assert_eq!(made("came.replace(\"_\", \"-\")", json!("pi_a_b"), "").unwrap(), "pi-a-b");
    for (came, currency) in [(json!(1), "euro"), (json!("1"), "EUR"), (json!(1.5), "EUR")] {
        assert_eq!(made("money(came, currency)", came, currency), Err((TypeMismatch, "$.came".to_owned())));
    }
}

#[test]
fn conditions_and_expressions_say_what_a_table_cannot() {
    let rules = "[sets]\nnear = [\"AT\", \"DE\"]\n\
        [[refuse]]\nat = \"other\"\nwhen = \"other == 'no'\"\nwith = { other = \"other\" }\nexpected = \"not no\"\n\
        [[rule]]\nto = \"made\"\nexpr = \"country in near ? 1 : size(came) + 1\"\nas = \"integer\"\n\
        with = { country = \"country\", came = \"came\" }\n\
        [[rule]]\nto = \"other\"\nfrom = \"came\"\nwhen = \"country == 'DE'\"\nwith = { country = \"country\" }\n";
    assert_eq!(value(rules, json!({ "country": "DE", "came": "abc" })), json!({ "made": 1, "other": "abc" }));
    assert_eq!(value(rules, json!({ "country": "FR", "came": "abc" })), json!({ "made": 4 }));
    let refused = translate(rules, json!({ "country": "DE", "other": "no" })).unwrap_err();
    assert_eq!(refused, (ValueInvalid, "$.other".to_owned()));
    let fails = translate(rules, json!({ "country": "FR" })).unwrap_err();
    assert_eq!(fails.0, TypeMismatch, "size of null");
}

#[test]
fn limits_and_lists_of_the_target_are_kept_without_being_said_again() {
    let rule = |to: &str, more: &str| format!("[[rule]]\nto = \"{to}\"\nfrom = \"came\"\n{more}\n");
    let code = |rules: &str, came: Value| {
        translate(rules, json!({ "came": came })).map(|_| ()).map_err(|(code, _)| code)
    };
    assert_eq!(code(&rule("text", ""), json!("ßßßßß")), Ok(()));
    assert_eq!(code(&rule("text", ""), json!("ßßßßßß")), Err(LimitExceeded));
    assert_eq!(code(&rule("count", "as = \"integer\""), json!(9)), Ok(()));
    assert_eq!(code(&rule("count", "as = \"integer\""), json!(10)), Err(LimitExceeded));
    assert_eq!(code(&rule("count", "as = \"integer\""), json!(0)), Err(ValueInvalid));
    for conversion in ["", "as = \"decimal\"", "as = \"subdivision\""] {
        assert_eq!(code(&rule("price", conversion), json!("19.9")), Ok(()), "{conversion}");
        assert_eq!(code(&rule("price", conversion), json!("19.999")), Err(ValueInvalid), "{conversion}");
        assert_eq!(code(&rule("price", conversion), json!("7")), Err(ValueInvalid), "{conversion}");
    }
    assert_eq!(code(&rule("price", "as = \"email\""), json!("a@b")), Err(ValueInvalid), "whatever made it");
    assert_eq!(code(&rule("kind", ""), json!("b")), Ok(()));
    assert_eq!(code(&rule("kind", ""), json!("c")), Err(ValueInvalid));
}

#[test]
fn a_member_that_comes_twice_is_as_if_it_had_come_only_then() {
    let plan = plan(
        "[[rule]]\nto = \"made\"\nfrom = \"person.first\"\n[[rule]]\nto = \"other\"\nfrom = \"person.last\"\n",
    );
    let message = r#"{"version": "1", "person": {"first": "Ann"}, "person": {"last": "Example"}}"#;
    assert_eq!(plan.translate(message, None).unwrap().value, json!({ "other": "Example" }));
    let message = r#"{"version": "1", "person": {"first": "Ann"}, "person": null}"#;
    assert_eq!(plan.translate(message, None).unwrap().value, json!({}));
}

#[test]
fn members_that_no_contract_lists_are_noted_by_their_names_alone() {
    let rules = "[[rule]]\nto = \"made\"\nfrom = \"person.first\"\n";
    let notes = translate(
        rules,
        json!({ "person": { "first": "Ann", "nick": "A" }, "new": 1, "ann@example.com": 2 }),
    )
    .unwrap()
    .notes;
    let mut paths: Vec<_> = notes.iter().map(Note::path).collect();
    paths.sort_unstable();
    assert_eq!(paths, ["$.*", "$.new", "$.person.nick"]);
}
