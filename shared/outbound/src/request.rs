use std::fmt;
use std::time::Duration;

use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use message::{Code, Redacted};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{CallError, Refusal, TargetKey};

/// The header of [draft-ietf-httpapi-idempotency-key-header](https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/).
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// One request to a target. Whether it may change something decides what a lost answer means.
pub struct Request {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Option<Vec<u8>>,
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

    /// For a target that makes a repeat safe by it.
    #[must_use]
    pub fn idempotency_key(mut self, key: &TargetKey) -> Self {
        self.headers.insert(IDEMPOTENCY_KEY, key.header());
        self
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
    pub(crate) fn is_safe(&self) -> bool {
        self.method.is_safe()
    }
}

/// A 2xx answer, read whole.
pub struct Response {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Redacted<Vec<u8>>,
    pub(crate) safe: bool,
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

/// No final answer: a safe request has changed nothing, any other one may have.
pub(crate) const fn not_final(safe: bool, code: Code, after: Option<Duration>) -> CallError {
    if safe { CallError::NotNow { code, after } } else { CallError::OutcomeUnknown { code, after } }
}
