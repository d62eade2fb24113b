use alarms::{Application, Resource};
use serde_json::Value;

use super::{BUCKET, FUNCTION, QUEUE, arn, named, number, text, texts};

/// Of these nothing is lost that the template does not make again. A kind that is neither here nor in `faults` has to be looked at first.
const WITHOUT_DATA: [&str; 14] = [
    "AWS::ApiGatewayV2::",
    "AWS::CloudWatch::",
    "AWS::Events::Rule",
    "AWS::IAM::Policy",
    "AWS::IAM::Role",
    "AWS::Lambda::",
    "AWS::Logs::MetricFilter",
    "AWS::Logs::QueryDefinition",
    "AWS::S3::BucketPolicy",
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
        BUCKET => of_bucket(of, &mut holds),
        _ => return None,
    }
    holds(on_deletion.starts_with("Retain"), "is deleted with its stack");
    holds(on_replacement == "Retain", "is lost when it is replaced");
    Some(faults)
}

fn of_bucket(of: &Value, holds: &mut impl FnMut(bool, &'static str)) {
    let encryption = &of["BucketEncryption"]["ServerSideEncryptionConfiguration"][0];
    holds(encryption["ServerSideEncryptionByDefault"]["SSEAlgorithm"].is_string(), "is not encrypted");
    holds(of["VersioningConfiguration"]["Status"] == "Enabled", "keeps no versions");
    let blocks =
        ["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"].into_iter();
    let public = &of["PublicAccessBlockConfiguration"];
    holds(blocks.into_iter().all(|block| public[block] == true), "can be made public");
    let owner = &of["OwnershipControls"]["Rules"][0]["ObjectOwnership"];
    holds(owner == "BucketOwnerEnforced", "goes by access control lists");
    // Of all objects: a rule of some is none of these.
    let keys = ["Prefix", "TagFilters", "ObjectSizeGreaterThan", "ObjectSizeLessThan"];
    let rules = of["LifecycleConfiguration"]["Rules"].as_array().into_iter().flatten();
    let rules: Vec<_> = rules
        .filter(|rule| rule["Status"] == "Enabled" && keys.iter().all(|key| rule[*key].is_null()))
        .collect();
    let days = |pointer: &str| rules.iter().filter_map(|rule| number(rule.pointer(pointer)?)).min();
    let (current, earlier) = (days("/ExpirationInDays"), days("/NoncurrentVersionExpiration/NoncurrentDays"));
    holds(current.is_some(), "keeps its objects for ever");
    holds(earlier.is_some(), "keeps earlier versions for ever");
    holds(earlier.is_none() || earlier >= current, "forgets earlier versions sooner than objects");
    let uploads = days("/AbortIncompleteMultipartUpload/DaysAfterInitiation");
    holds(uploads.is_some(), "keeps uploads that were broken off");
}

/// Statements of a resource's policies, of this kind, which name it in this property.
fn statements<'a>(
    application: &'a Application,
    resource: &'a Resource,
    kind: &'a str,
    list: &'a str,
) -> impl Iterator<Item = &'a Value> {
    let policies = application.of_kind(kind);
    let ours =
        policies.filter(move |policy| texts(&policy.properties[list]).contains(&resource.reference.as_str()));
    ours.filter_map(|policy| policy.properties["PolicyDocument"]["Statement"].as_array()).flatten()
}

/// Whether it denies everybody the action on all of these.
fn denies(statement: &Value, action: &str, arns: &[String]) -> bool {
    let on = texts(&statement["Resource"]);
    statement["Effect"] == "Deny"
        && statement["Principal"] == "*"
        && texts(&statement["Action"]).contains(&action)
        && arns.iter().all(|arn| on.contains(&arn.as_str()))
}

pub(super) fn tls_only(application: &Application) -> Vec<String> {
    let queues = application
        .of_kind(QUEUE)
        .map(|queue| (queue, "AWS::SQS::QueuePolicy", "Queues", vec![arn(queue)], "sqs:*"));
    let topics = application.of_kind("AWS::SNS::Topic").map(|topic| {
        (topic, "AWS::SNS::TopicPolicy", "Topics", vec![topic.reference.clone()], "sns:Publish")
    });
    let buckets = application.of_kind(BUCKET).map(|bucket| {
        let arn = format!("{}.Arn", bucket.reference);
        (bucket, "AWS::S3::BucketPolicy", "Bucket", vec![format!("{arn}/*"), arn], "s3:*")
    });
    let mut broken = Vec::new();
    for (resource, kind, list, arns, action) in queues.chain(topics).chain(buckets) {
        let condition = serde_json::json!({"Bool": {"aws:SecureTransport": "false"}});
        let is_so = statements(application, resource, kind, list)
            .any(|statement| denies(statement, action, &arns) && statement["Condition"] == condition);
        if !is_so {
            broken.push(format!("{} is spoken to without TLS", named(resource)));
        }
    }
    broken
}

/// Who may read and write a bucket stands in roles alone, and nobody may delete for good what it keeps: S3 does, when its time is over.
pub(super) fn versions_stay(application: &Application) -> Vec<String> {
    let mut broken = Vec::new();
    for bucket in application.of_kind(BUCKET) {
        let all = || statements(application, bucket, "AWS::S3::BucketPolicy", "Bucket");
        let objects = [format!("{}.Arn/*", bucket.reference)];
        if !all().any(|it| denies(it, "s3:DeleteObjectVersion", &objects) && it["Condition"].is_null()) {
            broken.push(format!("{} loses versions to whoever deletes them", named(bucket)));
        }
        if all().any(|statement| statement["Effect"] != "Deny") {
            broken.push(format!("{} allows somebody by its own policy", named(bucket)));
        }
    }
    broken
}
