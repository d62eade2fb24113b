//! One fault, and two, at every call of each flow.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use message::OperationKey;

use crate::flows::{Labels, Orders, Subject};
use crate::hook::Fault;
use crate::payments::{Cases, Notes, Refunds};
use crate::play::{a_loss_and_a_fault, one_fault, play, send, two_faults};
use crate::run::Worker;
use crate::weather::Weather;
use crate::world::World;

#[tokio::test(start_paused = true)]
async fn a_fault_at_any_call_loses_and_doubles_nothing() {
    let schedules = one_fault(Labels, &Weather::FAIR).await + one_fault(Orders, &Weather::FAIR).await;
    println!("schedules: {schedules}");
}

#[tokio::test(start_paused = true)]
async fn two_faults_at_any_calls_of_two_attempts_lose_and_double_nothing() {
    let schedules = two_faults(Labels, &Weather::FAIR).await + two_faults(Orders, &Weather::FAIR).await;
    println!("schedules: {schedules}");
}

#[tokio::test(start_paused = true)]
async fn a_fault_after_a_lost_call_loses_and_doubles_nothing() {
    let schedules =
        a_loss_and_a_fault(Labels, &Weather::FAIR).await + a_loss_and_a_fault(Orders, &Weather::FAIR).await;
    println!("schedules: {schedules}");
}

#[tokio::test(start_paused = true)]
async fn a_fault_at_any_call_makes_one_case_and_tells_it_once() {
    let schedules = one_fault(Cases, &Weather::FAIR).await
        + one_fault(Notes, &Weather::FAIR).await
        + a_loss_and_a_fault(Cases, &Weather::FAIR).await
        + a_loss_and_a_fault(Notes, &Weather::FAIR).await;
    println!("schedules: {schedules}");
}

/// Stripe tells it by two events.
#[tokio::test(start_paused = true)]
async fn a_fault_at_any_call_tells_a_failed_refund_once() {
    static EVENTS: AtomicUsize = AtomicUsize::new(0);
    let schedules = one_fault(Refunds(&EVENTS), &Weather::FAIR).await
        + two_faults(Refunds(&EVENTS), &Weather::FAIR).await;
    println!("schedules: {schedules}");
}

#[tokio::test(start_paused = true)]
async fn two_faults_at_any_calls_of_two_attempts_make_one_case_and_tell_it_once() {
    let schedules = two_faults(Cases, &Weather::FAIR).await + two_faults(Notes, &Weather::FAIR).await;
    println!("schedules: {schedules}");
}

/// What is recorded as done was done: the ledger is never ahead of the target.
#[tokio::test(start_paused = true)]
async fn nothing_is_recorded_as_done_before_its_effect_is_there() {
    let shipping = OperationKey::new("inventory-to-shipping", &["acme.myshopify.com/1", "label"]);
    let reserving = OperationKey::new("orders-to-inventory", &["acme.myshopify.com", "1", "reserve"]);
    let told = |aspect| OperationKey::new("payments-to-operations", &["stripe/acct_1", "pi_1", aspect]);
    let schedules = ahead(Labels, &shipping).await
        + ahead(Orders, &reserving).await
        + ahead(Cases, &told("outcome")).await
        + ahead(Notes, &told("refund")).await;
    println!("schedules: {schedules}");
}

async fn ahead<S: Subject + 'static>(subject: S, key: &OperationKey) -> usize {
    let calls = play(subject, &Weather::FAIR, &[]).await[0].len();
    let crashes = Fault::each(&Fault::CRASHES, calls);
    let mut done_before_the_answer = 0;
    for fault in &crashes {
        let world: Arc<World> = World::new();
        send(subject, &world);
        let worker = Worker::start(&world, &[*fault], |world, hook| subject.receiver(world, hook));
        worker.unwrap().go().await;
        let item = world.store.get(key).await.unwrap();
        let done = item.is_some_and(|item| item.status == ledger::Status::Done);
        assert!(!done || subject.effects(&world, 1) == 1, "{fault:?}");
        done_before_the_answer += usize::from(done);
    }
    // Otherwise it was another operation that was looked at.
    assert!(done_before_the_answer > 0);
    crashes.len()
}
