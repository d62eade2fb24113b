//! Faults while the target or the ledger fails, or the gate is closed: at every call of every invocation until the queue is
//! empty, the ones that hold messages and probe the target among them.

use std::collections::BTreeSet;

use crate::flows::{Labels, Orders, Subject};
use crate::hook::Fault;
use crate::payments::{Cases, Notes};
use crate::play::{a_loss_and_a_fault, one_fault, play};
use crate::weather::Weather;

pub(crate) async fn one_fault_in<S: Subject + 'static>(subject: S, weathers: &[&'static Weather]) -> usize {
    let mut schedules = 0;
    for weather in weathers {
        schedules += one_fault(subject, weather).await;
    }
    schedules
}

#[tokio::test(start_paused = true)]
async fn a_fault_in_an_outage_of_the_shipping_flow_loses_and_doubles_nothing() {
    let weathers = [
        &Weather::OUTAGE,
        &Weather::SILENCE,
        &Weather::WRITES_FAIL,
        &Weather::THROTTLED,
        &Weather::LEDGER_DOWN,
    ];
    println!("schedules: {}", one_fault_in(Labels, &weathers).await);
}

/// What cannot be seen yet is not made again.
#[tokio::test(start_paused = true)]
async fn a_fault_while_the_target_is_slow_doubles_nothing() {
    let schedules =
        one_fault(Labels, &Weather::SLOW).await + a_loss_and_a_fault(Labels, &Weather::SLOW).await;
    println!("schedules: {schedules}");
}

#[tokio::test(start_paused = true)]
async fn a_fault_in_an_outage_of_the_order_flow_loses_and_doubles_nothing() {
    let weathers = [&Weather::OUTAGE, &Weather::WRITES_FAIL];
    println!("schedules: {}", one_fault_in(Orders, &weathers).await);
}

#[tokio::test(start_paused = true)]
async fn a_fault_in_an_outage_of_the_desk_makes_one_case_and_tells_it_once() {
    let weathers = [&Weather::OUTAGE, &Weather::WRITES_FAIL, &Weather::SLOW, &Weather::REFUSED];
    println!(
        "schedules: {}",
        one_fault_in(Cases, &weathers).await + one_fault_in(Notes, &[&Weather::OUTAGE]).await
    );
}

#[tokio::test(start_paused = true)]
async fn a_fault_behind_a_closed_gate_loses_and_doubles_nothing() {
    let weathers = [&Weather::OPEN, &Weather::LIMITED];
    let schedules = one_fault_in(Labels, &weathers).await + one_fault_in(Orders, &weathers).await;
    println!("schedules: {schedules}");
}

/// Each message is in the dead letter queue then, and each letter that can succeed does when it is redriven.
#[tokio::test(start_paused = true)]
async fn a_fault_while_everything_is_given_up_leaves_letters_that_can_be_redriven() {
    let weathers = [&Weather::TOO_LONG, &Weather::REFUSED];
    println!("schedules: {}", one_fault_in(Labels, &weathers).await);
}

#[tokio::test(start_paused = true)]
async fn a_fault_after_a_lost_call_of_the_invocation_that_holds_or_gives_up_loses_and_doubles_nothing() {
    let mut schedules = 0;
    for weather in [
        &Weather::OUTAGE,
        &Weather::WRITES_FAIL,
        &Weather::LEDGER_DOWN,
        &Weather::OPEN,
        &Weather::LIMITED,
        &Weather::REFUSED,
    ] {
        schedules += a_loss_and_a_fault(Labels, weather).await;
    }
    println!("schedules: {schedules}");
}

/// Without any other fault: no receive is used up by waiting.
#[tokio::test(start_paused = true)]
async fn half_an_hour_of_outage_sends_nothing_to_the_dead_letter_queue() {
    play(Labels, &Weather::HALF_AN_HOUR, &[]).await;
    play(Labels, &Weather::HALF_AN_HOUR_OF_WRITES, &[]).await;
    println!("schedules: 2");
}

/// A campaign that never held a message would say nothing about holding.
#[tokio::test(start_paused = true)]
async fn every_weather_holds_messages_and_every_kind_of_call_is_made() {
    let mut made = BTreeSet::new();
    for weather in [
        &Weather::OUTAGE,
        &Weather::SILENCE,
        &Weather::WRITES_FAIL,
        &Weather::THROTTLED,
        &Weather::LEDGER_DOWN,
        &Weather::OPEN,
        &Weather::LIMITED,
        &Weather::TOO_LONG,
    ] {
        let calls: BTreeSet<_> = play(Labels, weather, &[]).await.into_iter().flatten().collect();
        assert!(calls.contains("hold"), "{}: {calls:?}", weather.name);
        made.extend(calls);
    }
    let orders = play(Orders, &Weather::FAIR, &[]).await;
    let settlement = orders[0].iter().position(|call| *call == "settle").unwrap();
    made.extend(orders.into_iter().flatten());
    made.extend(
        play(Orders, &Weather::FAIR, &[(0, Fault::RequestLost(settlement))]).await.into_iter().flatten(),
    );
    let all = [
        "claim",
        "dead letter",
        "event",
        "gate: lease",
        "gate: load",
        "gate: swap",
        "hold",
        "settle",
        "target",
        "visibility",
    ];
    assert_eq!(made, BTreeSet::from(all));
}
