//! What holds for every alarm of the expanded templates.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use std::collections::BTreeSet;
use std::path::Path;

use alarms::{Actions, Alarm, Application, Kind, Parameters, alarms, published_in, why_never_published};

const RUNBOOKS: &str = include_str!("../../../docs/runbooks.md");

/// What wakes somebody; everything else is a ticket.
const PAGES: [&str; 7] = [
    "AcceptedNotQueuedAlarm",
    "CanaryLostAlarm",
    "DeadLetterQueueNotEmptyAlarm",
    "Ingest5xxAlarm",
    "InputStoppedAlarm",
    "PollerDeadAlarm",
    "SubscriptionMissingAlarm",
];

/// Only where a webhook leads to the flow; of what another flow sends, silence is a ticket.
const OF_WEBHOOKS: [&str; 3] = ["CanaryLostAlarm", "CanaryLostPageAlarm", "InputStoppedPageAlarm"];

/// Only where the flow's source can be asked.
const OF_SOURCES: [&str; 3] =
    ["EventsMissedAlarm", "SubscriptionMissingAlarm", "SubscriptionMissingPageAlarm"];

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
fn every_flow_has_the_same_alarms_and_those_of_what_leads_to_it() {
    let application = application();
    let all = alarms(&application).unwrap();
    let flows: BTreeSet<_> =
        all.iter().map(|alarm| alarm.flow.as_str()).filter(|flow| !flow.is_empty()).collect();
    let of = |flow: &str| -> BTreeSet<_> {
        all.iter().filter(|alarm| alarm.flow == flow).map(|alarm| alarm.id.as_str()).collect()
    };
    // This one has them all.
    let every = of("orders-to-inventory");
    let only: BTreeSet<_> = OF_WEBHOOKS.into_iter().chain(OF_SOURCES).collect();
    assert!(only.is_subset(&every), "{every:?}");
    let mut asked = BTreeSet::new();
    for flow in flows {
        let rule = application.of_kind("AWS::Events::Rule").find(|rule| rule.flow == flow).unwrap();
        let event = rule.properties["Targets"][0]["Input"].as_str().unwrap();
        let event: serde_json::Value = serde_json::from_str(event).unwrap();
        let mut expected: BTreeSet<_> = every.difference(&only).copied().collect();
        // An empty list of a template is a list of one empty text.
        if event["canary_path"][0] != "" {
            expected.extend(OF_WEBHOOKS);
        }
        if !event["source"].is_null() {
            asked.insert(flow);
            expected.extend(OF_SOURCES);
        }
        assert_eq!(of(flow), expected, "{flow}");
    }
    assert_eq!(asked, ["orders-to-inventory", "payments-to-operations"].into());
}

/// A flow that ingest sends to has canaries, in the order in which flows send to each other; another one has none.
#[test]
fn canaries_pass_the_flows_that_a_webhook_passes() {
    let application = application();
    let functions: Vec<_> = application.of_kind("AWS::Serverless::Function").collect();
    let variable = |id: &str, name: &str| {
        let function = functions.iter().find(|function| function.reference == id).unwrap();
        function.properties["Environment"]["Variables"][name].as_str().unwrap_or_default().to_owned()
    };
    let sources: serde_json::Value =
        serde_json::from_str(&variable("spillway-prod-ingest", "SOURCES")).unwrap();
    let routes = sources.as_object().unwrap().values().filter_map(|source| source["routes"].as_object());
    let entries: BTreeSet<_> = routes.flatten().filter_map(|(_, flow)| flow.as_str()).collect();
    for rule in application.of_kind("AWS::Events::Rule").filter(|rule| !rule.flow.is_empty()) {
        let event = rule.properties["Targets"][0]["Input"].as_str().unwrap();
        let event: serde_json::Value = serde_json::from_str(event).unwrap();
        let path = event["canary_path"].as_array().unwrap();
        let path: Vec<_> =
            path.iter().filter_map(|flow| flow.as_str()).filter(|flow| !flow.is_empty()).collect();
        let mut expected = Vec::new();
        let mut next = entries.get(rule.flow.as_str()).map(|flow| (*flow).to_owned());
        while let Some(flow) = next {
            let url = variable(&format!("spillway-prod-{flow}"), "NEXT_QUEUE_URL");
            next = url
                .rsplit('/')
                .next()
                .and_then(|queue| queue.strip_prefix("spillway-prod-"))
                .map(str::to_owned);
            expected.push(flow);
        }
        assert_eq!(path, expected, "{}", rule.flow);
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

/// By an alarm's description.
fn severity(alarm: &Alarm) -> &str {
    let rest = alarm.description.strip_prefix("Severity: ").unwrap_or_default();
    rest.split_once('.').map_or("", |(severity, _)| severity)
}

/// An alarm that pages is a ticket itself, and wakes somebody by a composite of its own, which can wait for a deploy to end.
#[test]
fn every_alarm_tells_those_that_its_severity_names_when_it_rings_and_when_it_is_over() {
    let all = all();
    let composites: Vec<_> = all
        .iter()
        .filter_map(|alarm| match &alarm.kind {
            Kind::Composite(composite) => Some((alarm, composite)),
            Kind::Metric(_) => None,
        })
        .collect();
    let suppressors: BTreeSet<_> = composites
        .iter()
        .filter_map(|(_, composite)| composite.suppressor.clone())
        .map(|it| it.alarm)
        .collect();
    let suppressors: BTreeSet<_> =
        suppressors.iter().filter_map(|arn| Some(arn.rsplit_once(":alarm:")?.1)).collect();
    assert_eq!(suppressors, BTreeSet::from(["spillway-prod-canary-suppressor", "spillway-prod-deploying"]));
    let posted: BTreeSet<_> =
        all.iter().filter(|alarm| alarm.id == "CanaryLostAlarm").map(|alarm| &alarm.flow).collect();
    let mut pages = BTreeSet::new();
    for alarm in &all {
        if alarm.id == "InputStoppedAlarm" {
            assert_eq!(severity(alarm) == "page", posted.contains(&alarm.flow), "{}", alarm.name);
        }
        assert_eq!(alarm.actions.alarm, alarm.actions.ok, "{}", alarm.name);
        let told: Vec<_> = alarm.actions.alarm.iter().map(|arn| arn.rsplit('-').next().unwrap()).collect();
        let paged_by: Vec<_> = composites
            .iter()
            .filter(|(other, composite)| {
                severity(other) != "none" && composite.rule.alarms().contains(&alarm.name.as_str())
            })
            .map(|(alarm, _)| (severity(alarm), alarm.actions.alarm.len()))
            .collect();
        match (severity(alarm), &alarm.kind) {
            ("page", Kind::Composite(composite)) => {
                assert_eq!(told, ["PageTopic"], "{}", alarm.name);
                assert!(composite.suppressor.is_some(), "{}", alarm.name);
            }
            ("page", Kind::Metric(_)) => {
                pages.insert(alarm.id.as_str());
                assert_eq!((told, paged_by), (vec!["TicketTopic"], vec![("page", 1)]), "{}", alarm.name);
            }
            ("ticket", Kind::Metric(_)) => {
                assert_eq!((told, paged_by.len()), (vec!["TicketTopic"], 0), "{}", alarm.name);
            }
            ("none", _) => {
                assert!(
                    told.is_empty() && suppressors.iter().any(|arn| arn.ends_with(&alarm.name)),
                    "{}",
                    alarm.name
                );
            }
            (other, _) => panic!("{}: {other}", alarm.name),
        }
    }
    assert_eq!(pages, PAGES.into());
}

#[test]
fn in_a_stack_for_development_no_alarm_tells_anybody() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let read = |file: &str| std::fs::read_to_string(root.join(file));
    let stage = Parameters::from([("Stage".to_owned(), "dev".into())]);
    let application = Application::expand("template.yaml", &read, "spillway-dev", stage).unwrap();
    let all = alarms(&application).unwrap();
    assert!(!all.is_empty());
    assert!(all.iter().all(|alarm| alarm.actions == Actions::default()));
}

/// A queue that is left out of it would look as if what goes there were lost.
#[test]
fn what_ingest_has_accepted_is_looked_for_on_every_queue_that_it_sends_to() {
    let application = application();
    let all = alarms(&application).unwrap();
    let accepted = all.iter().find(|alarm| alarm.id == "AcceptedNotQueuedAlarm").unwrap();
    let Kind::Metric(metric) = &accepted.kind else { panic!("a metric alarm") };
    let queues =
        metric.signal.queries().into_iter().filter_map(|query| query.metric.dimensions.get("QueueName"));
    let asked: BTreeSet<_> = queues.map(String::as_str).collect();
    let ingest = application
        .of_kind("AWS::Serverless::Function")
        .find(|function| function.id == "IngestFunction")
        .unwrap();
    let variables = &ingest.properties["Environment"]["Variables"];
    let sources: serde_json::Value = serde_json::from_str(variables["SOURCES"].as_str().unwrap()).unwrap();
    let prefix = variables["QUEUE_URL_PREFIX"].as_str().unwrap().rsplit('/').next().unwrap();
    let routes = sources.as_object().unwrap().values().filter_map(|source| source["routes"].as_object());
    let sent_to: BTreeSet<_> =
        routes.flatten().map(|(_, flow)| format!("{prefix}{}", flow.as_str().unwrap())).collect();
    assert_eq!(asked, sent_to.iter().map(String::as_str).collect());
    // As many metrics as an alarm may read.
    assert!(metric.signal.queries().len() <= 10);
}

/// With alias/aws/sns, or without one of the two calls, CloudWatch could not publish, and nobody would be told
/// (docs.aws.amazon.com/sns/latest/dg/sns-key-management.html).
#[test]
fn cloudwatch_may_publish_to_both_topics_and_use_their_key() {
    let application = application();
    let topics: Vec<_> = application.of_kind("AWS::SNS::Topic").collect();
    assert_eq!(topics.len(), 2);
    for topic in topics {
        assert_eq!(topic.properties["KmsMasterKeyId"], "spillway-prod-AlarmKey.Arn", "{}", topic.id);
        let policy = application
            .of_kind("AWS::SNS::TopicPolicy")
            .find(|policy| policy.properties["Topics"][0] == topic.reference.as_str());
        let statement = &policy.unwrap().properties["PolicyDocument"]["Statement"][0];
        assert_eq!(statement["Principal"]["Service"], "cloudwatch.amazonaws.com", "{}", topic.id);
        assert_eq!(statement["Resource"], topic.reference.as_str(), "{}", topic.id);
    }
    let key = application.of_kind("AWS::KMS::Key").next().unwrap();
    let statement = &key.properties["KeyPolicy"]["Statement"][1];
    assert_eq!(statement["Principal"]["Service"], "cloudwatch.amazonaws.com");
    assert_eq!(statement["Action"].to_string(), r#"["kms:Decrypt","kms:GenerateDataKey*"]"#);
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
