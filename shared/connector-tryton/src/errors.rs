use message::Code;
use outbound::{CallError, Refusal};
use serde::Deserialize;

/// The body of a 400. The message quotes names of records, so it is only recognised, never passed on.
#[derive(Deserialize)]
struct ErrorBody {
    message: String,
}

/// What a 400 of Tryton's turns out to mean.
pub(crate) enum Refused {
    /// A record with this code is there: somebody else has just made it.
    NotUnique,
    /// A state transition that the record does not offer: its state has changed since it was read.
    StateChanged,
    Other,
}

pub(crate) fn meaning(refusal: &Refusal) -> Refused {
    let body: Option<ErrorBody> = serde_json::from_slice(refusal.body.expose()).ok();
    match body.as_ref().map(|body| body.message.as_str()) {
        Some(message) if message.ends_with("must be unique.") => Refused::NotUnique,
        Some(message) if message.starts_with("You can not call") => Refused::StateChanged,
        _ => Refused::Other,
    }
}

/// A transition that came too late is tried again with a fresh look; every other refusal stays one.
pub(crate) fn of_transition(error: CallError) -> CallError {
    match error {
        CallError::Refused(refusal) if matches!(meaning(&refusal), Refused::StateChanged) => {
            CallError::NotNow { code: Code::TargetFailed, after: None }
        }
        other => other,
    }
}

/// After a first successful write "not now" would be half the truth: something is at the target.
pub(crate) fn after_a_write(error: CallError) -> CallError {
    match error {
        CallError::NotNow { code, after } => CallError::OutcomeUnknown { code, after },
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use message::{Effect, Redacted};

    use super::*;

    fn refused(message: &str) -> Refusal {
        let body = serde_json::json!({ "status": 400, "message": message, "description": "" }).to_string();
        let refusal = Refusal::new(Code::TargetRefused, "$", "the target answered with status 400");
        Refusal { status: 400, body: Redacted::new(body.into_bytes()), ..refusal }
    }

    #[test]
    fn tryton_8_2_messages_are_recognised() {
        // As Tryton 8.2.1 answered them.
        let unique = refused("The code on party must be unique.");
        assert!(matches!(meaning(&unique), Refused::NotUnique));
        let late = refused(r#"You can not call "quote" on "10 [acme/1]" of "Sale"."#);
        assert!(matches!(meaning(&late), Refused::StateChanged));
        assert!(matches!(meaning(&refused("Something else")), Refused::Other));
    }

    #[test]
    fn a_late_transition_is_tried_again_and_another_refusal_is_final() {
        let late = CallError::Refused(refused(r#"You can not call "quote" on "10" of "Sale"."#));
        assert!(matches!(of_transition(late), CallError::NotNow { .. }));
        let other = CallError::Refused(refused("Party Ann Example is blocked"));
        let other = of_transition(other);
        assert!(matches!(other, CallError::Refused(_)));
        assert!(!other.to_string().contains("Ann"));
    }

    #[test]
    fn after_a_write_the_effect_is_unknown() {
        let error = after_a_write(CallError::NotNow { code: Code::TargetThrottled, after: None });
        assert_eq!((error.code(), error.effect()), (Code::TargetThrottled, Effect::Unknown));
    }
}
