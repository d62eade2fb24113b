use std::collections::HashMap;
use std::time::Duration;

use local::sandbox::System;
use local::{Spillway, Stack};
use testkit::poll_until;

use super::causes::{Cause, ORDERS};

/// Effects of the letters after which the tool is killed: it is in the middle of a step then.
const KILLED_AFTER: [usize; 2] = [30, 120];

pub(super) async fn by_a_tool_that_is_killed_twice_each_has_its_effect_once(
    stack: &Stack,
    spillway: &Spillway,
    plan: &str,
    mended: &Cause,
) {
    println!("they are redriven, by a tool that is killed twice");
    // What a killed one holds is back after so many seconds and one more for each hundred letters of the queue.
    let arguments = ["dlq", "redrive", plan, "--flow", ORDERS, "--reason", "the status is known now"];
    let gently = ["--ramp", "50x250,50x250", "--settle", "1", "--hidden-seconds", "10"];
    for after in KILLED_AFTER {
        let running = spillway.begin(&[&arguments[..], &gently].concat()).unwrap();
        poll_until("some have their effect", Duration::from_secs(120), || async {
            (reserved(stack, mended).values().sum::<usize>() >= after).then_some(())
        })
        .await;
        running.kill().await.unwrap();
        println!("killed after {}", reserved(stack, mended).values().sum::<usize>());
    }
    let rest = ["--ramp", "100", "--settle", "1", "--hidden-seconds", "10"];
    let told = spillway.ask(&[&arguments[..], &rest].concat()).await.unwrap();
    println!("the rest in {:?}", told.took);
    assert!(told.good && told.json["flows"][0]["ended"] == "done", "{}", told.json);
    poll_until("all is done", Duration::from_secs(120), || async {
        let queues = ["OrdersToInventoryQueueUrl", "InventoryToShippingQueueUrl"];
        for queue in queues {
            if !super::on_queue(stack, queue).await.is_empty() {
                return None;
            }
        }
        Some(())
    })
    .await;
    let effects = reserved(stack, mended);
    assert!(mended.references.iter().all(|it| effects.get(it) == Some(&1)), "{effects:?}");
}

/// How often each of its orders is reserved.
fn reserved(stack: &Stack, mended: &Cause) -> HashMap<String, usize> {
    let mut times: HashMap<_, _> = HashMap::new();
    for effect in stack.sandbox.effects() {
        if effect.system == System::Inventory {
            *times.entry(effect.reference).or_default() += 1;
        }
    }
    times.retain(|reference, _| mended.references.contains(reference));
    times
}
