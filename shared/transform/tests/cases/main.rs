//! The project's golden cases, and what the runner has against a folder that is not in order.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail by panicking and say where")]

#[cfg(test)]
mod explained;

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tempfile::TempDir;
use transform::Catalog;
use transform::canonical::{Order, Reservation};
use transform::cases::{self, Coverage, Judged, Report};

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("cases")
}

fn run(folder: &Path) -> Report {
    cases::run(Catalog::built_in().unwrap(), &cases::read(folder).unwrap()).unwrap()
}

fn json_of<T: DeserializeOwned>(path: &Path) -> T {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A copy of these cases of the project, to be put out of order.
fn copy(cases: &[&str]) -> TempDir {
    let copy = TempDir::new().unwrap();
    for case in cases {
        let (from, to) = (project().join(case), copy.path().join(case));
        fs::create_dir_all(&to).unwrap();
        let shared = from.parent().unwrap();
        for folder in [shared, from.as_path()] {
            for file in
                fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file())
            {
                let place = copy.path().join(file.strip_prefix(project()).unwrap());
                fs::copy(&file, place).unwrap();
            }
        }
    }
    copy
}

fn put(folder: &TempDir, file: &str, value: &Value) {
    let path = folder.path().join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, value.to_string()).unwrap();
}

/// What the runner has against the one case.
fn failures(folder: &TempDir) -> Vec<String> {
    let report = run(folder.path());
    assert_eq!(report.strays, []);
    let [Judged { failures, .. }] = report.cases.as_slice() else { panic!("{:#?}", report.cases) };
    failures.clone()
}

fn strays(folder: &TempDir) -> Vec<(String, String)> {
    let strays = run(folder.path()).strays;
    let relative = |path: &Path| path.strip_prefix(folder.path()).unwrap().display().to_string();
    strays.iter().map(|stray| (relative(&stray.path), stray.why.clone())).collect()
}

#[test]
fn every_case_becomes_what_its_files_say_and_exercises_all_of_every_mapping() {
    let report = run(&project());
    let failed: Vec<_> = report.cases.iter().filter(|case| !case.failures.is_empty()).collect();
    assert!(failed.is_empty(), "{failed:#?}");
    assert_eq!(report.strays, []);
    let missing = |coverage: &Coverage| coverage.missing().map(str::to_owned).collect::<Vec<_>>();
    for coverage in &report.coverage {
        assert_eq!(missing(coverage), Vec::<String>::new(), "{}", coverage.mapping);
    }
    assert!(report.is_good(false) && report.cases.len() >= 30, "{} cases", report.cases.len());
}

/// The cases of one name are one order on its way.
#[test]
fn what_one_mapping_makes_is_what_the_next_is_given() {
    let mut orders = 0;
    for case in fs::read_dir(project().join("tryton-sale")).unwrap() {
        let case = case.unwrap().file_name().to_string_lossy().into_owned();
        let file = |place: &str| {
            let (mapping, file) = place.split_once('/').unwrap();
            project().join(mapping).join(&case).join(file)
        };
        if !file("shopify-order/output.json").exists() {
            continue;
        }
        let order: Order = json_of(&file("shopify-order/output.json"));
        assert_same(&order, &json_of::<Value>(&file("tryton-sale/input.json")));
        let reservation = order.reserved_as("42".to_owned(), Some("SHP-42".to_owned()));
        assert_same(&reservation, &json_of::<Value>(&file("canonical-reservation/input.json")));
        let read: Reservation = json_of(&file("canonical-reservation/output.json"));
        assert_same(&read, &json_of::<Value>(&file("karrio-shipment/input.json")));
        orders += 1;
    }
    assert!(orders >= 6, "only {orders} orders were found");
}

fn assert_same(typed: &impl Serialize, file: &Value) {
    assert_eq!(serde_json::to_value(typed).unwrap(), *file);
}

#[test]
fn a_case_that_becomes_something_else_names_the_places() {
    let folder = copy(&["tryton-sale/minimal"]);
    assert_eq!(failures(&folder), Vec::<String>::new());
    let file = folder.path().join("tryton-sale/minimal/output.json");
    let mut output: Value = json_of(&file);
    output["lines"][0]["quantity"] = json!(2);
    output["party"]["email"] = json!("ann@example.com");
    put(&folder, "tryton-sale/minimal/output.json", &output);
    assert_eq!(
        failures(&folder),
        [
            "$.lines[0].quantity: expected 2, came 1",
            "$.party.email: expected \"ann@example.com\", came nothing",
        ]
    );
}

#[test]
fn a_case_that_should_be_refused_and_is_not_and_the_other_way_round() {
    let folder = copy(&["tryton-sale/minimal"]);
    fs::remove_file(folder.path().join("tryton-sale/minimal/output.json")).unwrap();
    assert_eq!(failures(&folder), ["neither output.json nor problems.json says what it becomes"]);
    put(&folder, "tryton-sale/minimal/problems.json", &json!([]));
    assert_eq!(failures(&folder), ["was mapped, and should be refused"]);

    let folder = copy(&["shopify-order/cancelled"]);
    fs::remove_file(folder.path().join("shopify-order/cancelled/problems.json")).unwrap();
    put(&folder, "shopify-order/cancelled/output.json", &json!({}));
    let expected = "was refused: SPW2003 at $.cancelled_at: expected null, as a cancelled order is not reserved, came a string";
    assert_eq!(failures(&folder), [expected]);
    put(&folder, "shopify-order/cancelled/problems.json", &json!([]));
    let failures = failures(&folder);
    assert!(
        failures.contains(&"output.json and problems.json: it cannot become both".to_owned()),
        "{failures:?}"
    );
}

#[test]
fn an_input_that_its_own_contract_would_not_have_is_no_example() {
    let folder = copy(&["tryton-sale/minimal"]);
    let file = folder.path().join("tryton-sale/minimal/input.json");
    let mut input: Value = json_of(&file);
    input["placed_at"] = json!(7);
    put(&folder, "tryton-sale/minimal/input.json", &input);
    assert_eq!(
        failures(&folder),
        ["input.json is not canonical.order@1: $.placed_at: 7 is not of type \"string\""]
    );
}

/// Defaults are held by the check before they are used, and by no message's run.
#[test]
fn what_the_target_would_refuse_is_no_good_case_though_the_files_say_so() {
    let mapping = r#"
mapping = "a-b"
version = 1
from = "a.it"
accepts = ["1"]
to = "b.it@1"
[[rule]]
to = "rank"
from = "rank"
default = "lowest"
"#;
    let side = |id: &str, values: &str| {
        let rank = format!(r#""properties": {{"rank": {{"type": "string"{values}}}}}"#);
        format!(r#"{{"$id": "spillway:{id}@1", "type": "object", {rank}}}"#)
    };
    let (source, target) = (side("a.it", ""), side("b.it", r#", "enum": ["high", "low"]"#));
    let envelope = include_str!("../../contracts/spillway/envelope@1.json");
    let contracts = [source.as_str(), target.as_str(), envelope];
    let catalog = Catalog::read([("mappings/a-b.toml", mapping)], contracts).unwrap();
    let folder = TempDir::new().unwrap();
    put(&folder, "a-b/none/input.json", &json!({}));
    put(&folder, "a-b/none/output.json", &json!({ "rank": "lowest" }));
    let report = cases::run(&catalog, &cases::read(folder.path()).unwrap()).unwrap();
    let failures: Vec<_> = report.cases.iter().flat_map(|case| &case.failures).collect();
    let expected = "what was made is not b.it@1: $.rank: \"lowest\" is not one of \"high\" or \"low\"";
    assert_eq!(failures, [expected]);
}

#[test]
fn files_that_the_mapping_does_not_look_at_and_files_that_are_wrong() {
    let folder = copy(&["tryton-sale/minimal"]);
    put(&folder, "tryton-sale/minimal/envelope.json", &json!({ "source": "/a" }));
    put(&folder, "tryton-sale/minimal/settings.json", &json!({ "a": 1 }));
    assert_eq!(
        failures(&folder),
        [
            "envelope.json: the mapping reads nothing of the envelope",
            "settings.json: the mapping reads no settings",
        ]
    );
    let folder = copy(&["shopify-order/minimal"]);
    put(&folder, "shopify-order/minimal/envelope.json", &json!({ "sauce": "/a" }));
    let [failure] = failures(&folder).try_into().unwrap();
    assert!(failure.starts_with("envelope.json: sauce is no attribute of an envelope"), "{failure}");
    fs::write(folder.path().join("shopify-order/minimal/envelope.json"), "{").unwrap();
    let failures = failures(&folder);
    assert!(failures.iter().any(|failure| failure.starts_with("envelope.json: EOF")), "{failures:?}");
}

#[test]
fn whatever_no_case_refers_to_is_named() {
    let folder = copy(&["karrio-shipment/shipment-without-a-number-from-gate-4"]);
    put(&folder, "README.md", &json!(1));
    put(&folder, "karrio-shipment/ship-from.json", &json!(1));
    put(&folder, "karrio-shipment/without-input/output.json", &json!(1));
    put(&folder, "karrio-shipment/shipment-without-a-number-from-gate-4/payload.json", &json!(1));
    put(&folder, "dhl-shipment/minimal/input.json", &json!(1));
    fs::create_dir(folder.path().join("tryton-sale")).unwrap();
    let expected = [
        ("README.md", "belongs to no mapping: cases stand in <mapping>/<case>/"),
        ("karrio-shipment/ship-from.json", "belongs to no case"),
        ("karrio-shipment/shipment-without-a-number-from-gate-4/payload.json", "is no file of a case"),
        ("karrio-shipment/without-input", "has no input.json"),
        ("karrio-shipment/settings.json", "is used by no case: each has its own"),
        ("tryton-sale", "has no case"),
        ("dhl-shipment/minimal", "there is no mapping dhl-shipment"),
    ];
    assert_eq!(strays(&folder), expected.map(|(path, why)| (path.to_owned(), why.to_owned())));
}

#[test]
fn what_no_case_exercises_is_named() {
    let report = run(copy(&["shopify-order/minimal", "shopify-order/already-fulfilled"]).path());
    assert!(report.is_good(true) && !report.is_good(false));
    let orders = report.coverage.iter().find(|coverage| coverage.mapping == "shopify-order").unwrap();
    let missing: Vec<_> = orders.missing().collect();
    for part in [
        "refuse at cancelled_at",
        "lines[] without any",
        "values.fulfillment: unfulfilled",
        "values.fulfillment: partial",
        "customer.id",
        "ship_to.postal_code <- its default",
        "ship_to.name <- join of shipping_address.first_name, shipping_address.last_name",
        "lines[].quantity <- line_items[].current_quantity",
    ] {
        assert!(missing.contains(&part), "{part}: {missing:#?}");
    }
    for part in [
        "values.fulfillment: fulfilled",
        "lines[].sku",
        "lines[].quantity",
        "lines[].weight_grams <- its default",
    ] {
        assert!(!missing.contains(&part), "{part}");
    }
    let sales = report.coverage.iter().find(|coverage| coverage.mapping == "tryton-sale").unwrap();
    assert_eq!(sales.missing().count(), sales.parts.len(), "a mapping without cases is not exercised at all");
}

#[test]
fn a_case_that_fails_exercises_nothing() {
    let folder = copy(&["tryton-sale/minimal"]);
    put(&folder, "tryton-sale/minimal/output.json", &json!({}));
    let report = run(folder.path());
    assert!(report.coverage.iter().all(|coverage| coverage.missing().count() == coverage.parts.len()));
}

#[test]
fn expectations_can_be_written_anew() {
    let folder = copy(&["tryton-sale/minimal", "shopify-order/cancelled"]);
    let (sale, order) =
        (folder.path().join("tryton-sale/minimal"), folder.path().join("shopify-order/cancelled"));
    put(&folder, "tryton-sale/minimal/output.json", &json!({}));
    fs::rename(order.join("problems.json"), order.join("output.json")).unwrap();
    let mut changed = cases::write(&run(folder.path())).unwrap();
    changed.sort();
    assert_eq!(changed, [order.join("output.json"), order.join("problems.json"), sale.join("output.json")]);
    for file in ["tryton-sale/minimal/output.json", "shopify-order/cancelled/problems.json"] {
        assert_eq!(json_of::<Value>(&folder.path().join(file)), json_of::<Value>(&project().join(file)));
    }
    assert!(run(folder.path()).is_good(true));
    assert_eq!(cases::write(&run(folder.path())).unwrap(), Vec::<PathBuf>::new());
}
