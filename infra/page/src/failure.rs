use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use maud::html;
use review::ReviewError;

use crate::layout::bare;

/// What could not be shown or done, and what to do about it: a page of its own. Holds no value of a letter.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) status: StatusCode,
    title: &'static str,
    what: String,
    to_do: &'static str,
}

impl Failure {
    pub(crate) fn new(
        status: StatusCode,
        title: &'static str,
        what: impl Into<String>,
        to_do: &'static str,
    ) -> Self {
        Self { status, title, what: what.into(), to_do }
    }

    pub(crate) fn missing(what: impl Into<String>) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "Not found",
            what,
            "It may have been redriven, discarded or dropped since. Look at the groups again, or into the archive and the audit.",
        )
    }

    pub(crate) fn busy() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "Too much at once",
            "As many requests as this page works on at a time are under way.",
            "Wait until one of them has ended, and do it again.",
        )
    }

    pub(crate) fn broken_off() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "Broken off",
            "This was broken off by a fault of the page itself.",
            "Letters that were being looked at are back after a minute. The audit says what was begun; doing it again does no harm.",
        )
    }

    /// Where something is shown, what is refused is what there is not.
    pub(crate) fn or_missing(self) -> Self {
        if self.status == StatusCode::UNPROCESSABLE_ENTITY { Self::missing(self.what) } else { self }
    }

    /// What the person has entered can be mended: what is wrong with it.
    pub(crate) fn refused(self) -> Result<String, Self> {
        if self.status == StatusCode::UNPROCESSABLE_ENTITY { Ok(self.what) } else { Err(self) }
    }
}

impl From<ReviewError> for Failure {
    fn from(error: ReviewError) -> Self {
        let what = error.to_string();
        let (status, title, to_do) = match error {
            ReviewError::Unavailable { .. } => (
                StatusCode::BAD_GATEWAY,
                "AWS did not do it",
                "Look at the groups and the audit to see how far it came, and do it again: nothing is done twice by that.",
            ),
            ReviewError::Denied(_) => (
                StatusCode::FORBIDDEN,
                "Access denied",
                "Reading, moving and discarding have a role each. Start the command with credentials of the one that may do this.",
            ),
            ReviewError::Credentials(_) => (
                StatusCode::BAD_GATEWAY,
                "The AWS credentials have run out",
                "End the command, renew its credentials and start it again. The audit says what was begun; doing it again does no harm.",
            ),
            ReviewError::Corrupt { .. } | ReviewError::Encode(_) => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "What is stored cannot be read",
                "Look at the item or object that is named, and at its earlier versions.",
            ),
            ReviewError::Busy => {
                (StatusCode::CONFLICT, "Somebody else is writing", "Wait a moment and do it again.")
            }
            ReviewError::Reason { .. } | ReviewError::Refused(_) => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "Refused",
                "Go back, change what was entered, and do it again.",
            ),
        };
        Self::new(status, title, what, to_do)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let body = html! {
            h1 { (self.title) }
            p { (self.what) }
            p { (self.to_do) }
            p { a href="/" { "To the groups" } }
        };
        (self.status, Html(bare(self.title, body).into_string())).into_response()
    }
}
