//! One write: one `UpdateItem`.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::operation::update_item::{UpdateItemError, UpdateItemOutput};
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};
use message::{Effect, OperationKey};

use super::DynamoDbStore;
use super::attributes::{integer, number, read, string, text, text_or_empty};
use crate::item::{Item, Status, effect_name, parse_effect};
use crate::store::{ClaimAnswer, ClaimWrite, LedgerError, Settle, SettleAnswer, SettleWrite};

/// What [`crate::Store::claim`] says. `status` and `owner` are reserved words in DynamoDB expressions.
const CLAIM_CONDITION: &str = "attribute_not_exists(pk) \
    OR (#status = :claimed AND lease_until <= :now AND version <= :version \
        AND (version < :version OR fingerprint = :fingerprint OR mapping <> :mapping OR effect = :absent)) \
    OR (#status = :rejected AND message_id <> :message_id AND version < :reopens_below \
        AND (applied_version = :zero OR applied_version < :version)) \
    OR (#status = :done AND version < :version)";

/// Operands on the right are the item as it was: `prior_effect` takes the old `effect` before it becomes UNKNOWN.
const CLAIM_UPDATE: &str = "SET #status = :claimed, #owner = :owner, \
    epoch = if_not_exists(epoch, :zero) + :one, attempts = if_not_exists(attempts, :zero) + :one, \
    lease_until = :lease_until, fingerprint = :fingerprint, version = :version, \
    applied_version = if_not_exists(applied_version, :zero), \
    prior_effect = if_not_exists(effect, :absent), effect = :unknown, \
    first_claimed = if_not_exists(first_claimed, :now), \
    unknown_since = if_not_exists(unknown_since, :now), \
    mapping = :mapping, target_mapping = :target_mapping, \
    message_id = :message_id, correlation_id = :correlation_id, expires_at = :expires_at \
    REMOVE code";

const OWN_CLAIM: &str = "#status = :claimed AND #owner = :owner AND epoch = :epoch";

impl DynamoDbStore {
    pub(super) async fn claim_one(&self, write: &ClaimWrite<'_>) -> Result<ClaimAnswer, LedgerError> {
        let request = self
            .update_of(write.key)
            .return_values(ReturnValue::AllNew)
            .condition_expression(CLAIM_CONDITION)
            .update_expression(CLAIM_UPDATE)
            .expression_attribute_values(":claimed", text(Status::Claimed.as_str()))
            .expression_attribute_values(":rejected", text(Status::Rejected.as_str()))
            .expression_attribute_values(":done", text(Status::Done.as_str()))
            .expression_attribute_values(":absent", text(effect_name(Effect::Absent)))
            .expression_attribute_values(":unknown", text(effect_name(Effect::Unknown)))
            .expression_attribute_values(":owner", text(write.owner))
            .expression_attribute_values(":fingerprint", text(write.fingerprint))
            .expression_attribute_values(":version", number(write.version))
            .expression_attribute_values(":reopens_below", number(write.reopens_below()))
            .expression_attribute_values(":message_id", text(write.message_id))
            .expression_attribute_values(":correlation_id", text(write.correlation_id))
            .expression_attribute_values(":mapping", text(write.mapping))
            .expression_attribute_values(":target_mapping", text(write.target_mapping))
            .expression_attribute_values(":now", number(write.now_ms))
            .expression_attribute_values(":lease_until", number(write.lease_until_ms))
            .expression_attribute_values(":expires_at", number(write.expires_at_s))
            .expression_attribute_values(":zero", number(0))
            .expression_attribute_values(":one", number(1));
        match self.send(write.key, request).await? {
            Sent::Applied(output) => {
                let attributes = output.attributes.unwrap_or_default();
                Ok(ClaimAnswer::Granted {
                    epoch: integer(&attributes, "epoch")?,
                    prior: parse_effect(&string(&attributes, "prior_effect")?, "prior_effect")?,
                    first_claimed_ms: integer(&attributes, "first_claimed")?,
                    unknown_since_ms: integer(&attributes, "unknown_since")?,
                    progress: text_or_empty(&attributes, "progress")?,
                })
            }
            Sent::Refused(item) => Ok(ClaimAnswer::Refused(item)),
        }
    }

    pub(super) async fn settle_one(&self, write: &SettleWrite<'_>) -> Result<SettleAnswer, LedgerError> {
        let request = self
            .update_of(write.key)
            .condition_expression(OWN_CLAIM)
            .expression_attribute_values(":claimed", text(Status::Claimed.as_str()))
            .expression_attribute_values(":owner", text(write.owner))
            .expression_attribute_values(":epoch", number(write.epoch));
        let (request, left) = match write.progress {
            None => (request, ""),
            Some(progress) => {
                (request.expression_attribute_values(":progress", text(progress)), ", progress = :progress")
            }
        };
        let request = match write.settle {
            Settle::Done { version, outcome, target_id } => {
                let request = request
                    .expression_attribute_values(":done", text(Status::Done.as_str()))
                    .expression_attribute_values(":version", number(version))
                    .expression_attribute_values(":absent", text(effect_name(Effect::Absent)))
                    .expression_attribute_values(":outcome", text(outcome));
                let set = format!(
                    "SET #status = :done, applied_version = :version, outcome = :outcome, effect = :absent{left}"
                );
                match target_id {
                    None => request.update_expression(format!("{set} REMOVE unknown_since")),
                    Some(id) => request
                        .update_expression(format!("{set}, target_id = :target_id REMOVE unknown_since"))
                        .expression_attribute_values(":target_id", text(id)),
                }
            }
            Settle::Released { effect } => request
                .update_expression(match effect {
                    Effect::Absent => {
                        format!("SET lease_until = :over, effect = :effect{left} REMOVE unknown_since")
                    }
                    Effect::Unknown => format!("SET lease_until = :over, effect = :effect{left}"),
                })
                .expression_attribute_values(":over", number(0))
                .expression_attribute_values(":effect", text(effect_name(effect))),
            Settle::Rejected { code } => request
                .update_expression(format!("SET #status = :rejected, code = :code{left}"))
                .expression_attribute_values(":rejected", text(Status::Rejected.as_str()))
                .expression_attribute_values(":code", text(code.as_str())),
            Settle::Renewed { lease_until_ms } => request
                .update_expression(format!("SET lease_until = :lease_until{left}"))
                .expression_attribute_values(":lease_until", number(lease_until_ms)),
        };
        Ok(match self.send(write.key, request).await? {
            Sent::Applied(_) => SettleAnswer::Applied,
            Sent::Refused(item) => SettleAnswer::Refused(item),
        })
    }

    fn update_of(&self, key: &OperationKey) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(&self.table)
            .key("pk", text(key.as_str()))
            .expression_attribute_names("#status", "status")
            .expression_attribute_names("#owner", "owner")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
    }

    async fn send(&self, key: &OperationKey, request: UpdateItemFluentBuilder) -> Result<Sent, LedgerError> {
        telemetry::ledger_called();
        let error = match request.send().await {
            Ok(output) => return Ok(Sent::Applied(Box::new(output))),
            Err(error) => error,
        };
        if let SdkError::ServiceError(service) = &error {
            if let UpdateItemError::ConditionalCheckFailedException(failed) = service.err() {
                return Ok(Sent::Refused(failed.item.as_ref().map(read).transpose()?.map(Box::new)));
            }
            // Arithmetic on an attribute of another type is refused like this: reading the item names it.
            if service.err().meta().code() == Some("ValidationException") {
                crate::Store::get(self, key).await?;
                return Err(LedgerError::Refused { code: "ValidationException".to_owned() });
            }
        }
        Err(LedgerError::unavailable(error))
    }
}

enum Sent {
    Applied(Box<UpdateItemOutput>),
    Refused(Option<Box<Item>>),
}
