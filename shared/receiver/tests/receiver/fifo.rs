//! A FIFO queue: the order within a group holds, groups do not wait for each other.

use serde_json::{Value, json};

use crate::support::{Bench, World, body, received, record};
use gate::{GateConfig, Observation};
use jiff::SignedDuration;
use message::Code;

fn of_group(group: &str, mut record: Value) -> Value {
    record["attributes"]["MessageGroupId"] = json!(group);
    record["eventSourceARN"] = json!("arn:aws:sqs:eu-central-1:123456789012:orders.fifo");
    record
}

#[tokio::test]
async fn the_order_within_a_group_holds() {
    let bench = Bench::new();
    let records: Vec<_> = (0..20)
        .map(|n| of_group(&format!("g{}", n % 2), record(&format!("m-{n}"), body(&format!("{n:02}"), ""))))
        .collect();
    assert!(bench.receive(&records).await.is_empty());
    let effects = bench.effects_in_order();
    for parity in [0, 1] {
        let of_group: Vec<_> =
            effects.iter().filter(|order| order.parse::<u32>().unwrap() % 2 == parity).cloned().collect();
        assert!(of_group.is_sorted(), "{of_group:?}");
        assert_eq!(of_group.len(), 10);
    }
}

#[tokio::test]
async fn after_a_failure_the_rest_of_its_group_comes_again_untouched_and_other_groups_go_on() {
    let bench = Bench::new();
    let records = [
        of_group("a", record("a1", body("1", ""))),
        of_group("a", record("a2", body("2", "fail for a minute"))),
        of_group("b", record("b1", body("3", ""))),
        of_group("a", record("a3", body("4", ""))),
        of_group("b", record("b2", body("5", ""))),
    ];
    assert_eq!(bench.receive(&records).await, ["a2", "a3"]);
    assert_eq!(bench.effects(), ["1", "3", "5"]);
    let delays = bench.world.delays.lock().unwrap().clone();
    assert!(delays.iter().all(|(_, delay)| delay.as_secs() >= 60), "the group waits together: {delays:?}");
    assert_eq!(delays.len(), 2);
}

#[tokio::test]
async fn a_dead_letter_lets_its_group_go_on_only_once_it_is_accepted() {
    let records =
        [of_group("a", record("a1", body("1", "no mapping"))), of_group("a", record("a2", body("2", "")))];
    let bench = Bench::new();
    assert!(bench.receive(&records).await.is_empty());
    assert_eq!(bench.effects(), ["2"]);
    let down = World { dead_letters_down: true.into(), ..World::default() };
    let bench = Bench::with(down, GateConfig::new("scripted"));
    assert_eq!(bench.receive(&records).await, ["a1", "a2"]);
    assert!(bench.effects().is_empty());
}

#[tokio::test]
async fn what_waited_behind_a_failure_until_its_last_receive_says_so() {
    let bench = Bench::new();
    let records = [
        of_group("a", record("a1", body("1", "fail for a minute"))),
        received(5, of_group("a", record("a2", body("2", "")))),
    ];
    assert_eq!(bench.receive(&records).await, ["a1"]);
    assert_eq!(bench.letters()[0].0, Code::GroupBlocked.as_str());
}

#[tokio::test]
async fn a_fifo_message_is_not_sent_again_while_its_target_is_down() {
    let bench = Bench::new();
    let records =
        [of_group("a", record("a1", body("1", "throttle"))), of_group("a", record("a2", body("2", "")))];
    assert_eq!(bench.receive(&records).await, ["a1", "a2"]);
    assert!(bench.world.held.lock().unwrap().is_empty(), "its place in the group would be lost");
}

#[tokio::test]
async fn groups_beside_each_other_do_not_share_a_probe() {
    let bench = Bench::new();
    for _ in 0..5 {
        bench.gate.observe(Observation::Failed(Code::TargetFailed));
    }
    bench.gate.share().await;
    bench.clock.advance(SignedDuration::from_secs(30));
    let records: Vec<_> = (0..8)
        .map(|n| of_group(&format!("g-{n}"), record(&format!("m-{n}"), body(&n.to_string(), "fail slowly"))))
        .collect();
    bench.receive(&records).await;
    assert_eq!(bench.world.tried.lock().unwrap().len(), 1);
}
