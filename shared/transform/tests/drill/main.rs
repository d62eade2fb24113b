//! The drill: changes of a system on either side, each as a changed contract and a changed message. The static check names
//! it before it is live, a message that comes all the same is refused, and the mend is in mappings and contracts alone: a mend
//! is a list of replacements in those files, so nothing else can be part of it. That no message is lost meanwhile is played in
//! tests/campaign/drill.rs.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking and say where")]

mod case;

use std::path::Path;

use message::Envelope;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use transform::canonical::{Order, Reservation};
use transform::cases::validators;
use transform::{Catalog, Plan};

use case::{Case, Message, full_order};

/// finding.toml: what names the change, and where.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    kind: String,
    path: String,
}

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn case(name: &str) -> Case {
    Case::named(here(), name)
}

fn built_in() -> &'static Catalog {
    Catalog::built_in().unwrap()
}

/// The change is named before it is live. Answers with the catalog after the mend, which has nothing wrong with it.
fn mended(case: &Case) -> Catalog {
    assert_eq!(built_in().check(), [], "nothing is wrong before the change");
    let Named { kind, path } = case.file("finding.toml");
    let findings = built_in().check_contract(case.contract()).unwrap();
    let named = findings.iter().any(|finding| {
        format!("{:?}", finding.kind) == kind && finding.path == path && !finding.mend.is_empty()
    });
    assert!(named, "{findings:#?}");
    let mended = case.mended();
    assert_eq!(mended.check(), [], "nothing is wrong after the mend");
    mended
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

const OLD: &str = "2026-10";

fn order(plan: &Plan, payload: &Value, version: &str) -> Order {
    plan.decode(&webhook(payload, version)).unwrap()
}

fn source_changes(name: &str) {
    let case = case(name);
    let (message, new): (Message, _) = (case.file("message.toml"), case.id().version);
    let (old_form, mended) = (full_order(here()), mended(&case));
    let new_form = message.changed(&old_form);
    let before = built_in().plan("shopify-order", &Value::Null).unwrap();
    let refused = |version: &str| {
        let problem = before.decode::<Order>(&webhook(&new_form, version)).unwrap_err().problems.remove(0);
        (problem.code.as_str(), problem.path)
    };
    assert_eq!(refused(&new), ("SPW2005", "@envelope.sourceversion".to_owned()));
    let after = mended.plan("shopify-order", &Value::Null).unwrap();
    let was = order(&before, &old_form, OLD);
    assert_eq!(order(&after, &new_form, &new), was, "the dead letter, redriven");
    assert_eq!(order(&after, &old_form, OLD), was, "messages of the old version are still in flight");
    if message.differs() {
        assert_eq!(refused(OLD), (message.code.as_str(), message.path), "under the old version's name");
        assert_eq!(order(&after, &new_form, OLD), was, "that one, redriven");
    }
}

fn target_changes(name: &str, mapping: &str, settings: &Value, canonical: &impl Serialize) {
    let case = case(name);
    let mended = mended(&case);
    let target = validators(&mended).unwrap().remove(&case.id().to_string()).unwrap();
    let body =
        |catalog: &Catalog| catalog.plan(mapping, settings).unwrap().encode::<Value>(canonical).unwrap();
    assert!(!target.is_valid(&body(built_in())), "the target would refuse it");
    let errors: Vec<_> = target.iter_errors(&body(&mended)).map(|error| error.to_string()).collect();
    assert_eq!(errors, Vec::<String>::new(), "the message in flight, redriven");
    let version = |catalog: &Catalog| catalog.mapping(mapping).unwrap().file.version;
    assert!(version(&mended) > version(built_in()), "the same message becomes something else now");
}

fn sold() -> Order {
    let plan = built_in().plan("shopify-order", &Value::Null).unwrap();
    order(&plan, &full_order(here()), OLD)
}

fn sale_changes(name: &str) {
    target_changes(name, "tryton-sale", &Value::Null, &sold());
}

fn shipment_changes(name: &str) {
    let from: Value = serde_json::from_str(include_str!("../fixtures/ship-from.json")).unwrap();
    let settings = json!({ "ship_from": from, "service": "standard_service" });
    let reservation: Reservation = sold().reserved_as("42".to_owned(), Some("SHP-42".to_owned()));
    target_changes(name, "karrio-shipment", &settings, &reservation);
}

#[test]
fn the_source_renames_a_field() {
    source_changes("a-renames-a-field");
}

#[test]
fn the_source_changes_the_format_of_a_time() {
    source_changes("a-changes-a-date-format");
}

#[test]
fn the_source_adds_a_value() {
    source_changes("a-adds-an-enum-value");
}

#[test]
fn the_source_adds_a_version_while_the_old_still_come() {
    source_changes("a-adds-a-version");
}

#[test]
fn the_target_adds_a_required_field() {
    shipment_changes("b-adds-a-required-field");
    sale_changes("b-adds-a-required-field-of-sales");
}

#[test]
fn the_target_renames_a_value() {
    shipment_changes("b-renames-an-enum-value");
    sale_changes("b-renames-an-enum-value-of-sales");
}
