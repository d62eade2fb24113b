//! A record is written together with the count of its class and day, in one transaction.

use std::time::Duration;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata as _, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use uuid::Uuid;

use super::clock::wait;
use super::item::{number, string, text};
use super::table::{DynamoDbRecords, count_key, counted, record_key};
use super::{failed, unavailable};
use crate::audit::{Entry, Record};
use crate::error::ReviewError;

const OPERATION: &str = "TransactWriteItems";
/// Writes, while others write records of the same class and day.
const TRIES: u32 = 20;
/// Writes of which nobody says what has become of them.
const MOST_UNKNOWN: usize = 3;
/// Reads in a row that show a record with a number that is still free.
const MOST_UNCOUNTED: u32 = 3;
const LONGEST_WAIT_MS: u64 = 400;

/// What has become of a write.
enum Written {
    Yes,
    /// Somebody else was faster, or is at it: nothing was written.
    No,
    /// No answer.
    Unknown(ReviewError),
}

impl DynamoDbRecords {
    /// Each record says whose it is. Where a write ends without an answer, or is refused because the record is there, it is looked up:
    /// its condition lets no later arrival of the same write through once another record has its number.
    pub(super) async fn append_record(&self, record: &Record) -> Result<(), ReviewError> {
        let (class, day) = (record.action.class(), record.day());
        let count_key = count_key(class, day);
        let token = Uuid::new_v4().to_string();
        let (mut tried, mut attempts, mut unknown, mut uncounted) = (None::<String>, 0, Vec::new(), 0);
        loop {
            let mut keys = vec![count_key.clone()];
            keys.extend(tried.clone());
            let found = self.items(&keys).await?;
            if let Some(key) = &tried
                && let Some(item) = found.get(key)
                && text(key, item, "token")? == token
            {
                return Ok(());
            }
            if unknown.len() >= MOST_UNKNOWN || attempts >= TRIES {
                return Err(unknown.pop().unwrap_or(ReviewError::Busy));
            }
            let last = found.get(&count_key).map(|item| counted(&count_key, item)).transpose()?;
            let last = last.as_ref().map(|(number, digest)| (*number, digest.as_str()));
            let entry = Entry::after(last, record)?;
            let key = record_key(class, day, entry.number);
            // Read before the count of the same transaction it may seem so once.
            uncounted = if found.contains_key(&key) { uncounted + 1 } else { 0 };
            if uncounted >= MOST_UNCOUNTED {
                return Err(ReviewError::Refused(format!(
                    "{key} is there and is not counted: who wrote it?"
                )));
            }
            match self.write(&count_key, &key, &entry, &token).await? {
                Written::Yes => return Ok(()),
                Written::No => {}
                Written::Unknown(error) => unknown.push(error),
            }
            tried = Some(key);
            let longest = LONGEST_WAIT_MS.min(20 << attempts.min(10));
            wait(Duration::from_millis(fastrand::u64(0..longest))).await;
            attempts += 1;
        }
    }

    async fn write(
        &self,
        count_key: &str,
        key: &str,
        entry: &Entry,
        token: &str,
    ) -> Result<Written, ReviewError> {
        let count = Put::builder()
            .table_name(&self.table)
            .item("pk", string(count_key))
            .item("count", number(entry.number))
            .item("digest", string(&entry.digest()));
        let count = match entry.number.checked_sub(1) {
            None | Some(0) => count.condition_expression("attribute_not_exists(pk)"),
            Some(before) => count
                .condition_expression("#count = :before")
                .expression_attribute_names("#count", "count")
                .expression_attribute_values(":before", number(before)),
        };
        let told = Put::builder()
            .table_name(&self.table)
            .item("pk", string(key))
            .item("number", number(entry.number))
            .item("previous", string(&entry.previous))
            .item("record", string(&entry.text))
            .item("token", string(token))
            .condition_expression("attribute_not_exists(pk)");
        // The SDK's own repetitions of this request are one write by this.
        let mut request = self.client.transact_write_items().client_request_token(Uuid::new_v4().to_string());
        for put in [count, told] {
            let put = put.build().map_err(|error| unavailable(OPERATION, error.to_string()))?;
            request = request.transact_items(TransactWriteItem::builder().put(put).build());
        }
        match request.send().await {
            Ok(_) => Ok(Written::Yes),
            Err(error) => what_of(&error),
        }
    }
}

fn what_of(error: &SdkError<TransactWriteItemsError>) -> Result<Written, ReviewError> {
    use TransactWriteItemsError as Said;
    let unknown = || Ok(Written::Unknown(failed(OPERATION, error)));
    match error {
        SdkError::ServiceError(service) => match service.err() {
            Said::TransactionCanceledException(cancelled) => {
                let reasons = cancelled.cancellation_reasons.iter().flatten();
                let mut codes = reasons.filter_map(|reason| reason.code.as_deref());
                // An item that is too large stays so.
                if codes.any(|code| code == "ValidationError") {
                    return Err(failed(OPERATION, error));
                }
                Ok(Written::No)
            }
            Said::TransactionInProgressException(_) | Said::InternalServerError(_) => unknown(),
            _ if service.err().code().is_none() => unknown(),
            _ => Err(failed(OPERATION, error)),
        },
        SdkError::ConstructionFailure(_) => Err(failed(OPERATION, error)),
        _ => unknown(),
    }
}
