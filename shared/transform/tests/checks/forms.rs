//! The form of what comes: what no conversion takes, and a form that a new contract says otherwise.

use transform::FindingKind::{Changed, TypeMismatch, ValueNotAllowed, ValueUnmapped};
use transform::{Catalog, FindingKind};

use crate::produced::{TEXT, found, one_more};
use crate::{Files, replaced};

fn pattern(pattern: &str) -> String {
    format!(r#"{{"type": "string", "pattern": "{pattern}"}}"#)
}

fn read_as(source: &str, target: &str, rule: &str) -> Vec<(FindingKind, Option<String>)> {
    found(&one_more(source, target, &format!("from = \"extra\"\n{rule}")))
}

#[test]
fn a_pattern_of_the_source_that_the_conversion_never_takes() {
    let never = [(TypeMismatch, None)];
    let integer = r#"{"type": "integer"}"#;
    for (conversion, takes, not, target) in [
        ("country", "^(AT|CH)$", "^[A-Z]{3}$", TEXT),
        ("currency", "^(SEK|XYZ)$", "^[a-z]{3}$", TEXT),
        ("decimal", r"^-?[0-9]+([.][0-9]+)?$", r"^-?[0-9]+,[0-9]+$", TEXT),
        ("decimal", r"^[0-9]{4}[.][0-9]{2}$", r"^[0-9]+ EUR$", TEXT),
        ("integer", "^0[0-9]{5}$", "^[A-Z]+[0-9]*$", integer),
        ("email", "^[a-z]+@example[.]org$", "^[0-9]+$", TEXT),
        ("string", "^[a-z]$", "^$", TEXT),
    ] {
        let rule = format!("as = \"{conversion}\"");
        assert_eq!(read_as(&pattern(takes), target, &rule), [], "{conversion} {takes}");
        let expected: &[_] = if conversion == "string" { &[] } else { &never };
        assert_eq!(read_as(&pattern(not), target, &rule), expected, "{conversion} {not}");
    }
    let boolean = |comes| {
        read_as(&pattern(comes), r#"{"type": "boolean"}"#, "as = \"boolean\"\nyes = [\"y\"]\nno = [\"n\"]")
    };
    assert_eq!((boolean("^[a-y]$"), boolean("^[A-Z]$")), (vec![], never.to_vec()));
}

#[test]
fn a_length_of_the_source_that_the_conversion_never_takes() {
    let long = r#"{"type": "string", "minLength": 3}"#;
    assert_eq!(read_as(long, TEXT, "as = \"country\""), [(TypeMismatch, None)]);
    assert_eq!(read_as(long, TEXT, "as = \"currency\""), []);
    let short = r#"{"type": "string", "maxLength": 2}"#;
    assert_eq!(read_as(short, TEXT, "as = \"currency\""), [(TypeMismatch, None)]);
}

#[test]
fn a_value_map_that_stands_before_the_conversion_may_take_any_form() {
    let map =
        "as = \"country\"\nvalues = \"extra\"\n[values.extra]\nmap = { DEU = \"DE\" }\nunknown = \"pass\"";
    assert_eq!(read_as(&pattern("^[A-Z]{3}$"), TEXT, map), []);
}

#[test]
fn a_pattern_of_times_is_held_against_the_formats_that_are_read() {
    let source = |format: &str, pattern: &str| {
        format!(r#"{{"type": "string", "format": "{format}", "pattern": "{pattern}"}}"#)
    };
    let date = r#"{"type": "string", "format": "date"}"#;
    let slashes = "^[0-9]{2}/[0-9]{2}/[0-9]{4}$";
    assert_eq!(read_as(&source("date", slashes), date, "as = \"date\""), [(TypeMismatch, None)]);
    let read = "as = \"date\"\nformats = [\"%d/%m/%Y\"]";
    assert_eq!(read_as(&source("%d/%m/%Y", slashes), date, read), []);
    let time = r#"{"type": "string", "format": "date-time"}"#;
    for takes in ["[0-9]Z$", "[+]00:00$", "[.][0-9]{3}Z$", "-05:00$"] {
        assert_eq!(read_as(&source("date-time", takes), time, "as = \"instant\""), [], "{takes}");
    }
    let local = source("date-time", ":[0-9]{2}$");
    assert_eq!(read_as(&local, time, "as = \"instant\""), []);
    assert_eq!(read_as(&source("date-time", slashes), time, "as = \"instant\""), [(TypeMismatch, None)]);
}

const MONEY: &str = r#"{"type": "object", "required": ["minor", "currency"],
    "properties": {"minor": {"type": "integer"}, "currency": {"type": "string"}}}"#;

#[test]
fn the_currency_beside_an_amount_has_to_come_in_capitals() {
    let source = |pattern: &str| {
        format!(
            r#"{{"type": "object", "required": ["amount", "currency"], "properties": {{
                "amount": {{"type": "integer"}}, "currency": {{"type": "string", "pattern": "{pattern}"}}}}}}"#
        )
    };
    let rule = "from = \"extra.amount\"\nas = \"minor-money\"\ncurrency = \"extra.currency\"";
    assert_eq!(found(&one_more(&source("^[A-Z]{3}$"), MONEY, rule)), []);
    assert_eq!(found(&one_more(&source("^[a-z]{3}$"), MONEY, rule)), [(TypeMismatch, None)]);
}

/// Kinds and places of what a source breaks that says something else of `extra`.
fn broken(before: &str, now: &str, rule: &str) -> Vec<(FindingKind, String)> {
    let files = one_more(before, TEXT, &format!("from = \"extra\"\n{rule}"));
    assert_eq!(files.catalog().check(), []);
    told(&files, &replaced(&files.source, before, now))
}

fn told(files: &Files, new: &str) -> Vec<(FindingKind, String)> {
    let findings = files.catalog().check_contract(serde_json::from_str(new).unwrap()).unwrap();
    findings.into_iter().map(|it| (it.kind, it.path)).collect()
}

#[test]
fn a_form_that_a_new_contract_says_otherwise_is_told_wherever_it_is_read() {
    let changed = [(Changed, "$.extra".to_owned())];
    let slashes =
        r#"{"type": "string", "minLength": 1, "format": "date", "pattern": "^[0-9]{2}/[0-9]{2}/[0-9]{4}$"}"#;
    let text = r#"{"type": "string", "minLength": 1}"#;
    assert_eq!(broken(text, slashes, ""), changed);
    let length = |most: u32| format!(r#"{{"type": "string", "maxLength": {most}}}"#);
    assert_eq!(broken(&length(9), &length(40), ""), changed);
    assert_eq!(broken(&length(40), &length(9), ""), []);
    let comma = pattern("^[0-9]+,[0-9]{2}$");
    let decimal = broken(&pattern("^[0-9]+[.][0-9]{2}$"), &comma, "as = \"decimal\"");
    assert_eq!(decimal, [(TypeMismatch, "$.extra".to_owned())], "once");
}

#[test]
fn a_decimal_comma_of_the_shop_is_named_before_it_is_live() {
    let new = r#"{"$id": "spillway:shopify.order@2026-10", "x-version-of": "spillway:shopify.order@2026-07",
        "x-patch": {"$defs": {"decimal": {"pattern": "^-?[0-9]+(,[0-9]+)?$"}}}}"#;
    let catalog = Catalog::built_in().unwrap();
    let findings = catalog.check_contract(serde_json::from_str(new).unwrap()).unwrap();
    let price = |it: &&transform::Finding| it.path == "$.line_items[].price";
    assert!(findings.iter().any(|it| price(&it)), "{findings:#?}");
}

const PRICE: &str = "from = \"extra.amount\"\nas = \"minor-money\"\ncurrency = \"extra.currency\"";

fn price(currency: &str) -> String {
    format!(
        r#"{{"type": "object", "required": ["amount", "currency"], "properties": {{
            "amount": {{"type": "integer"}}, "currency": {currency}}}}}"#
    )
}

fn members(minor: &str, currency: &str) -> String {
    format!(
        r#"{{"type": "object", "required": ["minor", "currency"], "properties": {{
            "minor": {minor}, "currency": {currency}}}}}"#
    )
}

#[test]
fn the_members_of_an_amount_are_held_against_the_target_each() {
    let (integer, code) = (r#"{"type": "integer"}"#, r#"{"type": "string", "pattern": "^[A-Z]{3}$"}"#);
    let held = |source: &str, minor: &str, currency: &str| {
        found(&one_more(&price(source), &members(minor, currency), PRICE))
    };
    assert_eq!(held(code, integer, code), []);
    assert_eq!(held(code, TEXT, code), [(TypeMismatch, None)]);
    assert_eq!(held(code, integer, integer), [(TypeMismatch, None)]);
    let lower = r#"{"type": "string", "pattern": "^[a-z]{3}$"}"#;
    assert_eq!(held(code, integer, lower), [(ValueNotAllowed, None)]);
    let dollar = r#"{"type": "string", "enum": ["USD"]}"#;
    assert_eq!(held(code, integer, dollar), [(ValueUnmapped, None)]);
    assert_eq!(held(dollar, integer, dollar), []);
    let both = r#"{"type": "string", "enum": ["EUR", "USD"]}"#;
    assert_eq!(held(both, integer, dollar), [(ValueNotAllowed, Some("EUR".to_owned()))]);
}

#[test]
fn a_new_limit_of_an_amounts_member_is_told() {
    let (integer, code) = (r#"{"type": "integer"}"#, r#"{"type": "string", "pattern": "^[A-Z]{3}$"}"#);
    let files = one_more(&price(code), &members(integer, code), PRICE);
    let broken = |minor: &str, currency: &str| {
        told(&files, &replaced(&files.target, &members(integer, code), &members(minor, currency)))
    };
    let least = r#"{"type": "integer", "maximum": 10}"#;
    assert_eq!(broken(least, code), [(Changed, "$.extra.minor".to_owned())]);
    let euro = r#"{"type": "string", "pattern": "^EUR$"}"#;
    assert_eq!(broken(integer, euro), [(Changed, "$.extra.currency".to_owned())]);
    let dollar = r#"{"type": "string", "enum": ["USD"]}"#;
    assert_eq!(broken(integer, dollar), [(ValueUnmapped, "$.extra.currency".to_owned())]);
}

/// Of a rule that reads these formats of a source that sends the first or the last of them.
fn formats(conversion: &str, source: &str, formats: &str) -> Vec<transform::Finding> {
    let target = if conversion == "date" { "date" } else { "date-time" };
    let kind = if source.starts_with("unix") { "integer" } else { "string" };
    let rule = format!("from = \"extra\"\nas = \"{conversion}\"\nformats = [{formats}]");
    let source = format!(r#"{{"type": "{kind}", "format": "{source}"}}"#);
    let target = format!(r#"{{"type": "string", "format": "{target}"}}"#);
    one_more(&source, &target, &rule).catalog().check()
}

#[test]
fn formats_that_read_the_same_text_as_another_time() {
    for (conversion, source, both, told) in [
        ("date", "%m/%d/%Y", r#""%d/%m/%Y", "%m/%d/%Y""#, true),
        ("date", "%m/%d/%Y", r#""%m/%d/%Y", "%d/%m/%Y""#, true),
        ("date", "%Y-%d-%m", r#""rfc3339", "%Y-%d-%m""#, true),
        ("date", "%d/%m/%Y", r#""rfc3339", "%d/%m/%Y", "%d.%m.%Y""#, false),
        ("instant", "unix-seconds", r#""unix-milliseconds", "unix-seconds""#, true),
        ("instant", "unix-seconds", r#""unix-seconds", "unix-milliseconds""#, false),
        ("instant", "%d.%m.%Y %H:%M:%S %z", r#""rfc3339", "%d.%m.%Y %H:%M:%S %z""#, false),
        ("instant", "%d.%m.%Y %H:%M %z", r#""%m.%d.%Y %H:%M %z", "%d.%m.%Y %H:%M %z""#, true),
        ("instant", "rfc2822", r#""rfc3339", "rfc2822", "unix-seconds""#, false),
    ] {
        let findings = formats(conversion, source, both);
        assert!(findings.iter().all(|it| it.kind == TypeMismatch && it.rule == "extra"), "{findings:#?}");
        assert_eq!(findings.len(), usize::from(told), "{both}: {findings:#?}");
        assert!(findings.iter().all(|it| it.problem.contains("differently")), "{findings:#?}");
    }
}

#[test]
fn formats_that_only_another_order_tells_apart_are_put_into_it() {
    let mend = |findings: Vec<transform::Finding>| findings.into_iter().map(|it| it.mend).next().unwrap();
    let order = mend(formats("instant", "unix-seconds", r#""unix-milliseconds", "unix-seconds""#));
    assert_eq!(order, r#"put "unix-seconds" before "unix-milliseconds""#);
    let never = mend(formats("date", "%m/%d/%Y", r#""%d/%m/%Y", "%m/%d/%Y""#));
    assert!(never.contains("a mapping of its own for each version of crm.lead"), "{never}");
}

#[test]
fn the_mend_of_a_changed_format_keeps_the_old_one_only_where_they_can_be_told_apart() {
    let mend = |conversion: &str, new: &str, old: &str| {
        let findings = formats(conversion, new, &format!("{old:?}"));
        findings.into_iter().map(|it| it.mend).next().unwrap()
    };
    let kept = mend("instant", "%d.%m.%Y %H:%M:%S %z", "rfc3339");
    assert!(kept.starts_with("add \"%d.%m.%Y %H:%M:%S %z\" to `formats`, and keep the old one"), "{kept}");
    let before = mend("instant", "unix-seconds", "unix-milliseconds");
    assert!(before.starts_with("put \"unix-seconds\" before the others in `formats`"), "{before}");
    let instead = mend("date", "%m/%d/%Y", "%d/%m/%Y");
    assert!(instead.starts_with("say \"%m/%d/%Y\" instead of the old one"), "{instead}");
    assert!(instead.contains("a mapping of its own for each version of crm.lead"), "{instead}");
}
