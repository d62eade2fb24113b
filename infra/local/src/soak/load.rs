use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Result, bail};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::interval;
use uuid::Uuid;

use super::Plan;
use crate::progress::say;
use crate::scenario::{Shop, ShopOrder};
use crate::stack::Stack;

/// What is put on the orders' queue, in its order.
pub(super) struct Load {
    /// Correlation id and body.
    messages: Vec<(String, String)>,
    references: BTreeMap<String, String>,
    poison: Vec<String>,
}

/// What was sent, to be found again.
pub(super) struct Sent {
    /// Our references of good orders, with the time of their first message.
    pub(super) orders: BTreeMap<String, i64>,
    /// Correlation ids of poison messages.
    pub(super) poison: Vec<String>,
    pub(super) messages: usize,
}

/// Messages within so many of each other change places.
const SHUFFLED: usize = 200;
/// Entries of one call.
const LOT: usize = 10;

impl Load {
    pub(super) fn of(plan: &Plan) -> Self {
        let shop = Shop::at("http://127.0.0.1", "unused");
        let orders: Vec<_> = (0..plan.orders).map(|_| shop.order()).collect();
        let poison: Vec<_> = (0..plan.poison).map(|_| shop.order_without_address()).collect();
        let message =
            |order: &ShopOrder| (order.event_id.clone(), Shop::envelope(order, &Uuid::new_v4().to_string()));
        let mut messages: Vec<_> = orders.iter().map(message).collect();
        let every = plan.orders / plan.poison.max(1);
        for (index, poison) in poison.iter().enumerate().rev() {
            messages.insert(index * every, message(poison));
        }
        let repeated = orders.iter().enumerate().filter(|(index, _)| index % 100 < plan.repeats_percent);
        for (index, order) in repeated.rev() {
            messages.insert(index.min(messages.len()), message(order));
        }
        // A fixed sequence: the same order of messages in every run.
        let mut random = 7_u64;
        for window in messages.chunks_mut(SHUFFLED) {
            for place in (1..window.len()).rev() {
                random =
                    random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let other = usize::try_from(random >> 33).unwrap_or(0) % (place + 1);
                window.swap(place, other);
            }
        }
        let references = orders.iter().map(|order| (order.event_id.clone(), order.reference())).collect();
        let poison = poison.into_iter().map(|order| order.event_id).collect();
        Self { messages, references, poison }
    }

    pub(super) fn duration(&self, plan: &Plan) -> Duration {
        Duration::from_secs(u64::try_from(self.messages.len() / plan.orders_a_second).unwrap_or(u64::MAX))
    }

    /// At its pace.
    pub(super) async fn send(&self, stack: &Stack, plan: &Plan) -> Result<Sent> {
        let queue_url = stack.output("OrdersToInventoryQueueUrl")?;
        let pace = Duration::from_secs(1) / u32::try_from(plan.orders_a_second.div_ceil(LOT)).unwrap_or(1);
        let (mut every, mut orders) = (interval(pace), BTreeMap::new());
        for (number, lot) in self.messages.chunks(LOT).enumerate() {
            every.tick().await;
            let now_ms = Timestamp::now().as_millisecond();
            let entries: Vec<Value> = lot
                .iter()
                .enumerate()
                .map(|(index, (_, body))| json!({ "Id": index.to_string(), "MessageBody": body }))
                .collect();
            let body = json!({ "QueueUrl": queue_url, "Entries": entries });
            let answer = stack.engine.inspect().call("sqs", "AmazonSQS.SendMessageBatch", &body).await?;
            if answer["Failed"].as_array().is_some_and(|failed| !failed.is_empty()) {
                bail!("the queue refused messages: {}", answer["Failed"]);
            }
            for (correlation_id, _) in lot {
                if let Some(reference) = self.references.get(correlation_id) {
                    orders.entry(reference.clone()).or_insert(now_ms);
                }
            }
            if number % 100 == 99 {
                say(format!("{} messages sent", (number + 1) * LOT));
            }
        }
        Ok(Sent { orders, poison: self.poison.clone(), messages: self.messages.len() })
    }
}
