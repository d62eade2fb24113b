use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, Put, TransactWriteItem};
use jiff::Timestamp;
use transform::Overrides;

use crate::store::{
    ControlError, ControlStore, DRIFT_DAYS, DriftCount, Entry, Stored, Unreadable, before, days,
};

/// Items in the ledger table: `mapping:<name>` with the overrides as they stand, `mapping:<name>#<revision>` for each change,
/// with the overrides that it made, and `drift:<flow>/<day>` with a count an attribute. No operation key begins like this:
/// those begin with a number. Only drift expires.
#[derive(Clone, Debug)]
pub struct DynamoDbControlStore {
    client: Client,
    table: String,
}

/// Keys that `BatchGetItem` takes.
const MOST_KEYS: usize = 100;
/// Attributes that one drift item may gain in one write.
const MOST_COUNTS: usize = 50;
/// Tries for keys that `BatchGetItem` has left out.
const TRIES: usize = 4;

type Attributes = HashMap<String, AttributeValue>;

impl DynamoDbControlStore {
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }

    /// The items of these keys that are there, by key.
    async fn get(&self, keys: &[String]) -> Result<HashMap<String, Attributes>, ControlError> {
        let mut found = HashMap::new();
        for keys in keys.chunks(MOST_KEYS) {
            let keys = keys.iter().map(|key| Attributes::from([("pk".to_owned(), text(key))])).collect();
            let wanted = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(true).build();
            let mut left = HashMap::from([(self.table.clone(), wanted.map_err(ControlError::unavailable)?)]);
            for _ in 0..TRIES {
                if left.is_empty() {
                    break;
                }
                let request = self.client.batch_get_item().set_request_items(Some(left));
                let output = request.send().await.map_err(ControlError::unavailable)?;
                for item in output.responses.into_iter().flatten().flat_map(|(_, items)| items) {
                    if let Some(AttributeValue::S(key)) = item.get("pk") {
                        found.insert(key.clone(), item);
                    }
                }
                left = output.unprocessed_keys.unwrap_or_default();
            }
            if !left.is_empty() {
                return Err(ControlError::unavailable("some keys were not read"));
            }
        }
        Ok(found)
    }

    fn put(
        &self,
        key: &str,
        attributes: Vec<(&str, AttributeValue)>,
    ) -> aws_sdk_dynamodb::types::builders::PutBuilder {
        let put = Put::builder().table_name(&self.table).item("pk", text(key));
        attributes.into_iter().fold(put, |put, (name, value)| put.item(name, value))
    }
}

#[async_trait]
impl ControlStore for DynamoDbControlStore {
    async fn overrides(&self, mappings: &[&str]) -> Result<Vec<Stored>, ControlError> {
        let keys: Vec<_> = mappings.iter().map(|mapping| standing(mapping)).collect();
        let found = self.get(&keys).await?;
        let read = |(mapping, key): (&&str, &String)| {
            let Some(item) = found.get(key) else { return Ok(Ok(Overrides::default())) };
            let revision = revision_of(key, item)?;
            let unreadable = |_| Unreadable { mapping: (*mapping).to_owned(), revision };
            Ok(json(key, item, "overrides").map_err(unreadable))
        };
        mappings.iter().zip(&keys).map(read).collect()
    }

    async fn earlier(&self, mapping: &str, revision: u64) -> Result<Vec<Overrides>, ControlError> {
        let keys: Vec<_> = before(revision).map(|revision| of_change(mapping, revision)).collect();
        let found = self.get(&keys).await?;
        Ok(keys.iter().filter_map(|key| json(key, found.get(key)?, "overrides").ok()).collect())
    }

    async fn change(&self, mapping: &str, next: &Overrides, entry: &Entry) -> Result<bool, ControlError> {
        let written = |value: serde_json::Result<String>| {
            value.map(|json| text(&json)).map_err(ControlError::unavailable)
        };
        let overrides = written(serde_json::to_string(next))?;
        let standing = self
            .put(
                &standing(mapping),
                vec![("revision", number(next.revision)), ("overrides", overrides.clone())],
            )
            .condition_expression("revision = :before OR (attribute_not_exists(pk) AND :before = :zero)")
            .expression_attribute_values(":before", number(next.revision.saturating_sub(1)))
            .expression_attribute_values(":zero", number(0));
        let told = self.put(
            &of_change(mapping, next.revision),
            vec![("entry", written(serde_json::to_string(entry))?), ("overrides", overrides)],
        );
        let mut request = self.client.transact_write_items();
        for put in [standing, told] {
            let put = put.build().map_err(ControlError::unavailable)?;
            request = request.transact_items(TransactWriteItem::builder().put(put).build());
        }
        match request.send().await {
            Ok(_) => Ok(true),
            Err(SdkError::ServiceError(service)) => match service.err() {
                TransactWriteItemsError::TransactionCanceledException(_) => Ok(false),
                _ => Err(ControlError::unavailable(service.into_err())),
            },
            Err(error) => Err(ControlError::unavailable(error)),
        }
    }

    async fn history(&self, mapping: &str) -> Result<Vec<Entry>, ControlError> {
        let key = standing(mapping);
        let found = self.get(std::slice::from_ref(&key)).await?;
        let revision = found.get(&key).map_or(Ok(0), |item| revision_of(&key, item))?;
        let keys: Vec<_> = (1..=revision).map(|revision| of_change(mapping, revision)).collect();
        let found = self.get(&keys).await?;
        keys.iter().filter_map(|key| Some(json(key, found.get(key)?, "entry"))).collect()
    }

    async fn add_drift(&self, flow: &str, now: Timestamp, counts: &[DriftCount]) -> Result<(), ControlError> {
        for counts in counts.chunks(MOST_COUNTS) {
            let expires_at_s = now.as_second() + i64::from(DRIFT_DAYS + 1) * 24 * 3_600;
            let mut request = self
                .client
                .update_item()
                .table_name(&self.table)
                .key("pk", text(&format!("drift:{flow}/{}", days(now, 0).concat())))
                .expression_attribute_values(":expires_at", number(expires_at_s));
            let mut added = Vec::new();
            for (index, DriftCount { kind, path, count }) in counts.iter().enumerate() {
                request = request
                    .expression_attribute_names(format!("#n{index}"), format!("{kind} {path}"))
                    .expression_attribute_values(format!(":c{index}"), number(count));
                added.push(format!("#n{index} :c{index}"));
            }
            let update = format!("ADD {} SET expires_at = :expires_at", added.join(", "));
            request.update_expression(update).send().await.map_err(ControlError::unavailable)?;
        }
        Ok(())
    }

    async fn drift(&self, flow: &str, now: Timestamp, before: u16) -> Result<Vec<DriftCount>, ControlError> {
        let keys: Vec<_> = days(now, before).iter().map(|day| format!("drift:{flow}/{day}")).collect();
        let mut sums: BTreeMap<(String, String), u64> = BTreeMap::new();
        for item in self.get(&keys).await?.into_values() {
            for (name, value) in item {
                if let (Some((kind, path)), AttributeValue::N(count)) = (name.split_once(' '), value) {
                    let count: u64 = count.parse().unwrap_or(0);
                    *sums.entry((kind.to_owned(), path.to_owned())).or_default() += count;
                }
            }
        }
        Ok(sums.into_iter().map(|((kind, path), count)| DriftCount { kind, path, count }).collect())
    }
}

fn standing(mapping: &str) -> String {
    format!("mapping:{mapping}")
}

fn of_change(mapping: &str, revision: u64) -> String {
    format!("mapping:{mapping}#{revision}")
}

fn revision_of(key: &str, item: &Attributes) -> Result<u64, ControlError> {
    let revision = match item.get("revision") {
        Some(AttributeValue::N(revision)) => revision.parse().ok(),
        _ => None,
    };
    revision.ok_or_else(|| ControlError::Corrupt { key: key.to_owned(), attribute: "revision" })
}

fn json<T: serde::de::DeserializeOwned>(
    key: &str,
    item: &Attributes,
    attribute: &'static str,
) -> Result<T, ControlError> {
    let text = match item.get(attribute) {
        Some(AttributeValue::S(text)) => text.as_str(),
        _ => "",
    };
    serde_json::from_str(text).map_err(|_| ControlError::Corrupt { key: key.to_owned(), attribute })
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}
