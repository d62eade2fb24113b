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
    refused(operation, error.code()).unwrap_or_else(|| unavailable(operation, error_chain(error)))
}

/// Services spell it `AccessDenied`, `AccessDeniedException` and, of a queue's key, `KmsAccessDenied`.
fn refused(operation: &'static str, code: Option<&str>) -> Option<ReviewError> {
    code.filter(|code| code.contains("AccessDenied")).map(|_| ReviewError::Denied(operation))
}

fn unavailable(operation: &'static str, problem: impl Into<String>) -> ReviewError {
    ReviewError::Unavailable { operation, problem: problem.into() }
}
