use std::sync::Arc;

use thiserror::Error;

/// Why a review could not go on. Holds no value of a letter.
#[derive(Clone, Debug, Error)]
pub enum ReviewError {
    /// SQS, S3 or DynamoDB did not do it, or its answer was lost.
    #[error("{operation}: {problem}")]
    Unavailable {
        operation: &'static str,
        /// Its causes in one line, without the response.
        problem: String,
    },
    #[error("{0}: access denied: which role is this?")]
    Denied(&'static str),
    /// Those of the person who runs it: trying again does not help.
    #[error("{0}: the AWS credentials have run out or are not valid: renew them and start the command again")]
    Credentials(&'static str),
    #[error("{key}: {attribute} cannot be read")]
    Corrupt { key: String, attribute: &'static str },
    #[error("others write records of the same kind at the same time; nothing was done")]
    Busy,
    #[error("a reason is needed, of at most {most} bytes")]
    Reason { most: usize },
    #[error("{0}")]
    Refused(String),
    #[error("the letter cannot be written as JSON")]
    Encode(#[source] Arc<serde_json::Error>),
}

impl ReviewError {
    /// Somebody said so before all letters were seen.
    pub(crate) fn broken_off(what: &str) -> Self {
        Self::Refused(format!("broken off before all letters were seen: {what}"))
    }

    /// The look was over only when the letters' time was.
    pub(crate) fn too_slow() -> Self {
        Self::Refused(
            "looking through the queue took longer than letters are hidden: hide them for longer (--hidden-seconds)"
                .to_owned(),
        )
    }
}

impl From<serde_json::Error> for ReviewError {
    fn from(error: serde_json::Error) -> Self {
        Self::Encode(Arc::new(error))
    }
}
