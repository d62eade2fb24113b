use std::collections::{BTreeMap, BTreeSet};

use alarms::{Application, Resource};
use serde_json::{Value, json};

use super::roles::{POLICY, ROLE, is_of, list};
use super::{named, text, texts};

const TABLE: &str = "shop-LedgerTable.Arn";
const DEAD_LETTER_QUEUES: &str = "arn:aws:sqs:eu-west-1:123456789012:shop-*-dlq";
const FIRST_IN_FIRST_OUT: &str = "arn:aws:sqs:eu-west-1:123456789012:shop-*-dlq.fifo";
const QUEUES: &str = "arn:aws:sqs:eu-west-1:123456789012:shop-*";
const BUCKET: &str = "shop-LetterArchive.Arn";
const EDITS: &str = "shop-LetterArchive.Arn/edits/*";
const LETTERS: &str = "shop-LetterArchive.Arn/letters/*";
const WRITES: [&str; 1] = ["dynamodb:PutItem"];
/// Of DynamoDB: what changes an item, and what takes it away.
const CHANGES: [&str; 5] = [
    "dynamodb:BatchWriteItem",
    "dynamodb:PartiQLInsert",
    "dynamodb:PartiQLUpdate",
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
];
const REMOVES: [&str; 3] = ["dynamodb:BatchWriteItem", "dynamodb:DeleteItem", "dynamodb:PartiQLDelete"];
/// Keys that not every role writes: the record of what people did, and overrides of mappings.
const OF_PEOPLE: [&str; 2] = ["audit:", "mapping:"];

/// Actions, on which resources, under which keys of the ledger table; docs/dead-letters.md says why.
type Grants = &'static [(&'static [&'static str], &'static [&'static str], &'static [&'static str])];

const READER: Grants = &[
    (
        &[
            "sqs:ChangeMessageVisibility",
            "sqs:GetQueueAttributes",
            "sqs:GetQueueUrl",
            "sqs:ListDeadLetterSourceQueues",
            "sqs:ReceiveMessage",
        ],
        &[DEAD_LETTER_QUEUES, FIRST_IN_FIRST_OUT],
        &[],
    ),
    (&["sqs:GetQueueAttributes", "sqs:GetQueueUrl"], &[QUEUES], &[]),
    (&["dynamodb:BatchGetItem", "dynamodb:GetItem"], &[TABLE], &[]),
    (&["dynamodb:Query"], &["shop-LedgerTable.Arn/index/by-target-id"], &[]),
    (&WRITES, &[TABLE], &["audit:read:*", "plan:*"]),
    (&["s3:GetObject", "s3:GetObjectVersion"], &[EDITS, LETTERS], &[]),
    (&["s3:ListBucket", "s3:ListBucketVersions"], &[BUCKET], &[]),
    (
        &["logs:FilterLogEvents", "logs:StartQuery"],
        &[
            "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/apigateway/shop-*",
            "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/shop-*",
        ],
        &[],
    ),
    (
        &["cloudformation:DescribeStacks"],
        &["arn:aws:cloudformation:eu-west-1:123456789012:stack/shop/*"],
        &[],
    ),
    (
        &[
            "cloudwatch:DescribeAlarms",
            "logs:DescribeLogGroups",
            "logs:DescribeQueryDefinitions",
            "logs:GetLogRecord",
            "logs:GetQueryResults",
            "logs:StopQuery",
            "sqs:ListQueues",
        ],
        &["*"],
        &[],
    ),
];
const MOVER: Grants = &[
    (
        &[
            "sqs:CancelMessageMoveTask",
            "sqs:DeleteMessage",
            "sqs:ListMessageMoveTasks",
            "sqs:StartMessageMoveTask",
        ],
        &[DEAD_LETTER_QUEUES, FIRST_IN_FIRST_OUT],
        &[],
    ),
    (&["sqs:SendMessage"], &[QUEUES], &[]),
    (&WRITES, &[TABLE], &["ack:*", "audit:archive:*", "audit:move:*", "edit:*"]),
    (&["s3:DeleteObject", "s3:PutObject"], &[EDITS, LETTERS], &[]),
];
const DISCARDER: Grants = &[
    (&["sqs:DeleteMessage"], &[DEAD_LETTER_QUEUES, FIRST_IN_FIRST_OUT], &[]),
    (&WRITES, &[TABLE], &["audit:discard:*"]),
    (&["s3:PutObject"], &[LETTERS], &[]),
];
/// What stands and its history, of no letter.
const OVERRIDER: Grants = &[
    (&["dynamodb:BatchGetItem", "dynamodb:PutItem"], &[TABLE], &["mapping:*"]),
    (
        &["cloudformation:DescribeStacks"],
        &["arn:aws:cloudformation:eu-west-1:123456789012:stack/shop/*"],
        &[],
    ),
];
/// Whoever changes letters reads them.
const ROLES: [(&str, &[Grants]); 4] = [
    ("LetterDiscarderRole", &[READER, DISCARDER]),
    ("LetterMoverRole", &[READER, MOVER]),
    ("LetterReaderRole", &[READER]),
    ("MappingOverriderRole", &[OVERRIDER]),
];

type Grant = [String; 3];

fn each(actions: &[&str], resources: &[&str], keys: &[&str]) -> BTreeSet<Grant> {
    let keys = if keys.is_empty() { &[""] } else { keys };
    let pairs = actions.iter().flat_map(|action| resources.iter().map(move |resource| (action, resource)));
    pairs
        .flat_map(|(action, resource)| keys.iter().map(|key| [*action, *resource, *key].map(str::to_owned)))
        .collect()
}

/// Of the role itself, and of policies that stand beside it.
fn statements<'a>(application: &'a Application, role: &'a Resource) -> impl Iterator<Item = &'a Value> {
    let own = role.properties["Policies"].as_array().into_iter().flatten();
    let beside = application.of_kind(POLICY).filter(|policy| is_of(policy, role));
    let documents = own.chain(beside.map(|policy| &policy.properties));
    documents.filter_map(|document| document["PolicyDocument"]["Statement"].as_array()).flatten()
}

/// The keys that a statement is limited to. A request that named none would be within any of them
/// (docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition_examples-multi-valued-context-keys.html), so that has to be ruled out.
fn keys(statement: &Value) -> Option<Vec<&str>> {
    let keys = &statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"];
    let limited = json!({
        "ForAllValues:StringLike": {"dynamodb:LeadingKeys": keys},
        "Null": {"dynamodb:LeadingKeys": "false"},
    });
    (!texts(keys).is_empty() && statement["Condition"] == limited).then(|| texts(keys))
}

/// Whom people are let in by: a service's role is a function's.
fn is_of_people(role: &Resource) -> bool {
    let trusted = role.properties["AssumeRolePolicyDocument"]["Statement"].as_array().into_iter().flatten();
    let mut principals = trusted.map(|statement| &statement["Principal"]);
    principals.any(|principal| principal["Service"].is_null())
}

pub(super) fn exact(application: &Application) -> Vec<String> {
    let mut broken = Vec::new();
    let expected: BTreeMap<_, _> = ROLES.into_iter().collect();
    let roles: Vec<_> = application.of_kind(ROLE).filter(|role| is_of_people(role)).collect();
    for id in expected.keys().filter(|id| !roles.iter().any(|role| role.id == **id)) {
        broken.push(format!("{id} is not there"));
    }
    for role in roles {
        let mut say = |what: String| broken.push(format!("{} {what}", named(role)));
        let Some(expected) = expected.get(role.id.as_str()) else {
            say("is a role that nobody has looked at".to_owned());
            continue;
        };
        if !texts(&role.properties["ManagedPolicyArns"]).is_empty() {
            say("has a policy of AWS's".to_owned());
        }
        let trusted = json!([{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"}, "Action": "sts:AssumeRole"}]);
        if role.properties["AssumeRolePolicyDocument"]["Statement"] != trusted {
            say("can be assumed by others than the account allows".to_owned());
        }
        let mut allowed = BTreeSet::new();
        for statement in statements(application, role) {
            let known = ["Action", "Condition", "Effect", "Resource"];
            let is_plain = statement["Effect"] == "Allow"
                && statement
                    .as_object()
                    .is_some_and(|all| all.keys().all(|key| known.contains(&key.as_str())));
            let limit = keys(statement);
            if !is_plain || (limit.is_none() && !statement["Condition"].is_null()) {
                say(format!("says what is not known here: {statement}"));
                continue;
            }
            let resources = texts(&statement["Resource"]);
            allowed.extend(each(&texts(&statement["Action"]), &resources, &limit.unwrap_or_default()));
        }
        let expected = expected.iter().flat_map(|grants| grants.iter());
        let expected: BTreeSet<_> =
            expected.flat_map(|(actions, resources, keys)| each(actions, resources, keys)).collect();
        for grant in allowed.difference(&expected) {
            say(format!("allows {}, which is not its part", grant.join(" ")));
        }
        for grant in expected.difference(&allowed) {
            say(format!("does not allow {}", grant.join(" ")));
        }
        let arn = format!("{}.Arn", role.reference);
        let elsewhere = application.resources.iter().filter(|it| it.kind.ends_with("Policy"));
        for policy in elsewhere.filter(|policy| policy.properties.to_string().contains(&arn)) {
            say(format!("is allowed more by {}", named(policy)));
        }
    }
    broken
}

/// Which of these it writes, by its id.
fn own(id: &str) -> &'static [&'static str] {
    match id {
        "LetterReaderRole" => &["audit:read:"],
        "LetterMoverRole" => &["audit:archive:", "audit:move:", "audit:read:"],
        "LetterDiscarderRole" => &["audit:discard:", "audit:read:"],
        "MappingOverriderRole" => &["mapping:"],
        "WatchdogRole" => &["audit:archive:"],
        _ => &[],
    }
}

/// Of every role, functions' as well. Nobody removes a record or an override, and who may write any key is denied those.
pub(super) fn of_people(application: &Application) -> Vec<String> {
    let mut broken = Vec::new();
    for role in application.of_kind(ROLE) {
        let all: Vec<_> = statements(application, role).collect();
        let is_denied = |action: &str, prefix: &str| {
            all.iter().any(|statement| {
                let keys = &statement["Condition"]["ForAnyValue:StringLike"]["dynamodb:LeadingKeys"];
                statement["Effect"] == "Deny"
                    && texts(&statement["Action"]).contains(&action)
                    && list(&statement["Resource"]).contains(&TABLE.to_owned())
                    && texts(keys).contains(&format!("{prefix}*").as_str())
            })
        };
        for statement in all.iter().filter(|statement| statement["Effect"] == "Allow") {
            let actions = texts(&statement["Action"]);
            let touches = |action: &&&str| CHANGES.contains(*action) || REMOVES.contains(*action);
            let keys = keys(statement).unwrap_or_else(|| vec!["*"]);
            for action in actions.iter().filter(touches) {
                for prefix in OF_PEOPLE.into_iter().filter(|prefix| !is_denied(action, prefix)) {
                    let may = |key: &&&str| {
                        let literal = key.split('*').next().unwrap_or_default();
                        let is_within = literal.starts_with(prefix) || prefix.starts_with(literal);
                        let is_own = own(&role.id).iter().any(|own| literal.starts_with(own));
                        is_within && (!is_own || REMOVES.contains(action))
                    };
                    for key in keys.iter().filter(may) {
                        let what = format!(
                            "allows {action} of {key}, and what begins with {prefix} is not its part"
                        );
                        broken.push(format!("{} {what}", named(role)));
                    }
                }
            }
        }
        if all.iter().any(|statement| text(&statement["Action"]).contains("dynamodb:*")) {
            broken.push(format!("{} allows every change of what people did", named(role)));
        }
    }
    broken
}
