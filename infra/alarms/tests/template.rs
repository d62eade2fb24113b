//! What holds for every alarm of the expanded templates.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use std::collections::BTreeSet;
use std::path::Path;

use alarms::{Alarm, Application, Kind, alarms, published_in, why_never_published};

const RUNBOOKS: &str = include_str!("../../../docs/runbooks.md");

fn application() -> Application {
    Application::in_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")).unwrap()
}

fn all() -> Vec<Alarm> {
    alarms(&application()).unwrap()
}

fn words_after<'a>(text: &'a str, marker: &str) -> BTreeSet<&'a str> {
    let word = |rest: &'a str| rest.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).next();
    text.split(marker).skip(1).filter_map(word).collect()
}

#[test]
fn every_flow_has_the_same_alarms() {
    let all = all();
    let flows: BTreeSet<_> =
        all.iter().map(|alarm| alarm.flow.as_str()).filter(|flow| !flow.is_empty()).collect();
    let of = |flow: &str| -> BTreeSet<_> {
        all.iter().filter(|alarm| alarm.flow == flow).map(|alarm| alarm.id.as_str()).collect()
    };
    assert!(flows.contains("orders-to-inventory"), "{flows:?}");
    for flow in flows {
        assert!(!of(flow).is_empty());
        assert_eq!(of(flow), of("orders-to-inventory"), "{flow}");
    }
}

/// CloudWatch takes an alarm on a metric that nobody ever publishes, and never rings.
#[test]
fn every_metric_of_every_alarm_is_published_by_aws_or_by_us_with_exactly_these_dimensions() {
    let published = published_in(&application()).unwrap();
    let mut wrong = Vec::new();
    for alarm in all() {
        let Kind::Metric(metric) = &alarm.kind else { continue };
        for query in metric.signal.queries() {
            let why = why_never_published(&published, &query.metric, query.unit.as_deref());
            wrong.extend(why.map(|why| format!("{}: {why}", alarm.name)));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_alarm_has_one_runbook_and_every_runbook_an_alarm() {
    let all = all();
    let mut linked = BTreeSet::new();
    for alarm in &all {
        let anchors = words_after(&alarm.description, "docs/runbooks.md#");
        assert_eq!(anchors.len(), 1, "{}", alarm.name);
        // As much as CloudWatch takes.
        assert!(alarm.description.chars().count() <= 1_024, "{}", alarm.name);
        linked.extend(anchors);
    }
    assert_eq!(linked, words_after(RUNBOOKS, "\n## "));
}

#[test]
fn every_alarm_tells_when_it_rings_and_when_it_is_over() {
    assert!(!all().is_empty());
    for alarm in all() {
        for told in [&alarm.actions.alarm, &alarm.actions.ok] {
            assert!(told.iter().all(|arn| arn.starts_with("arn:aws:sns:")), "{}", alarm.name);
            assert!(!told.is_empty(), "{}", alarm.name);
        }
    }
}

/// CloudWatch's own choice leaves an alarm that hears nothing in INSUFFICIENT_DATA, of which nobody is told.
#[test]
fn every_alarm_says_what_missing_data_means() {
    for alarm in application().of_kind("AWS::CloudWatch::Alarm") {
        assert!(alarm.properties.get("TreatMissingData").is_some(), "{}", alarm.reference);
    }
}

#[test]
fn a_composite_asks_only_for_alarms_that_there_are() {
    let all = all();
    let names: BTreeSet<_> = all.iter().map(|alarm| alarm.name.as_str()).collect();
    for alarm in &all {
        let Kind::Composite(composite) = &alarm.kind else { continue };
        let suppressor = composite.suppressor.iter().map(|suppressor| suppressor.alarm.as_str());
        for asked in composite.rule.alarms().into_iter().chain(suppressor) {
            let name = asked.rsplit_once(":alarm:").map_or(asked, |(_, name)| name);
            assert!(names.contains(name), "{} asks for {asked}", alarm.name);
        }
    }
}
