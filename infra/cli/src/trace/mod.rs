//! `spillway trace`: the journey of one event, out of what functions have logged and what the ledger holds.

mod journey;
mod logs;
mod shown;

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use aws_sdk_cloudwatchlogs::Client as CloudWatchLogs;
use aws_sdk_dynamodb::Client as DynamoDb;
use clap::Args;
use jiff::{SignedDuration, Timestamp};
use ledger::{DynamoDbStore, Store};
use message::OperationKey;

pub(crate) use self::journey::Journey;
use self::journey::Ledger;
use self::logs::Logs;
use crate::answer::Answer;
use crate::deployment;
use crate::live::wait;

/// Events that are followed at once.
const MOST_JOURNEYS: usize = 20;

#[derive(Args)]
pub(crate) struct Trace {
    /// A correlation id, the id of a delivery or of an SQS message, or an order's, a payment's or another business id.
    id: String,
    /// The deployment's stack: its functions' log groups are called /aws/lambda/STACK-….
    #[arg(long, env = "SPILLWAY_STACK", value_name = "NAME")]
    stack: String,
    /// Its ledger table, output LedgerTableName, without asking the stack for it.
    #[arg(long, value_name = "NAME")]
    table: Option<String>,
    /// How many days back logs are read.
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..=365))]
    days: u16,
}

impl Trace {
    pub(crate) fn run(&self) -> Result<Answer> {
        ensure!(
            self.id.trim().len() >= 3,
            "an id has three characters at least: a shorter one is in every line"
        );
        let journey = wait(async {
            let sdk = aws::load_config().await;
            let table = deployment::table(&sdk, Some(&self.stack), self.table.as_deref()).await?;
            let journeys = Journeys {
                logs: CloudWatchLogs::new(&sdk),
                ledger: DynamoDbStore::new(DynamoDb::new(&sdk), &table),
                stack: self.stack.clone(),
                table,
            };
            journeys.follow(self.id.trim(), self.days).await
        })?;
        Ok(journey.answer(&self.id))
    }
}

/// Where journeys are read of.
pub(crate) struct Journeys {
    pub(crate) logs: CloudWatchLogs,
    pub(crate) ledger: DynamoDbStore,
    pub(crate) stack: String,
    pub(crate) table: String,
}

impl Journeys {
    /// Of every event in whose lines the id stands, in the logs of so many days.
    pub(crate) async fn follow(&self, id: &str, days: u16) -> Result<Journey> {
        let since = Timestamp::now() - SignedDuration::from_hours(i64::from(days) * 24);
        let logs = Logs::of(self.logs.clone(), &self.stack, since).await?;
        let found = logs.with(id).await?;
        let events = journey::events(&found, id);
        ensure!(
            events.len() <= MOST_JOURNEYS,
            "{} events have {id} in their lines: say an id that fewer have",
            events.len()
        );
        let mut lines = Vec::new();
        for event in &events {
            lines.extend(logs.with(event).await?.into_iter().filter(|line| line.is_of(event)));
        }
        let mut journey = Journey::of(lines);
        let operations: BTreeSet<_> = journey.operations().map(str::to_owned).collect();
        for operation in operations {
            let item = self.ledger.get(&OperationKey::from_stored(operation.clone())).await;
            let item = item.map_err(|error| anyhow::anyhow!("{}: {error}", self.table))?;
            journey.ledger.push(Ledger::of(&operation, item.as_ref(), Timestamp::now()));
        }
        Ok(journey)
    }
}
