//! The ledger on a DynamoDB table: partition key `pk` (string), TTL attribute `expires_at`, and a sparse index
//! `by-target-id` over `target_id` that projects keys only.
//!
//! One write is one `UpdateItem`. Several go together as conditional PartiQL statements in `BatchExecuteStatement`, which
//! carries 25 and answers each by itself. It cannot express all of a claim: `INSERT` of a known key says only that it is
//! known, so those items are read in one `BatchGetItem`, and what turns out to be free is claimed by `UpdateItem`.

mod attributes;
mod batch;
mod single;

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use futures::future::join_all;
use message::OperationKey;

use crate::item::Item;
use crate::store::{ClaimAnswer, ClaimWrite, LedgerError, SettleAnswer, SettleWrite, Store};
use attributes::{read, text};

/// Index over the target's ids.
const BY_TARGET_ID: &str = "by-target-id";

#[derive(Clone, Debug)]
pub struct DynamoDbStore {
    client: Client,
    table: String,
}

impl DynamoDbStore {
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }
}

#[async_trait]
impl Store for DynamoDbStore {
    async fn claim(&self, writes: &[ClaimWrite<'_>]) -> Vec<Result<ClaimAnswer, LedgerError>> {
        match writes {
            [write] => vec![self.claim_one(write).await],
            writes => {
                let batches = writes.chunks(batch::MOST_STATEMENTS).map(|batch| self.claim_batch(batch));
                join_all(batches).await.into_iter().flatten().collect()
            }
        }
    }

    async fn settle(&self, writes: &[SettleWrite<'_>]) -> Vec<Result<SettleAnswer, LedgerError>> {
        match writes {
            [write] => vec![self.settle_one(write).await],
            writes => {
                let batches = writes.chunks(batch::MOST_STATEMENTS).map(|batch| self.settle_batch(batch));
                join_all(batches).await.into_iter().flatten().collect()
            }
        }
    }

    async fn get(&self, key: &OperationKey) -> Result<Option<Item>, LedgerError> {
        let request = self
            .client
            .get_item()
            .table_name(&self.table)
            .key("pk", text(key.as_str()))
            .consistent_read(true);
        telemetry::ledger_called();
        let output = request.send().await.map_err(LedgerError::unavailable)?;
        output.item.as_ref().map(read).transpose()
    }

    async fn by_target_id(&self, target_id: &str) -> Result<Vec<OperationKey>, LedgerError> {
        let pages = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(BY_TARGET_ID)
            .key_condition_expression("target_id = :target_id")
            .expression_attribute_values(":target_id", text(target_id))
            .into_paginator()
            .items()
            .send()
            .try_collect()
            .await
            .map_err(LedgerError::unavailable)?;
        pages.iter().map(|item| Ok(OperationKey::from_stored(attributes::string(item, "pk")?))).collect()
    }
}
