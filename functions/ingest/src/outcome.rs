use aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use message::JSON_CONTENT_TYPE;
use serde_json::json;

use crate::Refusal;
use crate::refusal::json_response;

/// What became of an authentic event.
#[derive(Debug)]
pub(crate) enum Acceptance {
    Queued {
        correlation_id: String,
        message_id: String,
    },
    /// No route leads on from its type. Acknowledged all the same: a refusal would make the source try again, and in the
    /// end give up the whole subscription.
    Ignored {
        correlation_id: String,
    },
}

impl Acceptance {
    pub(crate) fn response(&self) -> ApiGatewayV2httpResponse {
        let body = match self {
            Self::Queued { correlation_id, message_id } => {
                json!({"status": "queued", "correlationId": correlation_id, "messageId": message_id})
            }
            Self::Ignored { correlation_id } => json!({"status": "ignored", "correlationId": correlation_id}),
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
    pub(crate) event_type: String,
    pub(crate) correlation_id: String,
    /// What our side says about a failure of ours.
    pub(crate) error: Option<String>,
}

impl Trail {
    pub(crate) fn log(&self, result: &Result<Acceptance, Refusal>) {
        let Self { source, bytes, event_type, correlation_id, error } = self;
        let error = error.as_deref();
        macro_rules! webhook_ended {
            ($level:ident, $outcome:literal $(, $extra:ident = $value:expr)*) => {
                tracing::$level!(
                    outcome = $outcome, source, event_type, correlation_id, bytes, error, $($extra = $value,)*
                    "webhook ended"
                )
            };
        }
        match result {
            Ok(Acceptance::Queued { message_id, .. }) => {
                webhook_ended!(info, "queued", message_id = message_id.as_str());
            }
            Ok(Acceptance::Ignored { .. }) => webhook_ended!(info, "ignored"),
            Err(refusal) => {
                let (code, status, detail) = (refusal.code().as_str(), refusal.status(), refusal.to_string());
                if refusal.is_ours() {
                    webhook_ended!(error, "unavailable", code = code, status = status, detail = detail);
                } else {
                    webhook_ended!(warn, "refused", code = code, status = status, detail = detail);
                }
            }
        }
    }
}
