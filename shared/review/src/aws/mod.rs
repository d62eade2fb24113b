//! The ports as AWS has them: SQS, S3 and the ledger table.

mod append;
mod bucket;
mod clock;
mod item;
mod queue;
mod table;

use std::error::Error;

use ::aws::error_chain;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};

pub use bucket::S3Archive;
pub use clock::SystemClock;
pub use queue::{SqsLetterQueue, SqsSourceQueue, get_queue_url};
pub use table::DynamoDbRecords;

use crate::error::ReviewError;

fn failed<E>(operation: &'static str, error: &SdkError<E>) -> ReviewError
where
    E: ProvideErrorMetadata + Error + 'static,
{
    if lacks_credentials(error) {
        return ReviewError::Credentials(operation);
    }
    refused(operation, error.code()).unwrap_or_else(|| unavailable(operation, error_chain(error)))
}

/// As STS, CloudFormation and SQS say it, CloudWatch Logs and DynamoDB, and S3.
const CREDENTIALS: [&str; 13] = [
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "IncompleteSignatureException",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "InvalidToken",
    "MissingAuthenticationToken",
    "RequestExpired",
    "SignatureDoesNotMatch",
    "TokenRefreshRequired",
    "UnrecognizedClientException",
];

/// Services spell it `AccessDenied`, `AccessDeniedException` and, of a queue's key, `KmsAccessDenied`.
fn refused(operation: &'static str, code: Option<&str>) -> Option<ReviewError> {
    let code = code?;
    if CREDENTIALS.contains(&code) {
        return Some(ReviewError::Credentials(operation));
    }
    code.contains("AccessDenied").then_some(ReviewError::Denied(operation))
}

/// Whether AWS does not take the credentials of whoever asks, or none could be found to ask with: they have run out, say.
pub fn lacks_credentials<E>(error: &SdkError<E>) -> bool
where
    E: ProvideErrorMetadata + Error + 'static,
{
    match error {
        // The SDK names the error of a provider of credentials in no other way.
        SdkError::DispatchFailure(_) => error_chain(error).contains("credential"),
        _ => error.code().is_some_and(|code| CREDENTIALS.contains(&code)),
    }
}

fn unavailable(operation: &'static str, problem: impl Into<String>) -> ReviewError {
    ReviewError::Unavailable { operation, problem: problem.into() }
}
