//! Items of the table: how they are read, and what stands in them.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use futures::future::join_all;
use serde::de::DeserializeOwned;

use super::clock::wait;
use super::table::DynamoDbRecords;
use super::{failed, unavailable};
use crate::error::ReviewError;

/// Keys that `BatchGetItem` takes.
const MOST_KEYS: usize = 100;
/// Reads at a time.
const AT_ONCE: usize = 8;
/// Tries in a row that read nothing of what was left out.
const TRIES: u32 = 5;
const LONGEST_WAIT_MS: u64 = 400;

pub(super) type Attributes = HashMap<String, AttributeValue>;

impl DynamoDbRecords {
    pub(super) async fn item(&self, key: &str) -> Result<Option<Attributes>, ReviewError> {
        let request = self.client.get_item().table_name(&self.table).key("pk", string(key));
        let answer = request.consistent_read(true).send().await;
        answer.map(|answer| answer.item).map_err(|error| failed("GetItem", &error))
    }

    /// Those of these keys that are there, by key.
    pub(super) async fn items(&self, keys: &[String]) -> Result<HashMap<String, Attributes>, ReviewError> {
        // A key that is named twice is refused.
        let keys: Vec<_> = keys.iter().collect::<BTreeSet<_>>().into_iter().collect();
        let lots: Vec<_> = keys.chunks(MOST_KEYS).collect();
        let mut found = HashMap::new();
        for lots in lots.chunks(AT_ONCE) {
            for read in join_all(lots.iter().map(|lot| self.lot(lot))).await {
                found.extend(read?);
            }
        }
        Ok(found)
    }

    async fn lot(&self, keys: &[&String]) -> Result<HashMap<String, Attributes>, ReviewError> {
        const OPERATION: &str = "BatchGetItem";
        let keys = keys.iter().map(|key| Attributes::from([("pk".to_owned(), string(key))])).collect();
        let wanted = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(true).build();
        let wanted = wanted.map_err(|error| unavailable(OPERATION, error.to_string()))?;
        let mut left = HashMap::from([(self.table.clone(), wanted)]);
        let (mut found, mut tries) = (HashMap::new(), 0);
        while !left.is_empty() {
            let request = self.client.batch_get_item().set_request_items(Some(left));
            let output = request.send().await.map_err(|error| failed(OPERATION, &error))?;
            let before = found.len();
            for item in output.responses.into_iter().flatten().flat_map(|(_, items)| items) {
                if let Some(AttributeValue::S(key)) = item.get("pk") {
                    found.insert(key.clone(), item);
                }
            }
            left = output.unprocessed_keys.unwrap_or_default();
            tries = if found.len() > before { 0 } else { tries + 1 };
            if !left.is_empty() {
                if tries >= TRIES {
                    return Err(unavailable(OPERATION, "some keys were not read"));
                }
                wait(Duration::from_millis(fastrand::u64(0..LONGEST_WAIT_MS))).await;
            }
        }
        Ok(found)
    }
}

pub(super) fn corrupt(key: &str, attribute: &'static str) -> ReviewError {
    ReviewError::Corrupt { key: key.to_owned(), attribute }
}

pub(super) fn json<T: DeserializeOwned>(
    key: &str,
    item: &Attributes,
    attribute: &'static str,
) -> Result<T, ReviewError> {
    serde_json::from_str(text(key, item, attribute)?).map_err(|_| corrupt(key, attribute))
}

pub(super) fn text<'i>(
    key: &str,
    item: &'i Attributes,
    attribute: &'static str,
) -> Result<&'i str, ReviewError> {
    let text = item.get(attribute).and_then(|value| value.as_s().ok());
    text.map(String::as_str).ok_or_else(|| corrupt(key, attribute))
}

pub(super) fn integer(key: &str, item: &Attributes, attribute: &'static str) -> Result<u64, ReviewError> {
    let number = item.get(attribute).and_then(|value| value.as_n().ok()?.parse().ok());
    number.ok_or_else(|| corrupt(key, attribute))
}

pub(super) fn string(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

pub(super) fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}
