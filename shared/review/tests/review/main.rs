//! Reviews of dead letters in a world in memory: what is looked at, planned and moved, and every place where that can break off.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking and say where")]

#[cfg(test)]
mod discarding;
#[cfg(test)]
mod interrupts;
#[cfg(test)]
mod looking;
#[cfg(test)]
mod naming;
#[cfg(test)]
mod operators;
#[cfg(test)]
mod planning;
#[cfg(test)]
mod races;
#[cfg(test)]
mod redriving;
#[cfg(test)]
mod restoring;
#[cfg(test)]
mod schedules;

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::{Arc, OnceLock};

use channel::{Attribute, Attributes};
use control::MemoryControlStore;
use jiff::Timestamp;
use review::memory::World;
use review::{Because, FlowQueues, Letter, Limits, Restore, Restoring, Review};
use serde_json::{Value, json};
use transform::Catalog;

const FLOW: &str = "orders-to-inventory";
const MAPPING: &str = "shopify-order/2 canonical.order@1";
const ANN: &str = "arn:aws:iam::123456789012:user/ann";

fn begun_at() -> Timestamp {
    "2026-11-24T10:00:00Z".parse().unwrap()
}

/// What a golden case of the mapping of Shopify's orders begins with.
fn order(case: &str) -> Value {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("../transform/cases/shopify-order");
    serde_json::from_str(&std::fs::read_to_string(cases.join(case).join("input.json")).unwrap()).unwrap()
}

fn body(number: usize, mut data: Value) -> String {
    data["id"] = json!(number + 1);
    json!({
        "specversion": "1.0", "id": format!("evt-{number}"), "source": "/shopify/acme.myshopify.com",
        "type": "shopify.orders/create", "time": "2026-11-24T10:00:00Z", "correlationid": format!("c-{number}"),
        "sourceversion": "2026-10", "data": data
    })
    .to_string()
}

fn attributes(code: &str, path: &str, summary: &str) -> Attributes {
    let texts = [
        ("Code", code),
        ("Path", path),
        ("Flow", FLOW),
        ("MappingVersion", MAPPING),
        ("Summary", summary),
        ("SourceQueue", "spillway-orders-to-inventory"),
        ("Failures", "attempts=1 first=2026-11-24T09:00:00Z last=2026-11-24T09:30:00Z"),
    ];
    texts.into_iter().map(|(name, value)| (name.to_owned(), Attribute::string(value))).collect()
}

/// Ids of SQS are as long as this.
fn id(number: usize) -> String {
    format!("{number:08}-0000-4000-8000-000000000000")
}

fn letter(number: usize, data: Value, attributes: Attributes) -> Letter {
    Letter {
        id: id(number),
        receipt: String::new(),
        body: body(number, data),
        attributes,
        sent_at: begun_at(),
        receive_count: 0,
        trace_header: None,
        group_id: None,
    }
}

/// Of a status that the value map does not have.
fn unknown_status(number: usize) -> Letter {
    let why = attributes(
        "SPW2004",
        "$.fulfillment_status",
        "expected a value that the value map knows, came a string",
    );
    letter(number, order("fulfilment-status-that-nobody-knows"), why)
}

/// A small order that the mapping takes.
fn small() -> Value {
    let mut order = order("fulfilment-status-that-nobody-knows");
    order["fulfillment_status"] = Value::Null;
    order
}

/// Refused by the target: the mapping takes it.
fn refused_by_target(number: usize) -> Letter {
    letter(number, small(), attributes("SPW4009", "$", "the target does not know the product"))
}

/// Moved by SQS itself.
fn crashed(number: usize) -> Letter {
    letter(number, small(), Attributes::new())
}

fn catalog() -> &'static Arc<Catalog> {
    static CATALOG: OnceLock<Arc<Catalog>> = OnceLock::new();
    CATALOG.get_or_init(|| Arc::new(Catalog::built_in().unwrap().clone()))
}

fn review(world: &World) -> Review {
    let queues = FlowQueues { letters: Arc::new(world.clone()), source: Arc::new(world.clone()) };
    Review {
        flows: BTreeMap::from([(FLOW.to_owned(), queues)]),
        records: Arc::new(world.clone()),
        archive: Arc::new(world.clone()),
        control: Arc::new(MemoryControlStore::default()),
        clock: Arc::new(world.clone()),
        catalog: Arc::clone(catalog()),
        settings: HashMap::new(),
        by: ANN.to_owned(),
        limits: Limits { at_once: 2, ..Limits::default() },
    }
}

/// Of letters that were discarded.
fn restoring(which: &Restore) -> Restoring<'_> {
    Restoring { because: Because::Discarded, which, why: "it was right", anyway: false }
}

fn world(letters: impl IntoIterator<Item = Letter>) -> World {
    let world = World::new(begun_at());
    for letter in letters {
        world.add(letter);
    }
    world
}
