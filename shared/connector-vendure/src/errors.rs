use message::Code;
use outbound::CallError;

use crate::wire::Problem;

/// A secret that nobody can log in with.
pub(crate) const fn no_credential() -> CallError {
    not_now(Code::SecretUnavailable)
}

pub(crate) const fn refused_credential() -> CallError {
    not_now(Code::CredentialsRefused)
}

const fn not_now(code: Code) -> CallError {
    CallError::NotNow { code, after: None }
}

/// A question changes nothing, though it is posted, and after a login nothing is there that anybody would notice.
pub(crate) fn unchanged(error: CallError) -> CallError {
    match error {
        CallError::OutcomeUnknown { code, after } => CallError::NotNow { code: asked(code), after },
        other => other,
    }
}

/// Without an answer, as a question has none.
fn asked(code: Code) -> Code {
    if code == Code::OutcomeUnknown { Code::TargetUnreachable } else { code }
}

/// What GraphQL says inside an answer. A session that is over and a role that may not read orders are told alike.
pub(crate) fn told(problems: &[Problem]) -> Option<CallError> {
    let codes = problems.iter().map(|it| it.extensions.as_ref().and_then(|it| it.code.as_deref()));
    let codes: Vec<_> = codes.collect();
    match codes.as_slice() {
        [] => None,
        codes if codes.contains(&Some("FORBIDDEN")) || codes.contains(&Some("UNAUTHORIZED")) => {
            Some(refused_credential())
        }
        _ => Some(not_now(Code::TargetReportsFailure)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(errors: &str) -> Option<Code> {
        let problems: Vec<Problem> = serde_json::from_str(errors).unwrap();
        told(&problems).map(|error| error.code())
    }

    #[test]
    fn a_session_that_is_over_is_told_from_a_failure() {
        assert_eq!(of("[]"), None);
        let over =
            r#"[{"message": "You are not currently authorized", "extensions": {"code": "FORBIDDEN"}}]"#;
        assert_eq!(of(over), Some(Code::CredentialsRefused));
        for failure in
            [r#"[{"extensions": {"code": "INTERNAL_SERVER_ERROR"}}]"#, "[{}]", r#"[{"extensions": {}}]"#]
        {
            assert_eq!(of(failure), Some(Code::TargetReportsFailure), "{failure}");
        }
    }

    #[test]
    fn a_question_without_an_answer_has_changed_nothing() {
        let lost = CallError::OutcomeUnknown { code: Code::OutcomeUnknown, after: None };
        assert_eq!(unchanged(lost), not_now(Code::TargetUnreachable));
        let failed = CallError::OutcomeUnknown { code: Code::TargetFailed, after: None };
        assert_eq!(unchanged(failed), not_now(Code::TargetFailed));
    }
}
