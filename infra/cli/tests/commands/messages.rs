use serde_json::json;

use crate::{BAD, GOOD, Said, UNANSWERED, elsewhere, fixture, spillway, transform};

const SHOP: &str = "/shopify/acme.myshopify.com";

fn full() -> String {
    transform("cases/shopify-order/full/input.json")
}

#[test]
fn a_payload_is_explained_rule_by_rule() {
    let said = elsewhere(&["mapping", "explain", "shopify-order", &full(), "--source", SHOP]).ends(GOOD);
    let row = |place: &str| {
        said.out.lines().find(|line| line.starts_with(place)).unwrap().split_whitespace().collect::<Vec<_>>()
    };
    assert_eq!(row("input"), ["input", "came", "rule", "made"]);
    assert_eq!(row("$.name"), ["$.name", "\"#1001\"", "number", "\"#1001\""]);
    assert_eq!(row("$.cancelled_at"), ["$.cancelled_at", "null", "refuse", "no"]);
    let price =
        ["$.line_items[0].price", "\"19.90\"", "lines[0].unit_price", r#"{"currency":"EUR","minor":1990}"#];
    assert_eq!(row("$.line_items[0].price"), price);
    said.says(&[
        "version 2026-10",
        "lines[] of $.line_items: 2 items came, 2 kept",
        "  \"shop\": \"acme.myshopify.com\"",
    ]);
}

#[test]
fn a_whole_message_brings_its_own_envelope() {
    elsewhere(&["mapping", "explain", "shopify-order", &fixture("message.json")])
        .ends(GOOD)
        .says(&["version 2026-04"]);
    elsewhere(&["mapping", "explain", "shopify-order", &fixture("message.json"), "--version", "2019-04"])
        .ends(BAD)
        .says(&["refused:\nSPW2005 at @envelope.sourceversion: expected a version of the source that the mapping accepts"]);
}

#[test]
fn a_refused_payload_says_by_which_rule_and_what_may_be_missing() {
    elsewhere(&["mapping", "explain", "shopify-order", &full()]).ends(BAD).says(&[
        "SPW2003 at @envelope.source: expected /shopify/<shop domain>, came a string",
        "say what one would have with --source and --version",
    ]);
    let case = transform("cases/shopify-order/cancelled/input.json");
    let said = elsewhere(&["mapping", "explain", "shopify-order", &case, "--source", SHOP, "--json"])
        .ends(BAD)
        .json();
    assert_eq!(said["output"], json!(null));
    assert_eq!(said["problems"][0]["path"], "$.cancelled_at");
    assert_eq!(said["refusals"][0]["problem"][0]["code"], "SPW2003");
}

#[test]
fn a_mapping_that_reads_settings_asks_for_them() {
    let (sample, settings) = (
        transform("cases/karrio-shipment/full/input.json"),
        transform("cases/karrio-shipment/settings.json"),
    );
    elsewhere(&["mapping", "explain", "karrio-shipment", &sample])
        .ends(UNANSWERED)
        .says(&["say --settings FILE"]);
    let said =
        elsewhere(&["mapping", "explain", "karrio-shipment", &sample, "--settings", &settings]).ends(GOOD);
    said.says(&["@settings.ship_from.city", "\"Hamburg\""]);
    elsewhere(&["mapping", "explain", "tryton-sale", &sample, "--version", "1"])
        .ends(UNANSWERED)
        .says(&["tryton-sale does not read its version at @envelope.sourceversion"]);
}

fn replayed(said: Said) -> Said {
    assert!(!format!("{}{}", said.out, said.err).contains("Canary"), "{}{}", said.out, said.err);
    said
}

#[test]
fn yesterdays_dead_letters_are_mapped_again_and_no_value_is_shown() {
    let said =
        replayed(spillway(&["mapping", "replay", "shopify-order", &fixture("letters.json")])).ends(BAD);
    let rows: Vec<Vec<&str>> = said
        .out
        .lines()
        .map(|line| line.split("  ").filter(|it| !it.is_empty()).map(str::trim).collect())
        .collect();
    assert_eq!(
        rows[1],
        ["00000000-0000-4000-8000-000000000001", "SPW2004 at $.fulfillment_status", "would pass"]
    );
    assert_eq!(rows[2][2], "SPW2001 at $.line_items[0].sku: expected a string that is not empty");
    assert_eq!(rows[3], ["SPW2001 at $.line_items[1].sku: expected a string"]);
    assert_eq!(rows[4][2], "SPW2004 at $.fulfillment_status: expected a value that the value map knows");
    assert_eq!(rows[5][2], "SPW1002 at $: the body is not JSON (line 1, column 1)");
    said.says(&["SPW2001 at $.line_items[].sku: 1 message", "4 messages: 1 would pass, 3 would not"]);
}

#[test]
fn letters_that_all_pass_are_good() {
    let bodies = fixture("bodies.jsonl");
    let said =
        replayed(spillway(&["mapping", "replay", "shopify-order", &bodies, "--json"])).ends(GOOD).json();
    assert_eq!(said["messages"][1], json!({"id": "#2", "was": null, "passes": true, "problems": []}));
    assert_eq!(said["summary"], json!([]));
}

#[test]
fn the_flows_next_mapping_goes_on_with_what_was_made() {
    let bodies = fixture("bodies.jsonl");
    replayed(spillway(&["mapping", "replay", "shopify-order", &bodies, "--then", "tryton-sale"])).ends(GOOD);
    let wrong = ["mapping", "replay", "shopify-order", &bodies, "--then", "canonical-reservation", "--json"];
    let said = replayed(spillway(&wrong)).ends(BAD).json();
    assert_eq!(
        said["messages"][0]["problems"][0]["mapping"],
        "canonical-reservation/2 canonical.reservation@1"
    );
}

#[test]
fn a_file_that_holds_no_messages_is_no_answer_and_is_not_quoted() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "{\"Messages\": \"Canary\"").unwrap();
    let path = file.path().display().to_string();
    replayed(spillway(&["mapping", "replay", "shopify-order", &path]))
        .ends(UNANSWERED)
        .says(&["line 1: not JSON"]);
    spillway(&["mapping", "replay", "shopify-order", "/no/such/file"])
        .ends(UNANSWERED)
        .says(&["/no/such/file"]);
}

#[test]
fn a_whole_message_is_known_however_deep_its_payload_is() {
    let deep = format!("{{\"n\": {}1{}}}", "[".repeat(300), "]".repeat(300));
    let text = std::fs::read_to_string(fixture("message.json")).unwrap();
    let text = text.replacen("\"data\": {", &format!("\"data\": {{\"deep\": {deep},"), 1);
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("message.json");
    std::fs::write(&file, text).unwrap();
    elsewhere(&["mapping", "explain", "shopify-order", &file.display().to_string()])
        .ends(GOOD)
        .says(&["version 2026-04", "$.deep: UnknownField"]);
}

#[test]
fn a_file_of_arrays_in_arrays_is_refused_and_not_followed() {
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("deep.json");
    std::fs::write(&file, "[".repeat(60_000) + &"]".repeat(60_000)).unwrap();
    elsewhere(&["mapping", "replay", "shopify-order", &file.display().to_string()])
        .ends(UNANSWERED)
        .says(&["line 1: expected messages"]);
}
