//! Classification against a scripted server on loopback: what each answer says about the effect.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response as AxumResponse};
use http::{Method, StatusCode};
use message::{Code, Effect};
use outbound::{Budget, CallError, HttpTarget, Request, TargetConfig, TargetConfigError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::Instant;

type Calls = Arc<AtomicUsize>;

/// Answers `/status/<n>` with that status; `/slow` counts the call and never answers; `/large` and `/broken` mislead.
async fn answer(State(calls): State<Calls>, uri: http::Uri) -> AxumResponse {
    calls.fetch_add(1, Ordering::SeqCst);
    match uri.path() {
        "/base/slow" => std::future::pending().await,
        "/base/large" => "x".repeat(5_000).into_response(),
        "/base/broken" => "{".into_response(),
        "/base/redirect" => (StatusCode::FOUND, [("location", "/base/status/200")]).into_response(),
        "/base/busy" => (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "9")]).into_response(),
        path => {
            let status: u16 = path.rsplit('/').next().unwrap().parse().unwrap();
            (StatusCode::from_u16(status).unwrap(), r#"{"id": 5}"#).into_response()
        }
    }
}

async fn target(timeout: Duration) -> (HttpTarget, Calls) {
    let calls = Calls::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}/base/", listener.local_addr().unwrap());
    let app = Router::new().fallback(answer).with_state(Arc::clone(&calls));
    tokio::spawn(async move { axum::serve(listener, app).await });
    (config(base_url, timeout).unwrap(), calls)
}

fn config(base_url: String, timeout: Duration) -> Result<HttpTarget, TargetConfigError> {
    HttpTarget::new(TargetConfig {
        name: "scripted",
        base_url,
        connect_timeout: Duration::from_secs(2),
        timeout,
        max_body_bytes: 1_000,
    })
}

fn budget() -> Budget {
    Budget::of_work(Instant::now(), Duration::from_secs(60))
}

async fn call(method: Method, path: &str) -> Result<serde_json::Value, CallError> {
    let (target, _) = target(Duration::from_millis(400)).await;
    target.call(Request::new(method, path), &budget()).await?.json()
}

/// A server that closes what is idle (gunicorn does after two seconds) may do so just when a write is sent.
#[tokio::test]
async fn a_connection_is_given_up_before_the_server_would_close_it() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.unwrap();
        let mut request = [0; 1_024];
        assert!(connection.read(&mut request).await.unwrap() > 0);
        connection.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await.unwrap();
        connection.read(&mut request).await
    });
    let target = config(base_url, Duration::from_secs(2)).unwrap();
    target.call(Request::get("/"), &budget()).await.unwrap();
    let ended = tokio::time::timeout(Duration::from_secs(10), server).await.unwrap();
    assert_eq!(ended.unwrap().unwrap(), 0, "closed by us");
}

#[tokio::test]
async fn a_success_is_read_whole() {
    assert_eq!(call(Method::POST, "/status/201").await.unwrap()["id"], 5);
}

#[tokio::test]
async fn each_status_says_what_may_be_done_next() {
    for (status, code, effect_of_write) in [
        (400, Code::TargetRefused, Effect::Absent),
        (401, Code::CredentialsRefused, Effect::Absent),
        (403, Code::CredentialsRefused, Effect::Absent),
        (404, Code::TargetRefused, Effect::Absent),
        (408, Code::TargetFailed, Effect::Unknown),
        (409, Code::TargetRefused, Effect::Absent),
        (422, Code::TargetRefused, Effect::Absent),
        (425, Code::TargetFailed, Effect::Absent),
        (429, Code::TargetThrottled, Effect::Absent),
        (500, Code::TargetFailed, Effect::Unknown),
        (502, Code::TargetFailed, Effect::Unknown),
        (503, Code::TargetFailed, Effect::Unknown),
    ] {
        let path = format!("/status/{status}");
        let write = call(Method::POST, &path).await.unwrap_err();
        assert_eq!((write.code(), write.effect()), (code, effect_of_write), "POST {status}");
        let read = call(Method::GET, &path).await.unwrap_err();
        assert_eq!((read.code(), read.effect()), (code, Effect::Absent), "GET {status}");
    }
}

#[tokio::test]
async fn a_final_refusal_keeps_the_answer_for_the_connector() {
    match call(Method::POST, "/status/422").await.unwrap_err() {
        CallError::Refused(refusal) => {
            assert_eq!(refusal.status, 422);
            assert_eq!(refusal.body.expose(), br#"{"id": 5}"#);
        }
        other => panic!("expected a refusal, got {other:?}"),
    }
}

#[tokio::test]
async fn retry_after_travels_with_the_error() {
    let error = call(Method::POST, "/busy").await.unwrap_err();
    assert_eq!(error, CallError::NotNow { code: Code::TargetThrottled, after: Some(Duration::from_secs(9)) });
}

#[tokio::test]
async fn a_time_out_after_sending_is_an_unknown_outcome_for_a_write_only() {
    let (target, calls) = target(Duration::from_millis(300)).await;
    let write = target.call(Request::new(Method::POST, "/slow"), &budget()).await.unwrap_err();
    assert_eq!((write.code(), write.effect()), (Code::OutcomeUnknown, Effect::Unknown));
    let read = target.call(Request::get("/slow"), &budget()).await.unwrap_err();
    assert_eq!((read.code(), read.effect()), (Code::TargetUnreachable, Effect::Absent));
    assert_eq!(calls.load(Ordering::SeqCst), 2, "a call is never repeated by itself");
}

#[tokio::test]
async fn a_refused_connection_has_sent_nothing() {
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    let target = config(format!("http://{closed}"), Duration::from_secs(2)).unwrap();
    let error = target.call(Request::new(Method::POST, "/"), &budget()).await.unwrap_err();
    assert_eq!((error.code(), error.effect()), (Code::TargetUnreachable, Effect::Absent));
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_leaves_a_write_unknown() {
    for path in ["/large", "/broken"] {
        let write = call(Method::POST, path).await.unwrap_err();
        assert_eq!((write.code(), write.effect()), (Code::ResponseUnreadable, Effect::Unknown), "{path}");
        let read = call(Method::GET, path).await.unwrap_err();
        assert_eq!((read.code(), read.effect()), (Code::ResponseUnreadable, Effect::Absent), "{path}");
    }
}

#[tokio::test]
async fn redirects_are_not_followed() {
    assert_eq!(call(Method::POST, "/redirect").await.unwrap_err().code(), Code::TargetUnreachable);
}

#[tokio::test]
async fn no_call_is_started_when_the_lease_is_nearly_over() {
    let (target, calls) = target(Duration::from_secs(2)).await;
    let budget = Budget::of_work(Instant::now(), Budget::MARGIN + Duration::from_millis(100));
    let error = target.call(Request::new(Method::POST, "/status/200"), &budget).await.unwrap_err();
    assert_eq!((error.code(), error.effect()), (Code::LeaseTooShort, Effect::Absent));
    assert_eq!(calls.load(Ordering::SeqCst), 0);
}

#[test]
fn a_base_url_that_is_no_web_address_is_refused_at_start() {
    for url in ["", "tryton", "ftp://127.0.0.1/", "file:///etc/passwd", "http://"] {
        assert!(matches!(
            config(url.to_owned(), Duration::from_secs(1)),
            Err(TargetConfigError::BaseUrl { name: "scripted" })
        ));
    }
}

#[test]
fn credentials_do_not_show_in_debug() {
    let request = Request::get("/").authorization("Bearer", &"canary-credential".into()).unwrap();
    let response = format!("{:?}", request_headers(&request));
    assert!(!response.contains("canary"), "{response}");
    assert!(Request::get("/").authorization("Bearer", &"line\nbreak".into()).is_err());
}

fn request_headers(request: &Request) -> &http::HeaderMap {
    request.headers()
}
