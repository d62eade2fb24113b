//! The archive against a scripted S3 on loopback.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use aws::test_doubles::loopback_config;
use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode};
use review::aws::S3Archive;
use review::{Archive, Put, ReviewError};
use tokio::net::TcpListener;

const BUCKET: &str = "archive";
const KEY: &str = "letters/orders/discarded/2026-11-24/m-1.json";

/// How a write is answered instead of as it should be.
#[derive(Clone, Copy, PartialEq)]
enum Odd {
    /// It was done, and nobody hears of it.
    Lost,
    Conflict,
    Denied,
    Expired,
}

#[derive(Default)]
struct Bucket {
    objects: BTreeMap<String, String>,
    odd: VecDeque<Odd>,
    writes: usize,
}

type Shared = Arc<Mutex<Bucket>>;

fn error(status: StatusCode, code: &str) -> Response {
    (status, format!("<Error><Code>{code}</Code><Message>no</Message></Error>")).into_response()
}

/// Pages have two keys; the token of the next is its first key.
fn list(bucket: &Bucket, query: &str) -> Response {
    let query: BTreeMap<_, _> = query.split('&').filter_map(|pair| pair.split_once('=')).collect();
    let value = |name| query.get(name).map(|text| text.replace("%2F", "/")).unwrap_or_default();
    let (prefix, from) = (value("prefix"), value("continuation-token"));
    let keys = bucket.objects.keys().filter(|key| key.starts_with(&prefix) && **key >= from);
    let keys: Vec<_> = keys.take(3).collect();
    let shown: String =
        keys.iter().take(2).map(|key| format!("<Contents><Key>{key}</Key></Contents>")).collect();
    let next = keys.get(2).map(|key| format!("<NextContinuationToken>{key}</NextContinuationToken>"));
    let next = next.unwrap_or_default();
    format!("<ListBucketResult>{shown}{next}</ListBucketResult>").into_response()
}

async fn serve(State(bucket): State<Shared>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let mut bucket = bucket.lock().unwrap();
    let path = parts.uri.path().trim_start_matches('/').to_owned();
    let Some(key) = path.strip_prefix(BUCKET) else {
        return error(StatusCode::NOT_FOUND, "NoSuchBucket");
    };
    let key = key.trim_start_matches('/').to_owned();
    match parts.method {
        Method::GET if key.is_empty() => list(&bucket, parts.uri.query().unwrap_or_default()),
        Method::GET => match bucket.objects.get(&key) {
            Some(object) => object.clone().into_response(),
            None => error(StatusCode::NOT_FOUND, "NoSuchKey"),
        },
        Method::DELETE => {
            bucket.objects.remove(&key);
            StatusCode::NO_CONTENT.into_response()
        }
        Method::PUT => {
            assert_eq!(parts.headers.get("if-none-match").unwrap(), "*");
            bucket.writes += 1;
            let odd = bucket.odd.pop_front();
            match odd {
                Some(Odd::Conflict) => return error(StatusCode::CONFLICT, "ConditionalRequestConflict"),
                Some(Odd::Denied) => return error(StatusCode::FORBIDDEN, "AccessDenied"),
                Some(Odd::Expired) => return error(StatusCode::BAD_REQUEST, "ExpiredToken"),
                _ if bucket.objects.contains_key(&key) => {
                    return error(StatusCode::PRECONDITION_FAILED, "PreconditionFailed");
                }
                _ => {}
            }
            bucket.objects.insert(key, String::from_utf8(body.to_vec()).unwrap());
            match odd {
                Some(Odd::Lost) => error(StatusCode::INTERNAL_SERVER_ERROR, "InternalError"),
                _ => StatusCode::OK.into_response(),
            }
        }
        _ => StatusCode::METHOD_NOT_ALLOWED.into_response(),
    }
}

async fn archive(odd: &[Odd]) -> (S3Archive, Shared) {
    archive_of(BUCKET, odd).await
}

async fn archive_of(name: &str, odd: &[Odd]) -> (S3Archive, Shared) {
    let bucket = Shared::default();
    bucket.lock().unwrap().odd = odd.iter().copied().collect();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let app = Router::new().fallback(serve).with_state(Arc::clone(&bucket));
    tokio::spawn(async move { axum::serve(listener, app).await });
    (S3Archive::connect(&loopback_config(&endpoint).await, name), bucket)
}

#[tokio::test]
async fn an_object_is_stored_once_and_read_as_it_was_written() {
    let (archive, bucket) = archive(&[]).await;
    assert_eq!(archive.get(KEY).await.unwrap(), None);
    assert_eq!(archive.put(KEY, "{\"a\":  \"ö\"}").await.unwrap(), Put::Stored);
    assert_eq!(archive.put(KEY, "{}").await.unwrap(), Put::There);
    assert_eq!(archive.get(KEY).await.unwrap().as_deref(), Some("{\"a\":  \"ö\"}"));
    assert_eq!(bucket.lock().unwrap().objects.keys().collect::<Vec<_>>(), [KEY]);
    archive.delete(KEY).await.unwrap();
    archive.delete(KEY).await.unwrap();
    assert_eq!(archive.get(KEY).await.unwrap(), None);
}

#[tokio::test]
async fn a_write_whose_answer_was_lost_was_stored_by_us() {
    let (archive, bucket) = archive(&[Odd::Lost]).await;
    assert_eq!(archive.put(KEY, "{}").await.unwrap(), Put::Stored);
    assert_eq!(bucket.lock().unwrap().writes, 2);
}

#[tokio::test]
async fn a_repeated_write_that_finds_somebody_elses_object_was_not_stored() {
    let (archive, bucket) = archive(&[Odd::Conflict]).await;
    bucket.lock().unwrap().objects.insert(KEY.to_owned(), "another".to_owned());
    assert_eq!(archive.put(KEY, "{}").await.unwrap(), Put::There);
}

#[tokio::test]
async fn a_conflict_is_tried_again_and_not_for_ever() {
    let (once, bucket) = archive(&[Odd::Conflict; 2]).await;
    assert_eq!(once.put(KEY, "{}").await.unwrap(), Put::Stored);
    assert_eq!(bucket.lock().unwrap().writes, 3);
    let (always, _) = archive(&[Odd::Conflict; 100]).await;
    let error = always.put(KEY, "{}").await.unwrap_err();
    assert!(matches!(error, ReviewError::Unavailable { operation: "PutObject", .. }), "{error}");
}

#[tokio::test]
async fn who_may_not_write_is_told_so() {
    let (denied, _) = archive(&[Odd::Denied]).await;
    let error = denied.put(KEY, "{}").await.unwrap_err();
    assert!(matches!(error, ReviewError::Denied("PutObject")), "{error}");
    let (expired, _) = archive(&[Odd::Expired]).await;
    let error = expired.put(KEY, "{}").await.unwrap_err();
    assert!(matches!(error, ReviewError::Credentials("PutObject")), "{error}");
}

#[tokio::test]
async fn keys_come_in_pages_until_there_are_no_more() {
    let (archive, bucket) = archive(&[]).await;
    for key in ["a/1", "a/2", "a/3", "a/4", "a/5", "b/1"] {
        bucket.lock().unwrap().objects.insert(key.to_owned(), "{}".to_owned());
    }
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let (keys, next) = archive.keys("a/", after).await.unwrap();
        found.push(keys);
        after = next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(found, [vec!["a/1", "a/2"], vec!["a/3", "a/4"], vec!["a/5"]]);
}

#[tokio::test]
async fn a_bucket_that_is_not_there_is_not_an_empty_one() {
    let (archive, _) = archive_of("elsewhere", &[]).await;
    let error = archive.get(KEY).await.unwrap_err();
    assert!(matches!(error, ReviewError::Unavailable { operation: "GetObject", .. }), "{error}");
    assert!(archive.keys("letters/", None).await.is_err());
}
