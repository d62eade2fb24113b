//! What a rule makes is held against the target, whatever it is made by.

use transform::FindingKind::{
    Dead, ExpressionFails, MayBeMissing, RequiredNotMade, TypeMismatch, ValueNotAllowed, ValueUnmapped,
};
use transform::{Finding, FindingKind};

use crate::{Files, MAPPING, SOURCE, TARGET, expect, named, replaced};

/// A source and a target of one member more each, and a rule from the one to the other.
pub(crate) fn one_more(source: &str, target: &str, rule: &str) -> Files {
    let source = format!(r#""extra": {source}, "note": {{"#);
    let target = format!(r#""extra": {target}, "note": {{"#);
    Files {
        source: replaced(SOURCE, r#""note": {"#, &source),
        target: replaced(TARGET, r#""note": {"#, &target),
        mapping: format!("{MAPPING}\n[[rule]]\nto = \"extra\"\n{rule}\n"),
        ..Files::new()
    }
}

pub(crate) fn required(files: Files) -> Files {
    let source = replaced(&files.source, r#""country", "products"]"#, r#""country", "products", "extra"]"#);
    let target = replaced(&files.target, r#""kind", "items"]"#, r#""kind", "items", "extra"]"#);
    Files { source, target, ..files }
}

pub(crate) const TEXT: &str = r#"{"type": "string"}"#;
pub(crate) const A_OR_B: &str = r#"{"type": "string", "enum": ["a", "b"]}"#;
const PASSES: &str =
    "from = \"extra\"\nvalues = \"extra\"\n[values.extra]\nunknown = \"pass\"\nmap = { c = \"a\" }";

/// Kinds and values of the findings about the member.
pub(crate) fn found(files: &Files) -> Vec<(FindingKind, Option<String>)> {
    let findings = files.catalog().check();
    assert!(findings.iter().all(|it| it.rule.contains("extra")), "{findings:#?}");
    findings.into_iter().map(|Finding { kind, value, .. }| (kind, value)).collect()
}

fn value(kind: FindingKind, value: &str) -> (FindingKind, Option<String>) {
    (kind, Some(value.to_owned()))
}

#[test]
fn a_value_map_that_lets_pass_is_held_as_if_it_were_none() {
    let known = r#"{"type": "string", "enum": ["a", "b", "c", "d"]}"#;
    assert_eq!(found(&one_more(known, A_OR_B, PASSES)), [value(ValueNotAllowed, "d")]);
    assert_eq!(found(&one_more(TEXT, A_OR_B, PASSES)), [(ValueUnmapped, None)]);
    let number = r#"{"type": "number"}"#;
    assert_eq!(found(&one_more(number, TEXT, PASSES)), [(TypeMismatch, None)]);
}

#[test]
fn what_an_expression_makes_has_to_be_convertible_and_allowed() {
    let expr = |text: &str| format!("expr = \"{text}\"\nwith = {{ extra = \"extra\" }}");
    let files = |source: &str, target: &str, text: &str| required(one_more(source, target, &expr(text)));
    assert_eq!(found(&files(A_OR_B, A_OR_B, "extra == 'a' ? 'b' : 'a'")), []);
    assert_eq!(found(&files(A_OR_B, A_OR_B, "extra == 'a' ? 'c' : extra")), [value(ValueNotAllowed, "c")]);
    assert_eq!(found(&files(A_OR_B, A_OR_B, "extra == 'a' ? extra : 'a'")), []);
    assert_eq!(found(&files(TEXT, A_OR_B, "extra == 'a' ? 'b' : 'a'")), []);
    assert_eq!(found(&files(TEXT, TEXT, "extra")), [(MayBeMissing, None)]);
    let never_empty = r#"{"type": "string", "minLength": 1}"#;
    assert_eq!(found(&files(never_empty, A_OR_B, "extra")), [(ValueUnmapped, None)]);
    assert_eq!(found(&files(never_empty, A_OR_B, "extra == 'a'")), [(TypeMismatch, None)]);
    assert_eq!(found(&files(A_OR_B, TEXT, "extra == 'a' ? null : extra")), [(MayBeMissing, None)]);
}

/// A function that takes certain texts alone is not tried with any other, where the contract says so.
#[test]
fn an_expression_is_tried_with_a_text_that_the_contract_takes() {
    let rule = "expr = \"money(7, extra)\"\nwith = { extra = \"extra\" }";
    let currency = r#"{"type": "string", "pattern": "^[A-Z]{3}$"}"#;
    assert_eq!(found(&required(one_more(currency, TEXT, rule))), []);
    assert_eq!(found(&required(one_more(TEXT, TEXT, rule))), [(ExpressionFails, None)]);
    let named =
        "expr = \"extra == 'many' ? money(1, extra) : money(7, extra)\"\nwith = { extra = \"extra\" }";
    assert_eq!(found(&required(one_more(currency, TEXT, named))), []);
}

#[test]
fn what_an_expression_makes_for_a_value_map_is_known_to_it() {
    let rule = "expr = \"extra == 'a' ? 'x' : 'y'\"\nwith = { extra = \"extra\" }\nvalues = \"extra\"\n[values.extra]\nmap = { x = \"a\" }";
    assert_eq!(found(&required(one_more(A_OR_B, A_OR_B, rule))), [(ValueUnmapped, None)]);
    let both = rule.replace("x = \"a\"", "x = \"a\", y = \"b\"");
    assert_eq!(found(&required(one_more(A_OR_B, A_OR_B, &both))), []);
}

#[test]
fn a_comparison_with_a_text_that_never_comes() {
    let rule = "expr = \"extra == 'c' ? 'a' : 'b'\"\nwith = { extra = \"extra\" }";
    assert_eq!(found(&required(one_more(A_OR_B, A_OR_B, rule))), [value(Dead, "c")]);
}

#[test]
fn known_values_are_tried_with_the_conversion() {
    let rule = |conversion: &str| format!("from = \"extra\"\nas = \"{conversion}\"");
    let words = r#"{"type": "string", "enum": ["1", "many"]}"#;
    let integer = r#"{"type": "integer", "minimum": 1}"#;
    assert_eq!(found(&one_more(words, integer, &rule("integer"))), [value(ValueNotAllowed, "many")]);
    let numbers = r#"{"type": "integer", "enum": [0, 1]}"#;
    assert_eq!(found(&one_more(numbers, integer, &rule("integer"))), [value(ValueNotAllowed, "0")]);
    let yes = "from = \"extra\"\nas = \"boolean\"\nyes = [\"y\"]\nno = [\"n\"]";
    let letters = r#"{"type": "string", "enum": ["y", "n", "?"]}"#;
    assert_eq!(found(&one_more(letters, r#"{"type": "boolean"}"#, yes)), [value(ValueNotAllowed, "?")]);
}

#[test]
fn a_known_value_that_is_empty_is_none() {
    let blank = r#"{"type": "string", "enum": ["", "a"]}"#;
    assert_eq!(found(&required(one_more(blank, A_OR_B, "from = \"extra\""))), [(MayBeMissing, None)]);
    assert_eq!(found(&one_more(blank, A_OR_B, "from = \"extra\"")), []);
}

#[test]
fn what_is_put_together_is_no_value_of_a_list() {
    let rule = "from = { template = \"{extra}-{note}\" }";
    assert_eq!(found(&one_more(A_OR_B, A_OR_B, rule)), [(ValueUnmapped, None)]);
}

const AMOUNT: &str = "from = \"extra.amount\"\nas = \"money\"\ncurrency = \"extra.currency\"";
const MONEY: &str = r#"{"type": "object", "required": ["minor", "currency"],
    "properties": {"minor": {"type": "integer"}, "currency": {"type": "string"}}}"#;

fn amount(required: &str, currency: &str) -> String {
    format!(
        r#"{{"type": "object", "required": [{required}],
            "properties": {{"amount": {{"type": "string"}}, "currency": {currency}}}}}"#
    )
}

#[test]
fn the_currency_of_an_amount_is_a_text_a_currency_and_there_whenever_the_amount_is() {
    let code = r#"{"type": "string", "minLength": 3}"#;
    let files = |source: &str| one_more(source, MONEY, AMOUNT);
    assert_eq!(found(&files(&amount(r#""amount", "currency""#, code))), []);
    assert_eq!(found(&files(&amount(r#""amount""#, code))), [(MayBeMissing, None)]);
    let number = amount(r#""currency""#, r#"{"type": "integer"}"#);
    assert_eq!(found(&files(&number)), [(TypeMismatch, None)]);
    let euro = amount(r#""currency""#, r#"{"type": "string", "enum": ["EUR", "euro"]}"#);
    assert_eq!(found(&files(&euro)), [value(ValueNotAllowed, "euro")]);
}

#[test]
fn a_pattern_of_times_that_never_fits() {
    let files = |conversion: &str, format: &str, rest: &str| {
        let target = if conversion == "date" { "date" } else { "date-time" };
        let source = format!(r#"{{"type": "string", "format": "{format}"}}"#);
        let target = format!(r#"{{"type": "string", "format": "{target}"}}"#);
        let rule = format!("from = \"extra\"\nas = \"{conversion}\"\nformats = [\"{format}\"]\n{rest}");
        one_more(&source, &target, &rule)
    };
    for (conversion, format, rest) in [
        ("instant", "%d.%m.%Y %H:%M:%S %z", ""),
        ("instant", "%d.%m.%Y %H:%M", "offset = \"+01:00\""),
        ("instant", "%d.%m.%Y %I:%M %p %:z", ""),
        ("instant", "%s", ""),
        ("date", "%d.%m.%Y", ""),
        ("date", "%d. %B %Y", ""),
    ] {
        assert_eq!(found(&files(conversion, format, rest)), [], "{format}");
    }
    for (conversion, format, rest) in [
        ("instant", "%d.%m.%Y %H:%M:%S", ""),
        ("instant", "%d.%m.%Y %H:%M:%S %q", "offset = \"+01:00\""),
        ("instant", "%d.%m.%Y %I:%M %z", ""),
        ("date", "%d.%m", ""),
        ("date", "%Q", ""),
        ("date", "unix-seconds", ""),
        ("date", "rfc2822", ""),
    ] {
        assert_eq!(found(&files(conversion, format, rest)), [(TypeMismatch, None)], "{format}");
    }
}

#[test]
fn constants_and_defaults_are_held_to_the_last_member_and_to_their_format() {
    let object = r#"{"type": "object", "required": ["code"],
        "properties": {"code": {"type": "string", "maxLength": 2}, "tags": {"type": "array", "maxItems": 1,
            "items": {"type": "string", "pattern": "^[a-z]$"}}}}"#;
    let constant = |target: &str, value: &str| one_more(TEXT, target, &format!("value = {value}"));
    assert_eq!(found(&constant(object, "{ code = \"ab\", tags = [\"x\"] }")), []);
    for wrong in [
        "{ code = \"abc\" }",
        "{ code = 1 }",
        "{ tags = [] }",
        "{ code = \"ab\", colour = \"red\" }",
        "{ code = \"ab\", tags = [\"X\"] }",
        "{ code = \"ab\", tags = [\"x\", \"y\"] }",
    ] {
        assert_eq!(found(&constant(object, wrong)), [(ValueNotAllowed, None)], "{wrong}");
    }
    let of = |format: &str| format!(r#"{{"type": "string", "format": "{format}"}}"#);
    let default = |format: &str, conversion: &str, value: &str| {
        let rule = format!("from = \"extra\"\nas = \"{conversion}\"\ndefault = \"{value}\"");
        one_more(&of(format), &of(format), &rule)
    };
    assert_eq!(found(&default("date-time", "instant", "2026-11-24T09:15:30Z")), []);
    assert_eq!(found(&default("date", "date", "2026-11-24")), []);
    for (format, conversion, value) in [
        ("date-time", "instant", "2026-11-24 at nine"),
        ("date", "date", "2026-11-31"),
        ("date", "date", "2026-11-24T09:15:30"),
        ("email", "email", "nobody"),
    ] {
        assert_eq!(found(&default(format, conversion, value)), [(ValueNotAllowed, None)], "{value}");
    }
    assert_eq!(found(&constant(TEXT, "\" a\"")), [(ValueNotAllowed, None)]);
    assert_eq!(found(&constant(TEXT, "\"a\\u0007\"")), [(ValueNotAllowed, None)]);
}

#[test]
fn a_list_that_is_made_item_by_item_has_as_many_as_the_target_wants() {
    let list = |limits: &str| {
        let target = format!(r#"{{"type": "array", {limits}, "items": {{"type": "string"}}}}"#);
        let rules = "value = \"a\"\n[[rule]]\nto = \"list[0]\"\nvalue = \"a\"\n[[rule]]\nto = \"list[1]\"\nvalue = \"b\"";
        let files = one_more(TEXT, TEXT, rules);
        let target = replaced(&files.target, r#""note": {"#, &format!(r#""list": {target}, "note": {{"#));
        Files { target, ..files }
    };
    assert_eq!(list(r#""minItems": 2, "maxItems": 2"#).catalog().check(), []);
    expect(&list(r#""minItems": 3"#), RequiredNotMade, "rules", "$.list");
    expect(&list(r#""maxItems": 1"#), ValueNotAllowed, "rules", "$.list");
}

#[test]
fn an_entry_of_a_value_map_that_is_never_looked_up() {
    for key in ["\" hot\"", "\"\""] {
        let files = Files::mapping("hot = \"high\"", &format!("hot = \"high\", {key} = \"high\""));
        let findings = files.catalog().check();
        let named = |it: &Finding| it.kind == Dead && it.rule == "values.rating" && it.value.is_some();
        assert!(findings.iter().any(named), "{findings:#?}");
    }
}

#[test]
fn a_pattern_of_the_target_that_the_conversion_never_meets() {
    let pattern = |pattern: &str| format!(r#"{{"type": "string", "pattern": "{pattern}"}}"#);
    let rule = "from = \"extra\"\nas = \"country\"";
    assert_eq!(found(&one_more(TEXT, &pattern("^[A-Z]{2}$"), rule)), []);
    assert_eq!(found(&one_more(TEXT, &pattern("^[A-Z]{3}$"), rule)), [(ValueNotAllowed, None)]);
}

#[test]
fn names_that_may_be_read_from_several_places_are_null_only_where_all_are() {
    let rule = "expr = \"extra.startsWith('a') ? 'a' : 'b'\"\nwith = { extra = [\"note\", \"id_text\"] }";
    let files = one_more(TEXT, A_OR_B, rule);
    let source = replaced(
        &files.source,
        r#""note": {"#,
        r#""id_text": {"type": "string", "minLength": 1}, "note": {"#,
    );
    let source = replaced(&source, r#""country", "products"]"#, r#""country", "products", "id_text"]"#);
    assert_eq!(found(&Files { source, ..files.clone() }), []);
    let source = replaced(&files.source, r#""note": {"#, r#""id_text": {"type": "string"}, "note": {"#);
    let (kind, rule, _) = named(&Files { source, ..files });
    assert_eq!((kind, rule.as_str()), (ExpressionFails, "extra"));
}

#[test]
fn a_list_of_a_list_may_be_made_of_constants_alone() {
    let mapping = format!(
        "{MAPPING}\n[[list]]\nto = \"items[].tags[]\"\nfrom = \"products[].labels[]\"\n[[rule]]\nto = \"items[].tags[].kind\"\nvalue = \"label\"\n"
    );
    let source = replaced(
        SOURCE,
        r#""count": {"#,
        r#""labels": {"type": "array", "items": {"type": "string"}}, "count": {"#,
    );
    let tags = r#""tags": {"type": "array", "items": {"type": "object", "required": ["kind"],
        "properties": {"kind": {"type": "string"}}}}, "count": {"#;
    let target = replaced(TARGET, r#""count": {"#, tags);
    let files = Files { mapping, source, target, ..Files::new() };
    assert_eq!(files.catalog().check(), []);
    let plan = files.catalog().plan("crm-lead", &serde_json::Value::Null).unwrap();
    let lead = r#"{"version": "1", "id": 1, "rating": "hot", "created": "2026-11-24T09:15:30Z", "country": "DE",
        "products": [{"name": "Pump", "labels": ["new", "blue"]}, {"name": "Hose"}]}"#;
    let made = plan.translate(lead, None).unwrap().value;
    assert_eq!(made["items"][0]["tags"], serde_json::json!([{ "kind": "label" }, { "kind": "label" }]));
    assert_eq!(made["items"][1].get("tags"), None);
}

#[test]
fn a_list_of_a_list_is_made_only_where_the_outer_items_are_at_hand() {
    let mapping = format!(
        "{MAPPING}\n[[list]]\nto = \"tags[]\"\nfrom = \"products[].labels[]\"\n[[rule]]\nto = \"tags[].kind\"\nvalue = \"label\"\n"
    );
    let labels = r#""labels": {"type": "array", "items": {"type": "string"}}, "count": {"#;
    let source = replaced(SOURCE, r#""count": {"#, labels);
    let tags = r#""tags": {"type": "array", "items": {"type": "object", "required": ["kind"],
        "properties": {"kind": {"type": "string"}}}}, "note": {"#;
    let target = replaced(TARGET, r#""note": {"#, tags);
    let files = Files { mapping, source, target, ..Files::new() };
    let (kind, rule, _) = named(&files);
    assert_eq!((kind, rule.as_str()), (FindingKind::Unusable, "tags[]"));
}

#[test]
fn a_default_behind_a_join_of_which_a_part_is_always_there() {
    let rule = "from = { join = [\"note\", \"country\"] }\ndefault = \"none\"";
    let files = one_more(TEXT, TEXT, rule);
    let source = replaced(&files.source, "\"pattern\": \"^[A-Z]{2}$\"", "\"minLength\": 2");
    assert_eq!(found(&Files { source, ..files.clone() }), [(Dead, None)]);
    assert_eq!(found(&files), [(Dead, None)]);
}

#[test]
fn an_amount_goes_into_an_object_of_its_shape() {
    let money = |members: &str, required: &str| {
        format!(r#"{{"type": "object", "required": [{required}], "properties": {{{members}}}}}"#)
    };
    let code = r#"{"type": "string", "minLength": 3}"#;
    let source = amount(r#""amount", "currency""#, code);
    let other = money(r#""amount": {"type": "string"}, "currency": {"type": "string"}"#, "");
    assert_eq!(found(&one_more(&source, &other, AMOUNT)), [(TypeMismatch, None)]);
    let more = r#""minor": {"type": "integer"}, "currency": {"type": "string"}, "at": {"type": "string"}"#;
    assert_eq!(found(&one_more(&source, &money(more, r#""at""#), AMOUNT)), [(TypeMismatch, None)]);
}

#[test]
fn null_is_no_value_where_the_contract_lists_values_without_it() {
    let rule = "from = \"extra\"\nvalues = \"extra\"\n[values.extra]\nmap = { a = \"a\", b = \"b\" }";
    let source = r#"{"type": ["string", "null"], "enum": ["a", "b", null]}"#;
    for target in [r#"{"type": ["string", "null"], "enum": ["a", "b"]}"#, r#"{"enum": ["a", "b"]}"#] {
        assert_eq!(found(&required(one_more(source, target, rule))), [(MayBeMissing, None)], "{target}");
    }
    let nullable = r#"{"type": ["string", "null"], "enum": ["a", "b", null]}"#;
    assert_eq!(found(&required(one_more(source, nullable, rule))), []);
}

#[test]
fn what_stands_in_the_way_is_an_object_or_an_array_on_both_sides() {
    let object =
        r#"{"type": "object", "required": ["a"], "properties": {"a": {"type": "string", "minLength": 1}}}"#;
    let rule = "from = \"extra.a\"";
    assert_eq!(found(&one_more(object, TEXT, rule)), []);
    let wider = object.replacen(r#""object""#, r#"["object", "string"]"#, 1);
    assert_eq!(found(&one_more(&wider, TEXT, rule)), [(TypeMismatch, None)]);
    expect(
        &Files::source(r#""type": "array""#, r#""type": ["array", "object"]"#),
        TypeMismatch,
        "items[].name",
        "$.products",
    );
    expect(
        &Files::target(r#""type": "array""#, r#""type": "object""#),
        TypeMismatch,
        "items[].name",
        "$.items",
    );
}

#[test]
fn a_format_of_times_that_no_conversion_makes() {
    for (format, conversion) in [("%d.%m.%Y", "date"), ("unix-seconds", "instant"), ("date", "instant")] {
        let target = format!(r#"{{"type": "string", "format": "{format}"}}"#);
        let came = if conversion == "date" { "date" } else { "date-time" };
        let source = format!(r#"{{"type": "string", "format": "{came}"}}"#);
        let rule = format!("from = \"extra\"\nas = \"{conversion}\"");
        assert_eq!(found(&one_more(&source, &target, &rule)), [(TypeMismatch, None)], "{format}");
    }
}

#[test]
fn a_time_is_no_date_and_the_mend_says_so() {
    let (time, date) =
        (r#"{"type": "string", "format": "date-time"}"#, r#"{"type": "string", "format": "date"}"#);
    let findings = one_more(time, date, "from = \"extra\"\nas = \"date\"").catalog().check();
    assert!(findings.iter().any(|it| it.mend.starts_with("read it as `instant`")), "{findings:#?}");
}

#[test]
fn items_may_be_missing_as_members_may() {
    let list = |items: &str| {
        let extra = format!(r#"{{"type": "array", "items": {items}}}"#);
        let target = r#"{"type": "array", "items": {"type": "string"}}"#;
        let files = one_more(&extra, target, "value = []");
        let rule = "[[list]]\nto = \"extra[]\"\nfrom = \"extra[]\"\n[[rule]]\nto = \"extra[]\"\nfrom = \"extra[]\"\n";
        Files { mapping: replaced(&files.mapping, "[[rule]]\nto = \"extra\"\nvalue = []\n", rule), ..files }
    };
    assert_eq!(found(&list(r#"{"type": "string", "minLength": 1}"#)), []);
    assert_eq!(found(&list(TEXT)), [(MayBeMissing, None)]);
    assert_eq!(found(&list(r#"{"type": ["string", "null"], "minLength": 1}"#)), [(MayBeMissing, None)]);
    let by_number = |first: &str| {
        let rules = format!(
            "value = \"x\"\n[[rule]]\nto = \"list[0]\"\nfrom = \"{first}\"\n[[rule]]\nto = \"list[1]\"\nfrom = \"country\""
        );
        let files = one_more(TEXT, TEXT, &rules);
        let list = r#""list": {"type": "array", "items": {"type": "string"}}, "note": {"#;
        Files { target: replaced(&files.target, r#""note": {"#, list), ..files }
    };
    assert_eq!(by_number("country").catalog().check(), []);
    expect(&by_number("note"), MayBeMissing, "list[0]", "$.note");
}

#[test]
fn that_one_rule_takes_an_empty_text_helps_no_other() {
    let files = one_more(TEXT, TEXT, "from = \"extra\"");
    let other = "[[rule]]\nto = \"other\"\nfrom = \"extra\"\nempty = true\n";
    let target = replaced(&files.target, r#""note": {"#, r#""other": {"type": "string"}, "note": {"#);
    let mapping = format!("{}{other}", files.mapping);
    assert_eq!(found(&required(Files { mapping, target, ..files })), [(MayBeMissing, None)]);
}

#[test]
fn a_lenient_rule_may_leave_out_what_is_needed() {
    let mail = r#"{"type": "string", "minLength": 1}"#;
    let rule = "from = \"extra\"\nas = \"email\"\nlenient = true";
    assert_eq!(found(&required(one_more(mail, TEXT, rule))), [(MayBeMissing, None)]);
    assert_eq!(found(&one_more(mail, TEXT, rule)), []);
}

#[test]
fn a_whole_number_is_another_kind_than_a_fraction_to_an_expression() {
    let number = r#"{"type": "number"}"#;
    let rule = |text: &str| format!("expr = \"{text}\"\nas = \"decimal\"\nwith = {{ extra = \"extra\" }}");
    let files = |text: &str| required(one_more(number, TEXT, &rule(text)));
    assert_eq!(found(&files("extra * 2.0")), [(ExpressionFails, None)]);
    assert_eq!(found(&files("double(extra) * 2.0")), []);
}

#[test]
fn a_fraction_is_no_part_of_a_text_and_no_key_of_a_value_map() {
    let number = r#"{"type": "number"}"#;
    assert_eq!(
        found(&one_more(number, TEXT, "from = { template = \"{extra} kg\" }")),
        [(TypeMismatch, None)]
    );
    let map = "from = \"extra\"\nvalues = \"extra\"\n[values.extra]\nmap = { 1 = \"a\" }";
    assert_eq!(found(&one_more(number, TEXT, map)), [(TypeMismatch, None)]);
    let part = r#"{"type": "object", "properties": {"a": {"type": "string"}}}"#;
    assert_eq!(found(&one_more(part, TEXT, "from = { template = \"{extra}\" }")), [(TypeMismatch, None)]);
}

#[test]
fn limits_that_have_nothing_in_common() {
    let (short, long) = (r#"{"type": "string", "maxLength": 3}"#, r#"{"type": "string", "minLength": 5}"#);
    assert_eq!(found(&one_more(short, long, "from = \"extra\"")), [(ValueNotAllowed, None)]);
    let (few, many) = (r#"{"type": "integer", "maximum": 5}"#, r#"{"type": "integer", "minimum": 9}"#);
    assert_eq!(found(&one_more(few, many, "from = \"extra\"\nas = \"integer\"")), [(ValueNotAllowed, None)]);
}

#[test]
fn a_text_of_a_source_with_another_format_is_not_the_targets() {
    let date = r#"{"type": "string", "format": "date"}"#;
    assert_eq!(found(&one_more(date, date, "from = \"extra\"")), []);
    assert_eq!(found(&one_more(TEXT, date, "from = \"extra\"")), [(TypeMismatch, None)]);
}

#[test]
fn a_boolean_has_two_values_and_a_value_map_knows_both() {
    let files = |map: &str| {
        let mut files = one_more(r#"{"type": "boolean"}"#, TEXT, "from = \"extra\"\nvalues = \"extra\"");
        files.mapping =
            files.mapping.replace("[[list]]", &format!("[values.extra]\nmap = {map}\n\n[[list]]"));
        files
    };
    assert_eq!(found(&files(r#"{ true = "yes" }"#)), [value(ValueUnmapped, "false")]);
    assert_eq!(found(&files(r#"{ true = "yes", false = "no" }"#)), []);
    assert_eq!(
        found(&files(r#"{ true = "yes", false = "no", maybe = "?" }"#)),
        [value(FindingKind::Dead, "maybe")]
    );
}

#[test]
fn an_expression_is_tried_with_the_limits_that_the_contract_says() {
    let files = |limits: &str, expr: &str| {
        let extra = format!(r#"{{"type": "integer"{limits}}}"#);
        let rule = format!("expr = \"{expr}\"\nas = \"integer\"\nwith = {{ extra = \"extra\" }}");
        found(&required(one_more(&extra, r#"{"type": "integer"}"#, &rule)))
    };
    assert_eq!(files("", "100 / extra"), [(ExpressionFails, None)]);
    assert_eq!(files(r#", "minimum": 1"#, "100 / extra"), []);
    assert_eq!(files(r#", "minimum": 5, "maximum": 9"#, "100 / (extra - 9)"), [(ExpressionFails, None)]);
    let vast = r#", "minimum": 0, "maximum": 9223372036854775807"#;
    assert_eq!(files(vast, "extra * 2"), [(ExpressionFails, None)]);
}
