//! The table and what stands for it in memory keep the same promises.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use futures::future::join_all;
use jiff::Timestamp;
use jiff::civil::Date;
use review::audit::{Action, Class, Entry, Record, Touched, broken};
use review::aws::DynamoDbRecords;
use review::memory::World;
use review::{
    Ack, Edit, Fingerprint, Letter, Plan, PlanLetter, PlanLine, Planned, Records, ReviewError, digest,
};

fn now() -> Timestamp {
    "2026-11-24T10:00:00Z".parse().unwrap_or_default()
}

fn day() -> Date {
    Date::constant(2026, 11, 24)
}

async fn table() -> (Client, String) {
    let client = testkit::dynamodb::dynoxide().await;
    let table = testkit::dynamodb::ledger_table(&client).await;
    (client, table)
}

async fn stores() -> [Arc<dyn Records>; 2] {
    let (client, table) = table().await;
    [Arc::new(World::new(now())), Arc::new(DynamoDbRecords::new(client, table))]
}

fn record(action: Action, id: &str) -> Record {
    let letter = Touched { id: id.to_owned(), before: digest(b"{}"), after: None };
    Record {
        at: now(),
        by: "arn:aws:iam::123456789012:user/ann".to_owned(),
        action,
        flow: "orders-to-inventory".to_owned(),
        why: "mended".to_owned(),
        plan: None,
        group: None,
        note: None,
        letters: vec![letter],
    }
}

async fn problems(store: &dyn Records, class: Class) -> Vec<String> {
    let entries = store.entries(class, day()).await.unwrap();
    let last = store.last(class, day()).await.unwrap();
    broken(&entries, last.as_ref().map(|(number, digest)| (*number, digest.as_str())))
}

fn ids(entries: &[Entry]) -> Vec<String> {
    entries.iter().flat_map(|entry| entry.record().unwrap().letters).map(|letter| letter.id).collect()
}

fn plan(id: &str, letters: usize) -> Plan {
    let of_flow = |flow: &str, letters: usize| {
        let letter = |number: usize| PlanLetter {
            id: format!("{flow}-{number}"),
            digest: digest(number.to_string().as_bytes()),
            planned: if number.is_multiple_of(3) { Planned::Fail } else { Planned::Pass },
        };
        (flow.to_owned(), (0..letters).map(letter).collect())
    };
    Plan {
        lines: vec![PlanLine {
            flow: "orders-to-inventory".to_owned(),
            planned: Planned::Pass,
            was: "SPW2004".to_owned(),
            because: String::new(),
            count: u64::try_from(letters).unwrap(),
        }],
        id: id.to_owned(),
        made_at: now(),
        by: "arn:aws:iam::123456789012:user/ann".to_owned(),
        filter: "code SPW2003".to_owned(),
        letters: BTreeMap::from([of_flow("orders", letters), of_flow("labels", 7), of_flow("nobody", 0)]),
    }
}

fn letter(id: &str) -> Letter {
    Letter {
        id: id.to_owned(),
        receipt: String::new(),
        body: "{}".to_owned(),
        attributes: BTreeMap::new(),
        sent_at: now(),
        receive_count: 1,
        trace_header: None,
        group_id: None,
    }
}

fn fingerprint(flow: &str) -> Fingerprint {
    Fingerprint::of(&letter("m-1").reason(flow))
}

#[tokio::test]
async fn records_are_read_in_the_order_that_they_were_written_in_by_class_and_day() {
    for store in stores().await {
        assert_eq!(store.last(Class::Move, day()).await.unwrap(), None);
        assert_eq!(store.entries(Class::Move, day()).await.unwrap(), []);
        for (action, id) in [(Action::Redrive, "a"), (Action::Discard, "b"), (Action::Edit, "c")] {
            store.append(&record(action, id)).await.unwrap();
        }
        let moved = store.entries(Class::Move, day()).await.unwrap();
        assert_eq!(ids(&moved), ["a", "c"]);
        assert_eq!(moved[0].record().unwrap(), record(Action::Redrive, "a"));
        assert_eq!(store.last(Class::Move, day()).await.unwrap(), Some((2, moved[1].digest())));
        assert_eq!(ids(&store.entries(Class::Discard, day()).await.unwrap()), ["b"]);
        assert_eq!(store.entries(Class::Move, day().tomorrow().unwrap()).await.unwrap(), []);
        assert_eq!(problems(&*store, Class::Move).await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn eight_who_write_at_once_leave_no_gap_and_no_record_out() {
    for store in stores().await {
        let writers = (0..8).map(|writer| {
            let store = Arc::clone(&store);
            async move {
                for number in 0..4 {
                    store.append(&record(Action::Redrive, &format!("{writer}-{number}"))).await.unwrap();
                }
            }
        });
        join_all(writers).await;
        let entries = store.entries(Class::Move, day()).await.unwrap();
        assert_eq!(
            entries.iter().map(|entry| entry.number).collect::<Vec<_>>(),
            (1..=32).collect::<Vec<_>>()
        );
        assert_eq!(problems(&*store, Class::Move).await, Vec::<String>::new());
        let mut found = ids(&entries);
        found.sort();
        let written = (0..8).flat_map(|writer| (0..4).map(move |number| format!("{writer}-{number}")));
        assert_eq!(found, written.collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn more_records_than_one_answer_takes_are_all_read() {
    for store in stores().await {
        for number in 0..101 {
            store.append(&record(Action::Archive, &number.to_string())).await.unwrap();
        }
        assert_eq!(store.entries(Class::Archive, day()).await.unwrap().len(), 101);
        assert_eq!(problems(&*store, Class::Archive).await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_plan_of_thousands_is_read_as_it_was_written_and_never_replaced() {
    for store in stores().await {
        let written = plan("p-1", 5_000);
        assert_eq!(store.plan("p-1").await.unwrap(), None);
        store.put_plan(&written).await.unwrap();
        assert_eq!(store.plan("p-1").await.unwrap(), Some(written.clone()));
        // As one does whose answer was lost.
        store.put_plan(&written).await.unwrap();
        let other = Plan { filter: "all".to_owned(), ..plan("p-1", 3) };
        assert!(matches!(store.put_plan(&other).await, Err(ReviewError::Refused(_))));
        assert_eq!(store.plan("p-1").await.unwrap(), Some(written));
    }
}

#[tokio::test]
async fn an_acknowledgement_counts_until_its_time() {
    for store in stores().await {
        let until: Timestamp = "2026-11-25T10:00:00Z".parse().unwrap();
        let (by, reason) = ("ann".to_owned(), "the shop mends it".to_owned());
        let ack = Ack { until, by, reason, at: now() };
        let (known, other) = (fingerprint("orders"), fingerprint("labels"));
        store.put_ack(&known, &ack).await.unwrap();
        let groups = [known.clone(), other, known.clone()];
        let found = store.acks(&groups, now()).await.unwrap();
        assert_eq!(found, HashMap::from([(known.clone(), ack.clone())]));
        assert_eq!(store.acks(&groups, until).await.unwrap(), HashMap::new());
        assert_eq!(store.acks(&[], now()).await.unwrap(), HashMap::new());
        let longer = Ack { until: "2026-11-26T10:00:00Z".parse().unwrap(), ..ack };
        store.put_ack(&known, &longer).await.unwrap();
        assert_eq!(store.acks(&groups, until).await.unwrap(), HashMap::from([(known, longer)]));
    }
}

#[tokio::test]
async fn an_edit_takes_the_place_of_the_one_that_it_began_from_and_of_no_other() {
    for store in stores().await {
        let edit = |after| Edit::of(&letter("m-1"), "orders", after, "ann", "the sku was wrong", now());
        let put = async |after, before: Option<&Edit>| store.put_edit(&edit(after), before).await.unwrap();
        assert!(!put("[0]", Some(&edit("[1]"))).await, "there is none");
        assert!(put("[1]", None).await);
        assert!(put("[1]", None).await, "it is there, as one does whose answer was lost");
        assert!(!put("[3]", None).await && !put("[3]", Some(&edit("[2]"))).await);
        assert!(put("[2]", Some(&edit("[1]"))).await);
        assert!(!put("[3]", Some(&edit("[1]"))).await);
        let mut asked: Vec<_> = (0..1_000).map(|number| format!("other-{number}")).collect();
        asked.extend(["m-1".to_owned(), "m-1".to_owned()]);
        let found = store.edits(&asked).await.unwrap();
        assert_eq!(found, HashMap::from([("m-1".to_owned(), edit("[2]"))]));
    }
}

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

fn number(number: u64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

async fn put(client: &Client, table: &str, key: &str, attributes: &[(&str, AttributeValue)]) {
    let put = client.put_item().table_name(table).item("pk", text(key));
    let put = attributes.iter().fold(put, |put, (name, value)| put.item(*name, value.clone()));
    put.send().await.unwrap();
}

async fn remove(client: &Client, table: &str, key: &str) {
    client.delete_item().table_name(table).key("pk", text(key)).send().await.unwrap();
}

#[tokio::test]
async fn whoever_changes_the_count_is_found() {
    let (client, table) = table().await;
    let store = DynamoDbRecords::new(client.clone(), &table);
    for id in ["a", "b", "c"] {
        store.append(&record(Action::Discard, id)).await.unwrap();
    }
    let second = store.entries(Class::Discard, day()).await.unwrap()[1].digest();
    let key = "audit:discard:2026-11-24";
    put(&client, &table, key, &[("count", number(2)), ("digest", text(&second))]).await;
    assert_eq!(problems(&store, Class::Discard).await, ["2 records were written, 3 are there"]);
    remove(&client, &table, key).await;
    assert_eq!(problems(&store, Class::Discard).await, ["no count says that there are 3 records"]);
}

#[tokio::test]
async fn a_record_that_was_changed_or_taken_away_is_found() {
    let (client, table) = table().await;
    let store = DynamoDbRecords::new(client.clone(), &table);
    for id in ["a", "b", "c"] {
        store.append(&record(Action::Discard, id)).await.unwrap();
    }
    let key = "audit:discard:2026-11-24#2";
    let second = store.entries(Class::Discard, day()).await.unwrap()[1].clone();
    let changed = second.text.replace("ann", "bob");
    let forged = [("number", number(2)), ("previous", text(&second.previous)), ("record", text(&changed))];
    put(&client, &table, key, &forged).await;
    assert_eq!(problems(&store, Class::Discard).await.len(), 1);
    remove(&client, &table, key).await;
    assert_eq!(problems(&store, Class::Discard).await, ["record 2 is missing"]);
}

#[tokio::test]
async fn a_record_of_which_something_is_missing_hides_no_other() {
    let (client, table) = table().await;
    let store = DynamoDbRecords::new(client.clone(), &table);
    for id in ["a", "b", "c"] {
        store.append(&record(Action::Discard, id)).await.unwrap();
    }
    put(&client, &table, "audit:discard:2026-11-24#2", &[("note", text("emptied"))]).await;
    let entries = store.entries(Class::Discard, day()).await.unwrap();
    assert_eq!(entries.iter().map(|entry| entry.record().is_some()).collect::<Vec<_>>(), [true, false, true]);
    let told = problems(&store, Class::Discard).await;
    assert!(told.contains(&"record 2 cannot be read".to_owned()) && told.len() == 3, "{told:?}");
}

#[tokio::test]
async fn a_record_that_nobody_has_counted_is_not_written_over() {
    let (client, table) = table().await;
    let store = DynamoDbRecords::new(client.clone(), &table);
    let forged =
        [("number", number(1)), ("previous", text("")), ("record", text("{}")), ("token", text("x"))];
    put(&client, &table, "audit:move:2026-11-24#1", &forged).await;
    let error = store.append(&record(Action::Redrive, "a")).await.unwrap_err();
    assert_eq!(error.to_string(), "audit:move:2026-11-24#1 is there and is not counted: who wrote it?");
    assert_eq!(store.entries(Class::Move, day()).await.unwrap()[0].text, "{}");
}

#[tokio::test]
async fn what_cannot_be_read_is_told_by_its_key_and_not_shown() {
    let (client, table) = table().await;
    let store = DynamoDbRecords::new(client.clone(), &table);
    put(&client, &table, "plan:p-1", &[("plan", text("canary"))]).await;
    put(&client, &table, "edit:m-1", &[("edit", text("{\"canary\": 1}"))]).await;
    put(&client, &table, "audit:read:2026-11-24", &[("count", text("canary"))]).await;
    let told = [
        store.plan("p-1").await.unwrap_err(),
        store.edits(&["m-1".to_owned()]).await.unwrap_err(),
        store.append(&record(Action::Plan, "a")).await.unwrap_err(),
    ];
    let told: Vec<_> = told.iter().map(ToString::to_string).collect();
    let expected = [
        "plan:p-1: plan cannot be read",
        "edit:m-1: edit cannot be read",
        "audit:read:2026-11-24: count cannot be read",
    ];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn a_plan_that_lacks_some_of_its_letters_is_no_plan() {
    let (client, table) = table().await;
    let store = DynamoDbRecords::new(client.clone(), &table);
    store.put_plan(&plan("p-1", 5_000)).await.unwrap();
    remove(&client, &table, "plan:p-1#2").await;
    let error = store.plan("p-1").await.unwrap_err();
    assert_eq!(error.to_string(), "plan:p-1#2: letters cannot be read");
}
