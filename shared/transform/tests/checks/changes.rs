//! A new contract: what it changes under conditions, patterns and limits is told, and so is one that nobody reads.

use transform::FindingKind::{Changed, TypeMismatch, Unusable};
use transform::{Catalog, FindingKind};

use crate::{ENVELOPE, Files, MAPPING, SOURCE, TARGET, replaced};

#[test]
fn an_expression_over_what_is_of_another_kind_in_a_new_contract() {
    let mapping = format!(
        "{MAPPING}\n[[refuse]]\nat = \"note\"\nwhen = \"note == 'spam'\"\nwith = {{ note = \"note\" }}\n"
    );
    let contracts = [SOURCE, Files::new().second.as_str(), TARGET, ENVELOPE].map(str::to_owned);
    let catalog =
        Catalog::read([("mappings/crm-lead.toml", mapping.as_str())], contracts.iter().map(String::as_str))
            .unwrap();
    assert_eq!(catalog.check(), []);
    let new = replaced(SOURCE, r#""note": {"type": ["string", "null"]}"#, r#""note": {"type": "integer"}"#);
    let new = replaced(&new, "crm.lead@1", "crm.lead@3");
    let findings = catalog.check_contract(serde_json::from_str(&new).unwrap()).unwrap();
    let told: Vec<_> = findings.iter().map(|it| (it.kind, it.path.as_str())).collect();
    assert!(told.contains(&(Changed, "$.note")), "{findings:#?}");
    assert_eq!(told.iter().filter(|(kind, _)| *kind == Changed).count(), 1, "once");
}

const STATUS: &str = r#""status": {"type": "string", "enum": ["open", "cancelled"]}, "note": {"#;
const REFUSED: &str =
    "\n[[refuse]]\nat = \"status\"\nwhen = \"status == 'cancelled'\"\nwith = { status = \"status\" }\n";

/// Kinds and places of what the changed source breaks, of a mapping with a condition over `status`.
fn broken(old: &str, new: &str) -> Vec<(FindingKind, String)> {
    let source = replaced(SOURCE, r#""note": {"#, STATUS);
    let files = Files { source, mapping: format!("{MAPPING}{REFUSED}"), ..Files::new() };
    let catalog = files.catalog();
    assert_eq!(catalog.check(), []);
    let new = replaced(&files.source, old, new);
    let findings = catalog.check_contract(serde_json::from_str(&new).unwrap()).unwrap();
    findings.into_iter().map(|it| (it.kind, it.path)).collect()
}

#[test]
fn a_value_that_is_new_under_a_condition() {
    let status = [(Changed, "$.status".to_owned())];
    let renamed = broken(r#"["open", "cancelled"]"#, r#"["open", "canceled"]"#);
    assert_eq!(renamed, status);
    assert_eq!(broken(r#"["open", "cancelled"]"#, r#"["open", "cancelled", "voided"]"#), status);
}

#[test]
fn a_type_that_is_wider_under_a_condition() {
    let wider = broken(r#""status": {"type": "string""#, r#""status": {"type": ["string", "boolean"]"#);
    assert!(wider.contains(&(Changed, "$.status".to_owned())), "{wider:?}");
}

#[test]
fn what_a_place_stands_in_becomes_something_else() {
    let wider = broken(r#""type": "array""#, r#""type": ["array", "object"]"#);
    assert!(wider.contains(&(TypeMismatch, "$.products".to_owned())), "{wider:?}");
}

#[test]
fn a_target_that_takes_less_than_it_did() {
    let catalog = Files::new().catalog();
    let breaks = |old: &str, new: &str| {
        let target = replaced(TARGET, old, new);
        let findings = catalog.check_contract(serde_json::from_str(&target).unwrap()).unwrap();
        findings.into_iter().map(|it| (it.kind, it.path)).collect::<Vec<_>>()
    };
    assert_eq!(breaks(r#""maxLength": 50"#, r#""maxLength": 40"#), [(Changed, "$.note".to_owned())]);
    assert_eq!(breaks(r#""minimum": 1"#, r#""minimum": 0"#), [(Changed, "$.items[].count".to_owned())]);
    let pattern =
        breaks(r#""region": {"type": "string"}"#, r#""region": {"type": "string", "pattern": "^[a-z]+$"}"#);
    assert_eq!(pattern, [(Changed, "$.region".to_owned())]);
    assert_eq!(breaks(r#""maxLength": 50"#, r#""maxLength": 60"#), []);
}

#[test]
fn a_contract_that_no_mapping_has_to_do_with_is_a_slip_of_the_pen() {
    let new = replaced(SOURCE, "crm.lead@1", "crm.leads@1");
    let findings = Files::new().catalog().check_contract(serde_json::from_str(&new).unwrap()).unwrap();
    let [finding] = findings.as_slice() else { panic!("{findings:#?}") };
    assert_eq!((finding.kind, finding.path.as_str()), (Unusable, "$id"));
}

#[test]
fn two_patterns_at_once_cannot_be_held() {
    let read = |text: &str| transform::contract::Contracts::read([text]).map(|_| ());
    let text = r##"{"$id": "spillway:a.b@1", "$defs": {"p": {"pattern": "[0-9]$"}},
        "properties": {"x": {"$ref": "#/$defs/p", "pattern": "^X"}}}"##;
    assert!(read(text).unwrap_err().to_string().contains("two patterns at once"));
    assert!(read(&text.replace("^X", "[0-9]$")).is_ok());
}

#[test]
fn a_limit_of_a_list_that_a_new_target_says_otherwise_is_told() {
    let broken = |old: &str, new: &str| {
        let files = Files::target("\"minItems\": 1,", "\"minItems\": 1, \"maxItems\": 250,");
        let catalog = files.catalog();
        assert_eq!(catalog.check(), []);
        let target = replaced(&files.target, old, new);
        let findings = catalog.check_contract(serde_json::from_str(&target).unwrap()).unwrap();
        findings.into_iter().map(|it| (it.kind, it.rule, it.path)).collect::<Vec<_>>()
    };
    let changed = [(Changed, "items[]".to_owned(), "$.items".to_owned())];
    assert_eq!(broken("\"maxItems\": 250", "\"maxItems\": 5"), changed);
    assert_eq!(broken("\"maxItems\": 250", "\"maxItems\": 300"), []);
    let fewer = (FindingKind::MayBeMissing, "items[]".to_owned(), "items[]".to_owned());
    assert_eq!(broken("\"minItems\": 1", "\"minItems\": 3"), [fewer], "once");
}

#[test]
fn a_list_that_needs_more_than_one_item_needs_a_source_that_has_as_many() {
    let three = Files::target("\"minItems\": 1,", "\"minItems\": 3,");
    crate::expect(&three, FindingKind::MayBeMissing, "items[]", "items[]");
    let least = |least: u8| format!("\"products\": {{\n      \"minItems\": {least},");
    let source = |count| replaced(&three.source, "\"products\": {", &least(count));
    assert_eq!(Files { source: source(3), ..three.clone() }.catalog().check(), []);
    crate::expect(
        &Files { source: source(2), ..three.clone() },
        FindingKind::MayBeMissing,
        "items[]",
        "items[]",
    );
    let some = "from = \"products[]\"\nwhen = \"name != 'x'\"\nwith = { name = \"products[].name\" }";
    let mapping = replaced(MAPPING, "from = \"products[]\"", some);
    crate::expect(
        &Files { source: source(3), mapping, ..three },
        FindingKind::MayBeMissing,
        "items[]",
        "items[]",
    );
}

#[test]
fn a_list_of_the_source_that_may_be_longer_than_it_was_is_told() {
    let files = Files::source("\"type\": \"array\",", "\"type\": \"array\", \"maxItems\": 5,");
    let catalog = files.catalog();
    let new = replaced(&files.source, "\"maxItems\": 5", "\"maxItems\": 500");
    let findings = catalog.check_contract(serde_json::from_str(&new).unwrap()).unwrap();
    let told: Vec<_> = findings.iter().map(|it| (it.kind, it.rule.as_str(), it.path.as_str())).collect();
    assert_eq!(told, [(Changed, "items[]", "$.products")]);
}

#[test]
fn a_limit_of_the_sales_lines_is_told() {
    let new = r#"{"$id": "spillway:tryton.sale@8.3", "x-version-of": "spillway:tryton.sale@8.2",
        "x-patch": {"properties": {"lines": {"maxItems": 1}}}}"#;
    let catalog = transform::Catalog::built_in().unwrap();
    let findings = catalog.check_contract(serde_json::from_str(new).unwrap()).unwrap();
    assert!(findings.iter().any(|it| it.kind == Changed && it.path == "$.lines"), "{findings:#?}");
}
