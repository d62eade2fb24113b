use message::Code;
use outbound::{CallError, Refusal};

use crate::wire::ErrorBody;

/// Karrio's codes are short words (`validation`, `not_found`, `shipping_api_error`). Its messages quote addresses, so
/// only what looks like such a word is passed on.
const LONGEST_CODE: usize = 40;

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
    let codes: Vec<_> = body
        .iter()
        .flat_map(|body| body.errors.iter().chain(&body.messages))
        .filter_map(|entry| entry.code.as_deref())
        .filter(|code| is_word(code))
        .take(3)
        .collect();
    if codes.is_empty() {
        return refusal;
    }
    let summary = format!("Karrio answered with status {}: {}", refusal.status, codes.join(", "));
    Refusal { code: Code::TargetRefused, summary, ..refusal }
}

fn is_word(code: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    !code.is_empty() && code.len() <= LONGEST_CODE && code.bytes().all(letter)
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
    fn a_code_that_is_no_word_and_a_body_that_is_no_json_are_left_out() {
        assert_eq!(explained(400, r#"{"errors": [{"code": "Ann Example"}]}"#), "SPW4005: as it was");
        assert_eq!(explained(400, "<html>"), "SPW4005: as it was");
    }
}
