//! What the check once passed, and a message then failed of.

use transform::FindingKind::{Changed, MayBeMissing, Refused, SourceMissing, TypeMismatch, ValueUnmapped};
use transform::{Catalog, FindingKind};

use crate::produced::{A_OR_B, TEXT, found, one_more, required};
use crate::{Files, MAPPING, SOURCE, expect, replaced};

#[test]
fn the_place_that_says_the_version_is_read_too() {
    let missing = Files::mapping("version_at = \"version\"", "version_at = \"apivers\"");
    expect(&missing, SourceMissing, "version_at", "$.apivers");
    let object = Files::mapping("version_at = \"version\"", "version_at = \"products\"");
    expect(&object, TypeMismatch, "version_at", "$.products");
    // What never says the version by which it is accepted is never accepted.
    let never = Files::source(
        r#""version": {"type": "string"}"#,
        r#""version": {"type": "string", "enum": ["1", "3"]}"#,
    );
    expect(&never, SourceMissing, "version_at", "$.version");
}

fn mapped(rule: &str, map: &str) -> Files {
    let mut files = one_more(A_OR_B, TEXT, &format!("{rule}\nvalues = \"extra\""));
    files.mapping = files.mapping.replace("[[list]]", &format!("[values.extra]\nmap = {map}\n\n[[list]]"));
    files
}

#[test]
fn a_value_map_behind_a_template_knows_what_is_put_together_and_not_its_parts() {
    let template = "from = { template = \"{extra}-{id}\" }";
    assert_eq!(found(&mapped(template, r#"{ "a-1" = "x", "b-1" = "y" }"#)), []);
    let both = |map| found(&mapped("from = [\"extra\", { template = \"{id}-{extra}\" }]", map));
    assert_eq!(both(r#"{ a = "x", "1-b" = "y" }"#), [(ValueUnmapped, Some("b".to_owned()))]);
}

#[test]
fn a_value_map_is_held_against_from_beside_an_expression() {
    let rule = "from = \"extra\"\nexpr = \"id > 0 ? 'c' : 'c'\"\nwith = { id = \"id\" }";
    assert_eq!(found(&mapped(rule, r#"{ a = "x", c = "y" }"#)), [(ValueUnmapped, Some("b".to_owned()))]);
    assert_eq!(found(&mapped(rule, r#"{ a = "x", b = "y", c = "z" }"#)), []);
}

fn refusing(when: &str) -> String {
    format!("{MAPPING}\n[[refuse]]\nat = \"note\"\nwhen = \"{when}\"\nwith = {{ note = \"note\" }}\n")
}

#[test]
fn a_refusal_that_holds_of_every_message() {
    let files = |values: &str| Files {
        source: replaced(SOURCE, r#""note": {"type": ["string", "null"]}"#, values),
        mapping: refusing("note == null || note == 'spam'"),
        ..Files::new()
    };
    let always = files(r#""note": {"type": ["string", "null"], "enum": ["spam", null]}"#);
    expect(&always, Refused, "refuse at note", "$");
    assert_eq!(
        files(r#""note": {"type": ["string", "null"], "enum": ["spam", "ham", null]}"#).catalog().check(),
        []
    );
}

/// Kinds and rules of what the new source breaks.
fn broken(files: &Files, old: &str, new: &str) -> Vec<(FindingKind, String)> {
    let catalog: Catalog = files.catalog();
    assert_eq!(catalog.check(), []);
    let new = replaced(&files.source, old, new);
    let findings = catalog.check_contract(serde_json::from_str(&new).unwrap()).unwrap();
    findings.into_iter().map(|it| (it.kind, it.rule)).collect()
}

#[test]
fn what_a_condition_asks_of_comes_always_now() {
    let files = Files { mapping: refusing("note != null"), ..Files::new() };
    let condition = (Changed, "refuse at note".to_owned());
    let no_null = broken(&files, r#""note": {"type": ["string", "null"]}"#, r#""note": {"type": "string"}"#);
    assert!(no_null.contains(&condition), "{no_null:?}");
    let required = broken(&files, r#""country", "products"]"#, r#""country", "products", "note"]"#);
    assert!(required.contains(&condition), "{required:?}");
}

#[test]
fn what_may_be_made_empty_is_no_sure_value_of_a_place_that_is_needed() {
    let missing = [(MayBeMissing, None)];
    assert_eq!(found(&required(mapped("from = \"extra\"", r#"{ a = "", b = "y" }"#))), missing, "an entry");
    assert_eq!(found(&required(mapped("from = \"extra\"\ndefault = \"z\"", r#"{ a = "", b = "y" }"#))), []);
    let may_be_empty = r#"{"type": "string", "pattern": "^[0-9]*$"}"#;
    assert_eq!(found(&required(one_more(may_be_empty, TEXT, "from = \"extra\""))), missing, "a pattern");
    let text = r#"{"type": "string", "minLength": 1}"#;
    let lenient = "from = [\"extra\", \"note\"]\nas = \"email\"\nlenient = true";
    assert_eq!(found(&required(one_more(text, TEXT, lenient))), missing, "lenient alternatives");
    let group = |pattern: &str| {
        let rule = format!("from = \"extra\"\nmatch = \"{pattern}\"\nexpected = \"p\"");
        found(&required(one_more(text, TEXT, &rule)))
    };
    assert_eq!(group("^p-?(.*)$"), missing, "a group");
    assert_eq!(group("^p-?(?:x|y)(a|)$"), missing, "an alternative of a group");
    assert_eq!(group("^p-?(.+)$"), []);
    assert_eq!(group("^(?:p|q)([a-z()]+)$"), []);
}

#[test]
fn items_that_may_be_null_are_none_where_the_target_wants_them() {
    let source = r#"{"type": "array", "items": {"type": ["object", "null"], "properties": {"k": {"type": "string"}}}}"#;
    let target = |types: &str| {
        format!(
            r#"{{"type": "array", "items": {{"type": {types}, "properties": {{"k": {{"type": "string"}}}}}}}}"#
        )
    };
    let files = |types: &str| {
        let mut files = one_more(source, &target(types), "");
        files.mapping = format!(
            "{MAPPING}\n[[list]]\nto = \"extra[]\"\nfrom = \"extra[]\"\n[[rule]]\nto = \"extra[].k\"\nfrom = \"extra[].k\"\ndefault = \"-\"\n"
        );
        found(&files)
    };
    assert_eq!(files(r#""object""#), [(MayBeMissing, None)]);
    assert_eq!(files(r#"["object", "null"]"#), []);
}
