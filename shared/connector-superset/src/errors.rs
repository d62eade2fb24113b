use std::time::Duration;

use message::Code;
use outbound::{CallError, Refusal};
use serde::Deserialize;

/// Token problems are told under `msg` (Flask-JWT-Extended), everything else under `message` (Superset). Both are only
/// recognised, never passed on: they quote names of records.
#[derive(Deserialize)]
struct ErrorBody {
    msg: Option<serde::de::IgnoredAny>,
}

/// How long a step is left alone that Superset has answered and not done. Five receives are more than eight minutes then: longer
/// than a warehouse takes that is started again.
const REST: Duration = Duration::from_secs(120);

/// Superset has answered, and the answer is that it did not work.
pub(crate) const fn reported() -> CallError {
    CallError::NotNow { code: Code::TargetReportsFailure, after: Some(REST) }
}

/// What has answered is at work no more, whatever it has answered; a server error says nothing of that, as a proxy may answer
/// with one while Superset goes on. It keeps its claim, and on its last receive its letter stands for no other load.
pub(crate) fn over(error: CallError) -> CallError {
    match error {
        CallError::NotNow { code: code @ Code::ResponseUnreadable, .. }
        | CallError::OutcomeUnknown { code: code @ Code::ResponseUnreadable, .. } => {
            CallError::NotNow { code, after: Some(REST) }
        }
        other => other,
    }
}

/// A secret that nobody can log in with.
pub(crate) const fn no_credential() -> CallError {
    CallError::NotNow { code: Code::SecretUnavailable, after: None }
}

/// Whether another session might fare better.
pub(crate) fn is_of_the_session(error: &CallError) -> bool {
    match error {
        CallError::NotNow { code, .. } => *code == Code::CredentialsRefused,
        CallError::Refused(refusal) => refuses_the_session(refusal),
        CallError::OutcomeUnknown { .. } | CallError::Awaiting { .. } => false,
    }
}

/// A session that was not taken is our own fault, not the message's.
pub(crate) fn explain(error: CallError) -> CallError {
    match error {
        CallError::Refused(refusal) if refuses_the_session(&refusal) => {
            CallError::NotNow { code: Code::CredentialsRefused, after: None }
        }
        other => other,
    }
}

/// Beside 401 and 403: a token that was signed with a key that Superset has changed since (422), a CSRF token of another
/// session, or none (400).
fn refuses_the_session(refusal: &Refusal) -> bool {
    let body = refusal.body.expose();
    match refusal.status {
        400 => body.windows(4).any(|word| word == b"CSRF"),
        422 => serde_json::from_slice::<ErrorBody>(body).is_ok_and(|body| body.msg.is_some()),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use message::Redacted;

    use super::*;

    fn refused(status: u16, body: &str) -> CallError {
        let refusal = Refusal::new(Code::TargetRefused, "$", "as it was");
        CallError::Refused(Refusal { status, body: Redacted::new(body.as_bytes().to_vec()), ..refusal })
    }

    #[test]
    fn an_answer_that_cannot_be_read_is_one_and_what_did_not_come_is_none() {
        let (code, after) = (Code::ResponseUnreadable, None);
        for unreadable in [CallError::NotNow { code, after }, CallError::OutcomeUnknown { code, after }] {
            assert_eq!(over(unreadable), CallError::NotNow { code, after: Some(REST) });
        }
        let lost = CallError::OutcomeUnknown { code: Code::OutcomeUnknown, after };
        assert_eq!(over(lost.clone()), lost);
    }

    #[test]
    fn superset_6_1_answers_to_a_token_are_told_from_those_to_a_dataset() {
        // As Superset 6.1.0 answered them.
        let token = refused(422, r#"{"msg":"Signature verification failed"}"#);
        assert!(is_of_the_session(&token));
        assert_eq!(explain(token).code(), Code::CredentialsRefused);
        let dataset = refused(422, r#"{"message":"Dataset could not be updated."}"#);
        assert!(!is_of_the_session(&dataset));
        assert_eq!(explain(dataset.clone()), dataset);
        let csrf = r#"{"errors": [{"message": "400 Bad Request: The CSRF session token is missing."}]}"#;
        assert!(is_of_the_session(&refused(400, csrf)));
        assert_eq!(explain(refused(400, csrf)).code(), Code::CredentialsRefused);
        assert!(!is_of_the_session(&refused(400, r#"{"message": {"chart_id": ["Not a valid integer."]}}"#)));
        assert!(!is_of_the_session(&refused(404, "{}")));
    }
}
