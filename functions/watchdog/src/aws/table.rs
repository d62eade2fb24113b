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
        let item = written(flow, state);
        let request = self.dynamodb.put_item().table_name(&self.name).set_item(Some(item));
        request.send().await.map(drop).map_err(|error| failed("PutItem", &error))
    }
}

fn written(flow: &str, state: &WatchState) -> Attributes {
    let time = |time: Timestamp| number(time.as_millisecond());
    let sent = state.sent.iter().map(|(id, at)| (id.clone(), time(*at)));
    let codes = state.codes.iter().map(|(code, count)| (code.clone(), number(*count)));
    let always = [
        ("pk", key(flow)),
        ("since", time(state.since)),
        ("reconciled_until", time(state.reconciled_until)),
        ("window", number(state.window.as_secs())),
        ("sent", AttributeValue::M(sent.collect())),
        ("unconfirmed", AttributeValue::Bool(state.unconfirmed)),
        ("letters", number(state.letters)),
        ("letters_since", time(state.letters_since)),
        ("looks_without_letters", number(state.looks_without_letters)),
        ("codes", AttributeValue::M(codes.collect())),
    ];
    let archived_at = state.archived_at.map(|at| ("archived_at", time(at)));
    always.into_iter().chain(archived_at).map(|(name, value)| (name.to_owned(), value)).collect()
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

/// What an earlier version of the function has not written begins anew.
fn read_all(item: &Attributes) -> Option<WatchState> {
    let since = time(item.get("since")?)?;
    let number = |name: &str| item.get(name).and_then(integer::<u64>);
    let map = |name: &str| item.get(name).and_then(|map| map.as_m().ok());
    let sent = map("sent").into_iter().flatten().filter_map(|(id, at)| Some((id.clone(), time(at)?)));
    let codes =
        map("codes").into_iter().flatten().filter_map(|(code, count)| Some((code.clone(), integer(count)?)));
    let window = item.get("window").and_then(integer).map(SignedDuration::from_secs);
    let begun = WatchState::beginning(since);
    let letters = number("letters").unwrap_or_default();
    let without = number("looks_without_letters");
    Some(WatchState {
        reconciled_until: time(item.get("reconciled_until")?)?,
        window: window.filter(SignedDuration::is_positive).unwrap_or(begun.window),
        sent: sent.collect(),
        unconfirmed: *item.get("unconfirmed")?.as_bool().ok()?,
        letters,
        looks_without_letters: without.unwrap_or(if letters == 0 { begun.looks_without_letters } else { 0 }),
        letters_since: item.get("letters_since").and_then(time).unwrap_or(begun.letters_since),
        codes: codes.collect(),
        archived_at: item.get("archived_at").and_then(time),
        ..begun
    })
}

fn integer<T: FromStr>(value: &AttributeValue) -> Option<T> {
    value.as_n().ok()?.parse().ok()
}

fn time(value: &AttributeValue) -> Option<Timestamp> {
    Timestamp::from_millisecond(integer(value)?).ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn state() -> WatchState {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        WatchState {
            reconciled_until: at("2026-11-24T11:00:00Z"),
            window: SignedDuration::from_hours(3),
            sent: BTreeMap::from([("evt_1".to_owned(), at("2026-11-24T10:00:00Z"))]),
            unconfirmed: true,
            letters: 3,
            letters_since: at("2026-11-20T12:00:00Z"),
            looks_without_letters: 0,
            codes: BTreeMap::from([("SPW2001".to_owned(), 3)]),
            archived_at: Some(at("2026-11-24T11:30:00Z")),
            ..WatchState::beginning(at("2026-11-01T00:00:00Z"))
        }
    }

    #[test]
    fn what_is_written_is_read_as_it_was() {
        for state in [state(), WatchState { archived_at: None, ..state() }] {
            assert_eq!(read(&written("orders-to-inventory", &state)), Ok(state));
        }
    }

    /// Nobody has archived anything by it.
    #[test]
    fn an_item_of_an_earlier_version_is_read_as_before() {
        let mut item = written("orders-to-inventory", &state());
        item.remove("archived_at").unwrap();
        item.remove("looks_without_letters").unwrap();
        assert_eq!(read(&item), Ok(WatchState { archived_at: None, ..state() }));
        let begun = WatchState::beginning(state().since);
        for name in ["window", "sent", "letters", "letters_since", "codes"] {
            item.remove(name).unwrap();
        }
        let first = WatchState { reconciled_until: state().reconciled_until, unconfirmed: true, ..begun };
        assert_eq!(read(&item), Ok(first));
    }
}
