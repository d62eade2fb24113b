use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use message::{Code, Redacted};
use reqwest::Url;
use thiserror::Error;

use crate::request::not_final;
use crate::retry_after::retry_after;
use crate::transport::{HttpTransport, Transport, TransportError};
use crate::{Budget, CallError, Refusal, Request, Response, TargetConfig};

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

/// HTTP to one target system. Holds no credential: a connector adds it to each request.
#[derive(Clone)]
pub struct HttpTarget {
    transport: Arc<dyn Transport>,
    base: Url,
    config: TargetConfig,
}

impl HttpTarget {
    pub fn new(config: TargetConfig) -> Result<Self, TargetConfigError> {
        let transport = HttpTransport::new(&config)?;
        Self::over(Arc::new(transport), config)
    }

    /// Over another transport than a connection of our own.
    pub fn over(transport: Arc<dyn Transport>, config: TargetConfig) -> Result<Self, TargetConfigError> {
        let base = Url::parse(config.base_url.trim_end_matches('/'))
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
            .ok_or(TargetConfigError::BaseUrl { name: config.name })?;
        Ok(Self { transport, base, config })
    }

    pub fn base_url(&self) -> &str {
        &self.config.base_url
    }

    /// One call inside the budget. Only a 2xx answer is `Ok`; everything else is classified by what it says about
    /// the effect.
    pub async fn call(&self, request: Request, budget: &Budget) -> Result<Response, CallError> {
        let timeout = budget.allow(self.config.timeout)?;
        let (safe, method) = (request.is_safe(), request.method.clone());
        let started = tokio::time::Instant::now();
        let result = self.exchange(request, timeout).await;
        let elapsed = started.elapsed();
        let status = result.as_ref().map_or(0, |answer| answer.status().as_u16());
        let outcome = result.and_then(|answer| classify(answer, safe));
        let code = outcome.as_ref().err().map(|error| error.code().as_str());
        telemetry::target_called(self.config.name, &method, status, elapsed, code);
        outcome
    }

    async fn exchange(
        &self,
        request: Request,
        timeout: Duration,
    ) -> Result<http::Response<Vec<u8>>, CallError> {
        let safe = request.is_safe();
        let mut url = self.base.clone();
        url.set_path(&format!("{}{}", self.base.path().trim_end_matches('/'), request.path));
        if !request.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&request.query);
        }
        let mut http = http::Request::new(request.body.unwrap_or_default());
        *http.method_mut() = request.method;
        *http.headers_mut() = request.headers;
        *http.uri_mut() = url
            .as_str()
            .parse()
            .map_err(|_| CallError::NotNow { code: Code::TargetUnreachable, after: None })?;
        self.transport.exchange(http, timeout).await.map_err(|error| match error {
            TransportError::NotSent => CallError::NotNow { code: Code::TargetUnreachable, after: None },
            TransportError::NoAnswer if safe => {
                CallError::NotNow { code: Code::TargetUnreachable, after: None }
            }
            TransportError::NoAnswer => CallError::OutcomeUnknown { code: Code::OutcomeUnknown, after: None },
            TransportError::TooLong => not_final(safe, Code::ResponseUnreadable, None),
        })
    }
}

impl fmt::Debug for HttpTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpTarget").field("config", &self.config).finish_non_exhaustive()
    }
}

fn classify(answer: http::Response<Vec<u8>>, safe: bool) -> Result<Response, CallError> {
    let (parts, body) = answer.into_parts();
    let after = retry_after(&parts.headers, Timestamp::now());
    match parts.status.as_u16() {
        200..=299 => {
            Ok(Response { status: parts.status, headers: parts.headers, body: Redacted::new(body), safe })
        }
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
            Err(CallError::Refused(Refusal { status, body: Redacted::new(body), ..refusal }))
        }
    }
}
