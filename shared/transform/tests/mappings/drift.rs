//! What came otherwise than the contract says is counted, whether the message was refused or not.

use message::Envelope;
use serde_json::{Value, json};
use transform::canonical::Order;
use transform::{Note, Translator};

use crate::common::{shopify_payload, webhook};

fn translator() -> Translator {
    Translator::built_in("shopify-order", &Value::Null).unwrap()
}

fn full(change: impl Fn(&mut Value)) -> Envelope {
    let mut payload: Value = serde_json::from_str(&shopify_payload("full")).unwrap();
    change(&mut payload);
    webhook(&payload.to_string())
}

fn decode(translator: &Translator, envelope: &Envelope, times: usize) -> bool {
    (0..times).all(|_| translator.decode::<Order>(envelope).is_ok())
}

fn unknown(path: &str) -> Note {
    Note::UnknownField { path: path.to_owned() }
}

#[test]
fn members_that_no_contract_lists_are_counted_in_a_message_that_is_refused() {
    for refused in [
        full(|order| {
            order["cancelled_at"] = json!("2026-11-24T09:15:30Z");
            order["news"] = json!(1);
        }),
        full(|order| {
            order["line_items"][0]["price"] = json!("19.905");
            order["news"] = json!(1);
        }),
        Envelope { sourceversion: Some("2099-01".to_owned()), ..full(|order| order["news"] = json!(1)) },
    ] {
        let translator = translator();
        assert!(!decode(&translator, &refused, 1));
        assert_eq!(translator.take_drift().get(&unknown("$.news")), Some(&1), "{refused:?}");
    }
}

#[test]
fn a_member_that_stops_coming_is_told_of_messages_that_are_refused_as_well() {
    let translator = translator();
    assert!(decode(&translator, &full(|_| ()), 100));
    assert!(translator.take_drift().is_empty());
    let without = full(|order| {
        order["email"] = Value::Null;
        order["cancelled_at"] = json!("2026-11-24T09:15:30Z");
    });
    let of_no_contract = Envelope { sourceversion: Some("2099-01".to_owned()), ..without.clone() };
    for _ in 0..30 {
        assert!(!decode(&translator, &of_no_contract, 1));
    }
    assert!(translator.take_drift().is_empty(), "no contract that is accepted says what they have");
    for _ in 0..30 {
        assert!(!decode(&translator, &without, 1));
    }
    let stopped = Note::MissingField { path: "$.email".to_owned() };
    assert_eq!(translator.take_drift().get(&stopped), Some(&1));
}

#[test]
fn places_that_are_counted_are_few_whatever_comes() {
    let translator = translator();
    for message in 'a'..='z' {
        let news = full(|order| ('a'..='e').for_each(|n| order[format!("news_{message}_{n}")] = json!(1)));
        assert!(decode(&translator, &news, 1));
    }
    let drift = translator.take_drift();
    // A hundred, and all that is beyond them under one name.
    assert_eq!((drift.len(), drift.get(&unknown("$.*"))), (101, Some(&30)));
    // Those that have a name of their own keep it, and no other is given one.
    let again = full(|order| {
        order["news_a_a"] = json!(1);
        order["still_another"] = json!(1);
    });
    assert!(decode(&translator, &again, 1));
    let drift = translator.take_drift();
    assert_eq!(drift, [(unknown("$.news_a_a"), 1), (unknown("$.*"), 1)].into());
}
