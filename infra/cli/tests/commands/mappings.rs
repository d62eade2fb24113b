use serde_json::json;

use crate::{BAD, GOOD, UNANSWERED, checkout, elsewhere, replace, spillway, spillway_in, transform};

#[test]
fn mappings_without_a_fault_are_good_and_it_is_said_which_ones_were_looked_at() {
    spillway(&["mapping", "check"])
        .ends(GOOD)
        .says(&["mappings and contracts: shared/transform", " mappings checked: 0 findings"]);
    let said =
        elsewhere(&["mapping", "check", "tryton-sale", "--json"]).ends(GOOD).says(&["contracts: built in"]);
    assert_eq!(said.json(), json!([]));
}

#[test]
fn an_edited_mapping_is_checked_without_a_build() {
    let checkout = checkout();
    replace(&checkout, "mappings/shopify-order.toml", "from = \"created_at\"", "from = \"creation\"");
    let folder = checkout.path().display().to_string();
    for said in [
        spillway_in(checkout.path(), &["mapping", "check", "--json"]),
        elsewhere(&["mapping", "check", "--json", "--project", &folder]),
        elsewhere(&["mapping", "check", "--json", "--project", &format!("{folder}/shared/transform")]),
    ] {
        let found = said.ends(BAD).json();
        let file = found[0]["file"].as_str().unwrap();
        assert!(file.ends_with("shared/transform/mappings/shopify-order.toml"), "{file}");
        assert_eq!(found[0]["rule"], "placed_at");
        assert_eq!(found[0]["path"], "$.creation");
        assert_eq!(found[0]["kind"], "SourceMissing");
        assert!(!found[0]["mend"].as_str().unwrap().is_empty());
    }
    let others = ["mapping", "check", "--project", &folder, "tryton-sale", "karrio-shipment"];
    elsewhere(&others).ends(GOOD).says(&["2 mappings checked: 0 findings"]);
}

#[test]
fn what_a_contract_would_break_is_named_before_it_is_live() {
    let new = transform("tests/drill/a-renames-a-field/contract.json");
    spillway(&["mapping", "check", "--contract", &new]).ends(BAD).says(&[
        "shared/transform/mappings/shopify-order.toml: lines[].sku: $.line_items[].sku: ",
        "    mend: ",
        " mappings checked with shopify.order@2027-01: ",
    ]);
    spillway(&["mapping", "check", "--contract", &new, "tryton-sale"]).ends(GOOD);
}

#[test]
fn several_contracts_are_checked_together() {
    let (source, target) = (
        transform("tests/drill/a-renames-a-field/contract.json"),
        transform("tests/drill/b-adds-a-required-field/contract.json"),
    );
    spillway(&["mapping", "check", "--contract", &source, "--contract", &target])
        .ends(BAD)
        .says(&["$.line_items[].sku", "$.parcels[0].packaging_type"]);
}

#[test]
fn a_contract_that_changes_nothing_for_a_mapping_is_good() {
    spillway(&["mapping", "check", "--contract", &transform("contracts/tryton/sale@8.2.json")]).ends(GOOD);
}

#[test]
fn a_name_that_no_mapping_has_and_a_folder_without_any_are_no_answer() {
    elsewhere(&["mapping", "check", "dhl"]).ends(UNANSWERED).says(&["there is no mapping dhl"]);
    elsewhere(&["--project", "/", "mapping", "check"]).ends(UNANSWERED).says(&["/: no mappings are here"]);
}

#[test]
fn the_cases_of_the_project_are_in_order_and_exercise_everything() {
    spillway(&["mapping", "test"]).ends(GOOD).says(&[" mappings: 0 failed, 0 unreferenced; "]);
    spillway(&["mapping", "test", "--coverage"]).ends(GOOD).says(&[
        "shopify-order ",
        "values.fulfillment: partial",
        "fulfilled-in-part",
    ]);
    elsewhere(&["mapping", "test"]).ends(UNANSWERED).says(&["no cases are built in"]);
    elsewhere(&["mapping", "test", &transform("cases")]).ends(GOOD);
}

#[test]
fn a_mapping_that_gives_something_else_fails_its_cases_until_they_are_written_anew() {
    let checkout = checkout();
    let run = |arguments: &[&str]| spillway_in(checkout.path(), arguments);
    replace(
        &checkout,
        "mappings/tryton-sale.toml",
        "\"{shop}/customer/{customer.id}\"",
        "\"{shop}/client/{customer.id}\"",
    );
    run(&["mapping", "test"]).ends(BAD).says(&[
        "FAILED shared/transform/cases/tryton-sale/full",
        "$.party.code: expected \"acme.myshopify.com/customer/",
        "NOT EXERCISED tryton-sale: party.email",
    ]);
    run(&["mapping", "test", "--write"])
        .ends(GOOD)
        .says(&["written: shared/transform/cases/tryton-sale/full/output.json"]);
    run(&["mapping", "test"]).ends(GOOD);
}

#[test]
fn a_rule_that_no_case_exercises_fails_unless_that_is_allowed() {
    let checkout = checkout();
    let run = |arguments: &[&str]| spillway_in(checkout.path(), arguments);
    std::fs::remove_dir_all(checkout.path().join("shared/transform/cases/shopify-order/cancelled")).unwrap();
    run(&["mapping", "test"]).ends(BAD).says(&["NOT EXERCISED shopify-order: refuse at cancelled_at"]);
    run(&["mapping", "test", "--allow-uncovered"]).ends(GOOD);
    std::fs::write(checkout.path().join("shared/transform/cases/notes.txt"), "").unwrap();
    run(&["mapping", "test", "--allow-uncovered"])
        .ends(BAD)
        .says(&["UNREFERENCED shared/transform/cases/notes.txt: "]);
}
