use aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use message::Code;
use serde_json::json;
use thiserror::Error;

/// Seconds after which a source may try again: what is cached as failed is asked for again by then.
pub const RETRY_AFTER_SECONDS: i64 = aws::MIN_REFRESH_INTERVAL.as_secs();

/// Why a webhook was not accepted. Nothing was queued. The texts are fixed: what was sent is never said back.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum Refusal {
    #[error("no source of this name receives webhooks here")]
    SourceUnknown,
    #[error("Content-Type must be application/json in UTF-8")]
    MediaTypeUnsupported,
    #[error("the body is larger than this source may send")]
    PayloadTooLarge,
    /// The sender may be anybody: the text does not tell what would have verified.
    #[error("{0}")]
    SignatureInvalid(&'static str),
    #[error("the timestamp is too far from the present time")]
    TimestampOutsideWindow,
    #[error("{0}")]
    RequestMalformed(&'static str),
    #[error("the event cannot be verified at present")]
    SecretUnavailable,
    #[error("the event cannot be queued at present")]
    QueueUnavailable,
}

impl Refusal {
    pub const fn code(&self) -> Code {
        match self {
            Self::SourceUnknown => Code::SourceUnknown,
            Self::MediaTypeUnsupported => Code::MediaTypeUnsupported,
            Self::PayloadTooLarge => Code::PayloadTooLarge,
            Self::SignatureInvalid(_) => Code::SignatureInvalid,
            Self::TimestampOutsideWindow => Code::TimestampOutsideWindow,
            Self::RequestMalformed(_) => Code::RequestMalformed,
            Self::SecretUnavailable => Code::SecretUnavailable,
            Self::QueueUnavailable => Code::QueueUnavailable,
        }
    }

    pub const fn status(&self) -> u16 {
        match self {
            Self::RequestMalformed(_) => 400,
            Self::SignatureInvalid(_) | Self::TimestampOutsideWindow => 401,
            Self::SourceUnknown => 404,
            Self::PayloadTooLarge => 413,
            Self::MediaTypeUnsupported => 415,
            Self::SecretUnavailable | Self::QueueUnavailable => 503,
        }
    }

    /// Whether the same request can be accepted later.
    pub const fn is_ours(&self) -> bool {
        self.status() >= 500
    }

    /// RFC 9457 problem details.
    pub fn response(&self) -> ApiGatewayV2httpResponse {
        let code = self.code();
        let body = json!({
            "type": format!("urn:spillway:error:{code}"),
            "title": code.title(),
            "status": self.status(),
            "detail": self.to_string(),
            "code": code.as_str(),
        });
        let mut response = json_response(self.status(), "application/problem+json", &body);
        if self.is_ours() {
            response.headers.insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER_SECONDS));
        }
        response
    }
}

/// A response of API Gateway's payload format 2.0.
pub(crate) fn json_response(
    status: u16,
    media_type: &'static str,
    body: &serde_json::Value,
) -> ApiGatewayV2httpResponse {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(HeaderName::from_static("x-content-type-options"), HeaderValue::from_static("nosniff"));
    let mut response = ApiGatewayV2httpResponse::default();
    response.status_code = i64::from(status);
    response.headers = headers;
    response.body = Some(body.to_string().into());
    response
}
