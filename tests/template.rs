//! What template.yaml and infra/flow.yaml promise, read as text: every alarm has a runbook and the other way round.

use std::collections::BTreeSet;

const TEMPLATE: &str = include_str!("../template.yaml");
const FLOW: &str = include_str!("../infra/flow.yaml");
const RUNBOOKS: &str = include_str!("../docs/runbooks.md");

fn words_after<'a>(text: &'a str, marker: &str) -> BTreeSet<&'a str> {
    let word = |rest: &'a str| rest.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).next();
    text.split(marker).skip(1).filter_map(word).collect()
}

#[test]
fn every_alarm_has_a_runbook_and_every_runbook_an_alarm() {
    let mut linked = words_after(TEMPLATE, "${RunbookBaseUrl}#");
    linked.extend(words_after(FLOW, "${RunbookBaseUrl}#"));
    let written = words_after(RUNBOOKS, "\n## ");
    assert_eq!(linked, written);
    let alarms = [TEMPLATE, FLOW].map(|text| text.matches("Type: AWS::CloudWatch::Alarm").count());
    let links = [TEMPLATE, FLOW].map(|text| text.matches("${RunbookBaseUrl}#").count());
    assert_eq!(alarms, links);
}

#[test]
fn every_alarm_tells_the_topic_when_it_rings_and_when_it_is_over() {
    for text in [TEMPLATE, FLOW] {
        let alarms = text.matches("Type: AWS::CloudWatch::Alarm").count();
        assert_eq!(text.matches("AlarmActions:").count(), alarms);
        assert_eq!(text.matches("OKActions:").count(), alarms);
        assert_eq!(text.matches("TreatMissingData:").count(), alarms);
    }
}

#[test]
fn every_queue_mapping_reports_batch_item_failures() {
    let mappings = TEMPLATE.matches("Type: SQS\n").count();
    assert!(mappings > 0);
    assert_eq!(TEMPLATE.matches("FunctionResponseTypes: [ReportBatchItemFailures]").count(), mappings);
}
