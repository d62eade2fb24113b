//! Judges the end of a schedule by what the target has seen and what the queues hold.

use std::collections::BTreeSet;

use crate::flows::Subject;
use crate::queue::original_id;
use crate::world::World;

/// What was sent: ids of the good messages, all of one operation, and of the poison ones.
pub(crate) struct Sent {
    pub(crate) good: Vec<String>,
    pub(crate) poison: Vec<String>,
}

/// Everything that is wrong; empty where all promises were kept.
pub(crate) fn violations(subject: impl Subject, world: &World, sent: &Sent) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut check = |holds: bool, what: String| {
        if !holds {
            wrong.push(what);
        }
    };
    let effects = subject.effects(world);
    check(effects <= 1, format!("doubled: {effects} effects"));
    check(effects >= 1, "lost: no effect, and no message left".to_owned());
    let left = world.source.messages().len();
    check(left == 0, format!("{left} messages left"));
    let letters = world.dead_letters.messages();
    let dead: BTreeSet<_> = letters.iter().map(original_id).collect();
    let poison: BTreeSet<_> = sent.poison.iter().cloned().collect();
    check(dead == poison, format!("dead letters of {dead:?}, expected {poison:?}"));
    for letter in &letters {
        let explains = ["Code", "Path", "Flow", "MappingVersion", "Failures", "SourceQueue"];
        let missing: Vec<_> =
            explains.iter().filter(|name| !letter.attributes.contains_key(**name)).collect();
        check(missing.is_empty(), format!("a dead letter without {missing:?}"));
    }
    let moved = world.source.moved().len();
    check(moved == 0, format!("{moved} messages moved without a reason"));
    let events = world.next.messages();
    check(events.len() >= subject.follow_ons(), "the follow-on event was lost".to_owned());
    let distinct: BTreeSet<_> = events.iter().map(|event| event_id(&event.body)).collect();
    check(distinct.len() == subject.follow_ons(), format!("follow-on events {distinct:?}"));
    wrong
}

fn event_id(body: &str) -> String {
    let event: serde_json::Value = serde_json::from_str(body).unwrap();
    event["id"].as_str().unwrap_or_default().to_owned()
}
