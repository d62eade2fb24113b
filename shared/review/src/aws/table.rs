use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::failed;
use super::item::{Attributes, corrupt, integer, json, number, string, text};
use crate::audit::{Class, Entry, Record};
use crate::edit::Edit;
use crate::error::ReviewError;
use crate::fingerprint::Fingerprint;
use crate::plan::{Plan, PlanLetter, PlanLine};
use crate::ports::{Ack, Records};

/// Letters of one item of a plan: some 140 bytes each, and an item takes 400 KB.
const LOT: usize = 2_000;
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Lots of a plan outlive its head, as DynamoDB takes a few days to delete what has expired: a head that is there has all its lots.
const LOTS_KEPT: SignedDuration = SignedDuration::from_hours(37 * 24);
/// Records that are read together.
const PAGE: u64 = 100;

/// Items in the ledger table: `plan:<id>` and its letters in `plan:<id>#<n>`, `ack:<fingerprint>`, `edit:<id that a letter had first>`,
/// `audit:<class>:<day>` with a count and a digest, and the records that it counts in `audit:<class>:<day>#<n>`. No operation key begins
/// like this: those begin with a number. Records never expire.
#[derive(Clone, Debug)]
pub struct DynamoDbRecords {
    pub(super) client: Client,
    pub(super) table: String,
}

/// A plan without its letters.
#[derive(Serialize, Deserialize)]
struct Head {
    made_at: Timestamp,
    by: String,
    filter: String,
    #[serde(default)]
    lines: Vec<PlanLine>,
    /// How many letters of each flow.
    flows: BTreeMap<String, usize>,
    lots: usize,
}

/// Some letters of one flow.
#[derive(Serialize, Deserialize)]
struct Lot {
    flow: String,
    letters: Vec<PlanLetter>,
}

impl DynamoDbRecords {
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }

    async fn put(
        &self,
        key: &str,
        attribute: &str,
        value: &str,
        expires_at: Timestamp,
    ) -> Result<(), ReviewError> {
        let request = self.client.put_item().table_name(&self.table).item("pk", string(key));
        let request =
            request.item(attribute, string(value)).item("expires_at", number(expires_at.as_second()));
        request.send().await.map(drop).map_err(|error| failed("PutItem", &error))
    }

    /// Whether it stands there now: what was there before stays, and may be the same, as an answer that was lost is asked for again.
    async fn put_once(
        &self,
        key: &str,
        attribute: &'static str,
        value: &str,
        expires_at: Timestamp,
    ) -> Result<bool, ReviewError> {
        self.put_after(None, key, attribute, value, expires_at).await
    }

    /// The same in place of a value that is known.
    async fn put_after(
        &self,
        before: Option<&str>,
        key: &str,
        attribute: &'static str,
        value: &str,
        expires_at: Timestamp,
    ) -> Result<bool, ReviewError> {
        let request = self.client.put_item().table_name(&self.table).item("pk", string(key));
        let request =
            request.item(attribute, string(value)).item("expires_at", number(expires_at.as_second()));
        let request = match before {
            None => request.condition_expression("attribute_not_exists(pk)"),
            Some(before) => request
                .condition_expression("#value = :before")
                .expression_attribute_names("#value", attribute)
                .expression_attribute_values(":before", string(before)),
        };
        match request.send().await {
            Ok(_) => Ok(true),
            Err(error) if is_there(&error) => {
                let there = self.item(key).await?;
                Ok(there.is_some_and(|item| text(key, &item, attribute).is_ok_and(|there| there == value)))
            }
            Err(error) => Err(failed("PutItem", &error)),
        }
    }
}

fn is_there(error: &SdkError<PutItemError>) -> bool {
    error.as_service_error().is_some_and(PutItemError::is_conditional_check_failed_exception)
}

#[async_trait]
impl Records for DynamoDbRecords {
    async fn append(&self, record: &Record) -> Result<(), ReviewError> {
        self.append_record(record).await
    }

    /// The count is not believed: whoever lowers it leaves a record behind the last.
    async fn entries(&self, class: Class, day: Date) -> Result<Vec<Entry>, ReviewError> {
        let count = self.last(class, day).await?.map_or(0, |(count, _)| count);
        let (mut entries, mut next, mut until) = (Vec::new(), 1, count.saturating_add(1));
        while next <= until {
            let end = until.min(next.saturating_add(PAGE - 1));
            let keys: Vec<_> = (next..=end).map(|number| record_key(class, day, number)).collect();
            let found = self.items(&keys).await?;
            for (number, key) in (next..).zip(&keys) {
                if let Some(item) = found.get(key) {
                    entries.push(entry(number, key, item));
                    // One more is asked for than is known.
                    if keys.last() == Some(key) && end == until {
                        until = until.saturating_add(PAGE);
                    }
                }
            }
            next = end.saturating_add(1);
        }
        Ok(entries)
    }

    async fn last(&self, class: Class, day: Date) -> Result<Option<(u64, String)>, ReviewError> {
        let key = count_key(class, day);
        let item = self.item(&key).await?;
        item.map(|item| counted(&key, &item)).transpose()
    }

    /// Lots first: a plan without a head does not exist.
    async fn put_plan(&self, plan: &Plan) -> Result<(), ReviewError> {
        let mut lots = 0;
        for (flow, letters) in &plan.letters {
            for letters in letters.chunks(LOT) {
                let lot = Lot { flow: flow.clone(), letters: letters.to_vec() };
                let lot = serde_json::to_string(&lot)?;
                let expires_at = after(plan.made_at, LOTS_KEPT);
                if !self.put_once(&lot_key(&plan.id, lots), "letters", &lot, expires_at).await? {
                    return Err(Plan::taken(&plan.id));
                }
                lots += 1;
            }
        }
        let head = serde_json::to_string(&Head {
            made_at: plan.made_at,
            by: plan.by.clone(),
            filter: plan.filter.clone(),
            lines: plan.lines.clone(),
            flows: plan.letters.iter().map(|(flow, letters)| (flow.clone(), letters.len())).collect(),
            lots,
        })?;
        let stands = self.put_once(&plan_key(&plan.id), "plan", &head, after(plan.made_at, KEPT)).await?;
        if stands { Ok(()) } else { Err(Plan::taken(&plan.id)) }
    }

    async fn plan(&self, id: &str) -> Result<Option<Plan>, ReviewError> {
        let key = plan_key(id);
        let Some(item) = self.item(&key).await? else { return Ok(None) };
        let head: Head = json(&key, &item, "plan")?;
        let mut letters: BTreeMap<String, Vec<PlanLetter>> =
            head.flows.keys().map(|flow| (flow.clone(), Vec::new())).collect();
        // One at a time: several would be more than one answer takes.
        for number in 0..head.lots {
            let key = lot_key(id, number);
            let item = self.item(&key).await?.ok_or_else(|| corrupt(&key, "letters"))?;
            let lot: Lot = json(&key, &item, "letters")?;
            letters.entry(lot.flow).or_default().extend(lot.letters);
        }
        let complete = letters.iter().all(|(flow, letters)| head.flows.get(flow) == Some(&letters.len()));
        if !complete {
            return Err(corrupt(&key, "flows"));
        }
        let Head { made_at, by, filter, lines, .. } = head;
        Ok(Some(Plan { id: id.to_owned(), made_at, by, filter, lines, letters }))
    }

    async fn put_ack(&self, group: &Fingerprint, ack: &Ack) -> Result<(), ReviewError> {
        self.put(&ack_key(group), "ack", &serde_json::to_string(ack)?, ack.until).await
    }

    /// What has run out may still be there.
    async fn acks(
        &self,
        groups: &[Fingerprint],
        now: Timestamp,
    ) -> Result<HashMap<Fingerprint, Ack>, ReviewError> {
        let keys: Vec<_> = groups.iter().map(ack_key).collect();
        let found = self.items(&keys).await?;
        let mut acks = HashMap::new();
        for (group, key) in groups.iter().zip(&keys) {
            if let Some(item) = found.get(key) {
                let ack: Ack = json(key, item, "ack")?;
                if ack.until > now {
                    acks.insert(group.clone(), ack);
                }
            }
        }
        Ok(acks)
    }

    async fn put_edit(&self, edit: &Edit, before: Option<&Edit>) -> Result<bool, ReviewError> {
        let before = before.map(serde_json::to_string).transpose()?;
        let (value, expires_at) = (serde_json::to_string(edit)?, after(edit.at, KEPT));
        self.put_after(before.as_deref(), &edit_key(&edit.id), "edit", &value, expires_at).await
    }

    async fn edits(&self, letters: &[String]) -> Result<HashMap<String, Edit>, ReviewError> {
        let keys: Vec<_> = letters.iter().map(|id| edit_key(id)).collect();
        let found = self.items(&keys).await?;
        let mut edits = HashMap::new();
        for (id, key) in letters.iter().zip(&keys) {
            if let Some(item) = found.get(key) {
                edits.insert(id.clone(), json(key, item, "edit")?);
            }
        }
        Ok(edits)
    }
}

fn plan_key(id: &str) -> String {
    format!("plan:{id}")
}

fn lot_key(id: &str, number: usize) -> String {
    format!("plan:{id}#{number}")
}

fn ack_key(group: &Fingerprint) -> String {
    format!("ack:{group}")
}

fn edit_key(id: &str) -> String {
    format!("edit:{id}")
}

pub(super) fn count_key(class: Class, day: Date) -> String {
    format!("audit:{}:{day}", class.name())
}

pub(super) fn record_key(class: Class, day: Date, number: u64) -> String {
    format!("audit:{}:{day}#{number}", class.name())
}

/// Number and digest of the newest record.
pub(super) fn counted(key: &str, item: &Attributes) -> Result<(u64, String), ReviewError> {
    Ok((integer(key, item, "count")?, text(key, item, "digest")?.to_owned()))
}

/// What somebody has taken away of an item is told with what is wrong with the records, and hides none of the others.
fn entry(number: u64, key: &str, item: &Attributes) -> Entry {
    let stored = |attribute| text(key, item, attribute).unwrap_or_default().to_owned();
    let number = integer(key, item, "number").unwrap_or(number);
    Entry { number, previous: stored("previous"), text: stored("record") }
}

fn after(time: Timestamp, kept: SignedDuration) -> Timestamp {
    time.saturating_add(kept).unwrap_or(Timestamp::MAX)
}
