use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;

use super::failed;
use crate::world::{Failure, WatchState};

/// Items `watch:<flow>` in the ledger table. No operation key begins like this: those begin with a number. They do not expire.
pub(super) struct Table {
    client: Client,
    name: String,
}

impl Table {
    pub(super) fn new(client: Client, name: &str) -> Self {
        Self { client, name: name.to_owned() }
    }

    pub(super) async fn state(&self, flow: &str) -> Result<Option<WatchState>, Failure> {
        let request =
            self.client.get_item().table_name(&self.name).key("pk", key(flow)).consistent_read(true);
        let answer = request.send().await.map_err(|error| failed("GetItem", &error))?;
        answer.item.as_ref().map(read).transpose()
    }

    pub(super) async fn remember(&self, flow: &str, state: &WatchState) -> Result<(), Failure> {
        let time = |time: Timestamp| AttributeValue::N(time.as_millisecond().to_string());
        let request = self
            .client
            .put_item()
            .table_name(&self.name)
            .item("pk", key(flow))
            .item("since", time(state.since))
            .item("reconciled_until", time(state.reconciled_until))
            .item("unconfirmed", AttributeValue::Bool(state.unconfirmed));
        request.send().await.map(drop).map_err(|error| failed("PutItem", &error))
    }
}

fn key(flow: &str) -> AttributeValue {
    AttributeValue::S(format!("watch:{flow}"))
}

fn read(item: &HashMap<String, AttributeValue>) -> Result<WatchState, Failure> {
    let time = |name: &str| {
        let milliseconds = item.get(name)?.as_n().ok()?.parse().ok()?;
        Timestamp::from_millisecond(milliseconds).ok()
    };
    let unconfirmed = item.get("unconfirmed").and_then(|value| value.as_bool().ok()).copied();
    match (time("since"), time("reconciled_until"), unconfirmed) {
        (Some(since), Some(reconciled_until), Some(unconfirmed)) => {
            Ok(WatchState { since, reconciled_until, unconfirmed })
        }
        _ => Err(Failure("what is remembered of the watch cannot be read".to_owned())),
    }
}
