use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, OnceLock};

use alarms::{Application, Resource};
use local::Workspace;
use serde_json::Value;

use super::{FUNCTION, QUEUE, arn, arn_of, environment, mappings, named, text, texts};
use crate::code::Sources;

/// Actions that no resource can be named for (the service authorization reference of X-Ray and of CloudWatch).
const OF_NO_RESOURCE: [&str; 4] = [
    "cloudwatch:GetMetricData",
    "cloudwatch:PutMetricData",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
];
pub(super) const ROLE: &str = "AWS::IAM::Role";
pub(super) const POLICY: &str = "AWS::IAM::Policy";
/// Of the mapping, in the function's name.
const POLLS: [&str; 3] = ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"];
/// Of Lambda itself: lines, and what it records of an invocation where tracing is on.
const OF_LAMBDA: [&str; 4] =
    ["logs:CreateLogStream", "logs:PutLogEvents", "xray:PutTelemetryRecords", "xray:PutTraceSegments"];

/// What an operation of an SDK is called in a policy.
fn actions(service: &str, operation: &str, statements: &BTreeSet<String>) -> Vec<String> {
    match (service, operation) {
        ("dynamodb", "execute_statement" | "batch_execute_statement") => statements
            .iter()
            .map(|word| format!("dynamodb:PartiQL{}", pascal(&word.to_lowercase())))
            .collect(),
        // The rights of its parts (docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html): ours puts a record and
        // its count.
        ("dynamodb", "transact_write_items") => vec!["dynamodb:PutItem".to_owned()],
        ("sqs", batch) if batch.ends_with("_batch") => {
            vec![format!("sqs:{}", pascal(batch.trim_end_matches("_batch")))]
        }
        // Called by what is listed (the service authorization reference of S3).
        ("s3", "list_objects_v2") => vec!["s3:ListBucket".to_owned()],
        ("cloudwatchlogs", operation) => vec![format!("logs:{}", pascal(operation))],
        (service, operation) => vec![format!("{service}:{}", pascal(operation))],
    }
}

fn pascal(snake: &str) -> String {
    let words = snake.split('_').map(|word| {
        word.get(..1).map(str::to_uppercase).unwrap_or_default() + word.get(1..).unwrap_or_default()
    });
    words.collect()
}

/// Of the crate in this folder; read once.
fn called(folder: &str) -> BTreeSet<String> {
    static SOURCES: OnceLock<Sources> = OnceLock::new();
    static KNOWN: Mutex<BTreeMap<String, BTreeSet<String>>> = Mutex::new(BTreeMap::new());
    let mut known = KNOWN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let of = || {
        let calls = SOURCES.get_or_init(|| Sources::of(Workspace::here().root())).calls(folder);
        let operations = calls.operations.iter();
        operations.flat_map(|(service, operation)| actions(service, operation, &calls.statements)).collect()
    };
    known.entry(folder.to_owned()).or_insert_with(of).clone()
}

/// What the function's environment, its mappings and its log group name, by service.
struct Known {
    sends_to: BTreeSet<String>,
    polls: BTreeSet<String>,
    secrets: BTreeSet<String>,
    tables: BTreeSet<String>,
    /// Buckets, in which letters are.
    archives: BTreeSet<String>,
    log_group: String,
    /// What schedules tell the function to look at.
    watches: Vec<Value>,
}

impl Known {
    fn of(application: &Application, function: &Resource) -> Self {
        let values = environment(function);
        let all = values.values().cloned().collect::<Vec<_>>().join("\n");
        let is_in = |name: &str| {
            all.match_indices(name).any(|(at, _)| {
                let after = all.get(at + name.len()..).and_then(|rest| rest.chars().next());
                !after.is_some_and(|next| next.is_ascii_alphanumeric() || "-_/".contains(next))
            })
        };
        let queues = application.of_kind(QUEUE).filter(|queue| is_in(&queue.reference));
        let polled = mappings(application).into_iter().filter(|mapping| mapping.function.id == function.id);
        let secrets = application
            .of_kind("AWS::SecretsManager::Secret")
            .map(|secret| format!("{}.Id", secret.reference));
        let tables = application.of_kind("AWS::DynamoDB::Table").filter(|table| is_in(&table.reference));
        let buckets = application.of_kind("AWS::S3::Bucket").filter(|bucket| is_in(&bucket.reference));
        Self {
            sends_to: queues.map(arn).chain(routed(&values)).collect(),
            polls: polled.map(|mapping| mapping.source).collect(),
            secrets: secrets.filter(|secret| is_in(secret)).collect(),
            tables: tables.map(|table| format!("{}.Arn", table.reference)).collect(),
            archives: buckets.map(|bucket| format!("{}.Arn", bucket.reference)).collect(),
            log_group: format!("{}.Arn", text(&function.properties["LoggingConfig"]["LogGroup"])),
            watches: watches(application, function),
        }
    }

    /// What stands in the inputs of schedules: the queues by their URLs.
    fn watched(&self, action: &str) -> BTreeSet<String> {
        let queue = |url: &Value| arn_of(&text(url));
        let with_source = |watch: &&Value| !watch["source"].is_null();
        let all = self.watches.iter();
        match action {
            "sqs:GetQueueAttributes" => all
                .flat_map(|watch| [queue(&watch["queue_url"]), queue(&watch["dead_letter_queue_url"])])
                .collect(),
            "sqs:ChangeMessageVisibility" | "sqs:ReceiveMessage" => {
                all.map(|watch| queue(&watch["dead_letter_queue_url"])).collect()
            }
            "sqs:SendMessage" => all.filter(with_source).map(|watch| queue(&watch["queue_url"])).collect(),
            "secretsmanager:DescribeSecret" => all.flat_map(|watch| list(&watch["secret_arns"])).collect(),
            "secretsmanager:GetSecretValue" => all
                .filter(with_source)
                .map(|watch| text(&watch["source"]["secret_arn"]))
                .chain(self.secrets.clone())
                .collect(),
            "lambda:GetEventSourceMapping" => all
                .map(|watch| {
                    let id = text(&watch["mapping_id"]);
                    format!("arn:aws:lambda:eu-west-1:123456789012:event-source-mapping:{id}")
                })
                .collect(),
            _ => BTreeSet::new(),
        }
    }

    /// None of a service whose resources no environment names: any will do that is named.
    fn resources(&self, action: &str) -> Option<BTreeSet<String>> {
        let watched = self.watched(action);
        match action.split_once(':')? {
            _ if !watched.is_empty() => Some(watched),
            _ if OF_NO_RESOURCE.contains(&action) => Some(["*".to_owned()].into()),
            ("sqs", "SendMessage") => Some(self.sends_to.clone()),
            ("sqs", _) => Some(self.polls.clone()),
            ("secretsmanager", _) => Some(self.secrets.clone()),
            ("dynamodb", _) => Some(self.tables.clone()),
            ("s3", "ListBucket") => Some(self.archives.clone()),
            ("s3", _) => Some(self.archives.iter().map(|bucket| format!("{bucket}/letters/*")).collect()),
            ("logs", "CreateLogStream" | "PutLogEvents") => Some([self.log_group.clone()].into()),
            _ => None,
        }
    }
}

/// No action that no code calls, no call that no action allows; each on what the function is told of, and on nothing else.
pub(super) fn exact(application: &Application) -> Vec<String> {
    let mut broken: Vec<_> = application
        .resources
        .iter()
        .filter(|resource| match resource.kind.as_str() {
            // Of a role that is somebody's.
            POLICY => !application.of_kind(ROLE).any(|role| is_of(resource, role)),
            kind => ["AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy"].contains(&kind),
        })
        .map(|policy| format!("{} allows what stands in no role", named(policy)))
        .collect();
    let mut owners: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for function in application.of_kind(FUNCTION) {
        let id = named(function);
        let role = text(&function.properties["Role"]);
        owners.entry(role.clone()).or_default().push(id.clone());
        if !function.properties["Policies"].is_null() {
            broken.push(format!("{id} has policies beside its role"));
        }
        let Some(role) = application.of_kind(ROLE).find(|known| format!("{}.Arn", known.reference) == role)
        else {
            broken.push(format!("{id} has no role of the template"));
            continue;
        };
        broken.extend(
            of_role(application, function, role).into_iter().map(|what| format!("{} {what}", named(role))),
        );
    }
    let shared = owners.into_values().filter(|owners| owners.len() > 1);
    broken.extend(shared.map(|owners| format!("{} share a role", owners.join(" and "))));
    broken
}

fn of_role(application: &Application, function: &Resource, role: &Resource) -> Vec<String> {
    let mut broken = Vec::new();
    if !texts(&role.properties["ManagedPolicyArns"]).is_empty() {
        broken.push("has a policy of AWS's".to_owned());
    }
    let mut allowed: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let own = role.properties["Policies"].as_array().into_iter().flatten();
    let beside = application.of_kind(POLICY).filter(|policy| is_of(policy, role));
    let of_queues = application.of_kind("AWS::SQS::QueuePolicy");
    let documents =
        own.chain(beside.map(|policy| &policy.properties)).chain(of_queues.map(|it| &it.properties));
    let role_arn = format!("{}.Arn", role.reference);
    for document in documents {
        for statement in document["PolicyDocument"]["Statement"].as_array().into_iter().flatten() {
            // A queue's says whom it allows.
            let is_ours =
                statement["Principal"].is_null() || text(&statement["Principal"]["AWS"]) == role_arn;
            if statement["Effect"] != "Allow" || !is_ours {
                continue;
            }
            if !statement["NotAction"].is_null() || !statement["NotResource"].is_null() {
                broken.push(format!("allows everything but something: {statement}"));
            }
            for action in texts(&statement["Action"]) {
                allowed.entry(action.to_owned()).or_default().extend(list(&statement["Resource"]));
            }
        }
    }
    let known = Known::of(application, function);
    let mut needed = called(function.properties["CodeUri"].as_str().unwrap_or_default());
    needed.extend(OF_LAMBDA.map(str::to_owned));
    if !known.watches.is_empty() && known.watched("sqs:SendMessage").is_empty() {
        // Of events that a source was asked for, and none is.
        needed.remove("sqs:SendMessage");
    }
    if !known.polls.is_empty() {
        needed.extend(POLLS.map(str::to_owned));
    }
    broken.extend(
        needed
            .iter()
            .filter(|action| !allowed.contains_key(*action))
            .map(|action| format!("does not allow {action}, which is called")),
    );
    for (action, resources) in &allowed {
        if !needed.contains(action) {
            broken.push(format!("allows {action}, which nothing calls"));
            continue;
        }
        match known.resources(action) {
            Some(expected) if *resources != expected => {
                broken.push(format!("allows {action} on {resources:?}, and the function knows {expected:?}"));
            }
            None if resources.iter().any(|resource| resource.contains('*')) => {
                broken.push(format!("allows {action} on {resources:?}"));
            }
            _ => {}
        }
    }
    broken
}

/// Queues of the flows that ingest's routes name, whose URLs begin alike.
fn routed(values: &BTreeMap<String, String>) -> Vec<String> {
    let (Some(sources), Some(prefix)) = (values.get("SOURCES"), values.get("QUEUE_URL_PREFIX")) else {
        return Vec::new();
    };
    let sources: Value = serde_json::from_str(sources).unwrap();
    let routes = sources.as_object().unwrap().values().filter_map(|source| source["routes"].as_object());
    routes.flatten().map(|(_, flow)| arn_of(&format!("{prefix}{}", text(flow)))).collect()
}

/// Inputs of the schedules that invoke the function.
fn watches(application: &Application, function: &Resource) -> Vec<Value> {
    let targets =
        application.of_kind("AWS::Events::Rule").filter_map(|rule| rule.properties["Targets"].as_array());
    let ours = targets.flatten().filter(|target| text(&target["Arn"]).contains(&function.reference));
    ours.map(|target| serde_json::from_str(target["Input"].as_str().unwrap()).unwrap()).collect()
}

/// Whether a policy that stands by itself is the role's.
pub(super) fn is_of(policy: &Resource, role: &Resource) -> bool {
    texts(&policy.properties["Roles"]).contains(&role.reference.as_str())
}

pub(super) fn list(value: &Value) -> Vec<String> {
    texts(value).into_iter().map(str::to_owned).collect()
}
