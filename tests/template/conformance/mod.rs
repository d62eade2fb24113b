//! What every resource of the expanded application has to bear, whichever flows there are: each rule, and for each a table of applications
//! that break it (`broken`), so that none is a rule that nothing can break.

mod broken;
mod concurrency;
mod data;
mod limits;
mod mappings;
mod operators;
mod queues;
mod roles;
mod secrets;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;

use alarms::{Application, Parameters, Resource};
use local::Workspace;
use serde_json::{Value, json};

use crate::template_with_new_integrations;

/// What is wrong, beginning with the resource's id.
type Rule = fn(&Application) -> Vec<String>;

const RULES: [(&str, Rule); 13] = [
    ("a DLQ is behind every queue", queues::dead_letter_queues),
    ("every mapping reports batch item failures, and is watched", mappings::report_and_are_watched),
    ("a message stays hidden for six times what its function may take", mappings::visibility),
    ("the ledger remembers for longer than a message can live", queues::ledger_retention),
    ("data is kept for a time that is said, encrypted, and not deleted by accident", data::kept),
    ("queues, topics and buckets are spoken to over TLS only", data::tls_only),
    ("nobody deletes for good what a bucket keeps", data::versions_stay),
    ("what is reserved is enough for all mappings", concurrency::reserved),
    ("no environment has a secret", secrets::environments),
    ("a role allows what its function's code calls, on the resources that it knows", roles::exact),
    ("people may do what their role is for, and nothing else", operators::exact),
    (
        "nobody writes the record of what somebody else did, and one role alone overrides mappings",
        operators::of_people,
    ),
    ("what grows with every flow is far from what AWS takes", limits::are_kept),
];

const DAY: u64 = 24 * 3_600;
const FUNCTION: &str = "AWS::Serverless::Function";
const QUEUE: &str = "AWS::SQS::Queue";
const BUCKET: &str = "AWS::S3::Bucket";
/// Of a parameter that CloudFormation is to show nobody.
const NO_ECHO: &str = "value-that-nobody-is-shown";

/// Expanded with two new integrations. The ledger's retention is the shortest that the template takes, the time that a message is held the longest.
fn expanded(template: &str, mut parameters: Parameters) -> Application {
    let workspace = Workspace::here();
    let read = |file: &str| {
        if file == "template.yaml" {
            return Ok(template.to_owned());
        }
        std::fs::read_to_string(workspace.root().join(file))
    };
    let all = alarms::read_yaml(template).unwrap();
    for (name, said) in all["Parameters"].as_object().unwrap() {
        if said["NoEcho"] == true {
            parameters.insert(name.clone(), json!(NO_ECHO));
        }
    }
    for (name, what) in [("LedgerRetentionDays", "MinValue"), ("HoldMaxAgeSeconds", "MaxValue")] {
        parameters.insert(name.to_owned(), all["Parameters"][name][what].clone());
    }
    Application::expand("template.yaml", &read, "shop", parameters).unwrap()
}

fn template() -> &'static str {
    static TEMPLATE: OnceLock<String> = OnceLock::new();
    TEMPLATE.get_or_init(|| template_with_new_integrations(Workspace::here().root()))
}

/// With everything that parameters can switch on.
fn everything() -> Application {
    static EXPANDED: OnceLock<Application> = OnceLock::new();
    EXPANDED.get_or_init(|| expanded(template(), alarms::production())).clone()
}

fn production() -> Parameters {
    [("Stage".to_owned(), json!("prod"))].into()
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

/// One text, or a list of them.
fn texts(value: &Value) -> Vec<&str> {
    crate::texts(value)
}

/// Of a queue, as its name stands in its ARN.
fn arn(queue: &Resource) -> String {
    arn_of(&queue.reference)
}

/// The same by its URL.
fn arn_of(url: &str) -> String {
    let name = url.rsplit('/').next().unwrap_or_default();
    format!("arn:aws:sqs:eu-west-1:123456789012:{name}")
}

/// Of the flow that it belongs to, and its id.
fn named(resource: &Resource) -> String {
    if resource.flow.is_empty() { resource.id.clone() } else { format!("{}/{}", resource.flow, resource.id) }
}

fn environment(function: &Resource) -> BTreeMap<String, String> {
    let variables = function.properties["Environment"]["Variables"].as_object().into_iter().flatten();
    variables.map(|(name, value)| (name.clone(), text(value))).collect()
}

/// What invokes a function with what it polls.
struct Mapping<'a> {
    function: &'a Resource,
    /// As its metrics name it.
    id: String,
    source: String,
    properties: &'a Value,
}

/// Of queues and streams. A schedule or a rule pushes, and is none.
fn mappings(application: &Application) -> Vec<Mapping<'_>> {
    let mut all = Vec::new();
    for function in application.of_kind(FUNCTION) {
        for (name, event) in function.properties["Events"].as_object().into_iter().flatten() {
            let source = match event["Type"].as_str() {
                Some("SQS") => "Queue",
                Some("Kinesis" | "DynamoDB" | "MSK" | "MQ" | "DocumentDB") => "Stream",
                _ => continue,
            };
            let properties = &event["Properties"];
            let stack = function.reference.split('-').next().unwrap_or_default();
            let id = format!("mapping-{stack}-{}{name}", function.id);
            all.push(Mapping { function, id, source: text(&properties[source]), properties });
        }
    }
    for mapping in application.of_kind("AWS::Lambda::EventSourceMapping") {
        let invoked = text(&mapping.properties["FunctionName"]);
        let function = application.of_kind(FUNCTION).find(|function| invoked.contains(&function.reference));
        let properties = &mapping.properties;
        let source = text(&properties["EventSourceArn"]);
        all.extend(function.map(|function| Mapping {
            function,
            id: mapping.reference.clone(),
            source,
            properties,
        }));
    }
    all
}

fn broken_rules(application: &Application) -> Vec<(&'static str, String)> {
    let of = |(name, rule): &(&'static str, Rule)| -> Vec<_> {
        rule(application).into_iter().map(|what| (*name, what)).collect()
    };
    RULES.iter().flat_map(of).collect()
}

#[test]
fn the_application_breaks_no_rule_with_or_without_what_parameters_switch_on() {
    for application in [everything(), expanded(template(), production())] {
        assert!(!mappings(&application).is_empty());
        let broken = broken_rules(&application);
        assert!(broken.is_empty(), "{broken:#?}");
    }
}

/// A new account has no concurrency to reserve.
#[test]
fn flows_reserve_concurrency_all_of_them_or_none_as_the_parameter_says() {
    for (application, expected) in [(everything(), true), (expanded(template(), production()), false)] {
        for mapping in mappings(&application) {
            let reserves = !mapping.function.properties["ReservedConcurrentExecutions"].is_null();
            assert_eq!(reserves, expected, "{}", named(mapping.function));
        }
    }
}

/// Else the account's own policies say who may: the rule holds that.
#[test]
fn whom_the_parameter_names_is_the_only_one_who_may_assume_the_roles_of_people() {
    let on_call = "arn:aws:iam::123456789012:role/on-call";
    let parameters = [("OperatorPrincipalArn".to_owned(), json!(on_call))].into();
    let application = expanded(template(), parameters);
    let roles: Vec<_> =
        application.of_kind("AWS::IAM::Role").filter(|role| role.id.starts_with("Letter")).collect();
    assert_eq!(roles.len(), 3);
    for role in roles {
        let trusted = &role.properties["AssumeRolePolicyDocument"]["Statement"];
        let expected =
            json!([{"Effect": "Allow", "Principal": {"AWS": on_call}, "Action": "sts:AssumeRole"}]);
        assert_eq!(*trusted, expected, "{}", role.id);
    }
}

/// By its name among the resources, whatever a rule says of it.
#[test]
fn each_broken_application_breaks_the_rule_that_it_is_to_break_and_is_named() {
    let mut tried = std::collections::BTreeSet::new();
    for case in broken::table() {
        let mut application = everything();
        (case.breaks)(&mut application);
        let found = (case.rule)(&application);
        assert!(found.iter().any(|what| what.starts_with(case.names)), "{}: {found:#?}", case.what);
        let rule = RULES.iter().find(|(_, rule)| std::ptr::fn_addr_eq(*rule, case.rule));
        tried.insert(rule.unwrap().0);
    }
    let untried: Vec<_> = RULES.iter().map(|(name, _)| name).filter(|name| !tried.contains(*name)).collect();
    assert!(untried.is_empty(), "{untried:?}");
}

/// A parameter that nobody is to be shown stands in the function's configuration for everybody.
#[test]
fn a_parameter_with_no_echo_is_not_for_an_environment() {
    let parameter = "Parameters:\n  ShopPhrase:\n    Type: String\n    NoEcho: true\n";
    let with = template().replacen("Parameters:\n", parameter, 1).replacen(
        "          TRYTON_URL: !Ref TrytonUrl\n",
        "          TRYTON_URL: !Ref ShopPhrase\n",
        1,
    );
    let found = secrets::environments(&expanded(&with, production()));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("OrdersToInventoryFunction: TRYTON_URL"), "{found:?}");
}

/// Where they are called something else, what reads them here reads nothing.
#[test]
fn the_templates_folder_is_the_one_that_is_expanded() {
    let names = local::checkov::templates(Workspace::here().root()).unwrap();
    assert!(names.iter().all(|name| Path::new(name).extension().is_some_and(|kind| kind == "yaml")));
    assert!(names.contains(&"infra/flow.yaml".to_owned()), "{names:?}");
}
