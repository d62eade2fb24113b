//! Applications that break a rule, each by one change.

mod letters;

use alarms::Application;
use serde_json::{Value, json};

use super::{Rule, concurrency, data, limits, mappings, queues, roles, secrets};

pub(super) struct Case {
    pub(super) what: &'static str,
    pub(super) rule: Rule,
    /// How what is found begins.
    pub(super) names: &'static str,
    pub(super) breaks: Box<dyn Fn(&mut Application)>,
}

/// Sets what is at the pointer among the properties of a resource; null takes it away.
fn set(rule: Rule, [flow, id]: [&'static str; 2], pointer: &'static str, value: Value) -> Change {
    Change { rule, flow, id, pointer, value }
}

struct Change {
    rule: Rule,
    flow: &'static str,
    id: &'static str,
    pointer: &'static str,
    value: Value,
}

impl Change {
    fn names(self, what: &'static str, names: &'static str) -> Case {
        let Self { rule, flow, id, pointer, value } = self;
        let breaks = move |application: &mut Application| {
            let mut all = application.resources.iter_mut();
            let resource = all.find(|resource| resource.flow == flow && resource.id == id).unwrap();
            let (at, last) = pointer.rsplit_once('/').unwrap();
            match resource.properties.pointer_mut(at).unwrap() {
                Value::Array(items) if last == "-" => items.push(value.clone()),
                Value::Object(object) => drop(object.insert(last.to_owned(), value.clone())),
                place => place[last.parse::<usize>().unwrap()] = value.clone(),
            }
        };
        Case { what, rule, names, breaks: Box::new(breaks) }
    }
}

/// Without what stands beside a resource's properties.
fn without(rule: Rule, [flow, id]: [&'static str; 2], attribute: &'static str, names: &'static str) -> Case {
    let breaks = move |application: &mut Application| {
        let mut all = application.resources.iter_mut();
        let resource = all.find(|resource| resource.flow == flow && resource.id == id).unwrap();
        resource.attributes.remove(attribute).unwrap();
    };
    Case { what: attribute, rule, names, breaks: Box::new(breaks) }
}

const LAB: &str = "samples-to-lab";
const QUEUE: [&str; 2] = [LAB, "Queue"];
const LETTERS: [&str; 2] = [LAB, "DeadLetterQueue"];
/// Of a new integration: what is made later has to bear the rules as well.
const FUNCTION: [&str; 2] = ["", "SamplesToLabFunction"];
const ROLE: [&str; 2] = ["", "SamplesToLabRole"];

pub(super) fn table() -> Vec<Case> {
    let mut all = of_queues();
    all.extend(of_mappings());
    all.extend(of_data());
    all.extend(of_secrets());
    all.extend(of_roles());
    all.extend(of_limits());
    all.extend(letters::table());
    all
}

fn of_limits() -> Vec<Case> {
    let long = |length: usize| json!("x".repeat(length));
    let rule = limits::are_kept as Rule;
    vec![
        set(rule, FUNCTION, "/Environment/Variables/NOTE", long(4_000))
            .names("an environment of more than 4 KB", "SamplesToLabFunction: an environment of about"),
        set(rule, ROLE, "/Policies/0/PolicyName", long(10_240))
            .names("policies of more than 10,240 characters", "SamplesToLabRole: inline policies of about"),
        set(rule, [LAB, "Schedule"], "/Targets/0/Input", long(8_193))
            .names("an input of more than 8 KB", "samples-to-lab/Schedule: an input of about"),
    ]
}

fn of_queues() -> Vec<Case> {
    let (dlq, ledger) = (queues::dead_letter_queues as Rule, queues::ledger_retention as Rule);
    let at = "/RedrivePolicy";
    let elsewhere = json!("arn:aws:sqs:eu-west-1:123456789012:nowhere");
    vec![
        set(dlq, QUEUE, at, Value::Null).names("no DLQ", "samples-to-lab/Queue has no DLQ"),
        set(dlq, QUEUE, "/RedrivePolicy/deadLetterTargetArn", elsewhere)
            .names("a DLQ that is not there", "samples-to-lab/Queue"),
        set(
            dlq,
            QUEUE,
            "/RedrivePolicy/deadLetterTargetArn",
            json!("arn:aws:sqs:eu-west-1:123456789012:shop-crm-to-erp"),
        )
        .names("another flow's queue as its DLQ", "samples-to-lab/Queue"),
        set(dlq, QUEUE, "/RedrivePolicy/maxReceiveCount", json!(4))
            .names("four receives", "samples-to-lab/Queue"),
        set(dlq, LETTERS, "/MessageRetentionPeriod", json!(345_600))
            .names("letters are kept no longer", "samples-to-lab/Queue"),
        set(dlq, LETTERS, "/RedriveAllowPolicy", Value::Null)
            .names("letters of anybody", "samples-to-lab/DeadLetterQueue"),
        set(ledger, FUNCTION, "/Environment/Variables/LEDGER_RETENTION_DAYS", json!("28"))
            .names("a day too few", "SamplesToLabFunction forgets"),
        set(ledger, FUNCTION, "/Environment/Variables/HOLD_MAX_AGE_SECONDS", json!("345600"))
            .names("held for longer", "SamplesToLabFunction forgets"),
        set(ledger, FUNCTION, "/Environment/Variables/LEDGER_RETENTION_DAYS", Value::Null)
            .names("not said", "SamplesToLabFunction"),
        set(ledger, QUEUE, "/MessageRetentionPeriod", json!(1_209_600))
            .names("queued for longer", "SamplesToLabFunction forgets"),
    ]
}

fn of_mappings() -> Vec<Case> {
    let (report, hidden) = (mappings::report_and_are_watched as Rule, mappings::visibility as Rule);
    let reserved = concurrency::reserved as Rule;
    let second = json!({"Type": "SQS", "Properties": {"Queue": "arn:aws:sqs:eu-west-1:123456789012:shop-samples-to-erp",
        "ScalingConfig": {"MaximumConcurrency": 3}}});
    vec![
        set(report, FUNCTION, "/Events/Queue/Properties/FunctionResponseTypes", json!([]))
            .names("none reported", "SamplesToLabFunction reports"),
        set(report, FUNCTION, "/Events/Queue/Properties/MetricsConfig", Value::Null)
            .names("not counted", "SamplesToLabFunction does not count"),
        set(report, FUNCTION, "/Events/Second", second.clone())
            .names("a second mapping", "SamplesToLabFunction has no alarm"),
        set(hidden, QUEUE, "/VisibilityTimeout", json!(179))
            .names("hidden for too short", "SamplesToLabFunction may take 30"),
        set(hidden, FUNCTION, "/Timeout", json!(31))
            .names("takes longer", "SamplesToLabFunction may take 31"),
        set(hidden, FUNCTION, "/Timeout", Value::Null).names("time-out not said", "SamplesToLabFunction"),
        set(hidden, FUNCTION, "/Events/Queue/Properties/MaximumBatchingWindowInSeconds", json!(1))
            .names("a window", "SamplesToLabFunction may take 30"),
        set(reserved, FUNCTION, "/ReservedConcurrentExecutions", json!(4))
            .names("less than is polled", "SamplesToLabFunction reserves 4, and"),
        set(reserved, FUNCTION, "/ReservedConcurrentExecutions", json!(8))
            .names("told otherwise", "SamplesToLabFunction reserves 8, of which"),
        set(reserved, FUNCTION, "/Events/Queue/Properties/ScalingConfig/MaximumConcurrency", json!(6))
            .names("a busy hour rings", "SamplesToLabFunction rings"),
        set(reserved, FUNCTION, "/Events/Second", second)
            .names("the sum of two mappings", "SamplesToLabFunction reserves 7, and its mappings run 8"),
        set(reserved, FUNCTION, "/Events/Queue/Properties/ScalingConfig", Value::Null)
            .names("no limit", "SamplesToLabFunction has a mapping"),
        set(reserved, ["", "IngestFunction"], "/ReservedConcurrentExecutions", json!(9))
            .names("nobody knows", "IngestFunction reserves concurrency"),
    ]
}

fn of_data() -> Vec<Case> {
    let (kept, tls) = (data::kept as Rule, data::tls_only as Rule);
    let (table, secret, group) = (["", "LedgerTable"], ["", "LabApiKey"], ["", "SamplesToLabLogGroup"]);
    vec![
        set(kept, QUEUE, "/SqsManagedSseEnabled", json!(false))
            .names("queue in the clear", "samples-to-lab/Queue is not"),
        set(kept, LETTERS, "/MessageRetentionPeriod", Value::Null)
            .names("retention not said", "samples-to-lab/DeadLetterQueue"),
        set(kept, table, "/SSESpecification", Value::Null).names("table in the clear", "LedgerTable"),
        set(kept, table, "/TimeToLiveSpecification/Enabled", json!(false)).names("no TTL", "LedgerTable"),
        set(kept, table, "/PointInTimeRecoverySpecification", Value::Null)
            .names("no recovery", "LedgerTable"),
        set(kept, table, "/DeletionProtectionEnabled", json!(false)).names("unprotected", "LedgerTable"),
        set(kept, secret, "/SecretString", json!("s3cret"))
            .names("a secret that everybody reads", "LabApiKey"),
        set(kept, group, "/RetentionInDays", Value::Null).names("lines for ever", "SamplesToLabLogGroup"),
        set(kept, FUNCTION, "/LoggingConfig", Value::Null)
            .names("a log group of Lambda's", "SamplesToLabFunction"),
        set(kept, ["", "AlarmKey"], "/EnableKeyRotation", json!(false)).names("an old key", "AlarmKey"),
        set(kept, ["", "PageTopic"], "/KmsMasterKeyId", Value::Null).names("topic in the clear", "PageTopic"),
        without(kept, QUEUE, "DeletionPolicy", "samples-to-lab/Queue is deleted"),
        without(kept, table, "UpdateReplacePolicy", "LedgerTable is lost"),
        without(kept, secret, "DeletionPolicy", "LabApiKey is deleted"),
        without(kept, group, "UpdateReplacePolicy", "SamplesToLabLogGroup is lost"),
        Case {
            what: "a kind that nobody has looked at",
            rule: kept,
            names: "LedgerTable is an AWS::Kinesis::Stream",
            breaks: Box::new(|application| {
                let table =
                    application.resources.iter_mut().find(|resource| resource.id == "LedgerTable").unwrap();
                table.kind = "AWS::Kinesis::Stream".to_owned();
            }),
        },
        set(tls, [LAB, "QueuePolicy"], "/PolicyDocument/Statement", json!([]))
            .names("queue", "samples-to-lab/Queue"),
        set(tls, [LAB, "DeadLetterQueuePolicy"], "/PolicyDocument/Statement/0/Effect", json!("Allow"))
            .names("DLQ", "samples-to-lab/DeadLetterQueue"),
        set(tls, [LAB, "QueuePolicy"], "/PolicyDocument/Statement/0/Action", json!("sqs:SendMessage"))
            .names("one action", "samples-to-lab/Queue"),
        set(tls, [LAB, "QueuePolicy"], "/Queues", json!([])).names("of no queue", "samples-to-lab/Queue"),
        set(tls, ["", "TicketTopicPolicy"], "/PolicyDocument/Statement/1/Condition", Value::Null)
            .names("topic", "TicketTopic"),
    ]
}

fn of_secrets() -> Vec<Case> {
    let rule = secrets::environments as Rule;
    let variable = |name: &'static str, value: &str, what: &'static str, names: &'static str| {
        set(rule, FUNCTION, name, json!(value)).names(what, names)
    };
    vec![
        variable(
            "/Environment/Variables/LAB_TOKEN",
            "abc",
            "by its name",
            "SamplesToLabFunction: LAB_TOKEN is called",
        ),
        variable(
            "/Environment/Variables/LAB_SECRET_ARN",
            "abc",
            "an ARN that is none",
            "SamplesToLabFunction: LAB_SECRET_ARN is called",
        ),
        variable(
            "/Environment/Variables/LAB_URL",
            "https://me:pw@lab.example.com",
            "within an address",
            "SamplesToLabFunction: LAB_URL is an address",
        ),
        variable(
            "/Environment/Variables/LAB",
            "whsec_MfKQ9r8GKYqrTwjU",
            "by how it begins",
            "SamplesToLabFunction: LAB begins",
        ),
        variable(
            "/Environment/Variables/LAB",
            "{{resolve:secretsmanager:lab:SecretString:key}}",
            "resolved by CloudFormation",
            "SamplesToLabFunction: LAB has",
        ),
        variable(
            "/Environment/Variables/LAB",
            r#"{"a": {"password": "x"}}"#,
            "within an object",
            "SamplesToLabFunction: LAB.a.password",
        ),
    ]
}

fn of_roles() -> Vec<Case> {
    let rule = roles::exact as Rule;
    let statement = "/Policies/0/PolicyDocument/Statement/-";
    let allow =
        |action: &str, resource: &str| json!({"Effect": "Allow", "Action": action, "Resource": resource});
    let table = "shop-LedgerTable.Arn";
    let more = |action: &str, resource: &str, what, names| {
        set(rule, ROLE, statement, allow(action, resource)).names(what, names)
    };
    vec![
        more(
            "dynamodb:DeleteItem",
            table,
            "an action that nobody calls",
            "SamplesToLabRole allows dynamodb:DeleteItem, which",
        ),
        more("dynamodb:*", table, "every action", "SamplesToLabRole allows dynamodb:*, which"),
        more(
            "dynamodb:Query",
            table,
            "what the operator's command alone calls",
            "SamplesToLabRole allows dynamodb:Query, which",
        ),
        more("dynamodb:GetItem", "*", "every table", "SamplesToLabRole allows dynamodb:GetItem on"),
        more(
            "secretsmanager:GetSecretValue",
            "shop-TrytonApiKey.Id",
            "another's secret",
            "SamplesToLabRole allows secretsmanager:GetSecretValue on",
        ),
        more(
            "sqs:SendMessage",
            "arn:aws:sqs:eu-west-1:123456789012:shop-crm-to-erp",
            "another's queue",
            "SamplesToLabRole allows sqs:SendMessage on",
        ),
        set(
            rule,
            ROLE,
            "/Policies/0/PolicyDocument/Statement/0/Action",
            json!(["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]),
        )
        .names("a call that is not allowed", "SamplesToLabRole does not allow sqs:ChangeMessageVisibility"),
        set(rule, ROLE, "/Policies/0/PolicyDocument/Statement/0/NotResource", json!("x"))
            .names("all but one", "SamplesToLabRole allows everything"),
        set(rule, ROLE, "/ManagedPolicyArns", json!(["arn:aws:iam::aws:policy/AdministratorAccess"]))
            .names("AWS's", "SamplesToLabRole has"),
        set(rule, FUNCTION, "/Policies", json!(["AdministratorAccess"]))
            .names("SAM's", "SamplesToLabFunction has policies"),
        set(rule, FUNCTION, "/Role", json!("shop-IngestRole.Arn"))
            .names("a shared role", "IngestFunction and SamplesToLabFunction share"),
        set(
            rule,
            FUNCTION,
            "/Environment/Variables/NEXT_QUEUE_URL",
            json!("https://sqs.eu-west-1.amazonaws.com/123456789012/shop-crm-to-erp"),
        )
        .names("a queue that it may not send to", "SamplesToLabRole allows sqs:SendMessage on"),
        Case {
            what: "a policy beside the roles",
            rule,
            names: "IngestRole allows what stands in no role",
            breaks: Box::new(|application| {
                let role =
                    application.resources.iter_mut().find(|resource| resource.id == "IngestRole").unwrap();
                role.kind = "AWS::IAM::Policy".to_owned();
            }),
        },
    ]
}
