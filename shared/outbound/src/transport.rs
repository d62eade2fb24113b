use std::time::Duration;

use async_trait::async_trait;

use crate::{TargetConfig, TargetConfigError};

/// One exchange with a server. What speaks HTTP is chosen when a target is made, so that schedules of crashes can be
/// played without a network.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Ends within `timeout`, with the whole body or none.
    async fn exchange(
        &self,
        request: http::Request<Vec<u8>>,
        timeout: Duration,
    ) -> Result<http::Response<Vec<u8>>, TransportError>;
}

/// Why there is no answer, by what it says about the request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TransportError {
    /// Not a byte of it was sent.
    NotSent,
    /// It may have arrived.
    NoAnswer,
    /// It arrived, and the answer is longer than we read.
    TooLong,
}

/// A connection that has been idle for longer is not used again. Servers close what is idle (gunicorn after two seconds), and
/// what is sent meanwhile may have arrived or not; a function that was frozen between two invocations would meet that often.
const LONGEST_IDLE: Duration = Duration::from_secs(1);

/// HTTP/1.1 with a pool of connections.
pub(crate) struct HttpTransport {
    client: reqwest::Client,
    max_body_bytes: usize,
}

impl HttpTransport {
    pub(crate) fn new(config: &TargetConfig) -> Result<Self, TargetConfigError> {
        // Already installed is fine: there is one provider in the process either way.
        drop(rustls::crypto::ring::default_provider().install_default());
        let client = reqwest::Client::builder()
            .connect_timeout(config.connect_timeout)
            .pool_idle_timeout(LONGEST_IDLE)
            // A redirected write could be made twice, or elsewhere.
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .user_agent(concat!("spillway/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|source| TargetConfigError::Client { name: config.name, source })?;
        Ok(Self { client, max_body_bytes: config.max_body_bytes })
    }
}

#[async_trait]
impl Transport for HttpTransport {
    async fn exchange(
        &self,
        request: http::Request<Vec<u8>>,
        timeout: Duration,
    ) -> Result<http::Response<Vec<u8>>, TransportError> {
        let mut request = reqwest::Request::try_from(request).map_err(|_| TransportError::NotSent)?;
        *request.timeout_mut() = Some(timeout);
        let mut response = self.client.execute(request).await.map_err(|error| failed(&error))?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|_| TransportError::NoAnswer)? {
            if body.len() + chunk.len() > self.max_body_bytes {
                return Err(TransportError::TooLong);
            }
            body.extend_from_slice(&chunk);
        }
        let mut answer = http::Response::new(body);
        *answer.status_mut() = response.status();
        *answer.headers_mut() = std::mem::take(response.headers_mut());
        Ok(answer)
    }
}

fn failed(error: &reqwest::Error) -> TransportError {
    if error.is_connect() || error.is_builder() { TransportError::NotSent } else { TransportError::NoAnswer }
}
