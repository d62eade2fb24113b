//! The main job on real input: signed Shopify webhooks to the deployed API, and what has to become of each.

mod shop;
mod table;

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use tokio::time::Instant;

pub use shop::{Shop, ShopOrder};
pub use table::Row;

use crate::inspect::{Inspect, QueuedMessage};

/// How long anything may take that has to happen by itself. A function's first start is the slowest part.
const DEADLINE: Duration = Duration::from_secs(60);

/// What the scenario needs of the world around it.
pub struct Scenario<'a> {
    /// Webhooks go to `<api_url>/webhooks/shopify`.
    pub api_url: &'a str,
    pub webhook_secret: &'a str,
    pub dead_letter_queue_url: &'a str,
    /// Every other queue: nothing may be left there.
    pub other_queue_urls: Vec<&'a str>,
    /// Log group of orders-to-inventory.
    pub orders_log_group: &'a str,
    pub inspect: &'a Inspect,
    pub partners: &'a dyn Partners,
}

/// What the partner systems have done, asked of them and not of us.
#[async_trait::async_trait]
pub trait Partners: Send + Sync {
    /// Names of the reservations under our reference.
    async fn reservations(&self, reference: &str) -> Result<Vec<String>>;
    /// Tracking numbers of the labels under our reference.
    async fn labels(&self, reference: &str) -> Result<Vec<String>>;
}

/// What came of it: a row a webhook, and everything that is not as it has to be.
#[derive(Debug)]
pub struct Outcome {
    pub rows: Vec<Row>,
    pub wrong: Vec<String>,
}

impl Scenario<'_> {
    /// Five webhooks of one shop. Nothing is known beforehand of its orders, so it can run again on the same stack.
    pub async fn run(&self, progress: &dyn Fn(&str)) -> Result<Outcome> {
        let shop = Shop::new(self.api_url, self.webhook_secret);
        let order = shop.order();
        let reference = order.reference();
        let mut rows = Vec::new();

        progress("posting an order");
        let status = shop.post(&order, &shop.delivery()).await?;
        let (reservation, label) = self.reserved_and_labelled(&reference).await?;
        rows.push(Row::new("one order, posted", status, format!("reserved {reservation}, label {label}")));

        progress("posting the same delivery again");
        let status = shop.repeat_last(&order).await?;
        self.duplicates(&order, 1).await?;
        rows.push(Row::new("the same delivery again", status, "duplicate"));

        progress("posting the same order under a new delivery id");
        let status = shop.post(&order, &shop.delivery()).await?;
        self.duplicates(&order, 2).await?;
        rows.push(Row::new("the same order, another delivery", status, "duplicate"));

        progress("posting with a wrong signature");
        let status = shop.post_with_wrong_signature(&order).await?;
        rows.push(Row::new("with a wrong signature", status, "refused"));

        progress("posting an order that can never be mapped");
        let unmappable = shop.order_without_address();
        let before = self.dead_letter_ids().await?;
        let status = shop.post(&unmappable, &shop.delivery()).await?;
        let letter = self.dead_letter(&before).await?;
        let attribute = |name: &str| letter.attributes.get(name).cloned().unwrap_or_default();
        let summary = format!(
            "dead letter {} at {} ({}, {})",
            attribute("Code"),
            attribute("Path"),
            attribute("Flow"),
            attribute("MappingVersion")
        );
        rows.push(Row::new("an order that can never be mapped", status, summary));

        self.acknowledged().await?;
        let wrong = self.verdict(&reference, &order, &before, &rows).await?;
        Ok(Outcome { rows, wrong })
    }

    /// Counted at the end, when everything that could still happen has had its time.
    async fn verdict(
        &self,
        reference: &str,
        order: &ShopOrder,
        letters_before: &BTreeSet<String>,
        rows: &[Row],
    ) -> Result<Vec<String>> {
        let mut wrong = Vec::new();
        let mut check = |what: &str, is: Value, should: Value| {
            if is != should {
                wrong.push(format!("{what}: {is}, expected {should}"));
            }
        };
        let statuses: Vec<_> = rows.iter().map(|row| row.status).collect();
        check("HTTP statuses", json!(statuses), json!([202, 202, 202, 401, 202]));
        check("reservations", json!(self.partners.reservations(reference).await?.len()), json!(1));
        check("labels", json!(self.partners.labels(reference).await?.len()), json!(1));
        check("duplicates", json!(self.dispositions(order, "Duplicate").await?), json!(2));
        check("done", json!(self.dispositions(order, "Done").await?), json!(1));
        for queue_url in &self.other_queue_urls {
            let left = self.inspect.messages(queue_url).await?.len();
            check(&format!("messages left on {queue_url}"), json!(left), json!(0));
        }
        let letters = self.inspect.messages(self.dead_letter_queue_url).await?;
        let letters: Vec<_> = letters.iter().filter(|letter| !letters_before.contains(&letter.id)).collect();
        check("dead letters", json!(letters.len()), json!(1));
        for letter in letters {
            let expected = [
                ("Code", "SPW2001"),
                ("Path", "$.shipping_address"),
                ("Flow", "orders-to-inventory"),
                ("MappingVersion", "shopify-order/2 canonical.order@1"),
            ];
            for (name, value) in expected {
                check(&format!("attribute {name}"), json!(letter.attributes.get(name)), json!(value));
            }
        }
        Ok(wrong)
    }

    async fn reserved_and_labelled(&self, reference: &str) -> Result<(String, String)> {
        self.poll("the order's reservation and label", async || {
            let reservation = self.partners.reservations(reference).await?.into_iter().next();
            let label = self.partners.labels(reference).await?.into_iter().next();
            Ok(reservation.zip(label))
        })
        .await
    }

    async fn duplicates(&self, order: &ShopOrder, count: usize) -> Result<()> {
        self.poll(&format!("duplicate number {count}"), async || {
            Ok((self.dispositions(order, "Duplicate").await? >= count).then_some(()))
        })
        .await
    }

    /// How many records of this order's events have ended so, by the function's own log.
    async fn dispositions(&self, order: &ShopOrder, disposition: &str) -> Result<usize> {
        let lines = self.inspect.log_lines(self.orders_log_group).await?;
        let ended = |line: &&Value| {
            line["message"] == "record ended"
                && line["disposition"] == disposition
                && line["correlation_id"] == order.event_id.as_str()
        };
        Ok(lines.iter().filter(ended).count())
    }

    /// An acknowledgement comes a moment after the effect.
    async fn acknowledged(&self) -> Result<()> {
        self.poll("an empty queue", async || {
            for queue_url in &self.other_queue_urls {
                if !self.inspect.messages(queue_url).await?.is_empty() {
                    return Ok(None);
                }
            }
            Ok(Some(()))
        })
        .await
    }

    async fn dead_letter_ids(&self) -> Result<BTreeSet<String>> {
        let letters = self.inspect.messages(self.dead_letter_queue_url).await?;
        Ok(letters.into_iter().map(|letter| letter.id).collect())
    }

    async fn dead_letter(&self, before: &BTreeSet<String>) -> Result<QueuedMessage> {
        self.poll("the dead letter", async || {
            let letters = self.inspect.messages(self.dead_letter_queue_url).await?;
            Ok(letters.into_iter().find(|letter| !before.contains(&letter.id)))
        })
        .await
    }

    async fn poll<T>(&self, what: &str, probe: impl AsyncFn() -> Result<Option<T>>) -> Result<T> {
        let ends = Instant::now() + DEADLINE;
        let mut every = tokio::time::interval(Duration::from_millis(200));
        loop {
            every.tick().await;
            if let Some(found) = probe().await.with_context(|| format!("while waiting for {what}"))? {
                return Ok(found);
            }
            if Instant::now() > ends {
                bail!("{what} did not come within {} s", DEADLINE.as_secs());
            }
        }
    }
}
