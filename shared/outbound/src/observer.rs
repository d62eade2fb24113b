use std::time::Duration;

use message::Code;

/// Told of every call's end: what breakers and limiters go by.
pub trait CallObserver: Send + Sync {
    fn observe(&self, observation: Observation);
}

/// What a call says about the target's health. The message is judged elsewhere: a refusal is the answer of a target
/// that works.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Observation {
    Works,
    /// No answer, or a server error.
    Failed(Code),
    /// Asked to be called later.
    Throttled {
        after: Option<Duration>,
    },
    CredentialsRefused,
}

impl Observation {
    /// `None` where no call was made.
    pub(crate) const fn of(error: Option<&crate::CallError>) -> Option<Self> {
        let (code, after) = match error {
            None | Some(crate::CallError::Refused(_)) => return Some(Self::Works),
            Some(
                crate::CallError::NotNow { code, after } | crate::CallError::OutcomeUnknown { code, after },
            ) => (*code, *after),
        };
        match code {
            Code::LeaseTooShort | Code::SecretUnavailable => None,
            // An answer came, in a form that we cannot read: the target is up.
            Code::ResponseUnreadable => Some(Self::Works),
            Code::TargetThrottled => Some(Self::Throttled { after }),
            Code::CredentialsRefused => Some(Self::CredentialsRefused),
            code => Some(Self::Failed(code)),
        }
    }
}
