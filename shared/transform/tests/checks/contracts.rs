//! Contracts: what one would break before it is live, and how they are read and compared.

use serde_json::{Value, json};
use transform::FindingKind::{MayBeMissing, SourceMissing, Unusable, VersionNotAccepted};
use transform::contract::{ContractId, Contracts, diff};
use transform::{Catalog, FindingKind};

use crate::{ENVELOPE, Files, SOURCE};

/// What the document would break of the built-in mappings: file, kind and path.
fn breaks(document: Value) -> Vec<(String, FindingKind, String)> {
    let findings = Catalog::built_in().unwrap().check_contract(document).unwrap();
    findings.into_iter().map(|finding| (finding.file, finding.kind, finding.path)).collect()
}

fn found(file: &str, kind: FindingKind, path: &str) -> (String, FindingKind, String) {
    (format!("mappings/{file}.toml"), kind, path.to_owned())
}

#[test]
fn a_new_version_of_the_settings_is_held_against_the_mapping_that_reads_them() {
    let text = include_str!("../../contracts/spillway/shipping-settings@1.json");
    let mut document: Value = serde_json::from_str(text).unwrap();
    document["$id"] = json!("spillway:spillway.shipping-settings@2");
    assert_eq!(breaks(document.clone()), []);
    document["properties"]["service"] = json!(false);
    assert_eq!(breaks(document), [found("karrio-shipment", SourceMissing, "@settings.service")]);
}

#[test]
fn a_contract_that_others_refer_to_is_held_against_all_that_read_it() {
    let mut envelope: Value = serde_json::from_str(ENVELOPE).unwrap();
    envelope["properties"]["source"] = json!(false);
    let broken = breaks(envelope);
    for mapping in ["shopify-order", "dbt-cloud-load", "warehouse-load", "vendure-order", "hubspot-deal"] {
        assert!(broken.contains(&found(mapping, SourceMissing, "@envelope.source")), "{mapping}: {broken:?}");
    }

    // The mapping's own target refers to it.
    let files = Files::target(r#""kind", "items"]"#, r#""kind", "items", "owner"]"#);
    let target = files.target.replacen(
        r#""region": {"#,
        r#""owner": {"$ref": "spillway:erp.owner@1"}, "region": {"#,
        1,
    );
    let owner = |kind: &str| format!(r#"{{"$id": "spillway:erp.owner@1", "type": {kind}}}"#);
    let nullable = owner(r#"["string", "null"]"#);
    let contracts = [SOURCE, files.second.as_str(), &target, ENVELOPE, &nullable];
    let mapping = format!("{}\n[[rule]]\nto = \"owner\"\nfrom = \"note\"\n", files.mapping);
    let catalog = Catalog::read([("mappings/crm-lead.toml", mapping.as_str())], contracts).unwrap();
    assert_eq!(catalog.check(), []);
    let findings = catalog.check_contract(serde_json::from_str(&owner(r#""string""#)).unwrap()).unwrap();
    let kinds: Vec<_> = findings.iter().map(|finding| (finding.kind, finding.path.as_str())).collect();
    assert_eq!(kinds, [(MayBeMissing, "$.note")]);
}

#[test]
fn what_a_new_version_sends_no_more_breaks_nothing_as_older_ones_still_do() {
    let contract = r#"{"$id": "spillway:crm.lead@3", "$ref": "spillway:crm.lead@2", "properties": {"rating": {"enum": ["hot"]}}}"#;
    let findings = Files::new().catalog().check_contract(serde_json::from_str(contract).unwrap()).unwrap();
    let kinds: Vec<_> = findings.iter().map(|finding| finding.kind).collect();
    assert_eq!(kinds, [VersionNotAccepted], "{findings:#?}");
}

#[test]
fn two_contracts_of_one_id_are_not_read() {
    let error = Contracts::read([SOURCE, SOURCE]).unwrap_err().to_string();
    assert_eq!(error, "contract crm.lead@1, at /$id: another document has this id");
}

#[test]
fn every_keyword_of_contracts_is_described() {
    let page = include_str!("../../../../docs/mappings.md");
    for keyword in transform::contract::KEYWORDS {
        assert!(page.contains(&format!("`{keyword}`")), "docs/mappings.md does not have {keyword}");
    }
}

#[test]
fn limits_are_compared_in_words_and_below_zero_too() {
    let old = r#"{"$id": "spillway:a.number@1", "maximum": -1, "maxLength": 9, "minItems": 1}"#;
    let new = r#"{"$id": "spillway:a.number@2", "maximum": -5, "maxItems": 3}"#;
    let contracts = Contracts::read([old, new]).unwrap();
    let contract = |version: &str| contracts.get(&ContractId::new("a.number", version)).unwrap();
    let told: Vec<_> = diff(contract("1"), contract("2")).iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "$: was at least 1 items, is 0 (may break mappings that read it)",
            "$: was at most -1, is at most -5 (may break mappings that write it)",
            "$: was at most 9 characters, is without limit (may break mappings that read it)",
            "$: was without limit, is at most 3 items (may break mappings that write it)",
        ]
    );
}

#[test]
fn that_a_list_says_something_of_its_items_or_nothing_any_more_is_told() {
    let text = |id: &str, items: &str| format!(r#"{{"$id": "spillway:a.{id}", "type": "array"{items}}}"#);
    let of = r#", "items": {"type": "string"}"#;
    let (with, without) = (text("list@1", of), text("list@2", ""));
    let contracts = Contracts::read([with.as_str(), without.as_str()]).unwrap();
    let contract = |version: &str| contracts.get(&ContractId::new("a.list", version)).unwrap();
    let told =
        |old, new| diff(contract(old), contract(new)).iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(told("1", "2"), ["$[]: may be anything now (may break mappings that read it)"]);
    assert_eq!(told("2", "1"), ["$[]: is string now, and was anything (may break mappings that write it)"]);
}

/// References that lead twice to what leads twice to the next: as many schemas as two to the power of the steps.
#[test]
fn a_contract_that_grows_beyond_measure_by_its_references_is_refused() {
    let twice = |reference: String| {
        format!(r##""properties": {{"a": {{"$ref": "{reference}"}}, "b": {{"$ref": "{reference}"}}}}"##)
    };
    let steps = 0..20;
    let defs: Vec<_> = steps
        .clone()
        .map(|step| format!(r##""s{step}": {{{}}}"##, twice(format!("#/$defs/s{}", step + 1))))
        .collect();
    let one = format!(
        r##"{{"$id": "spillway:a.tree@1", "$ref": "#/$defs/s0", "$defs": {{{}, "s20": {{}}}}}}"##,
        defs.join(", ")
    );
    let error = Contracts::read([one.as_str()]).unwrap_err().to_string();
    assert_eq!(error, "contract a.tree@1, at : has more than 20000 schemas, with those that it refers to");

    let of_others = |step: u32| {
        format!(r#"{{"$id": "spillway:a.tree@{step}", {}}}"#, twice(format!("spillway:a.tree@{}", step + 1)))
    };
    let mut several: Vec<_> = steps.map(of_others).collect();
    several.push(r#"{"$id": "spillway:a.tree@20"}"#.to_owned());
    let error = Contracts::read(several.iter().map(String::as_str)).unwrap_err().to_string();
    assert_eq!(error, "contract a.tree@0, at : has more than 20000 schemas, with those that it refers to");
}

/// A validator takes `\S` for another thing than we do beyond ASCII: what both read alike can be written.
#[test]
fn a_pattern_that_is_not_read_alike_everywhere_is_refused() {
    let read = |pattern: &str| {
        let pattern = serde_json::to_string(pattern).unwrap();
        let text = format!(r#"{{"$id": "spillway:crm.lead@9", "type": "string", "pattern": {pattern}}}"#);
        Contracts::read([text.as_str()]).map(|_| ()).map_err(|error| error.to_string())
    };
    for pattern in [
        r"^\S+$",
        r"[\s]",
        r"^\d{3}",
        r"\bx",
        r"(?i)x",
        r"\pL",
        "[[:alpha:]]",
        "[a[b]]",
        "[]a]",
        "[^]a]",
        "[a-z&&b]",
    ] {
        let error = read(pattern).unwrap_err();
        assert!(error.contains("crm.lead@9") && error.contains("pattern"), "{pattern}: {error}");
    }
    for pattern in [
        r"^[0-9]{3}-[a-z]+\.$",
        r"^\\S$",
        r"^(?:a|b)\[x\]\^\$$",
        "^[^ @]+@[^ @]+$",
        "^[:(?&]-- &&$",
        r"[\[\]]",
    ] {
        assert_eq!(read(pattern), Ok(()), "{pattern}");
    }
}

#[test]
fn a_pattern_of_either_side_that_cannot_be_used_is_found_once() {
    let note = r#""note": {"type": ["string", "null"]}"#;
    let source = Files::source(note, r#""note": {"type": ["string", "null"], "pattern": "([a-z"}"#);
    let findings = source.catalog().check();
    let [finding] = findings.as_slice() else { panic!("{findings:#?}") };
    assert_eq!(
        (finding.kind, finding.rule.as_str(), finding.path.as_str()),
        (Unusable, "contracts", "$.note")
    );
    let other = Files::target(
        r#""name": {"type": "string"}"#,
        r#""name": {"type": "string"}, "unread": {"type": "string", "pattern": "a{2,1}"}"#,
    );
    let findings = other.catalog().check();
    let told: Vec<_> = findings.iter().map(|it| (it.kind, it.path.as_str())).collect();
    assert_eq!(told, [(Unusable, "$.items[].unread")]);
}

/// Each is read before the one that refers to it: none of them is deep by itself.
#[test]
fn a_contract_that_is_deep_by_references_that_were_read_before_is_refused() {
    let nested = |levels: usize| {
        let leaf = std::iter::once(("a00".to_owned(), json!({"type": "string"})));
        let next = |level: usize| {
            let below = format!("#/$defs/a{:02}", level - 1);
            (format!("a{level:02}"), json!({"type": "object", "properties": {"next": {"$ref": below}}}))
        };
        let defs: serde_json::Map<_, _> = leaf.chain((1..=levels).map(next)).collect();
        let each = (0..=levels)
            .map(|level| (format!("m{level:02}"), json!({"$ref": format!("#/$defs/a{level:02}")})));
        let properties: serde_json::Map<_, _> = each.collect();
        let document = json!({
            "$id": "spillway:crm.deep@1", "type": "object", "properties": properties, "$defs": defs,
        });
        Contracts::read([document.to_string().as_str()]).map(|_| ()).map_err(|error| error.to_string())
    };
    assert_eq!(nested(20), Ok(()));
    assert!(nested(90).unwrap_err().contains("too deep"));
}
