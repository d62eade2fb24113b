//! What holds for the saved queries of the expanded templates, as they are and with a new integration.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

mod expanded;

use std::collections::BTreeSet;

use alarms::Resource;
use expanded::{STACK, both};

const RUNBOOKS: &str = include_str!("../../../docs/runbooks.md");
const ERROR_CODES: &str = include_str!("../../../docs/error-codes.md");
/// Of every line that queries look for.
const WRITTEN_BY: [&str; 4] = [
    include_str!("../../../shared/telemetry/src/record.rs"),
    include_str!("../../../shared/telemetry/src/metrics.rs"),
    include_str!("../../../shared/control/src/mappings.rs"),
    include_str!("../../../functions/ingest/src/outcome.rs"),
];

fn text<'a>(query: &'a Resource, property: &str) -> &'a str {
    query.properties.get(property).and_then(|text| text.as_str()).unwrap()
}

fn quoted(text: &str) -> BTreeSet<&str> {
    text.split('"').skip(1).step_by(2).collect()
}

#[test]
fn every_query_looks_into_all_log_groups() {
    for application in both() {
        let groups: BTreeSet<_> =
            application.of_kind("AWS::Logs::LogGroup").map(|group| group.reference.as_str()).collect();
        assert!(groups.contains("/aws/lambda/shop-ingest"), "{groups:?}");
        for query in application.of_kind("AWS::Logs::QueryDefinition") {
            let asked = query.properties.get("LogGroupNames").and_then(|groups| groups.as_array()).unwrap();
            assert_eq!(asked.iter().map(|group| group.as_str().unwrap()).collect::<BTreeSet<_>>(), groups);
        }
    }
}

#[test]
fn every_query_is_named_where_it_helps() {
    let [application, _] = both();
    let names: Vec<_> =
        application.of_kind("AWS::Logs::QueryDefinition").map(|query| text(query, "Name")).collect();
    assert_eq!(names.len(), 7);
    for name in names {
        let name = name.strip_prefix(&format!("{STACK}/")).unwrap();
        assert!(RUNBOOKS.contains(&format!("`PREFIX/{name}`")), "{name}");
    }
}

/// A query for what nobody writes finds nothing, and looks as if all were well.
#[test]
fn queries_ask_for_lines_codes_and_fields_that_there_are() {
    let [application, _] = both();
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let written: BTreeSet<_> =
        WRITTEN_BY.iter().flat_map(|source| source.split(|c: char| !is_word(c))).collect();
    for query in application.of_kind("AWS::Logs::QueryDefinition") {
        let string = text(query, "QueryString");
        for said in quoted(string) {
            let is_known = WRITTEN_BY.iter().any(|source| source.contains(&format!("\"{said}\"")))
                || ERROR_CODES.contains(&format!("### {said} "))
                // Lambda's own line, and what the query asks its reader for.
                || ["platform.report", "{{correlation_id}}", "{{id}}"].contains(&said);
            assert!(is_known, "{}: {said}", query.id);
        }
        let lists = string.lines().filter_map(|line| {
            line.strip_prefix("fields ").or_else(|| line.rsplit_once(" by ").map(|(_, list)| list))
        });
        for field in lists.flat_map(|list| list.split(", ")) {
            // What is Insights' own, or worked out.
            let is_ours = field.chars().all(is_word);
            assert!(!is_ours || written.contains(field), "{}: {field}", query.id);
        }
    }
}
