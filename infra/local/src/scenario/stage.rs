use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::Result;
use serde_json::Value;

use super::{Partners, Sources};
use crate::inspect::{Inspect, QueuedMessage};
use crate::stack::Stack;
use crate::until::until;

/// How long anything may take that has to happen by itself. A function's first start is the slowest part.
const DEADLINE: Duration = Duration::from_secs(60);

/// How long a queue may take to drain: what another worker has in hand is tried again when its lease has run out, and two
/// notifications of one object come at once.
const DRAINED_WITHIN: Duration = Duration::from_secs(150);

/// A flow's function, and what its outputs begin with.
#[derive(PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Flow {
    pub(super) function: &'static str,
    output: &'static str,
}

pub(super) const ORDERS: Flow = Flow { function: "orders-to-inventory", output: "OrdersToInventory" };
pub(super) const LABELS: Flow = Flow { function: "inventory-to-shipping", output: "InventoryToShipping" };
pub(super) const ENRICHER: Flow = Flow { function: "hubspot-enricher", output: "HubSpotEnricher" };
pub(super) const CRM: Flow = Flow { function: "crm-to-erp", output: "CrmToErp" };
pub(super) const PAYMENTS: Flow = Flow { function: "payments-to-operations", output: "PaymentsToOperations" };
pub(super) const WAREHOUSE: Flow = Flow { function: "warehouse-to-bi", output: "WarehouseToBi" };

const FLOWS: [Flow; 6] = [ORDERS, LABELS, ENRICHER, CRM, PAYMENTS, WAREHOUSE];

/// What all parts are played on.
pub(super) struct Stage<'a> {
    pub(super) stack: &'a Stack,
    pub(super) sources: Sources<'a>,
    pub(super) partners: &'a dyn Partners,
    inspect: Inspect,
}

/// What was there before: nothing of it counts.
pub(super) struct Before {
    letters: BTreeMap<&'static str, BTreeSet<String>>,
    ignored: BTreeMap<String, u64>,
}

impl<'a> Stage<'a> {
    pub(super) fn of(stack: &'a Stack, partners: &'a dyn Partners) -> Result<Self> {
        Ok(Self { stack, sources: Sources::of(stack)?, partners, inspect: stack.engine.inspect() })
    }

    /// Puts a message on a flow's queue, as another flow would.
    pub(super) async fn send(&self, flow: &Flow, body: &Value) -> Result<()> {
        self.stack.send(&format!("{}QueueUrl", flow.output), &body.to_string()).await
    }

    /// How the records of an event have ended at a flow, by the function's own log, once there are so many. What is held or
    /// tried again has not.
    pub(super) async fn ended(&self, flow: &Flow, correlation_id: &str, count: usize) -> Result<Vec<String>> {
        self.poll(&format!("the end of {count} records of {correlation_id}"), async || {
            let lines = self.records_of(flow, correlation_id).await?;
            let over = lines.iter().filter_map(|line| line["disposition"].as_str());
            let over: Vec<_> =
                over.filter(|end| !["Hold", "Retry"].contains(end)).map(str::to_lowercase).collect();
            Ok((over.len() >= count).then_some(over))
        })
        .await
    }

    /// The code under which a record of the event is held.
    pub(super) async fn held(&self, flow: &Flow, correlation_id: &str) -> Result<String> {
        self.poll(&format!("{correlation_id} to be held"), async || {
            let lines = self.records_of(flow, correlation_id).await?;
            let held = lines.iter().find(|line| line["disposition"] == "Hold");
            Ok(held.map(|line| line["code"].as_str().unwrap_or_default().to_owned()))
        })
        .await
    }

    async fn records_of(&self, flow: &Flow, correlation_id: &str) -> Result<Vec<Value>> {
        let mut lines = self.inspect.log_lines(&self.stack.log_group(flow.function)).await?;
        lines.retain(|line| line["message"] == "record ended" && line["correlation_id"] == correlation_id);
        Ok(lines)
    }

    /// What ingest says of a webhook, by the id of its first event.
    pub(super) async fn outcome_at_ingest(&self, correlation_id: &str) -> Result<Value> {
        self.poll(&format!("ingest's word on {correlation_id}"), async || {
            let lines = self.inspect.log_lines(&self.stack.log_group("ingest")).await?;
            let its =
                |line: &Value| line["message"] == "webhook ended" && line["correlation_id"] == correlation_id;
            Ok(lines.into_iter().find(its))
        })
        .await
    }

    /// Why the event is on the flow's dead letter queue.
    pub(super) async fn letter(&self, flow: &Flow, correlation_id: &str) -> Result<String> {
        let what = format!("the dead letter of {correlation_id}");
        let letter = self.poll(&what, async || {
            let letters = self.letters(flow).await?;
            Ok(letters.into_iter().find(|letter| attribute(letter, "CorrelationId") == correlation_id))
        });
        let letter = letter.await?;
        let of = |name| attribute(&letter, name);
        Ok(format!("{} at {} ({}, {})", of("Code"), of("Path"), of("Flow"), of("MappingVersion")))
    }

    async fn letters(&self, flow: &Flow) -> Result<Vec<QueuedMessage>> {
        self.inspect.messages(self.stack.output(&format!("{}DeadLetterQueueUrl", flow.output))?).await
    }

    /// An acknowledgement comes a moment after the effect.
    pub(super) async fn drained(&self) -> Result<()> {
        let drained = async || Ok(self.queued().await?.is_empty().then_some(()));
        match until("empty queues", DRAINED_WITHIN, drained).await {
            Ok(()) => Ok(()),
            Err(late) => Err(late.context(format!("still queued: {:?}", self.queued().await?))),
        }
    }

    /// What is on the queues: flow, event, and how its last attempt ended.
    async fn queued(&self) -> Result<Vec<(&'static str, String, String)>> {
        let mut queued = Vec::new();
        for flow in &FLOWS {
            let queue_url = self.stack.output(&format!("{}QueueUrl", flow.output))?;
            for message in self.inspect.messages(queue_url).await? {
                let event: Value = serde_json::from_str(&message.body).unwrap_or_default();
                let id = event["correlationid"].as_str().unwrap_or_default().to_owned();
                let lines = self.inspect.log_lines(&self.stack.log_group(flow.function)).await?;
                let last = lines
                    .iter()
                    .rev()
                    .find(|line| line["message"] == "record ended" && line["correlation_id"] == id.as_str());
                let ended = last.map(|line| format!("{} {}", line["disposition"], line["code"]));
                queued.push((flow.function, id, ended.unwrap_or_default()));
            }
        }
        Ok(queued)
    }

    pub(super) async fn before(&self) -> Result<Before> {
        let mut letters = BTreeMap::new();
        for flow in &FLOWS {
            let ids = self.letters(flow).await?.into_iter().map(|letter| letter.id).collect();
            letters.insert(flow.function, ids);
        }
        Ok(Before { letters, ignored: self.ignored().await? })
    }

    /// Correlation ids of the dead letters that have come since, with their flows.
    pub(super) async fn letters_since(&self, before: &Before) -> Result<BTreeSet<(&'static str, String)>> {
        let mut since = BTreeSet::new();
        for flow in &FLOWS {
            let old = before.letters.get(flow.function);
            let news = self.letters(flow).await?.into_iter();
            let news = news.filter(|letter| old.is_none_or(|old| !old.contains(&letter.id)));
            since.extend(news.map(|letter| (flow.function, attribute(&letter, "CorrelationId").to_owned())));
        }
        Ok(since)
    }

    /// How many events ingest has counted since as ignored, by source.
    pub(super) async fn ignored_since(&self, before: &Before) -> Result<BTreeMap<String, u64>> {
        let mut since = self.ignored().await?;
        for (source, count) in &mut since {
            *count -= before.ignored.get(source).copied().unwrap_or(0).min(*count);
        }
        since.retain(|_, count| *count > 0);
        Ok(since)
    }

    async fn ignored(&self) -> Result<BTreeMap<String, u64>> {
        let mut counted = BTreeMap::new();
        for line in self.inspect.log_lines(&self.stack.log_group("ingest")).await? {
            if let (Some(source), Some(count)) = (line["Source"].as_str(), line["EventsIgnored"].as_u64()) {
                *counted.entry(source.to_owned()).or_default() += count;
            }
        }
        Ok(counted)
    }

    pub(super) async fn poll<T>(&self, what: &str, probe: impl AsyncFn() -> Result<Option<T>>) -> Result<T> {
        until(what, DEADLINE, probe).await
    }
}

fn attribute<'l>(letter: &'l QueuedMessage, name: &str) -> &'l str {
    letter.attributes.get(name).map(String::as_str).unwrap_or_default()
}
