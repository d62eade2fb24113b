use std::time::Duration;

use message::{Code, Disposition, Effect, Redacted, Rejection, Retry};
use thiserror::Error;
use transform::MappingError;

/// Why a call to a target did not end well, by what the caller may do next.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CallError {
    /// This call has certainly changed nothing: call again later.
    #[error("{code}: {}", code.title())]
    NotNow { code: Code, after: Option<Duration> },
    /// The call may have had its effect: look it up before calling again.
    #[error("{code}: {}", code.title())]
    OutcomeUnknown { code: Code, after: Option<Duration> },
    /// What the operation refers to is not at the target yet: this call has certainly changed nothing, and calling again helps once
    /// that has come. Where it never does, the message is given up with this code and path.
    #[error("{code}: {}", code.title())]
    Awaiting { code: Code, path: &'static str, after: Duration },
    /// The target has said no, and would say no again: changed nothing.
    #[error("{}: {}", .0.code, .0.summary)]
    Refused(Refusal),
}

/// A final no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub code: Code,
    /// Path in the request or canonical payload that it is about; `$` where the target does not say.
    pub path: String,
    /// One sentence without personal data.
    pub summary: String,
    /// The target's mapping, where it was the one to refuse: no call was made.
    pub mapping: Option<&'static str>,
    /// HTTP status; 0 where no call was made.
    pub status: u16,
    /// What the target answered, capped: for connectors that read their system's error format. May be personal.
    pub body: Redacted<Vec<u8>>,
}

impl Refusal {
    pub fn new(code: Code, path: impl Into<String>, summary: impl Into<String>) -> Self {
        Self {
            code,
            path: path.into(),
            summary: summary.into(),
            mapping: None,
            status: 0,
            body: Redacted::new(Vec::new()),
        }
    }
}

impl CallError {
    pub const fn code(&self) -> Code {
        match self {
            Self::NotNow { code, .. } | Self::OutcomeUnknown { code, .. } | Self::Awaiting { code, .. } => {
                *code
            }
            Self::Refused(refusal) => refusal.code,
        }
    }

    /// What this call alone says about the effect.
    pub const fn effect(&self) -> Effect {
        match self {
            Self::NotNow { .. } | Self::Awaiting { .. } | Self::Refused(_) => Effect::Absent,
            Self::OutcomeUnknown { .. } => Effect::Unknown,
        }
    }

    /// What becomes of the record. `mapping` are the stamps of what it went through, the target's mapping among them.
    pub fn disposition(self, mapping: &'static str) -> Disposition {
        match self {
            Self::NotNow { code, after } | Self::OutcomeUnknown { code, after } => {
                Disposition::Retry(Retry::new(code, after, mapping))
            }
            Self::Awaiting { code, path, after } => {
                Disposition::Retry(Retry { path, ..Retry::new(code, Some(after), mapping) })
            }
            Self::Refused(refusal) => {
                let rejection = Rejection::new(refusal.code, refusal.path, refusal.summary);
                Disposition::Reject(rejection.with_mapping(mapping))
            }
        }
    }
}

/// A target mapping that cannot express what came: the same as a target that refuses it, without the call.
impl From<MappingError> for CallError {
    fn from(error: MappingError) -> Self {
        let rejection = Rejection::from(error);
        let refusal = Refusal::new(rejection.code, rejection.path, rejection.summary);
        Self::Refused(Refusal { mapping: Some(rejection.mapping), ..refusal })
    }
}
