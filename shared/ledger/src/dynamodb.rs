use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};
use message::{Effect, OperationKey};

use crate::item::{Item, Status, effect_name, parse_effect};
use crate::store::{ClaimWrite, LedgerError, Settle, SettleWrite, Store, Written};

/// The ledger table: partition key `pk` (string), TTL attribute `expires_at`.
#[derive(Clone, Debug)]
pub struct DynamoDbStore {
    client: Client,
    table: String,
}

/// `status` and `owner` are reserved words in DynamoDB expressions.
const CLAIM_CONDITION: &str = "attribute_not_exists(pk) \
    OR (#status = :claimed AND lease_until <= :now AND (fingerprint = :fingerprint OR effect = :absent)) \
    OR (#status = :rejected AND message_id <> :message_id)";

/// Operands on the right are the item as it was: `prior_effect` takes the old `effect` before it becomes UNKNOWN.
const CLAIM_UPDATE: &str = "SET #status = :claimed, #owner = :owner, \
    epoch = if_not_exists(epoch, :zero) + :one, attempts = if_not_exists(attempts, :zero) + :one, \
    lease_until = :lease_until, fingerprint = :fingerprint, \
    prior_effect = if_not_exists(effect, :absent), effect = :unknown, \
    message_id = :message_id, correlation_id = :correlation_id, expires_at = :expires_at \
    REMOVE code, outcome";

const OWN_CLAIM: &str = "#status = :claimed AND #owner = :owner AND epoch = :epoch";

impl DynamoDbStore {
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }

    fn update(&self, key: &OperationKey) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(&self.table)
            .key("pk", text(key.as_str()))
            .expression_attribute_names("#status", "status")
            .expression_attribute_names("#owner", "owner")
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
    }
}

#[async_trait]
impl Store for DynamoDbStore {
    async fn claim(&self, write: &ClaimWrite<'_>) -> Result<Written, LedgerError> {
        let request = self
            .update(write.key)
            .condition_expression(CLAIM_CONDITION)
            .update_expression(CLAIM_UPDATE)
            .expression_attribute_values(":claimed", text(Status::Claimed.as_str()))
            .expression_attribute_values(":rejected", text(Status::Rejected.as_str()))
            .expression_attribute_values(":absent", text(effect_name(Effect::Absent)))
            .expression_attribute_values(":unknown", text(effect_name(Effect::Unknown)))
            .expression_attribute_values(":owner", text(write.owner))
            .expression_attribute_values(":fingerprint", text(write.fingerprint))
            .expression_attribute_values(":message_id", text(write.message_id))
            .expression_attribute_values(":correlation_id", text(write.correlation_id))
            .expression_attribute_values(":now", number(write.now_ms))
            .expression_attribute_values(":lease_until", number(write.lease_until_ms))
            .expression_attribute_values(":expires_at", number(write.expires_at_s))
            .expression_attribute_values(":zero", number(0))
            .expression_attribute_values(":one", number(1));
        send(request).await
    }

    async fn settle(&self, write: &SettleWrite<'_>) -> Result<Written, LedgerError> {
        let request = self
            .update(write.key)
            .condition_expression(OWN_CLAIM)
            .expression_attribute_values(":claimed", text(Status::Claimed.as_str()))
            .expression_attribute_values(":owner", text(write.owner))
            .expression_attribute_values(":epoch", AttributeValue::N(write.epoch.to_string()));
        let request = match write.settle {
            Settle::Done { outcome } => request
                .update_expression("SET #status = :done, outcome = :outcome")
                .expression_attribute_values(":done", text(Status::Done.as_str()))
                .expression_attribute_values(":outcome", text(outcome)),
            Settle::Released { effect } => request
                .update_expression("SET lease_until = :over, effect = :effect")
                .expression_attribute_values(":over", number(0))
                .expression_attribute_values(":effect", text(effect_name(effect))),
            Settle::Rejected { code } => request
                .update_expression("SET #status = :rejected, code = :code")
                .expression_attribute_values(":rejected", text(Status::Rejected.as_str()))
                .expression_attribute_values(":code", text(code.as_str())),
        };
        send(request).await
    }

    async fn get(&self, key: &OperationKey) -> Result<Option<Item>, LedgerError> {
        let request = self
            .client
            .get_item()
            .table_name(&self.table)
            .key("pk", text(key.as_str()))
            .consistent_read(true);
        let output =
            request.send().await.map_err(|source| LedgerError::Unavailable { source: Box::new(source) })?;
        output.item.as_ref().map(read).transpose()
    }
}

async fn send(request: UpdateItemFluentBuilder) -> Result<Written, LedgerError> {
    let error = match request.send().await {
        Ok(output) => {
            let missing = LedgerError::Corrupt { attribute: "pk" };
            return Ok(Written::Applied(read(&output.attributes.ok_or(missing)?)?));
        }
        Err(error) => error,
    };
    match error {
        SdkError::ServiceError(service) => match service.into_err() {
            UpdateItemError::ConditionalCheckFailedException(failed) => {
                Ok(Written::Refused(failed.item.as_ref().map(read).transpose()?))
            }
            other => Err(LedgerError::Unavailable { source: Box::new(other) }),
        },
        other => Err(LedgerError::Unavailable { source: Box::new(other) }),
    }
}

type Attributes = HashMap<String, AttributeValue>;

fn read(attributes: &Attributes) -> Result<Item, LedgerError> {
    let status = Status::parse(&string(attributes, "status")?)?;
    Ok(Item {
        status,
        owner: string(attributes, "owner")?,
        epoch: integer(attributes, "epoch")?,
        lease_until_ms: integer(attributes, "lease_until")?,
        fingerprint: string(attributes, "fingerprint")?,
        effect: parse_effect(&string(attributes, "effect")?, "effect")?,
        prior_effect: parse_effect(&string(attributes, "prior_effect")?, "prior_effect")?,
        attempts: integer(attributes, "attempts")?,
        message_id: string(attributes, "message_id")?,
        correlation_id: string(attributes, "correlation_id")?,
        outcome: if status == Status::Done { string(attributes, "outcome")? } else { String::new() },
        code: if status == Status::Rejected { string(attributes, "code")? } else { String::new() },
        expires_at_s: integer(attributes, "expires_at")?,
    })
}

fn string(attributes: &Attributes, attribute: &'static str) -> Result<String, LedgerError> {
    match attributes.get(attribute) {
        Some(AttributeValue::S(value)) => Ok(value.clone()),
        _ => Err(LedgerError::Corrupt { attribute }),
    }
}

fn integer<T: std::str::FromStr>(attributes: &Attributes, attribute: &'static str) -> Result<T, LedgerError> {
    match attributes.get(attribute) {
        Some(AttributeValue::N(value)) => value.parse().map_err(|_| LedgerError::Corrupt { attribute }),
        _ => Err(LedgerError::Corrupt { attribute }),
    }
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn number(value: i64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}
