//! What the functions of a stack have logged.

use anyhow::{Context, Result, ensure};
use aws_sdk_cloudwatchlogs::Client;
use jiff::Timestamp;
use serde_json::Value;

use super::journey::Line;
use crate::live;

pub(super) struct Logs {
    client: Client,
    groups: Vec<String>,
    since: Timestamp,
}

/// Lines of one log group with one term.
const MOST_LINES: usize = 1_000;

impl Logs {
    pub(super) async fn of(client: Client, stack: &str, since: Timestamp) -> Result<Self> {
        let prefix = format!("/aws/lambda/{stack}-");
        let request = client.describe_log_groups().log_group_name_prefix(&prefix).into_paginator().items();
        let found = request.send().try_collect().await;
        let found = found.map_err(|error| live::told(&error));
        let found = found.context("listing log groups")?.into_iter().filter_map(|group| group.log_group_name);
        let groups = of_stack(&prefix, found.collect());
        ensure!(!groups.is_empty(), "no log group's name begins with {prefix}: is the stack called {stack}?");
        Ok(Self { client, groups, since })
    }

    /// All JSON lines in which the term stands.
    pub(super) async fn with(&self, term: &str) -> Result<Vec<Line>> {
        let mut lines = Vec::new();
        for group in &self.groups {
            let mut next = None;
            let mut seen = 0;
            loop {
                let request = self
                    .client
                    .filter_log_events()
                    .log_group_name(group)
                    .filter_pattern(quoted(term))
                    .start_time(self.since.as_millisecond())
                    .set_next_token(next);
                let page = request.send().await.map_err(|error| live::told(&error));
                let page = page.with_context(|| format!("reading {group}"))?;
                let events = page.events.unwrap_or_default();
                seen += events.len();
                ensure!(
                    seen <= MOST_LINES,
                    "{group} has more than {MOST_LINES} lines with {term}: say a rarer id"
                );
                lines.extend(events.iter().filter_map(|event| {
                    let fields: Value = serde_json::from_str(event.message()?.trim()).ok()?;
                    fields.to_string().contains(term).then(|| Line::new(group, fields))
                }));
                next = page.next_token;
                if next.is_none() {
                    break;
                }
            }
        }
        Ok(lines)
    }
}

/// Without those of stacks whose names go on where this one's ends: each deployment has an ingest of its own.
fn of_stack(prefix: &str, groups: Vec<String>) -> Vec<String> {
    let ingest = format!("{prefix}ingest");
    let of_ingest =
        groups.iter().filter(|name| **name != ingest).filter_map(|name| name.strip_suffix("ingest"));
    let others: Vec<_> = of_ingest.filter(|stack| stack.ends_with('-')).map(str::to_owned).collect();
    groups.into_iter().filter(|name| !others.iter().any(|other| name.starts_with(other))).collect()
}

/// One term of a filter pattern, whatever signs are in it.
fn quoted(term: &str) -> String {
    format!("\"{}\"", term.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_whose_name_goes_on_is_another() {
        let named = |names: [&str; 2]| names.map(|name| format!("/aws/lambda/{name}")).to_vec();
        let ours = named(["shop-ingest", "shop-orders-to-inventory"]);
        let others = named(["shop-eu-ingest", "shop-eu-orders-to-inventory"]);
        assert_eq!(of_stack("/aws/lambda/shop-", [ours.clone(), others].concat()), ours);
    }

    #[test]
    fn a_term_is_quoted_so_that_no_sign_of_it_means_something_else() {
        assert_eq!(quoted("98880550-7158"), "\"98880550-7158\"");
        assert_eq!(quoted(r#"a"b\c"#), r#""a\"b\\c""#);
    }
}
