use aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use message::JSON_CONTENT_TYPE;
use serde_json::json;
use telemetry::metrics::{ACCEPTED, EVENTS_IGNORED, SIGNATURE_REJECTED};

use crate::Refusal;
use crate::refusal::json_response;

/// What became of an authentic delivery's events.
#[derive(Default, Debug)]
pub(crate) struct Acceptance {
    pub(crate) queued: Vec<Queued>,
    /// Correlation ids of events from whose type no route leads on. Acknowledged all the same: a refusal would make the source
    /// try again, and in the end give up the whole subscription.
    pub(crate) ignored: Vec<String>,
}

#[derive(Debug)]
pub(crate) struct Queued {
    pub(crate) correlation_id: String,
    pub(crate) message_id: String,
}

impl Acceptance {
    const fn status(&self) -> &'static str {
        if self.queued.is_empty() { "ignored" } else { "queued" }
    }

    pub(crate) fn response(&self) -> ApiGatewayV2httpResponse {
        let body = match (self.queued.as_slice(), self.ignored.as_slice()) {
            ([Queued { correlation_id, message_id }], []) => {
                json!({"status": "queued", "correlationId": correlation_id, "messageId": message_id})
            }
            ([], [correlation_id]) => json!({"status": "ignored", "correlationId": correlation_id}),
            (queued, ignored) => {
                json!({"status": self.status(), "queued": queued.len(), "ignored": ignored.len()})
            }
        };
        json_response(202, JSON_CONTENT_TYPE, &body)
    }
}

/// What is known of a request by the time it ends: the fields of its one log line. Of what an unauthenticated sender
/// wrote nothing is in it.
#[derive(Default, Debug)]
pub(crate) struct Trail {
    /// Empty for an unknown source.
    pub(crate) source: String,
    pub(crate) bytes: usize,
    /// Of its first event, where there are several.
    pub(crate) event_type: String,
    pub(crate) correlation_id: String,
    /// The source's of this very delivery; empty where it has none.
    pub(crate) delivery_id: String,
    /// X-Ray's; empty where the request is not traced.
    pub(crate) trace_id: String,
    /// What our side says about a failure of ours.
    pub(crate) error: Option<String>,
}

impl Trail {
    pub(crate) fn of(trace_header: Option<&str>) -> Self {
        let trace_id = trace_header.and_then(telemetry::trace_id).unwrap_or_default().to_owned();
        Self { trace_id, ..Self::default() }
    }

    pub(crate) fn log(&self, result: &Result<Acceptance, Refusal>) {
        let Self { source, bytes, event_type, correlation_id, delivery_id, trace_id, error } = self;
        let error = error.as_deref();
        macro_rules! webhook_ended {
            ($level:ident, $outcome:expr $(, $extra:ident = $value:expr)*) => {
                tracing::$level!(
                    outcome = $outcome, source, event_type, correlation_id, delivery_id, trace_id, bytes, error, $($extra = $value,)*
                    "webhook ended"
                )
            };
        }
        match result {
            Ok(acceptance) => {
                let (queued, ignored) = (acceptance.queued.len(), acceptance.ignored.len());
                let message_id = acceptance.queued.first().map(|first| first.message_id.as_str());
                webhook_ended!(
                    info,
                    acceptance.status(),
                    message_id = message_id,
                    queued = queued,
                    ignored = ignored
                );
                if queued > 0 {
                    telemetry::count(&ACCEPTED, [source], u64::try_from(queued).unwrap_or(u64::MAX));
                }
                if ignored > 0 {
                    let count = u64::try_from(ignored).unwrap_or(u64::MAX);
                    telemetry::count(&EVENTS_IGNORED, [source], count);
                }
            }
            Err(refusal) => {
                let (code, status, detail) = (refusal.code().as_str(), refusal.status(), refusal.to_string());
                if matches!(refusal, Refusal::SignatureInvalid(_) | Refusal::TimestampOutsideWindow) {
                    telemetry::count(&SIGNATURE_REJECTED, [source], 1);
                }
                if refusal.is_ours() {
                    webhook_ended!(error, "unavailable", code = code, status = status, detail = detail);
                } else {
                    webhook_ended!(warn, "refused", code = code, status = status, detail = detail);
                }
            }
        }
    }
}
