use std::fmt;
use std::time::Duration;

use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use jiff::Timestamp;
use message::{Code, Redacted};
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

use crate::retry_after::retry_after;
use crate::{Budget, CallError, Refusal, TargetConfig};

#[derive(Debug, Error)]
pub enum TargetConfigError {
    #[error("{name}: the base URL is not an http or https URL")]
    BaseUrl { name: &'static str },
    #[error("{name}: the HTTP client cannot be built")]
    Client {
        name: &'static str,
        #[source]
        source: reqwest::Error,
    },
}

/// One request to a target. Whether it may change something decides what a lost answer means.
pub struct Request {
    method: Method,
    path: String,
    query: Vec<(String, String)>,
    headers: HeaderMap,
    body: Option<Vec<u8>>,
}

impl Request {
    pub fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path)
    }

    pub fn new(method: Method, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), query: Vec::new(), headers: HeaderMap::new(), body: None }
    }

    #[must_use]
    pub fn query(mut self, name: &str, value: impl Into<String>) -> Self {
        self.query.push((name.to_owned(), value.into()));
        self
    }

    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.append(name, value);
        self
    }

    /// `Authorization: <scheme> <credential>`, kept out of every `Debug`. A credential that no header can carry
    /// is refused here, before anything is sent.
    pub fn authorization(mut self, scheme: &str, credential: &SecretString) -> Result<Self, CallError> {
        let credential = credential.expose_secret().trim();
        let mut value = HeaderValue::from_str(&format!("{scheme} {credential}"))
            .map_err(|_| CallError::NotNow { code: Code::SecretUnavailable, after: None })?;
        value.set_sensitive(true);
        self.headers.insert(AUTHORIZATION, value);
        Ok(self)
    }

    pub fn json(mut self, body: &impl Serialize) -> Result<Self, CallError> {
        let bytes = serde_json::to_vec(body).map_err(|_| {
            CallError::Refused(Refusal::new(Code::ValueInvalid, "$", "the request cannot be written as JSON"))
        })?;
        self.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        self.body = Some(bytes);
        Ok(self)
    }

    pub const fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// RFC 9110, 9.2.1: a safe method changes nothing at the target.
    fn is_safe(&self) -> bool {
        self.method.is_safe()
    }
}

/// A 2xx answer, read whole.
pub struct Response {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Redacted<Vec<u8>>,
    safe: bool,
}

impl Response {
    /// Reads the body. An answer that cannot be read says nothing about the effect.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, CallError> {
        serde_json::from_slice(self.body.expose()).map_err(|_| self.unreadable())
    }

    /// For connectors that miss something in an answer: the effect may be there all the same.
    pub fn unreadable(&self) -> CallError {
        not_final(self.safe, Code::ResponseUnreadable, None)
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response").field("status", &self.status).finish_non_exhaustive()
    }
}

/// HTTP to one target system. Holds no credential: a connector adds it to each request.
#[derive(Clone, Debug)]
pub struct HttpTarget {
    client: reqwest::Client,
    base: Url,
    config: TargetConfig,
}

impl HttpTarget {
    pub fn new(config: TargetConfig) -> Result<Self, TargetConfigError> {
        let name = config.name;
        let base = Url::parse(config.base_url.trim_end_matches('/'))
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
            .ok_or(TargetConfigError::BaseUrl { name })?;
        // Already installed is fine: there is one provider in the process either way.
        drop(rustls::crypto::ring::default_provider().install_default());
        let client = reqwest::Client::builder()
            .connect_timeout(config.connect_timeout)
            // A redirected write could be made twice, or elsewhere.
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .user_agent(concat!("spillway/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|source| TargetConfigError::Client { name, source })?;
        Ok(Self { client, base, config })
    }

    /// One call inside the budget. Only a 2xx answer is `Ok`; everything else is classified by what it says about
    /// the effect.
    pub async fn call(&self, request: Request, budget: &Budget) -> Result<Response, CallError> {
        let timeout = budget.allow(self.config.timeout)?;
        let (safe, method) = (request.is_safe(), request.method.clone());
        let started = tokio::time::Instant::now();
        let result = self.exchange(request, timeout).await;
        let elapsed_ms = started.elapsed().as_millis();
        let status = result.as_ref().map_or(0, |answer| answer.status.as_u16());
        let outcome = result.and_then(|answer| classify(answer, safe));
        let code = outcome.as_ref().err().map(|error| error.code().as_str());
        tracing::info!(target_system = self.config.name, %method, status, elapsed_ms, code, "target called");
        outcome
    }

    async fn exchange(&self, request: Request, timeout: Duration) -> Result<Answer, CallError> {
        let safe = request.is_safe();
        let mut url = self.base.clone();
        url.set_path(&format!("{}{}", self.base.path().trim_end_matches('/'), request.path));
        if !request.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&request.query);
        }
        let mut builder = self.client.request(request.method, url).headers(request.headers).timeout(timeout);
        if let Some(body) = request.body {
            builder = builder.body(body);
        }
        let mut response = builder.send().await.map_err(|error| transport(safe, &error))?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| transport(safe, &error))? {
            if body.len() + chunk.len() > self.config.max_body_bytes {
                return Err(not_final(safe, Code::ResponseUnreadable, None));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status: response.status(), headers: response.headers().clone(), body })
    }
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

/// No final answer: a safe request has changed nothing, any other one may have.
const fn not_final(safe: bool, code: Code, after: Option<Duration>) -> CallError {
    if safe { CallError::NotNow { code, after } } else { CallError::OutcomeUnknown { code, after } }
}

fn transport(safe: bool, error: &reqwest::Error) -> CallError {
    if error.is_connect() || error.is_builder() {
        // Not a byte of the request was sent.
        return CallError::NotNow { code: Code::TargetUnreachable, after: None };
    }
    not_final(safe, if safe { Code::TargetUnreachable } else { Code::OutcomeUnknown }, None)
}

fn classify(answer: Answer, safe: bool) -> Result<Response, CallError> {
    let after = retry_after(&answer.headers, Timestamp::now());
    match answer.status.as_u16() {
        200..=299 => Ok(Response {
            status: answer.status,
            headers: answer.headers,
            body: Redacted::new(answer.body),
            safe,
        }),
        429 => Err(CallError::NotNow { code: Code::TargetThrottled, after }),
        // Sent elsewhere: an address that has changed, or a proxy; no fault of the message's.
        300..=399 => Err(CallError::NotNow { code: Code::TargetUnreachable, after }),
        425 => Err(CallError::NotNow { code: Code::TargetFailed, after }),
        408 | 500..=599 => Err(not_final(safe, Code::TargetFailed, after)),
        // Our own fault, not the message's: nothing is thrown away because a key has expired.
        401 | 403 => Err(CallError::NotNow { code: Code::CredentialsRefused, after }),
        status => {
            let summary = format!("the target answered with status {status}");
            let refusal = Refusal::new(Code::TargetRefused, "$", summary);
            Err(CallError::Refused(Refusal { status, body: Redacted::new(answer.body), ..refusal }))
        }
    }
}
