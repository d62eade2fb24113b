//! What template.yaml and what it nests promise, beside what `infra/alarms` holds of their alarms: retention, visibility, who may call what.
//! What holds for every flow has to hold for one that is made by `cargo xtask new-integration` too: they are read with one of each kind in
//! them.
//!
//! `conformance` has the rules that every resource has to bear, and for each the templates that break it; `code` what functions call, read
//! off their source.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail by panicking")]

#[cfg(test)]
mod code;
#[cfg(test)]
mod conformance;
#[cfg(test)]
mod linters;

use std::collections::BTreeSet;

use std::path::Path;

use local::{Tools, Workspace};
use new_integration::{Integration, Wish};
use serde_json::{Value, json};
use tempfile::TempDir;

const DAY: u64 = 24 * 3_600;

/// To a system of its own, and to one that has a connector.
const NEW: [(&str, Option<&str>); 2] = [("samples-to-lab", None), ("samples-to-erp", Some("tryton"))];

fn new_integrations() -> [Integration; 2] {
    NEW.map(|(name, target)| {
        let (event, target) = (Some(format!("{name}.made")), target.map(str::to_owned));
        Integration::named(&Wish { name: name.to_owned(), target, event, ..Wish::default() }).unwrap()
    })
}

/// The template as it is after both.
fn template_with_new_integrations(root: &Path) -> String {
    let template = std::fs::read_to_string(root.join("template.yaml")).unwrap();
    new_integrations().iter().fold(template, |template, integration| {
        new_integration::template_with(root, &template, integration).unwrap()
    })
}

/// A folder with it and what it nests.
fn with_new_integrations(root: &Path) -> TempDir {
    let folder = TempDir::new().unwrap();
    std::fs::create_dir(folder.path().join("infra")).unwrap();
    for file in local::checkov::templates(root).unwrap().iter().map(String::as_str).chain([".cfnlintrc"]) {
        std::fs::copy(root.join(file), folder.path().join(file)).unwrap();
    }
    std::fs::write(folder.path().join("template.yaml"), template_with_new_integrations(root)).unwrap();
    folder
}

struct Templates {
    application: Value,
    flow: Value,
}

impl Templates {
    async fn read() -> Self {
        let tools = Tools::new(Workspace::here()).unwrap();
        let folder = with_new_integrations(tools.workspace.root());
        let path = folder.path().join("template.yaml").display().to_string();
        let application = local::template(&tools, &path).await.unwrap();
        let flow = local::template(&tools, "infra/flow.yaml").await.unwrap();
        Self { application, flow }
    }

    fn both(&self) -> [&Value; 2] {
        [&self.application, &self.flow]
    }

    fn of_type(&self, kind: &str) -> Vec<(String, &Value)> {
        let resources =
            self.both().into_iter().flat_map(|template| template["Resources"].as_object().unwrap());
        let found = resources.filter(|(_, resource)| resource["Type"] == kind);
        found.map(|(name, resource)| (name.clone(), &resource["Properties"])).collect()
    }

    /// Functions that have an SQS event, by name.
    fn flows(&self) -> Vec<(String, &Value)> {
        let functions = self.of_type("AWS::Serverless::Function").into_iter();
        functions.filter(|(_, function)| function["Events"]["Queue"]["Type"] == "SQS").collect()
    }

    /// Of the function's role, which has one policy of its own and none of AWS's.
    fn statements(&self, function: &Value) -> &[Value] {
        let role = function["Role"]["Fn::GetAtt"][0].as_str().unwrap();
        let role = &self.application["Resources"][role]["Properties"];
        assert!(role["ManagedPolicyArns"].is_null(), "{role}");
        role["Policies"][0]["PolicyDocument"]["Statement"].as_array().unwrap()
    }

    /// What the function's flow says, or else the default.
    fn of_flow(&self, function: &Value, parameter: &str) -> u64 {
        let queue = function["Events"]["Queue"]["Properties"]["Queue"]["Fn::GetAtt"][0].as_str().unwrap();
        let said = &self.application["Resources"][queue]["Properties"]["Parameters"][parameter];
        if said.is_null() { self.flow_default(parameter) } else { number(said) }
    }

    fn flow_default(&self, parameter: &str) -> u64 {
        number(&self.flow["Parameters"][parameter]["Default"])
    }
}

/// One text, or a list of them.
fn texts(value: &Value) -> Vec<&str> {
    value.as_array().map_or_else(
        || value.as_str().into_iter().collect(),
        |all| all.iter().filter_map(Value::as_str).collect(),
    )
}

fn number(value: &Value) -> u64 {
    value.as_u64().or_else(|| value.as_str()?.parse().ok()).unwrap()
}

#[tokio::test]
async fn a_new_integration_is_one_more_flow_of_the_template_and_ingest_knows_its_queue() {
    let templates = Templates::read().await;
    let ingest = &templates.application["Resources"]["IngestFunction"]["Properties"]["Environment"];
    let sources = ingest["Variables"]["SOURCES"]["Fn::Sub"].as_str().unwrap();
    let sources: Value = serde_json::from_str(sources).unwrap();
    let flows: Vec<_> = templates.flows().into_iter().map(|(name, _)| name).collect();
    for (name, flow) in [("samples-to-lab", "SamplesToLab"), ("samples-to-erp", "SamplesToErp")] {
        assert!(flows.contains(&format!("{flow}Function")), "{flows:?}");
        assert_eq!(sources["samples"]["routes"][format!("{name}.made")], name, "{sources}");
        let may_send = &templates.application["Resources"]["IngestRole"]["Properties"]["Policies"];
        assert!(may_send.to_string().contains(&format!("{flow}Flow")), "{may_send}");
        let accepted = &templates.application["Resources"]["AcceptedNotQueuedAlarm"]["Properties"]["Metrics"];
        assert!(accepted.to_string().contains(&format!("-{name}\"")), "{accepted}");
    }
}

/// `infra/alarms` reads templates without SAM.
#[tokio::test]
async fn the_alarms_are_read_from_what_sam_reads() {
    let tools = Tools::new(Workspace::here()).unwrap();
    for file in local::checkov::templates(tools.workspace.root()).unwrap() {
        let file = file.as_str();
        let text = std::fs::read_to_string(tools.workspace.root().join(file)).unwrap();
        let ours = alarms::read_yaml(&text).unwrap();
        assert!(ours == local::template(&tools, file).await.unwrap(), "{file}");
    }
}

/// `control`'s and `receiver`'s tests read the same names off what a function prints. Drift is there to be read, and rings for nobody.
#[tokio::test]
async fn an_alarm_on_a_metric_of_ours_asks_for_what_a_deployed_function_counts() {
    let templates = Templates::read().await;
    let function = json!([{ "Name": "FunctionName", "Value": { "Fn::Sub": "${NamePrefix}-${FlowName}" } }]);
    let ingest = json!([{ "Name": "FunctionName", "Value": { "Ref": "IngestFunction" } }]);
    let mut asked = BTreeSet::new();
    for (name, alarm) in templates.of_type("AWS::CloudWatch::Alarm") {
        if alarm["Namespace"] != "Spillway" || alarm["MetricName"] == "Deploying" {
            continue;
        }
        let counted_by = if name.starts_with("Ingest") { &ingest } else { &function };
        assert_eq!(alarm["Dimensions"], *counted_by, "{name}");
        assert_eq!((alarm["Statistic"].as_str(), number(&alarm["Threshold"])), (Some("Sum"), 0), "{name}");
        assert_eq!(alarm["ComparisonOperator"], "GreaterThanThreshold", "{name}");
        assert_eq!(alarm["TreatMissingData"], "notBreaching", "{name}");
        let of = |property: &str| {
            let said = &alarm[property];
            said["Ref"].as_str().map_or_else(|| number(said), |name| templates.flow_default(name))
        };
        let minutes = of("EvaluationPeriods") * of("Period") / 60;
        asked.insert((alarm["MetricName"].as_str().unwrap(), of("DatapointsToAlarm"), minutes));
    }
    let expected = [
        ("BreakerOpen", 3, 20),
        ("CredentialsRefused", 1, 10),
        ("OverridesRefused", 1, 15),
        ("RateLimited", 15, 20),
        ("SignatureRejected", 5, 5),
        ("UnknownValue", 1, 60),
    ];
    assert_eq!(asked, expected.into());
    let flows: BTreeSet<_> = templates
        .of_type("AWS::Serverless::Application")
        .into_iter()
        .filter(|(_, nested)| nested["Location"] == "infra/flow.yaml")
        .map(|(_, flow)| {
            assert_eq!(flow["Parameters"]["NamePrefix"]["Ref"], "AWS::StackName");
            format!("${{AWS::StackName}}-{}", flow["Parameters"]["FlowName"].as_str().unwrap())
        })
        .collect();
    let named =
        templates.flows().into_iter().map(|(_, function)| function["FunctionName"]["Fn::Sub"].clone());
    assert_eq!(named.map(|name| name.as_str().unwrap().to_owned()).collect::<BTreeSet<_>>(), flows);
}

/// Of which its alarms tell durations as a share.
#[tokio::test]
async fn a_flow_knows_its_functions_time_out() {
    let templates = Templates::read().await;
    for (name, function) in templates.flows() {
        let known = templates.of_flow(function, "FunctionTimeoutSeconds");
        assert_eq!(known, number(&function["Timeout"]), "{name}");
    }
}

#[tokio::test]
async fn the_alarm_before_dead_letters_expire_leaves_two_days() {
    let templates = Templates::read().await;
    let left = templates.flow_default("DeadLetterRetentionSeconds")
        - templates.flow_default("QueueRetentionSeconds")
        - templates.flow_default("DeadLetterNearingExpirySeconds");
    assert_eq!(left, 2 * DAY);
}

/// Lambda would take what is held for a loop, and stop it after about 16 rounds; elsewhere that is what it should do.
#[tokio::test]
async fn only_a_function_that_sends_to_the_queue_that_invokes_it_may_run_in_a_loop() {
    let templates = Templates::read().await;
    let mut loops = 0;
    for (name, function) in templates.of_type("AWS::Serverless::Function") {
        let queue = &function["Events"]["Queue"]["Properties"]["Queue"];
        let to_itself = templates.statements(function).iter().any(|statement| {
            let resources = &statement["Resource"];
            let is_named = |resource: &Value| !queue.is_null() && resource == queue;
            let sends = texts(&statement["Action"]).contains(&"sqs:SendMessage");
            sends && (is_named(resources) || resources.as_array().is_some_and(|all| all.iter().any(is_named)))
        });
        let said = function["RecursiveLoop"].as_str().unwrap_or("Terminate");
        assert_eq!(said, if to_itself { "Allow" } else { "Terminate" }, "{name}");
        loops += usize::from(to_itself);
    }
    assert_eq!(loops, templates.flows().len(), "every flow holds messages");
}

/// By the same share in all of them: what is read is whole journeys.
#[tokio::test]
async fn every_function_writes_the_lines_of_the_same_events() {
    let templates = Templates::read().await;
    let of = |function: &Value| function["Environment"]["Variables"]["LOG_SAMPLE_PERCENT"].clone();
    assert_eq!(of(&templates.application["Globals"]["Function"])["Ref"], "LogSamplePercent");
    for (name, function) in templates.of_type("AWS::Serverless::Function") {
        assert!(of(function).is_null(), "{name} has a share of its own");
    }
}

/// A function without the right would be traced by nobody, and say nothing.
#[tokio::test]
async fn every_function_may_be_traced() {
    let templates = Templates::read().await;
    assert_eq!(templates.application["Globals"]["Function"]["Tracing"]["Ref"], "Tracing");
    for (name, function) in templates.of_type("AWS::Serverless::Function") {
        assert!(function["Tracing"].is_null(), "{name} is traced in its own way");
        let statements = templates.statements(function).iter();
        let mut allowed = statements.flat_map(|statement| texts(&statement["Action"]));
        assert!(allowed.any(|action| action == "xray:PutTraceSegments"), "{name}");
    }
}
