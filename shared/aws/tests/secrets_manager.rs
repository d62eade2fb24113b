//! Secrets Manager's protocol, spoken to a server on the loopback interface.

#![expect(clippy::unwrap_used, reason = "helpers of tests say what they expect")]

use std::sync::{Arc, Mutex};

use aws::test_doubles::loopback_config;
use aws::{ExposeSecret, SecretError, SecretSource, SecretsManager, Stage};
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};

const ARN: &str = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop-AbCdEf";

type Requests = Arc<Mutex<Vec<Value>>>;

/// Answers every call alike and keeps what it was asked.
async fn server(status: u16, answer: Value) -> (SecretsManager, Requests) {
    let requests = Requests::default();
    let answer = move |State(requests): State<Requests>, body: String| async move {
        requests.lock().unwrap().push(serde_json::from_str(&body).unwrap());
        (StatusCode::from_u16(status).unwrap(), answer.to_string())
    };
    let app = Router::new().fallback(answer).with_state(Arc::clone(&requests));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    (SecretsManager::new(&loopback_config(&url).await), requests)
}

#[tokio::test]
async fn asks_for_the_stage_and_gives_the_string() {
    let (source, requests) = server(200, json!({"ARN": ARN, "SecretString": "hush"})).await;
    let secret = source.fetch(ARN, Stage::Previous).await.unwrap().unwrap();
    assert_eq!(secret.expose_secret(), "hush");
    assert_eq!(*requests.lock().unwrap(), [json!({"SecretId": ARN, "VersionStage": "AWSPREVIOUS"})]);
}

#[tokio::test]
async fn a_version_that_does_not_exist_is_no_error() {
    let (source, _) = server(400, json!({"__type": "ResourceNotFoundException", "Message": "no"})).await;
    assert!(source.fetch(ARN, Stage::Previous).await.unwrap().is_none());
}

#[tokio::test]
async fn an_empty_secret_is_refused_and_an_empty_previous_one_is_not_used() {
    for value in ["", " \n"] {
        let (source, _) = server(200, json!({"ARN": ARN, "SecretString": value})).await;
        let error = source.fetch(ARN, Stage::Current).await.unwrap_err();
        assert_eq!(error.to_string(), format!("secret {ARN} is not usable: it is empty"));
        assert!(source.fetch(ARN, Stage::Previous).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn a_binary_secret_is_refused() {
    let (source, _) = server(200, json!({"ARN": ARN, "SecretBinary": "aHVzaA=="})).await;
    assert!(matches!(source.fetch(ARN, Stage::Current).await, Err(SecretError::Unusable { .. })));
}

#[tokio::test]
async fn a_secret_marked_for_deletion_is_unusable() {
    let (source, _) = server(400, json!({"__type": "InvalidRequestException", "Message": "deleted"})).await;
    assert!(matches!(source.fetch(ARN, Stage::Current).await, Err(SecretError::Unusable { .. })));
}

#[tokio::test]
async fn missing_permission_is_told_by_its_name() {
    let (source, _) = server(400, json!({"__type": "AccessDeniedException", "Message": "not allowed"})).await;
    let Err(SecretError::Unavailable { reason, .. }) = source.fetch(ARN, Stage::Current).await else {
        panic!("an error that may pass");
    };
    assert!(reason.contains("AccessDeniedException"), "{reason}");
}

#[tokio::test]
async fn a_server_error_is_retried_before_it_is_told() {
    let (source, requests) =
        server(500, json!({"__type": "InternalServiceError", "Message": "broken"})).await;
    assert!(matches!(source.fetch(ARN, Stage::Current).await, Err(SecretError::Unavailable { .. })));
    assert_eq!(requests.lock().unwrap().len(), 3);
}
