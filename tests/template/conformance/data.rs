use alarms::{Application, Resource};
use serde_json::Value;

use super::{FUNCTION, QUEUE, arn, named, number, text, texts};

/// Of these nothing is lost that the template does not make again. A kind that is neither here nor in `faults` has to be looked at first.
const WITHOUT_DATA: [&str; 13] = [
    "AWS::ApiGatewayV2::",
    "AWS::CloudWatch::",
    "AWS::Events::Rule",
    "AWS::IAM::Policy",
    "AWS::IAM::Role",
    "AWS::Lambda::",
    "AWS::Logs::MetricFilter",
    "AWS::Logs::QueryDefinition",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::QueuePolicy",
    "AWS::Scheduler::",
    "AWS::Serverless::Application",
    "AWS::Serverless::Function",
];

/// Retention, encryption, and what becomes of it with its stack.
pub(super) fn kept(application: &Application) -> Vec<String> {
    let mut broken = Vec::new();
    for resource in &application.resources {
        if let Some(faults) = faults(resource) {
            broken.extend(faults.into_iter().map(|fault| format!("{} {fault}", named(resource))));
        } else if !WITHOUT_DATA.iter().any(|kind| resource.kind.starts_with(kind)) {
            broken.push(format!("{} is an {}: does that keep data?", named(resource), resource.kind));
        }
    }
    // Lambda would make one that keeps its lines for ever.
    for function in application.of_kind(FUNCTION) {
        let group = text(&function.properties["LoggingConfig"]["LogGroup"]);
        if !application.of_kind("AWS::Logs::LogGroup").any(|known| known.reference == group) {
            broken.push(format!("{} has no log group of the template", named(function)));
        }
    }
    broken
}

/// None where the kind of resource keeps nothing.
fn faults(resource: &Resource) -> Option<Vec<&'static str>> {
    let of = &resource.properties;
    let has = |name: &str| !of[name].is_null() && of[name] != "";
    let attribute = |name: &str| resource.attributes.get(name).and_then(Value::as_str).unwrap_or_default();
    let [on_deletion, on_replacement] = ["DeletionPolicy", "UpdateReplacePolicy"].map(attribute);
    let mut faults = Vec::new();
    let mut holds = |is_so: bool, fault| faults.extend((!is_so).then_some(fault));
    match resource.kind.as_str() {
        QUEUE => {
            holds(has("MessageRetentionPeriod"), "does not say how long it keeps messages");
            holds(of["SqsManagedSseEnabled"] == true || has("KmsMasterKeyId"), "is not encrypted");
        }
        "AWS::DynamoDB::Table" => {
            holds(of["SSESpecification"]["SSEEnabled"] == true, "is not encrypted");
            holds(of["TimeToLiveSpecification"]["Enabled"] == true, "keeps its items for ever");
            holds(
                of["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] == true,
                "cannot be restored as it was",
            );
            holds(of["DeletionProtectionEnabled"] == true, "can be deleted in production");
        }
        "AWS::Logs::LogGroup" => {
            let days = number(&of["RetentionInDays"]).unwrap_or(0);
            holds(days > 0, "keeps its lines for ever");
            // Lines are no data of the business: they may go with the stack, if that is said.
            holds(!on_deletion.is_empty(), "does not say what becomes of it");
            holds(on_replacement == "Retain", "is lost when it is replaced");
            return Some(faults);
        }
        // Encrypted in any case.
        "AWS::SecretsManager::Secret" => {
            holds(!has("SecretString"), "has its value in the template");
        }
        "AWS::KMS::Key" => holds(of["EnableKeyRotation"] == true, "is never rotated"),
        "AWS::SNS::Topic" => {
            holds(has("KmsMasterKeyId"), "is not encrypted");
            return Some(faults);
        }
        _ => return None,
    }
    holds(on_deletion.starts_with("Retain"), "is deleted with its stack");
    holds(on_replacement == "Retain", "is lost when it is replaced");
    Some(faults)
}

pub(super) fn tls_only(application: &Application) -> Vec<String> {
    let queues = application
        .of_kind(QUEUE)
        .map(|queue| (queue, "AWS::SQS::QueuePolicy", "Queues", arn(queue), "sqs:*"));
    let topics = application
        .of_kind("AWS::SNS::Topic")
        .map(|topic| (topic, "AWS::SNS::TopicPolicy", "Topics", topic.reference.clone(), "sns:Publish"));
    let mut broken = Vec::new();
    for (resource, kind, list, arn, action) in queues.chain(topics) {
        let denies = |statement: &Value| {
            statement["Effect"] == "Deny"
                && statement["Principal"] == "*"
                && texts(&statement["Action"]).contains(&action)
                && texts(&statement["Resource"]).contains(&arn.as_str())
                && statement["Condition"] == serde_json::json!({"Bool": {"aws:SecureTransport": "false"}})
        };
        let is_so = application
            .of_kind(kind)
            .filter(|policy| texts(&policy.properties[list]).contains(&resource.reference.as_str()))
            .any(|policy| {
                policy.properties["PolicyDocument"]["Statement"]
                    .as_array()
                    .is_some_and(|all| all.iter().any(denies))
            });
        if !is_so {
            broken.push(format!("{} is spoken to without TLS", named(resource)));
        }
    }
    broken
}
