use message::Code;
use outbound::{CallError, Refusal};

use crate::wire::ErrorBody;

/// The codes that are passed on: those of Karrio's server (modules/core/karrio/server/core/exceptions.py) and SDK
/// (modules/sdk/karrio/core/errors.py) and of Django REST framework (rest_framework/exceptions.py) below it. Any other word may be a carrier's,
/// and quote the address that it was sent; messages do.
const CODES: [&str; 31] = [
    "authentication_failed",
    "blank",
    "does_not_exist",
    "error",
    "exceeds",
    "failure",
    "incorrect_type",
    "invalid",
    "invalid_choice",
    "invalid_request",
    "invalid_token",
    "max_length",
    "method_not_allowed",
    "min_length",
    "not_acceptable",
    "not_authenticated",
    "not_found",
    "null",
    "parse_error",
    "permission_denied",
    "required",
    "service_unavailable",
    "shipping_api_error",
    "unsupported_media_type",
    "validation",
    "SHIPPING_SDK_DESTINATION_NOT_SERVICED_ERROR",
    "SHIPPING_SDK_FIELD_ERROR",
    "SHIPPING_SDK_INTERNAL_ERROR",
    "SHIPPING_SDK_NON_SUPPORTED_ERROR",
    "SHIPPING_SDK_ORIGIN_NOT_SERVICED_ERROR",
    "SHIPPING_SDK_VALIDATING_ERROR",
];

/// Adds Karrio's own error code to the summary of a refusal. 424 says that the carrier behind Karrio has refused:
/// as final as a 400.
pub(crate) fn explain(error: CallError) -> CallError {
    match error {
        CallError::Refused(refusal) if refusal.status != 0 => CallError::Refused(with_code(refusal)),
        other => other,
    }
}

fn with_code(refusal: Refusal) -> Refusal {
    let body: Option<ErrorBody> = serde_json::from_slice(refusal.body.expose()).ok();
    let codes: Vec<&'static str> = body
        .iter()
        .flat_map(|body| body.errors.iter().chain(&body.messages))
        .filter_map(|entry| entry.code.as_deref().and_then(known))
        .take(3)
        .collect();
    if codes.is_empty() {
        return refusal;
    }
    let summary = format!("Karrio answered with status {}: {}", refusal.status, codes.join(", "));
    Refusal { code: Code::TargetRefused, summary, ..refusal }
}

/// As it stands here: nothing of the answer itself goes on.
fn known(code: &str) -> Option<&'static str> {
    CODES.into_iter().find(|known| *known == code)
}

#[cfg(test)]
mod tests {
    use message::Redacted;

    use super::*;

    fn explained(status: u16, body: &str) -> String {
        let refusal = Refusal::new(Code::TargetRefused, "$", "as it was");
        let refusal = Refusal { status, body: Redacted::new(body.as_bytes().to_vec()), ..refusal };
        explain(CallError::Refused(refusal)).to_string()
    }

    #[test]
    fn karrios_code_is_told_and_its_message_is_not() {
        let body = r#"{"errors": [{"code": "validation", "message": "Ann Example, Main 1", "details": {}}]}"#;
        assert_eq!(explained(400, body), "SPW4005: Karrio answered with status 400: validation");
    }

    #[test]
    fn a_carriers_refusal_is_told_by_its_code_too() {
        let body = r#"{"messages": [{"code": "shipping_api_error", "carrier_id": "testpost"}]}"#;
        assert_eq!(explained(424, body), "SPW4005: Karrio answered with status 424: shipping_api_error");
    }

    #[test]
    fn a_code_that_nobody_knows_and_a_body_that_is_no_json_are_left_out() {
        for code in ["Ann Example", "Example", "10115"] {
            let body = serde_json::json!({ "errors": [{ "code": code }] }).to_string();
            assert_eq!(explained(400, &body), "SPW4005: as it was");
        }
        assert_eq!(explained(400, "<html>"), "SPW4005: as it was");
    }
}
