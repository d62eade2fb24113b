use std::time::Duration;

use message::Code;
use outbound::CallError;

/// What the attempt of one record says of the target's health. Attempts are counted, not calls: where the look-ups before
/// and after a failed write are answered, the target is none the better for it. The message is judged elsewhere: a
/// refusal is the answer of a target that works.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Observation {
    Works,
    /// No answer, a server error, or credentials that it refuses or that cannot be had: it is of no use to call it.
    Failed(Code),
    /// Asked to be called later.
    Throttled {
        after: Option<Duration>,
    },
}

impl Observation {
    /// Whether people have to mend our credentials.
    pub const fn is_of_credentials(self) -> bool {
        matches!(self, Self::Failed(Code::CredentialsRefused | Code::SecretUnavailable))
    }

    /// `None` where nothing was learnt of calling it.
    pub const fn of(error: Option<&CallError>) -> Option<Self> {
        let (code, after) = match error {
            None => return Some(Self::Works),
            // A mapping that cannot say it refuses without a call.
            Some(CallError::Refused(refusal)) if refusal.mapping.is_some() => return None,
            Some(CallError::Refused(_) | CallError::Awaiting { .. }) => return Some(Self::Works),
            Some(CallError::NotNow { code, after } | CallError::OutcomeUnknown { code, after }) => {
                (*code, *after)
            }
        };
        match code {
            Code::LeaseTooShort | Code::FollowOnNotSent => None,
            // An answer came, in a form that we cannot read, or of one thing among many that failed: the target is up.
            Code::ResponseUnreadable | Code::TargetReportsFailure => Some(Self::Works),
            Code::TargetThrottled => Some(Self::Throttled { after }),
            code => Some(Self::Failed(code)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_that_cannot_be_called_with_our_credentials_has_failed() {
        let of = |code| Observation::of(Some(&CallError::NotNow { code, after: None }));
        for code in [Code::CredentialsRefused, Code::SecretUnavailable] {
            assert_eq!(of(code), Some(Observation::Failed(code)));
        }
    }

    #[test]
    fn an_answer_that_tells_of_one_failure_among_many_things_is_the_answer_of_a_target_that_works() {
        let of = |code| Observation::of(Some(&CallError::NotNow { code, after: None }));
        assert_eq!(of(Code::TargetReportsFailure), Some(Observation::Works));
        assert_eq!(of(Code::TargetFailed), Some(Observation::Failed(Code::TargetFailed)));
        assert_eq!(of(Code::LeaseTooShort), None);
    }
}
