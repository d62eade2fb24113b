//! The drill: six changes of a system on either side, each as a changed contract and a changed message. The static check names
//! it before it is live, a message that comes all the same is a dead letter and not lost, and the mend is in mappings
//! and contracts alone: a mend is a list of replacements in those files, so nothing else can be part of it.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail by panicking and say where"
)]

use std::fs;
use std::path::{Path, PathBuf};

use message::Envelope;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use transform::canonical::{Order, Reservation};
use transform::cases::validators;
use transform::contract::ContractId;
use transform::{Catalog, Plan};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Drill {
    /// The finding that names the change, and where.
    kind: String,
    path: String,
    /// Of the dead letter that a message of the new kind becomes.
    code: Option<String>,
    at: Option<String>,
    #[serde(default)]
    change: Vec<Change>,
}

/// How a message of the new kind differs.
#[derive(Deserialize)]
#[serde(untagged)]
enum Change {
    Rename { rename: String, to: String },
    Put { put: String, value: Value },
}

#[derive(Deserialize)]
struct Mend {
    replace: Vec<Replace>,
}

#[derive(Deserialize)]
struct Replace {
    file: String,
    old: String,
    new: String,
}

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn files(folder: &str, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(here().join(folder)).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{folder}/{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            files(&name, found);
        } else {
            found.push((name, text(&entry.path())));
        }
    }
}

/// The project's mappings and contracts, with the change and its mend.
fn mended(case: &Path) -> Catalog {
    let (mut mappings, mut contracts) = (Vec::new(), Vec::new());
    files("mappings", &mut mappings);
    files("contracts", &mut contracts);
    contracts.push(("contract.json".to_owned(), text(&case.join("contract.json"))));
    let mend: Mend = toml::from_str(&text(&case.join("mend.toml"))).unwrap();
    for Replace { file, old, new } in mend.replace {
        let place = mappings.iter_mut().chain(&mut contracts).find(|(name, _)| *name == file);
        let (_, text) = place.unwrap_or_else(|| panic!("{file} is no mapping and no contract"));
        assert!(text.contains(&old), "{file} has no {old}");
        *text = text.replacen(&old, &new, 1);
    }
    let mappings = mappings.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    Catalog::read(mappings, contracts.iter().map(|(_, text)| text.as_str())).unwrap()
}

fn webhook(payload: &Value, version: &str) -> Envelope {
    Envelope {
        specversion: "1.0".to_owned(),
        id: "event".to_owned(),
        source: "/shopify/acme.myshopify.com".to_owned(),
        event_type: "shopify.orders/create".to_owned(),
        time: "2026-11-24T09:15:32Z".parse().unwrap(),
        datacontenttype: None,
        correlationid: "correlation".to_owned(),
        deliveryid: None,
        sourceversion: Some(version.to_owned()),
        mappingversion: None,
        data: RawValue::from_string(payload.to_string()).unwrap(),
    }
}

fn full() -> Value {
    serde_json::from_str(&text(&here().join("cases/shopify-order/full/input.json"))).unwrap()
}

fn changed(drill: &Drill) -> Value {
    let mut payload = full();
    for change in &drill.change {
        match change {
            Change::Put { put, value } => *payload.pointer_mut(put).unwrap() = value.clone(),
            Change::Rename { rename, to } => {
                let (object, name) = rename.rsplit_once('/').unwrap();
                let object = payload.pointer_mut(object).unwrap().as_object_mut().unwrap();
                let value = object.remove(name).unwrap();
                object.insert(to.clone(), value);
            }
        }
    }
    payload
}

fn order(plan: &Plan, payload: &Value, version: &str) -> Order {
    plan.decode(&webhook(payload, version)).unwrap()
}

fn shipping(catalog: &Catalog) -> Plan {
    let from: Value = serde_json::from_str(&text(&here().join("tests/fixtures/ship-from.json"))).unwrap();
    catalog.plan("karrio-shipment", &json!({ "ship_from": from, "service": "standard_service" })).unwrap()
}

fn reservation() -> Reservation {
    let plan = Catalog::built_in().unwrap().plan("shopify-order", &Value::Null).unwrap();
    order(&plan, &full(), "2026-10").reserved_as("42".to_owned(), Some("SHP-42".to_owned()))
}

fn drill(name: &str) {
    let case = here().join("tests/drill").join(name);
    let drill: Drill = toml::from_str(&text(&case.join("drill.toml"))).unwrap();
    let built_in = Catalog::built_in().unwrap();
    assert_eq!(built_in.check(), [], "nothing is wrong before the change");

    let contract: Value = serde_json::from_str(&text(&case.join("contract.json"))).unwrap();
    let id = transform::contract::Contracts::id(&contract).unwrap();
    let findings = built_in.check_contract(contract).unwrap();
    let named = findings.iter().any(|finding| {
        format!("{:?}", finding.kind) == drill.kind && finding.path == drill.path && !finding.mend.is_empty()
    });
    assert!(named, "{findings:#?}");

    let mended = mended(&case);
    assert_eq!(mended.check(), [], "nothing is wrong after the mend");
    if name.starts_with("a-") {
        source_changes(built_in, &mended, &drill, &id);
    } else {
        target_changes(built_in, &mended, &id);
    }
}

fn source_changes(built_in: &Catalog, mended: &Catalog, drill: &Drill, id: &ContractId) {
    let (before, payload) = (built_in.plan("shopify-order", &Value::Null).unwrap(), changed(drill));
    let unmended = before.decode::<Order>(&webhook(&payload, &id.version)).unwrap_err();
    assert_eq!(
        unmended.problems[0].code.as_str(),
        "SPW2005",
        "a version that is not accepted is a dead letter"
    );
    // Had the source changed it under the same version.
    if !drill.change.is_empty() {
        let problem = before.decode::<Order>(&webhook(&payload, "2026-10")).unwrap_err().problems.remove(0);
        assert_eq!(
            (Some(problem.code.as_str()), Some(&problem.path)),
            (drill.code.as_deref(), drill.at.as_ref())
        );
    }
    let after = mended.plan("shopify-order", &Value::Null).unwrap();
    let before = order(&before, &full(), "2026-10");
    assert_eq!(order(&after, &payload, &id.version), before, "the dead letter, redriven");
    assert_eq!(order(&after, &full(), "2026-10"), before, "messages of the old version are still in flight");
}

fn target_changes(built_in: &Catalog, mended: &Catalog, id: &ContractId) {
    let target = validators(mended).unwrap().remove(&id.to_string()).unwrap();
    let body = |catalog: &Catalog| shipping(catalog).encode::<Value>(&reservation()).unwrap();
    assert!(!target.is_valid(&body(built_in)), "the target would refuse it: a dead letter");
    let errors: Vec<_> = target.iter_errors(&body(mended)).map(|error| error.to_string()).collect();
    assert_eq!(errors, Vec::<String>::new(), "the message in flight, redriven");
}

#[test]
fn the_source_renames_a_field() {
    drill("a-renames-a-field");
}

#[test]
fn the_source_changes_the_format_of_a_time() {
    drill("a-changes-a-date-format");
}

#[test]
fn the_source_adds_a_value() {
    drill("a-adds-an-enum-value");
}

#[test]
fn the_source_adds_a_version_while_the_old_still_come() {
    drill("a-adds-a-version");
}

#[test]
fn the_target_adds_a_required_field() {
    drill("b-adds-a-required-field");
}

#[test]
fn the_target_renames_a_value() {
    drill("b-renames-an-enum-value");
}
