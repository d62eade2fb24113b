use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use message::Code;

use crate::{Breaker, GateError, GateStore, Lease, State};

/// Records in the ledger table: `gate:<target>`, and `gate:<target>/<window>` for the tokens of one window. No operation
/// key begins like this: those begin with a number.
#[derive(Clone, Debug)]
pub struct DynamoDbGateStore {
    client: Client,
    table: String,
}

impl DynamoDbGateStore {
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }

    /// Takes exactly so many tokens, or says how many are taken.
    async fn take_tokens(&self, lease: &Lease<'_>, tokens: u32) -> Result<Result<(), u32>, GateError> {
        let request = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("pk", text(&format!("{}/{}", key(lease.target), lease.window)))
            .update_expression("SET used = if_not_exists(used, :zero) + :tokens, expires_at = :expires_at")
            .condition_expression("attribute_not_exists(used) OR used <= :left")
            .expression_attribute_values(":zero", number(0))
            .expression_attribute_values(":tokens", number(tokens))
            .expression_attribute_values(":left", number(lease.supply.saturating_sub(tokens)))
            .expression_attribute_values(":expires_at", number(lease.expires_at_s))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match request.send().await {
            Ok(_) => Ok(Ok(())),
            Err(SdkError::ServiceError(service)) => match service.into_err() {
                UpdateItemError::ConditionalCheckFailedException(failed) => {
                    Ok(Err(integer(&failed.item.unwrap_or_default(), "used")?))
                }
                other => Err(GateError::unavailable(other)),
            },
            Err(other) => Err(GateError::unavailable(other)),
        }
    }
}

#[async_trait]
impl GateStore for DynamoDbGateStore {
    async fn load(&self, target: &str) -> Result<Breaker, GateError> {
        let request = self
            .client
            .get_item()
            .table_name(&self.table)
            .key("pk", text(&key(target)))
            .consistent_read(true);
        let output = request.send().await.map_err(GateError::unavailable)?;
        output.item.as_ref().map_or_else(|| Ok(Breaker::default()), read)
    }

    async fn swap(&self, target: &str, record: &Breaker, expires_at_s: i64) -> Result<bool, GateError> {
        let mut request = self
            .client
            .put_item()
            .table_name(&self.table)
            .item("pk", text(&key(target)))
            .item("revision", number(record.revision))
            .item("not_before", number(record.not_before_ms))
            .item("expires_at", number(expires_at_s));
        for (name, value) in written(&record.state) {
            request = request.item(name, value);
        }
        let request = request
            .condition_expression("revision = :before OR (attribute_not_exists(pk) AND :before = :zero)")
            .expression_attribute_values(":before", number(record.revision.saturating_sub(1)))
            .expression_attribute_values(":zero", number(0));
        match request.send().await {
            Ok(_) => Ok(true),
            Err(SdkError::ServiceError(service)) if service.err().is_conditional_check_failed_exception() => {
                Ok(false)
            }
            Err(error) => Err(GateError::unavailable(error)),
        }
    }

    async fn lease(&self, lease: &Lease<'_>) -> Result<u32, GateError> {
        let mut wanted = lease.wanted.min(lease.supply);
        // Somebody may take tokens between the two tries: then there is less still.
        for _ in 0..2 {
            if wanted < lease.least || wanted == 0 {
                return Ok(0);
            }
            match self.take_tokens(lease, wanted).await? {
                Ok(()) => return Ok(wanted),
                Err(used) => wanted = wanted.min(lease.supply.saturating_sub(used)),
            }
        }
        Ok(0)
    }
}

type Attributes = HashMap<String, AttributeValue>;

const CLOSED: &str = "CLOSED";
const OPEN: &str = "OPEN";
const PROBING: &str = "PROBING";

fn key(target: &str) -> String {
    format!("gate:{target}")
}

fn written(state: &State) -> Vec<(&'static str, AttributeValue)> {
    match state {
        State::Closed => vec![("state", text(CLOSED))],
        State::Open { code, until_ms, for_ms } => vec![
            ("state", text(OPEN)),
            ("code", text(code.as_str())),
            ("until", number(until_ms)),
            ("open_for", number(for_ms)),
        ],
        State::Probing { code, owner, until_ms, for_ms } => vec![
            ("state", text(PROBING)),
            ("code", text(code.as_str())),
            ("owner", text(owner)),
            ("until", number(until_ms)),
            ("open_for", number(for_ms)),
        ],
    }
}

fn read(attributes: &Attributes) -> Result<Breaker, GateError> {
    let code = || -> Result<Code, GateError> {
        Code::parse(string(attributes, "code")?).ok_or(GateError::Corrupt { attribute: "code" })
    };
    let state = match string(attributes, "state")? {
        CLOSED => State::Closed,
        OPEN => State::Open {
            code: code()?,
            until_ms: integer(attributes, "until")?,
            for_ms: integer(attributes, "open_for")?,
        },
        PROBING => State::Probing {
            code: code()?,
            owner: string(attributes, "owner")?.to_owned(),
            until_ms: integer(attributes, "until")?,
            for_ms: integer(attributes, "open_for")?,
        },
        _ => return Err(GateError::Corrupt { attribute: "state" }),
    };
    Ok(Breaker {
        state,
        not_before_ms: integer(attributes, "not_before")?,
        revision: integer(attributes, "revision")?,
    })
}

fn string<'a>(attributes: &'a Attributes, attribute: &'static str) -> Result<&'a str, GateError> {
    match attributes.get(attribute) {
        Some(AttributeValue::S(value)) => Ok(value),
        _ => Err(GateError::Corrupt { attribute }),
    }
}

fn integer<T: std::str::FromStr>(attributes: &Attributes, attribute: &'static str) -> Result<T, GateError> {
    match attributes.get(attribute) {
        Some(AttributeValue::N(value)) => value.parse().map_err(|_| GateError::Corrupt { attribute }),
        _ => Err(GateError::Corrupt { attribute }),
    }
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}
