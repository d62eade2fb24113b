use std::collections::HashMap;
use std::str::FromStr;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};

use super::failed;
use crate::world::{Failure, WatchState};

/// Items `watch:<flow>` in the ledger table. No operation key begins like this: those begin with a number. They do not expire.
pub(super) struct Table {
    dynamodb: Client,
    name: String,
}

impl Table {
    pub(super) fn new(dynamodb: Client, name: &str) -> Self {
        Self { dynamodb, name: name.to_owned() }
    }

    pub(super) async fn state(&self, flow: &str) -> Result<Option<WatchState>, Failure> {
        let request =
            self.dynamodb.get_item().table_name(&self.name).key("pk", key(flow)).consistent_read(true);
        let answer = request.send().await.map_err(|error| failed("GetItem", &error))?;
        answer.item.as_ref().map(read).transpose()
    }

    pub(super) async fn remember(&self, flow: &str, state: &WatchState) -> Result<(), Failure> {
        let time = |time: Timestamp| number(time.as_millisecond());
        let sent = state.sent.iter().map(|(id, at)| (id.clone(), time(*at)));
        let codes = state.codes.iter().map(|(code, count)| (code.clone(), number(*count)));
        let request = self
            .dynamodb
            .put_item()
            .table_name(&self.name)
            .item("pk", key(flow))
            .item("since", time(state.since))
            .item("reconciled_until", time(state.reconciled_until))
            .item("window", number(state.window.as_secs()))
            .item("sent", AttributeValue::M(sent.collect()))
            .item("unconfirmed", AttributeValue::Bool(state.unconfirmed))
            .item("letters", number(state.letters))
            .item("letters_since", time(state.letters_since))
            .item("codes", AttributeValue::M(codes.collect()));
        request.send().await.map(drop).map_err(|error| failed("PutItem", &error))
    }
}

fn key(flow: &str) -> AttributeValue {
    AttributeValue::S(format!("watch:{flow}"))
}

fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

type Attributes = HashMap<String, AttributeValue>;

fn read(item: &Attributes) -> Result<WatchState, Failure> {
    read_all(item).ok_or_else(|| Failure("what is remembered of the watch cannot be read".to_owned()))
}

fn read_all(item: &Attributes) -> Option<WatchState> {
    let map = |name: &str| item.get(name)?.as_m().ok();
    let sent = map("sent")?.iter().map(|(id, at)| Some((id.clone(), time(at)?)));
    let codes = map("codes")?.iter().map(|(code, count)| Some((code.clone(), integer(count)?)));
    Some(WatchState {
        since: time(item.get("since")?)?,
        reconciled_until: time(item.get("reconciled_until")?)?,
        window: SignedDuration::from_secs(integer(item.get("window")?)?),
        sent: sent.collect::<Option<_>>()?,
        unconfirmed: *item.get("unconfirmed")?.as_bool().ok()?,
        letters: integer(item.get("letters")?)?,
        letters_since: time(item.get("letters_since")?)?,
        codes: codes.collect::<Option<_>>()?,
    })
}

fn integer<T: FromStr>(value: &AttributeValue) -> Option<T> {
    value.as_n().ok()?.parse().ok()
}

fn time(value: &AttributeValue) -> Option<Timestamp> {
    Timestamp::from_millisecond(integer(value)?).ok()
}
