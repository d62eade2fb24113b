//! Dead letters, as far as a question is not put to a deployment: it is refused before that.

use axum::Router;
use axum::http::StatusCode;
use tokio::net::TcpListener;

use super::{Said, UNANSWERED, spillway, spillway_with};

const STACK: [&str; 2] = ["--stack", "shop"];

/// What is asked of nobody: there is no AWS here.
fn asked(arguments: &[&str]) -> Said {
    spillway(&[arguments, &STACK].concat())
}

#[test]
fn what_cannot_be_meant_is_refused_before_anything_is_asked() {
    for (arguments, told) in [
        (&["dlq", "plan", "--where", "body.total >"][..], "the condition cannot be read"),
        (&["dlq", "plan", "--id", "abc"], "an id has 6 characters at least"),
        (&["dlq", "plan", "--older-than", "tomorrow"], "expected a time such as 30m, 2h or 3d"),
        (&["dlq", "plan", "--code", "2001"], "expected a code such as SPW2001, or none"),
        (&["dlq", "plan", "--group", "first"], "expected the twelve digits"),
        (&["dlq", "plan", "--settings", "no-such-file"], "expected MAPPING=FILE"),
        (&["dlq", "plan", "--settings", "karrio-shipment=no-such-file"], "no-such-file"),
        (&["dlq", "show", "abc"], "an id has 6 characters at least"),
        (&["dlq", "list", "--hidden-seconds", "5"], "10..=900"),
        (&["dlq", "redrive", "0123456789ab"], "--reason"),
        (&["dlq", "redrive", "0123456789ab", "--reason", " "], "a reason is needed"),
        (
            &["dlq", "redrive", "0123456789ab", "--reason", "x", "--ramp", "1,5"],
            "expected steps such as 1x5,10x100,100",
        ),
        (
            &["dlq", "redrive", "0123456789ab", "--reason", "x", "--ramp", "0x5"],
            "between 1 and 3000 letters a second",
        ),
        (&["dlq", "redrive", "0123456789ab", "--reason", "x", "--max-failures", "101"], "0..=100"),
        (&["dlq", "discard", "0123456789ab"], "--reason"),
        (&["dlq", "edit", "0123456789ab", "--reason", "x", "--patch", "no-such-file"], "no-such-file"),
        (&["dlq", "restore", "orders-to-inventory", "--reason", "x"], "--all"),
        (&["dlq", "ack", "0123456789ab", "--reason", "x"], "--until"),
        (
            &["dlq", "ack", "0123456789ab", "--reason", "x", "--until", "monday"],
            "expected a date such as 2026-12-01",
        ),
        (&["dlq", "archive"], "--reason"),
        (&["audit", "--action", "delete"], "discard"),
    ] {
        asked(arguments).ends(UNANSWERED).says(&[told]);
    }
}

#[test]
fn which_deployment_is_meant_has_to_be_said() {
    for arguments in [&["dlq", "list"][..], &["audit"]] {
        spillway(arguments).ends(UNANSWERED).says(&["--stack"]);
    }
}

/// CloudFormation as it answers for every stack.
async fn cloudformation(status: StatusCode, answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let app = Router::new().fallback(move || async move { (status, [("content-type", "text/xml")], answer) });
    tokio::spawn(async move { drop(axum::serve(listener, app).await) });
    endpoint
}

async fn beside(cloudformation: String, arguments: &'static [&'static str]) -> Said {
    let environment = [
        ("AWS_ENDPOINT_URL_CLOUDFORMATION", cloudformation),
        ("AWS_REGION", "us-east-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", "local".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
        ("SPILLWAY_STACK", "shop".to_owned()),
    ];
    let arguments: Vec<_> = arguments.iter().map(|it| (*it).to_owned()).collect();
    tokio::task::spawn_blocking(move || spillway_with(&arguments, &environment)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn credentials_that_have_run_out_are_told_with_what_to_do() {
    let endpoint = cloudformation(StatusCode::FORBIDDEN, include_str!("fixtures/expired-token.xml")).await;
    let told = ["the AWS credentials have run out", "renew them and start the command again (ExpiredToken)"];
    beside(endpoint, &["dlq", "list"]).await.ends(UNANSWERED).says(&told);
    let none = [
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", ""),
        ("AWS_SECRET_ACCESS_KEY", ""),
        ("AWS_CONFIG_FILE", "/dev/null"),
        ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("SPILLWAY_STACK", "shop"),
    ]
    .map(|(name, value)| (name, value.to_owned()));
    let list = ["dlq", "list"].map(str::to_owned);
    let said = tokio::task::spawn_blocking(move || spillway_with(&list, &none)).await.unwrap();
    said.ends(UNANSWERED).says(&["renew them and start the command again (none was found)"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stack_that_is_not_there_or_lacks_an_output_is_named_with_what_to_do() {
    let missing = include_str!("fixtures/no-such-stack.xml");
    let endpoint = cloudformation(StatusCode::BAD_REQUEST, missing).await;
    let told = ["asking CloudFormation for stack shop", "Stack with id shop does not exist"];
    beside(endpoint, &["dlq", "list"]).await.ends(UNANSWERED).says(&told);
    let old = include_str!("fixtures/stack-without-archive.xml");
    let endpoint = cloudformation(StatusCode::OK, old).await;
    let told = ["stack shop has no output ArchiveBucketName: deploy this version's template.yaml"];
    for arguments in [&["dlq", "list"][..], &["audit"]] {
        beside(endpoint.clone(), arguments).await.ends(UNANSWERED).says(&told);
    }
}
