//! Several writes in one round trip.

use std::collections::HashMap;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::batch_execute_statement::BatchExecuteStatementError;
use aws_sdk_dynamodb::types::{
    AttributeValue, BatchStatementError, BatchStatementErrorCodeEnum, BatchStatementRequest,
    BatchStatementResponse, KeysAndAttributes, ReturnValuesOnConditionCheckFailure,
};
use futures::future::join_all;
use message::Effect;

use super::DynamoDbStore;
use super::attributes::{Attributes, number, read, string, text};
use crate::item::{Status, effect_name};
use crate::store::{ClaimAnswer, ClaimWrite, LedgerError, Settle, SettleAnswer, SettleWrite};

/// What `BatchExecuteStatement` takes.
pub(super) const MOST_STATEMENTS: usize = 25;

/// The epoch of a first claim.
const FIRST_EPOCH: u64 = 1;

impl DynamoDbStore {
    pub(super) async fn claim_batch(
        &self,
        writes: &[ClaimWrite<'_>],
    ) -> Vec<Result<ClaimAnswer, LedgerError>> {
        let statement = insert_statement(&self.table);
        let answers = self.execute(writes.iter().map(|write| insert(&statement, write)).collect()).await;
        let mut answers: Vec<_> = match answers {
            Ok(answers) => {
                writes.iter().zip(answers).map(|(write, answer)| inserted(write, answer)).collect()
            }
            Err(error) => return all_failed(writes.len(), &error),
        };
        let known: Vec<_> = indices(&answers, |answer| matches!(answer, Ok(Inserted::Known)));
        if !known.is_empty() {
            let items = self.read_all(known.iter().filter_map(|index| writes.get(*index))).await;
            let settled = join_all(known.iter().filter_map(|index| writes.get(*index)).map(|write| async {
                match &items {
                    Ok(items) => self.claim_known(write, items).await,
                    Err(error) => Err(error.again()),
                }
            }));
            for (index, answer) in known.iter().zip(settled.await) {
                if let Some(place) = answers.get_mut(*index) {
                    *place = answer.map(Inserted::Answered);
                }
            }
        }
        answers.into_iter().map(|answer| answer.map(Inserted::into_answer)).collect()
    }

    /// The item that stood in the way of an insert: refused by it, or claimed over it.
    async fn claim_known(
        &self,
        write: &ClaimWrite<'_>,
        items: &HashMap<String, Attributes>,
    ) -> Result<ClaimAnswer, LedgerError> {
        match items.get(write.key.as_str()).map(read).transpose()? {
            Some(item) if !item.is_free_for(write) => Ok(ClaimAnswer::Refused(Some(Box::new(item)))),
            Some(_) | None => self.claim_one(write).await,
        }
    }

    async fn read_all<'w>(
        &self,
        writes: impl Iterator<Item = &'w ClaimWrite<'w>>,
    ) -> Result<HashMap<String, Attributes>, LedgerError> {
        let keys = writes.map(|write| HashMap::from([("pk".to_owned(), text(write.key.as_str()))]));
        let keys = KeysAndAttributes::builder().set_keys(Some(keys.collect())).consistent_read(true).build();
        let keys = keys.map_err(LedgerError::unavailable)?;
        let request = self.client.batch_get_item().request_items(&self.table, keys);
        telemetry::ledger_called();
        let output = request.send().await.map_err(LedgerError::unavailable)?;
        if output.unprocessed_keys.is_some_and(|keys| !keys.is_empty()) {
            return Err(LedgerError::unavailable("BatchGetItem left keys unprocessed"));
        }
        let items = output.responses.into_iter().flat_map(HashMap::into_values).flatten();
        items.map(|item| Ok((string(&item, "pk")?, item))).collect()
    }

    pub(super) async fn settle_batch(
        &self,
        writes: &[SettleWrite<'_>],
    ) -> Vec<Result<SettleAnswer, LedgerError>> {
        let statements = writes.iter().map(|write| settle(&self.table, write)).collect();
        match self.execute(statements).await {
            Ok(answers) => answers.into_iter().map(settled).collect(),
            Err(error) => all_failed(writes.len(), &error),
        }
    }

    /// An answer a statement, in their order.
    async fn execute(
        &self,
        statements: Vec<BatchStatementRequest>,
    ) -> Result<Vec<BatchStatementResponse>, LedgerError> {
        let count = statements.len();
        let request = self.client.batch_execute_statement().set_statements(Some(statements));
        telemetry::ledger_called();
        let output = request
            .send()
            .await
            .map_err(|error: SdkError<BatchExecuteStatementError>| LedgerError::unavailable(error))?;
        let answers = output.responses.unwrap_or_default();
        if answers.len() == count {
            Ok(answers)
        } else {
            Err(LedgerError::unavailable("BatchExecuteStatement did not answer each statement"))
        }
    }
}

/// What an insert has met.
enum Inserted {
    Known,
    Answered(ClaimAnswer),
}

impl Inserted {
    fn into_answer(self) -> ClaimAnswer {
        match self {
            Self::Answered(answer) => answer,
            Self::Known => ClaimAnswer::Refused(None),
        }
    }
}

fn indices<T>(values: &[T], wanted: impl Fn(&T) -> bool) -> Vec<usize> {
    values.iter().enumerate().filter(|(_, value)| wanted(value)).map(|(index, _)| index).collect()
}

/// Attributes of a first claim, in the order of [`insert`]'s parameters.
fn insert_statement(table: &str) -> String {
    let attributes = [
        "pk",
        "status",
        "owner",
        "epoch",
        "lease_until",
        "fingerprint",
        "version",
        "applied_version",
        "effect",
        "prior_effect",
        "attempts",
        "first_claimed",
        "unknown_since",
        "message_id",
        "correlation_id",
        "mapping",
        "target_mapping",
        "expires_at",
    ];
    let fields: Vec<_> = attributes.iter().map(|name| format!("'{name}': ?")).collect();
    format!("INSERT INTO \"{table}\" VALUE {{{}}}", fields.join(", "))
}

fn insert(statement: &str, write: &ClaimWrite<'_>) -> BatchStatementRequest {
    let parameters = vec![
        text(write.key.as_str()),
        text(Status::Claimed.as_str()),
        text(write.owner),
        number(FIRST_EPOCH),
        number(write.lease_until_ms),
        text(write.fingerprint),
        number(write.version),
        number(0),
        text(effect_name(Effect::Unknown)),
        text(effect_name(Effect::Absent)),
        number(1),
        number(write.now_ms),
        number(write.now_ms),
        text(write.message_id),
        text(write.correlation_id),
        text(write.mapping),
        text(write.target_mapping),
        number(write.expires_at_s),
    ];
    request(statement.to_owned(), parameters)
}

fn settle(table: &str, write: &SettleWrite<'_>) -> BatchStatementRequest {
    let (mut set, mut parameters): (String, Vec<AttributeValue>) = match write.settle {
        Settle::Done { version, outcome, .. } => (
            "SET \"status\" = ? SET applied_version = ? SET outcome = ? SET effect = ?".to_owned(),
            vec![
                text(Status::Done.as_str()),
                number(version),
                text(outcome),
                text(effect_name(Effect::Absent)),
            ],
        ),
        Settle::Released { effect } => {
            ("SET lease_until = ? SET effect = ?".to_owned(), vec![number(0), text(effect_name(effect))])
        }
        Settle::Rejected { code } => (
            "SET \"status\" = ? SET code = ?".to_owned(),
            vec![text(Status::Rejected.as_str()), text(code.as_str())],
        ),
        Settle::Renewed { lease_until_ms } => {
            ("SET lease_until = ?".to_owned(), vec![number(lease_until_ms)])
        }
    };
    if let Settle::Done { target_id: Some(target_id), .. } = write.settle {
        set.push_str(" SET target_id = ?");
        parameters.push(text(target_id));
    }
    if let Some(progress) = write.progress {
        set.push_str(" SET progress = ?");
        parameters.push(text(progress));
    }
    if matches!(write.settle, Settle::Done { .. } | Settle::Released { effect: Effect::Absent }) {
        set.push_str(" REMOVE unknown_since");
    }
    parameters.extend([
        text(write.key.as_str()),
        text(Status::Claimed.as_str()),
        text(write.owner),
        number(write.epoch),
    ]);
    let own_claim = "WHERE pk = ? AND \"status\" = ? AND \"owner\" = ? AND epoch = ?";
    request(format!("UPDATE \"{table}\" {set} {own_claim}"), parameters)
}

#[expect(clippy::expect_used, reason = "a statement with text is complete, and the text is ours")]
fn request(statement: String, parameters: Vec<AttributeValue>) -> BatchStatementRequest {
    BatchStatementRequest::builder()
        .statement(statement)
        .set_parameters(Some(parameters))
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .build()
        .expect("a statement")
}

fn inserted(write: &ClaimWrite<'_>, answer: BatchStatementResponse) -> Result<Inserted, LedgerError> {
    match answer.error {
        None => Ok(Inserted::Answered(ClaimAnswer::Granted {
            epoch: FIRST_EPOCH,
            prior: Effect::Absent,
            first_claimed_ms: write.now_ms,
            unknown_since_ms: write.now_ms,
            progress: String::new(),
        })),
        Some(error) => match error.code {
            Some(BatchStatementErrorCodeEnum::DuplicateItem) => Ok(Inserted::Known),
            _ => Err(failed(error)),
        },
    }
}

fn settled(answer: BatchStatementResponse) -> Result<SettleAnswer, LedgerError> {
    match answer.error {
        None => Ok(SettleAnswer::Applied),
        Some(error) => match (&error.code, &error.item) {
            (Some(BatchStatementErrorCodeEnum::ConditionalCheckFailed), item) => {
                Ok(SettleAnswer::Refused(item.as_ref().map(read).transpose()?.map(Box::new)))
            }
            _ => Err(failed(error)),
        },
    }
}

/// By its code alone: the message quotes the statement.
fn failed(error: BatchStatementError) -> LedgerError {
    let code = error.code.as_ref().map_or("an unknown error", BatchStatementErrorCodeEnum::as_str);
    match error.code {
        Some(
            BatchStatementErrorCodeEnum::ValidationError
            | BatchStatementErrorCodeEnum::ItemCollectionSizeLimitExceeded,
        ) => LedgerError::Refused { code: code.to_owned() },
        _ => LedgerError::unavailable(format!("a statement was answered with {code}")),
    }
}

fn all_failed<T>(count: usize, error: &LedgerError) -> Vec<Result<T, LedgerError>> {
    (0..count).map(|_| Err(error.again())).collect()
}
