//! The static check: a mapping without a fault, and every fault that it names.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail by panicking and say where")]

#[cfg(test)]
mod changes;
#[cfg(test)]
mod contracts;
#[cfg(test)]
mod formats;
#[cfg(test)]
mod forms;
#[cfg(test)]
mod gaps;
#[cfg(test)]
mod idle;
#[cfg(test)]
mod produced;

use transform::FindingKind::{
    Dead, ExpressionFails, MayBeMissing, RequiredNotMade, SourceMissing, TypeMismatch, Unusable,
    ValueNotAllowed, ValueUnmapped, VersionNotAccepted,
};
use transform::contract::{Contracts, diff};
use transform::{Catalog, Finding, FindingKind};

const MAPPING: &str = include_str!("mapping.toml");
const SOURCE: &str = include_str!("source.json");
const TARGET: &str = include_str!("target.json");

#[derive(Clone)]
struct Files {
    mapping: String,
    source: String,
    second: String,
    target: String,
}

impl Files {
    fn new() -> Self {
        let second = r#"{"$id": "spillway:crm.lead@2", "$ref": "spillway:crm.lead@1"}"#.to_owned();
        Self { mapping: MAPPING.to_owned(), source: SOURCE.to_owned(), second, target: TARGET.to_owned() }
    }

    fn catalog(&self) -> Catalog {
        let contracts = [&self.source, &self.second, &self.target, ENVELOPE].map(AsRef::as_ref);
        Catalog::read([("mappings/crm-lead.toml", self.mapping.as_str())], contracts).unwrap()
    }

    fn mapping(old: &str, new: &str) -> Self {
        Self { mapping: replaced(MAPPING, old, new), ..Self::new() }
    }

    fn source(old: &str, new: &str) -> Self {
        Self { source: replaced(SOURCE, old, new), ..Self::new() }
    }

    fn target(old: &str, new: &str) -> Self {
        Self { target: replaced(TARGET, old, new), ..Self::new() }
    }
}

const ENVELOPE: &str = include_str!("../../contracts/spillway/envelope@1.json");

fn replaced(text: &str, old: &str, new: &str) -> String {
    assert!(text.contains(old), "{old}");
    text.replacen(old, new, 1)
}

/// The one finding, by its kind, rule and path.
fn named(files: &Files) -> (FindingKind, String, String) {
    let findings = files.catalog().check();
    let [Finding { kind, rule, path, mend, file, .. }] = findings.as_slice() else {
        panic!("one finding is expected: {findings:#?}")
    };
    assert!(!mend.is_empty() && file == "mappings/crm-lead.toml");
    (*kind, rule.clone(), path.clone())
}

fn expect(files: &Files, kind: FindingKind, rule: &str, path: &str) {
    assert_eq!(named(files), (kind, rule.to_owned(), path.to_owned()));
}

#[test]
fn a_mapping_without_a_fault_has_no_findings() {
    assert_eq!(Files::new().catalog().check(), []);
}

#[test]
fn the_built_in_mappings_have_no_findings() {
    assert_eq!(Catalog::built_in().unwrap().check(), []);
}

#[test]
fn a_required_place_that_no_rule_makes() {
    let files = Files::target(r#""kind", "items"]"#, r#""kind", "items", "owner"]"#);
    let files = Files {
        target: replaced(&files.target, r#""region": {"#, r#""owner": {"type": "string"}, "region": {"#),
        ..files
    };
    expect(&files, RequiredNotMade, "rules", "$.owner");
    let inside =
        Files::target(r#""required": ["name", "count"],"#, r#""required": ["name", "count", "price"],"#);
    let inside = Files {
        target: replaced(&inside.target, r#""count": {"#, r#""price": {"type": "string"}, "count": {"#),
        ..inside
    };
    expect(&inside, RequiredNotMade, "rules", "$.items[].price");
}

#[test]
fn a_required_place_that_some_messages_leave_empty() {
    expect(
        &Files::source(r#""required": ["version", "id", "#, r#""required": ["version", "#),
        MayBeMissing,
        "reference",
        "$.id",
    );
    expect(
        &Files::source(r#""id": {"type": "integer"}"#, r#""id": {"type": ["integer", "null"]}"#),
        MayBeMissing,
        "reference",
        "$.id",
    );
    expect(&Files::mapping("none = \"a product\"\n", ""), MayBeMissing, "items[]", "items[]");
    expect(
        &Files::source(r#""name": {"type": "string", "minLength": 1}"#, r#""name": {"type": "string"}"#),
        MayBeMissing,
        "items[].name",
        "$.products[].name",
    );
    let condition = "value = \"lead\"\nwhen = \"country == 'DE'\"\nwith = { country = \"country\" }\n";
    expect(&Files::mapping("value = \"lead\"\n", condition), MayBeMissing, "kind", "kind");
}

#[test]
fn that_a_message_may_lack_it_can_be_said() {
    let files = Files::source(r#""required": ["version", "id", "#, r#""required": ["version", "#);
    let mapping = replaced(MAPPING, "as = \"id\"\n", "as = \"id\"\nmissing = \"park\"\n");
    assert_eq!(Files { mapping, ..files }.catalog().check(), []);
}

#[test]
fn a_place_that_no_version_of_the_source_has() {
    expect(
        &Files::mapping("from = \"created\"", "from = \"creation\""),
        SourceMissing,
        "opened_at",
        "$.creation",
    );
}

#[test]
fn a_place_that_one_version_of_the_source_lacks() {
    let second =
        r#"{"$id": "spillway:crm.lead@2", "$ref": "spillway:crm.lead@1", "properties": {"country": false}}"#;
    expect(&Files { second: second.to_owned(), ..Files::new() }, SourceMissing, "region", "$.country");
}

#[test]
fn a_value_of_the_source_that_has_no_entry() {
    expect(
        &Files::source(r#"["hot", "cold"]"#, r#"["hot", "cold", "warm"]"#),
        ValueUnmapped,
        "priority",
        "$.rating",
    );
}

#[test]
fn a_value_that_the_target_does_not_allow() {
    expect(
        &Files::target(r#"["high", "low"]"#, r#"["high", "none"]"#),
        ValueNotAllowed,
        "priority",
        "priority",
    );
    expect(&Files::mapping("value = \"lead\"", "value = \"leads\""), ValueNotAllowed, "kind", "kind");
    expect(&Files::mapping("default = 1", "default = 0"), ValueNotAllowed, "items[].count", "items[].count");
    expect(
        &Files::mapping("default = 1", "default = \"one\""),
        ValueNotAllowed,
        "items[].count",
        "items[].count",
    );
}

#[test]
fn what_comes_cannot_become_what_is_wanted() {
    expect(
        &Files::source(
            r#""created": {"type": "string", "format": "date-time"}"#,
            r#""created": {"type": "integer", "format": "unix-seconds"}"#,
        ),
        TypeMismatch,
        "opened_at",
        "$.created",
    );
}

#[test]
fn rules_that_never_do_anything() {
    expect(
        &Files::mapping("[values.rating]", "[values.unused]\nmap = { a = 1 }\n\n[values.rating]"),
        Dead,
        "values.unused",
        "$",
    );
    expect(&Files::mapping("[sets]", "[sets]\nfar = [\"US\"]"), Dead, "sets.far", "$");
    expect(
        &Files::mapping("cold = \"low\"", "cold = \"low\", tepid = \"low\""),
        Dead,
        "priority",
        "$.rating",
    );
    expect(
        &Files::mapping("from = \"created\"", "from = [\"created\", \"created\"]"),
        Dead,
        "opened_at",
        "$.created",
    );
}

#[test]
fn an_expression_that_fails_for_what_may_come() {
    let nullable =
        Files::source(r#""country": {"type": "string""#, r#""country": {"type": ["string", "null"]"#);
    let mapping = replaced(
        MAPPING,
        "country in near ? 'near' : 'far'",
        "country.startsWith('D') ? 'near' : country in near ? 'near' : 'far'",
    );
    expect(&Files { mapping, ..nullable }, ExpressionFails, "region", "$");
}

#[test]
fn a_rule_that_cannot_be_compiled() {
    for (old, new, rule) in [
        ("to = \"kind\"", "to = \"sort\"", "sort"),
        ("value = \"lead\"", "from = \"a..b\"", "kind"),
        ("values = \"rating\"", "values = \"grading\"", "priority"),
        ("country in near ?", "country in far ?", "region"),
        ("country in near ?", "country in near ? ?", "region"),
        ("from = \"products[]\"", "from = \"products\"", "items[].name"),
        ("to = \"items[]\"", "to = \"things[]\"", "items[].name"),
        ("to = \"note\"", "to = \"kind\"", "kind"),
        ("as = \"integer\"", "as = \"money\"", "items[].count"),
        ("as = \"instant\"", "as = \"instant\"\nformats = [\"german\"]", "opened_at"),
    ] {
        let (kind, named, _) = named(&Files::mapping(old, new));
        assert_eq!((kind, named.as_str()), (Unusable, rule), "{new}");
    }
}

#[test]
fn a_key_that_mappings_do_not_have_is_no_mapping() {
    let contracts = [SOURCE, TARGET, ENVELOPE];
    for wrong in ["[[rule]]\nto = \"a\"\nform = \"b\"\n", "[[rules]]\n", "accept = []\n"] {
        let text = format!("{MAPPING}\n{wrong}");
        let error =
            Catalog::read([("mappings/wrong.toml", text.as_str())], contracts).unwrap_err().to_string();
        assert!(error.starts_with("mappings/wrong.toml: "), "{error}");
    }
}

#[test]
fn a_version_that_is_not_accepted() {
    let contract =
        serde_json::from_str(r#"{"$id": "spillway:crm.lead@3", "$ref": "spillway:crm.lead@2"}"#).unwrap();
    let findings = Files::new().catalog().check_contract(contract).unwrap();
    let [finding] = findings.as_slice() else { panic!("{findings:#?}") };
    assert_eq!((finding.kind, finding.mend.as_str()), (VersionNotAccepted, "add \"3\" to `accepts`"));
}

#[test]
fn contracts_are_compared_in_words() {
    let (old, new) = (
        SOURCE,
        SOURCE
            .replace("crm.lead@1", "crm.lead@9")
            .replace(r#"["hot", "cold"]"#, r#"["hot", "warm"]"#)
            .replace(r#""format": "date-time""#, r#""format": "date""#)
            .replace(
                r#""id": {"type": "integer"}"#,
                r#""id": {"type": "string"}, "owner": {"type": "string"}"#,
            )
            .replace(r#""remark": {"type": ["string", "null"]},"#, "")
            .replace(r#""country", "products"]"#, r#""country", "products", "owner"]"#),
    );
    let contracts = Contracts::read([old, new.as_str()]).unwrap();
    let contract =
        |version: &str| contracts.get(&transform::contract::ContractId::new("crm.lead", version)).unwrap();
    let told: Vec<_> = diff(contract("1"), contract("9")).iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "$.created: its format was date-time, is date (may break mappings that read or write it)",
            "$.id: was integer, is string (may break mappings that read or write it)",
            "$.owner: is new and required (may break mappings that write it)",
            "$.rating: has no value \"cold\" any more (may break mappings that write it)",
            "$.rating: has the new value \"warm\" (may break mappings that read it)",
            "$.remark: is gone (may break mappings that read or write it)",
        ]
    );
}

#[test]
fn a_built_in_mapping_alone_is_the_same_as_among_all_and_its_file_is_called_as_it_is() {
    let all = Catalog::built_in().unwrap();
    for mapping in all.mappings() {
        let name = &mapping.file.mapping;
        let alone = Catalog::of(name).unwrap();
        assert_eq!((&alone.mapping(name).unwrap().file, alone.check()), (&mapping.file, Vec::new()));
        for (id, schema) in alone.contracts().iter() {
            assert_eq!(all.contracts().get(id), Some(schema), "{id}");
        }
    }
    assert!(Catalog::of("no-such-mapping").is_err());
}

#[test]
fn a_required_place_counts_though_it_may_be_null_or_is_a_list() {
    let nullable = Files::target(r#""kind", "items"]"#, r#""kind", "items", "note"]"#);
    let without = replaced(MAPPING, "[[rule]]\nto = \"note\"\nfrom = [\"note\", \"remark\"]\n", "");
    let target = replaced(
        &nullable.target,
        r#""note": {"type": "string","#,
        r#""note": {"type": ["string", "null"],"#,
    );
    expect(&Files { mapping: without, target, ..Files::new() }, RequiredNotMade, "rules", "$.note");
    let optional = Files::source(r#""country", "products"]"#, r#""country"]"#);
    let mapping = replaced(MAPPING, "none = \"a product\"\n", "");
    let target = replaced(TARGET, "\"minItems\": 1,", "");
    expect(&Files { mapping, target, ..optional }, MayBeMissing, "items[]", "items[]");
}

#[test]
fn each_value_without_an_entry_is_named() {
    let findings =
        Files::source(r#"["hot", "cold"]"#, r#"["hot", "cold", "warm", "tepid"]"#).catalog().check();
    assert_eq!(findings.iter().filter(|finding| finding.kind == ValueUnmapped).count(), 2);
}

#[test]
fn a_contract_that_contradicts_itself_or_requires_what_it_does_not_describe() {
    let read = |contract: &str| Contracts::read([contract]);
    let wrong =
        r#"{"$id": "spillway:a.b@1", "type": "object", "required": ["x"], "properties": {"y": true}}"#;
    assert!(read(wrong).unwrap_err().to_string().contains("x is required, and not among the properties"));
    let number = |both: &str| {
        let text = format!(
            r##"{{"$id": "spillway:a.b@1", "$defs": {{"n": {{"type": "number"}}}},
                "properties": {{"x": {{"$ref": "#/$defs/n", "type": "{both}"}}}}}}"##
        );
        let contracts = read(&text).unwrap();
        let (_, schema) = contracts.iter().next().unwrap();
        schema.at(["x"]).map(|schema| schema.types.to_string())
    };
    assert_eq!(number("integer").as_deref(), Some("integer"));
    assert_eq!(number("string"), None);
}
