use serde_json::json;

use crate::{BAD, GOOD, UNANSWERED, elsewhere, spillway, transform};

#[test]
fn contracts_are_compared_by_their_ids_and_what_is_harmless_is_good() {
    elsewhere(&["contract", "diff", "shopify.order@2026-07", "shopify.order@2026-10"])
        .ends(GOOD)
        .says(&["$.line_items[].selling_plan_id: is new (harmless)", "1 difference, all harmless"]);
    elsewhere(&["contract", "diff", "shopify.order@2026-07", "shopify.order@2026-07"])
        .ends(GOOD)
        .says(&["no difference"]);
}

#[test]
fn a_new_contract_that_may_break_something_is_not_good() {
    let new = transform("tests/drill/a-renames-a-field/contract.json");
    spillway(&["contract", "diff", "shopify.order@2026-10", &new]).ends(BAD).says(&[
        "shopify.order@2026-10 -> shopify.order@2027-01",
        "$.line_items[].sku: is gone (may break mappings that read or write it)",
    ]);
}

#[test]
fn two_files_of_one_id_are_compared_too() {
    let (old, new) = (transform("contracts/tryton/sale@8.2.json"), tempfile::NamedTempFile::new().unwrap());
    let text = std::fs::read_to_string(&old)
        .unwrap()
        .replace(r#""required": ["code", "name"]"#, r#""required": ["code"]"#);
    std::fs::write(new.path(), text).unwrap();
    let said = spillway(&["--json", "contract", "diff", &old, &new.path().display().to_string()]).ends(BAD);
    assert_eq!(
        said.json()["changes"],
        json!([{"effect": "breaks-readers", "path": "$.party.name", "what": "is not always there any more"}])
    );
}

#[test]
fn what_is_neither_a_file_nor_an_id_is_no_answer() {
    spillway(&["contract", "diff", "shopify.order@2026-10", "shopify.order@1999-01"])
        .ends(UNANSWERED)
        .says(&["shopify.order@1999-01: no such file, and no contract that is called so"]);
}

#[test]
fn a_new_contract_of_which_no_mapping_knows_the_name_is_not_good() {
    let new = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(new.path(), r#"{"$id": "spillway:shopfy.order@2027-01", "type": "object"}"#).unwrap();
    let new = new.path().display().to_string();
    spillway(&["mapping", "check", "--contract", &new])
        .ends(BAD)
        .says(&["no mapping has to do with shopfy.order", ": 1 finding"]);
}
