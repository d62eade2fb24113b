//! `spillway serve`, beside an AWS that has one dead letter and what two functions have logged of its event.

use std::process::Stdio;
use std::time::Duration;

use axum::Router;
use axum::http::HeaderMap;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, ChildStderr, Command};
use tokio::time::timeout;

use super::root;
use super::trace::{Deployment, reserve};

const LONG: Duration = Duration::from_secs(60);
const LETTER: &str = "7d9c1a5e-0000-4000-8000-000000000001";
const STACK: &str = include_str!("fixtures/stack.xml");
const CALLER: &str = include_str!("fixtures/caller.xml");

/// CloudFormation, STS and SQS, as one address: each says of a call what it is.
async fn aws(table: &str) -> String {
    let stack = STACK.replace("shop-ledger", table);
    let app = Router::new().fallback(move |headers: HeaderMap, body: String| {
        let stack = stack.clone();
        async move {
            match headers.get("x-amz-target") {
                Some(target) => {
                    sqs(target.to_str().unwrap(), &serde_json::from_str(&body).unwrap()).to_string()
                }
                None if body.contains("Action=DescribeStacks") => stack,
                None => CALLER.to_owned(),
            }
        }
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { drop(axum::serve(listener, app).await) });
    endpoint
}

/// Whoever asks for all letters is given the one, again and again, which is one all the same.
fn sqs(target: &str, asked: &Value) -> Value {
    match target.rsplit('.').next().unwrap() {
        "GetQueueAttributes" => json!({ "Attributes": {
            "ApproximateNumberOfMessages": "1",
            "ApproximateNumberOfMessagesNotVisible": "0",
            "MessageRetentionPeriod": "1209600",
        }}),
        "ReceiveMessage" => json!({ "Messages": [{
            "MessageId": LETTER,
            "ReceiptHandle": "receipt",
            "Body": "no event",
            "Attributes": { "SentTimestamp": "1795514400123", "ApproximateReceiveCount": "4" },
            "MessageAttributes": {
                "Code": { "DataType": "String", "StringValue": "SPW4009" },
                "Failures": {
                    "DataType": "String",
                    "StringValue": "attempts=1 first=2026-11-29T05:00:00Z last=2026-11-29T05:00:03Z",
                },
                "CorrelationId": { "DataType": "String", "StringValue": "event-1" },
            },
        }]}),
        "ChangeMessageVisibilityBatch" => {
            let ids = asked["Entries"].as_array().unwrap().iter().map(|entry| json!({ "Id": entry["Id"] }));
            json!({ "Successful": ids.collect::<Vec<_>>(), "Failed": [] })
        }
        other => panic!("{other}"),
    }
}

struct Page {
    process: Child,
    told: BufReader<ChildStderr>,
    address: String,
    cookie: String,
}

impl Page {
    /// Served, and entered by the address that the command has printed.
    async fn entered(deployment: &Deployment) -> Self {
        let mut environment = deployment.environment();
        environment.push(("AWS_ENDPOINT_URL", aws(&deployment.table).await));
        let mut process = Command::new(env!("CARGO_BIN_EXE_spillway"))
            .args(["serve", "--stack", "shop"])
            .current_dir(root())
            .envs(environment)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut told = BufReader::new(process.stderr.take().unwrap());
        let mut said = String::new();
        let url = loop {
            let before = said.len();
            timeout(LONG, told.read_line(&mut said)).await.unwrap().unwrap();
            assert!(said.len() > before, "{said}");
            if let Some(url) = said[before..].strip_prefix("spillway: http://") {
                break url.split(' ').next().unwrap();
            }
        };
        let (address, entry) = url.split_once('/').unwrap();
        let mut page = Self { process, told, address: address.to_owned(), cookie: String::new() };
        let entered = page.get(&format!("/{entry}")).await;
        assert!(entered.starts_with("HTTP/1.1 200"), "{entered}");
        let (_, cookie) = entered.split_once("set-cookie: ").unwrap();
        cookie.split(';').next().unwrap().clone_into(&mut page.cookie);
        page
    }

    async fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).await.unwrap();
        let (address, cookie) = (&self.address, &self.cookie);
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        timeout(LONG, stream.read_to_string(&mut answer)).await.unwrap().unwrap();
        answer
    }

    /// As Ctrl-C does it. What the command says.
    async fn interrupted(mut self) -> String {
        let id = self.process.id().unwrap().to_string();
        assert!(
            Command::new("sh").args(["-c", &format!("kill -INT {id}")]).status().await.unwrap().success()
        );
        let ended = timeout(LONG, self.process.wait_with_output()).await.unwrap().unwrap();
        let mut said = String::from_utf8(ended.stdout).unwrap();
        self.told.read_to_string(&mut said).await.unwrap();
        assert_eq!(ended.status.code(), Some(0), "{said}");
        said
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_of_a_deployment_is_shown_with_its_journey_until_somebody_ends_the_command() {
    let deployment = Deployment::new("Retry").await;
    let page = Page::entered(&deployment).await;
    let letter = format!("/letters/orders-to-inventory/{LETTER}");
    let shown = page.get(&letter).await;
    for told in
        ["HTTP/1.1 200", "SPW4009", "event-1", "Read its journey", "arn:aws:iam::123456789012:user/ann"]
    {
        assert!(shown.contains(told), "{told} in {shown}");
    }
    let journey = page.get(&format!("{letter}/journey")).await;
    for told in [
        "HTTP/1.1 200",
        "1 message of it not ended well yet",
        "to <code>tryton POST</code>: <strong>status 200, 80 ms</strong>",
        "<td>shop-ingest</td>",
        "webhook queued",
        "DONE",
        reserve().as_str(),
    ] {
        assert!(journey.contains(told), "{told} in {journey}");
    }
    let other = page.get("/letters/orders-to-inventory/7d9c1a5e-0000-4000-8000-000000000002/journey").await;
    assert!(other.starts_with("HTTP/1.1 404"), "{other}");
    let said = page.interrupted().await;
    assert!(said.contains("the page has ended"), "{said}");
}
