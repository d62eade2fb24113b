//! Of the review of dead letters: the archive, the roles of people, what the watchdog archives with.

use alarms::Application;
use serde_json::{Value, json};

use super::{Case, ROLE, Rule, data, roles, set, without};
use crate::conformance::operators;

const BUCKET: [&str; 2] = ["", "LetterArchive"];
const POLICY: [&str; 2] = ["", "LetterArchivePolicy"];
const READER: [&str; 2] = ["", "LetterReaderRole"];
const MOVER: [&str; 2] = ["", "LetterMoverRole"];
const DISCARDER: [&str; 2] = ["", "LetterDiscarderRole"];
const OVERRIDER: [&str; 2] = ["", "MappingOverriderRole"];
const WATCHDOG: [&str; 2] = ["", "WatchdogRole"];
const TABLE: &str = "shop-LedgerTable.Arn";
const OWN_STATEMENT: &str = "/Policies/0/PolicyDocument/Statement/-";
const SECOND_STATEMENT: &str = "/Policies/1/PolicyDocument/Statement/-";

pub(super) fn table() -> Vec<Case> {
    let mut all = of_bucket();
    all.extend(of_people());
    all.extend(of_records());
    all.extend(of_watchdog());
    all
}

fn allow(action: &str, resource: &str) -> Value {
    json!({"Effect": "Allow", "Action": action, "Resource": resource})
}

/// Limited to a key.
fn write(action: &str, key: &str) -> Value {
    let mut statement = allow(action, TABLE);
    statement["Condition"] = json!({
        "ForAllValues:StringLike": {"dynamodb:LeadingKeys": [key]},
        "Null": {"dynamodb:LeadingKeys": "false"},
    });
    statement
}

fn of_bucket() -> Vec<Case> {
    let (kept, tls, stay) = (data::kept as Rule, data::tls_only as Rule, data::versions_stay as Rule);
    vec![
        set(kept, BUCKET, "/BucketEncryption", Value::Null)
            .names("bucket in the clear", "LetterArchive is not"),
        set(kept, BUCKET, "/VersioningConfiguration/Status", json!("Suspended"))
            .names("no versions", "LetterArchive keeps no versions"),
        set(kept, BUCKET, "/PublicAccessBlockConfiguration/RestrictPublicBuckets", json!(false))
            .names("one block is open", "LetterArchive can be made public"),
        set(kept, BUCKET, "/OwnershipControls", Value::Null)
            .names("access control lists", "LetterArchive goes by"),
        set(kept, BUCKET, "/LifecycleConfiguration/Rules/0/ExpirationInDays", Value::Null)
            .names("objects for ever", "LetterArchive keeps its objects"),
        set(kept, BUCKET, "/LifecycleConfiguration/Rules/0/NoncurrentVersionExpiration", Value::Null)
            .names("versions for ever", "LetterArchive keeps earlier versions"),
        set(
            kept,
            BUCKET,
            "/LifecycleConfiguration/Rules/0/NoncurrentVersionExpiration/NoncurrentDays",
            json!(364),
        )
        .names("restored, and gone a day too soon", "LetterArchive forgets"),
        set(kept, BUCKET, "/LifecycleConfiguration/Rules/0/AbortIncompleteMultipartUpload", Value::Null)
            .names("half an upload", "LetterArchive keeps uploads"),
        set(kept, BUCKET, "/LifecycleConfiguration/Rules/0/Prefix", json!("letters/"))
            .names("some objects for ever", "LetterArchive keeps its objects"),
        without(kept, BUCKET, "DeletionPolicy", "LetterArchive is deleted"),
        without(kept, BUCKET, "UpdateReplacePolicy", "LetterArchive is lost"),
        set(tls, POLICY, "/PolicyDocument/Statement/0/Condition", Value::Null)
            .names("bucket", "LetterArchive is spoken to"),
        set(tls, POLICY, "/PolicyDocument/Statement/0/Resource", json!("shop-LetterArchive.Arn"))
            .names("the bucket without its objects", "LetterArchive is spoken to"),
        set(tls, POLICY, "/Bucket", json!("shop-Other")).names("of no bucket", "LetterArchive is spoken to"),
        set(stay, POLICY, "/PolicyDocument/Statement/1/Action", json!("s3:PutObject"))
            .names("versions can be deleted", "LetterArchive loses"),
        set(
            stay,
            POLICY,
            "/PolicyDocument/Statement/1/Principal",
            json!({"AWS": "shop-LetterMoverRole.Arn"}),
        )
        .names("by everybody but one", "LetterArchive loses"),
        set(stay, POLICY, "/PolicyDocument/Statement/-", allow("s3:GetObject", "shop-LetterArchive.Arn/*"))
            .names("somebody reads by the bucket's policy", "LetterArchive allows somebody"),
    ]
}

fn of_people() -> Vec<Case> {
    let rule = operators::exact as Rule;
    let letters = "arn:aws:sqs:eu-west-1:123456789012:shop-*-dlq";
    let more = |role, at, statement: Value, what, names| set(rule, role, at, statement).names(what, names);
    vec![
        more(
            READER,
            OWN_STATEMENT,
            allow("sqs:SendMessage", letters),
            "who reads sends",
            "LetterReaderRole allows sqs:SendMessage",
        ),
        more(
            READER,
            OWN_STATEMENT,
            allow("sqs:DeleteMessage", letters),
            "who reads deletes",
            "LetterReaderRole allows sqs:DeleteMessage",
        ),
        more(
            READER,
            OWN_STATEMENT,
            write("dynamodb:PutItem", "ack:*"),
            "who reads acknowledges",
            "LetterReaderRole allows dynamodb:PutItem shop-LedgerTable.Arn ack:*",
        ),
        more(
            DISCARDER,
            SECOND_STATEMENT,
            allow("sqs:SendMessage", letters),
            "who discards sends",
            "LetterDiscarderRole allows sqs:SendMessage",
        ),
        more(
            DISCARDER,
            SECOND_STATEMENT,
            allow("s3:DeleteObject", "shop-LetterArchive.Arn/letters/*"),
            "who discards deletes what was archived",
            "LetterDiscarderRole allows s3:DeleteObject",
        ),
        more(
            MOVER,
            SECOND_STATEMENT,
            allow("s3:DeleteObjectVersion", "shop-LetterArchive.Arn/letters/*"),
            "versions are deleted",
            "LetterMoverRole allows s3:DeleteObjectVersion",
        ),
        more(
            MOVER,
            SECOND_STATEMENT,
            allow("sqs:PurgeQueue", letters),
            "a queue is emptied",
            "LetterMoverRole allows sqs:PurgeQueue",
        ),
        more(
            MOVER,
            SECOND_STATEMENT,
            write("dynamodb:UpdateItem", "*"),
            "operations are written",
            "LetterMoverRole allows dynamodb:UpdateItem",
        ),
        more(
            OVERRIDER,
            OWN_STATEMENT,
            allow("sqs:ReceiveMessage", letters),
            "who overrides mappings reads letters",
            "MappingOverriderRole allows sqs:ReceiveMessage",
        ),
        more(
            OVERRIDER,
            OWN_STATEMENT,
            write("dynamodb:PutItem", "edit:*"),
            "who overrides mappings edits letters",
            "MappingOverriderRole allows dynamodb:PutItem shop-LedgerTable.Arn edit:*",
        ),
        set(rule, OVERRIDER, "/Policies/0/PolicyDocument/Statement/0/Condition", Value::Null).names(
            "who overrides mappings reads operations",
            "MappingOverriderRole allows dynamodb:BatchGetItem",
        ),
        set(rule, OVERRIDER, "/Policies/0/PolicyDocument/Statement/0/Action", json!("dynamodb:BatchGetItem"))
            .names("it overrides nothing", "MappingOverriderRole does not allow dynamodb:PutItem"),
        set(rule, MOVER, "/Policies/1/PolicyDocument/Statement/2/Condition/Null", Value::Null)
            .names("a request without a key", "LetterMoverRole says what is not known"),
        set(rule, MOVER, "/Policies/1/PolicyDocument/Statement/0/Effect", json!("Deny"))
            .names("a right that is denied", "LetterMoverRole says what is not known"),
        set(rule, MOVER, "/Policies/1/PolicyDocument/Statement/0/NotResource", json!("x"))
            .names("all but one", "LetterMoverRole says what is not known"),
        set(rule, MOVER, "/Policies/0", json!({})).names("it cannot read", "LetterMoverRole does not allow"),
        set(rule, READER, "/ManagedPolicyArns", json!(["arn:aws:iam::aws:policy/ReadOnlyAccess"]))
            .names("AWS's", "LetterReaderRole has"),
        set(rule, READER, "/AssumeRolePolicyDocument/Statement/0/Principal/AWS", json!("*"))
            .names("anybody may assume it", "LetterReaderRole can be assumed"),
        set(
            rule,
            ["samples-to-lab", "DeadLetterQueuePolicy"],
            "/PolicyDocument/Statement/1/Principal/AWS",
            json!("shop-LetterReaderRole.Arn"),
        )
        .names(
            "by a queue's policy",
            "LetterReaderRole is allowed more by samples-to-lab/DeadLetterQueuePolicy",
        ),
        set(
            rule,
            ROLE,
            "/AssumeRolePolicyDocument/Statement/0/Principal",
            json!({"AWS": "arn:aws:iam::123456789012:root"}),
        )
        .names("another role for people", "SamplesToLabRole is a role that nobody"),
        Case {
            what: "one is missing",
            rule,
            names: "LetterDiscarderRole is not there",
            breaks: Box::new(|application: &mut Application| {
                application.resources.retain(|resource| resource.id != "LetterDiscarderRole");
            }),
        },
    ]
}

fn of_records() -> Vec<Case> {
    let rule = operators::of_people as Rule;
    let more = |role, at, statement: Value, what, names| set(rule, role, at, statement).names(what, names);
    vec![
        more(
            READER,
            OWN_STATEMENT,
            write("dynamodb:PutItem", "audit:move:*"),
            "who reads says that it moved",
            "LetterReaderRole allows dynamodb:PutItem of audit:move:*",
        ),
        more(
            DISCARDER,
            SECOND_STATEMENT,
            write("dynamodb:UpdateItem", "a*"),
            "any that begins with a",
            "LetterDiscarderRole allows dynamodb:UpdateItem of a*",
        ),
        more(
            MOVER,
            SECOND_STATEMENT,
            write("dynamodb:DeleteItem", "audit:move:*"),
            "its own are deleted",
            "LetterMoverRole allows dynamodb:DeleteItem of audit:move:*",
        ),
        more(
            MOVER,
            SECOND_STATEMENT,
            write("dynamodb:PutItem", "mapping:*"),
            "who moves overrides mappings",
            "LetterMoverRole allows dynamodb:PutItem of mapping:*",
        ),
        more(
            OVERRIDER,
            OWN_STATEMENT,
            write("dynamodb:DeleteItem", "mapping:*"),
            "a change of a mapping is deleted",
            "MappingOverriderRole allows dynamodb:DeleteItem of mapping:*",
        ),
        more(
            WATCHDOG,
            OWN_STATEMENT,
            write("dynamodb:PutItem", "audit:discard:*"),
            "the watchdog says that it discarded",
            "WatchdogRole allows dynamodb:PutItem of audit:discard:*",
        ),
        more(
            MOVER,
            SECOND_STATEMENT,
            json!({"Effect": "Allow", "Action": "dynamodb:*", "Resource": TABLE}),
            "everything",
            "LetterMoverRole allows every change",
        ),
        set(
            rule,
            ROLE,
            "/Policies/0/PolicyDocument/Statement/3/Condition/ForAnyValue:StringLike/dynamodb:LeadingKeys",
            json!(["mapping:*"]),
        )
        .names("a function writes them", "SamplesToLabRole allows dynamodb:PartiQLInsert of *"),
        set(
            rule,
            ROLE,
            "/Policies/0/PolicyDocument/Statement/3/Condition/ForAnyValue:StringLike/dynamodb:LeadingKeys",
            json!(["audit:*"]),
        )
        .names("a function overrides its mapping", "SamplesToLabRole allows dynamodb:PartiQLInsert of *"),
        set(
            rule,
            ROLE,
            "/Policies/0/PolicyDocument/Statement/3/Action",
            json!(["dynamodb:PartiQLInsert", "dynamodb:PutItem", "dynamodb:UpdateItem"]),
        )
        .names("by a statement", "SamplesToLabRole allows dynamodb:PartiQLUpdate of *"),
    ]
}

fn of_watchdog() -> Vec<Case> {
    let rule = roles::exact as Rule;
    vec![
        set(rule, WATCHDOG, OWN_STATEMENT, allow("s3:PutObject", "shop-LetterArchive.Arn/edits/*"))
            .names("edits as well", "WatchdogRole allows s3:PutObject on"),
        set(rule, WATCHDOG, OWN_STATEMENT, allow("s3:GetObject", "shop-LetterArchive.Arn/edits/*"))
            .names("edits are read", "WatchdogRole allows s3:GetObject on"),
        set(rule, WATCHDOG, OWN_STATEMENT, allow("s3:DeleteObject", "shop-LetterArchive.Arn/letters/*"))
            .names(
                "what was archived is deleted",
                "WatchdogRole allows s3:DeleteObject, which nothing calls",
            ),
        set(
            rule,
            ["samples-to-lab", "DeadLetterQueuePolicy"],
            "/PolicyDocument/Statement/1/Action",
            json!(["sqs:GetQueueAttributes", "sqs:ReceiveMessage"]),
        )
        .names(
            "letters are not hidden while they are archived",
            "WatchdogRole allows sqs:ChangeMessageVisibility on",
        ),
        set(rule, ["", "WatchdogFunction"], "/Environment/Variables/ARCHIVE_BUCKET", Value::Null)
            .names("it does not know where to", "WatchdogRole allows"),
        set(rule, WATCHDOG, "/Policies/0/PolicyDocument/Statement/2/Action", json!("s3:GetObject"))
            .names("it archives nothing", "WatchdogRole does not allow s3:PutObject, which is called"),
    ]
}
