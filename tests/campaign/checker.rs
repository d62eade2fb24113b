//! Judges the end of a schedule by what the target has seen and what the queues hold.

use std::collections::BTreeSet;

use crate::flows::Subject;
use crate::queue::original_id;
use crate::world::World;

/// What was sent, as message ids.
pub(crate) struct Sent {
    /// Of the operations for the orders from 1 to this.
    pub(crate) orders: u32,
    pub(crate) good: Vec<String>,
    pub(crate) poison: Vec<String>,
}

/// Everything that is wrong; empty where all promises were kept.
pub(crate) fn violations(subject: impl Subject, world: &World, sent: &Sent) -> Vec<String> {
    let orders = usize::try_from(sent.orders).unwrap();
    let mut wrong = dead_letters(world, sent.poison.iter().cloned().collect());
    wrong.extend(effects(subject, world, sent, 1));
    let left = world.source.messages().len();
    let moved = world.source.moved().len();
    let events = world.next.messages();
    let distinct: BTreeSet<_> = events.iter().map(|event| event_id(&event.body)).collect();
    let expected = orders * subject.follow_ons();
    for (holds, what) in [
        (left == 0, format!("{left} messages left")),
        (moved == 0, format!("{moved} messages moved without a reason")),
        (distinct.len() >= expected, "a follow-on event was lost".to_owned()),
        (distinct.len() <= expected, format!("follow-on events {distinct:?}")),
    ] {
        if !holds {
            wrong.push(what);
        }
    }
    wrong
}

/// The same where all that was sent had to be given up.
pub(crate) fn violations_of_giving_up(subject: impl Subject, world: &World, sent: &Sent) -> Vec<String> {
    let all = sent.good.iter().chain(&sent.poison).cloned().collect();
    let mut wrong = dead_letters(world, all);
    wrong.extend(effects(subject, world, sent, 0));
    let quiet = world.source.messages().is_empty() && world.source.moved().is_empty();
    if !quiet || !world.next.messages().is_empty() {
        wrong.push("messages left, moved or sent on".to_owned());
    }
    wrong
}

fn effects(subject: impl Subject, world: &World, sent: &Sent, expected: usize) -> Vec<String> {
    let each = (1..=sent.orders).map(|order| (order, subject.effects(world, order)));
    let wrong = each.filter(|(_, effects)| *effects != expected);
    let name = |effects| if effects > expected { "doubled" } else { "lost" };
    wrong.map(|(order, effects)| format!("{}: {effects} effects of order {order}", name(effects))).collect()
}

/// Each of these messages is in the dead letter queue, none else is, and every letter explains itself.
fn dead_letters(world: &World, expected: BTreeSet<String>) -> Vec<String> {
    let mut wrong = Vec::new();
    let letters = world.dead_letters.messages();
    let dead: BTreeSet<_> = letters.iter().map(original_id).collect();
    if dead != expected {
        wrong.push(format!("dead letters of {dead:?}, expected {expected:?}"));
    }
    for letter in &letters {
        let explains = ["Code", "Path", "Flow", "MappingVersion", "Failures", "SourceQueue"];
        let missing: Vec<_> =
            explains.iter().filter(|name| !letter.attributes.contains_key(**name)).collect();
        if !missing.is_empty() {
            wrong.push(format!("a dead letter without {missing:?}"));
        }
    }
    wrong
}

fn event_id(body: &str) -> String {
    let event: serde_json::Value = serde_json::from_str(body).unwrap();
    event["id"].as_str().unwrap_or_default().to_owned()
}
