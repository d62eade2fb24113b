//! A world in memory, and commands as clap reads them.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use channel::{Attribute, Attributes};
use clap::{Args, Parser};
use control::MemoryControlStore;
use jiff::Timestamp;
use review::memory::World;
use review::{FlowQueues, Letter, Limits, Review};
use serde_json::{Value, json};
use transform::Catalog;

pub(crate) const FLOW: &str = "orders-to-inventory";
pub(crate) const ANN: &str = "arn:aws:iam::123456789012:user/ann";
const MAPPING: &str = "shopify-order/2 canonical.order@1";

#[derive(Parser)]
struct Line<A: Args> {
    #[command(flatten)]
    asked: A,
}

pub(crate) fn asked<A: Args>(arguments: &[&str]) -> A {
    refused(arguments).unwrap_or_else(|error| panic!("{error}"))
}

/// The command, or what clap says of it.
pub(crate) fn refused<A: Args>(arguments: &[&str]) -> Result<A, String> {
    let line = std::iter::once("spillway").chain(arguments.iter().copied());
    Line::try_parse_from(line).map(|line| line.asked).map_err(|error| error.to_string())
}

/// What a golden case of the mapping of Shopify's orders begins with.
fn order(case: &str) -> Value {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/transform/cases/shopify-order");
    serde_json::from_str(&std::fs::read_to_string(cases.join(case).join("input.json")).unwrap()).unwrap()
}

/// As SQS has them. Numbers begin with 1: no order of Shopify's has the id 0.
pub(crate) fn id(number: usize) -> String {
    format!("{number:08}-0000-4000-8000-000000000000")
}

fn letter(number: usize, case: &str, attributes: Attributes) -> Letter {
    let mut data = order(case);
    data["id"] = json!(number);
    let body = json!({
        "specversion": "1.0", "id": format!("evt-{number}"), "source": "/shopify/acme.myshopify.com",
        "type": "shopify.orders/create", "time": "2026-11-24T10:00:00Z", "correlationid": format!("c-{number}"),
        "sourceversion": "2026-10", "data": data
    });
    Letter {
        id: id(number),
        receipt: String::new(),
        body: body.to_string(),
        attributes,
        sent_at: "2026-11-24T10:00:00Z".parse().unwrap(),
        receive_count: 1,
        trace_header: None,
        group_id: None,
    }
}

pub(crate) fn attributes(code: &str, path: &str, summary: &str) -> Attributes {
    let texts = [
        ("Code", code),
        ("Path", path),
        ("Flow", FLOW),
        ("MappingVersion", MAPPING),
        ("Summary", summary),
        ("SourceQueue", "shop-orders-to-inventory"),
        ("Failures", "attempts=1 first=2026-11-24T09:00:00Z last=2026-11-24T09:30:00Z"),
    ];
    texts.into_iter().map(|(name, value)| (name.to_owned(), Attribute::string(value))).collect()
}

/// Of a status that the value map does not have.
pub(crate) fn unknown_status(number: usize) -> Letter {
    let summary = "expected a value that the value map knows, came a string";
    let why = attributes("SPW2004", "$.fulfillment_status", summary);
    letter(number, "fulfilment-status-that-nobody-knows", why)
}

/// Refused by the target: the mapping takes it.
pub(crate) fn refused_by_target(number: usize) -> Letter {
    letter(number, "full", attributes("SPW4009", "$", "the target does not know the product"))
}

/// Moved by SQS itself.
pub(crate) fn crashed(number: usize) -> Letter {
    letter(number, "full", Attributes::new())
}

pub(crate) fn world(letters: impl IntoIterator<Item = Letter>) -> World {
    let world = World::new("2026-11-24T10:00:00Z".parse::<Timestamp>().unwrap());
    for letter in letters {
        world.add(letter);
    }
    world
}

pub(crate) fn review(world: &World) -> Review {
    let queues = FlowQueues { letters: Arc::new(world.clone()), source: Arc::new(world.clone()) };
    Review {
        flows: BTreeMap::from([(FLOW.to_owned(), queues)]),
        records: Arc::new(world.clone()),
        archive: Arc::new(world.clone()),
        control: Arc::new(MemoryControlStore::default()),
        clock: Arc::new(world.clone()),
        catalog: std::sync::Arc::new(Catalog::built_in().unwrap().clone()),
        settings: HashMap::new(),
        by: ANN.to_owned(),
        limits: Limits { at_once: 2, ..Limits::default() },
    }
}
