//! Two people at work on the same letters at once, in many orders of their calls.

use std::collections::BTreeSet;

use review::{Filter, Moving, Plan, Stop};

use super::redriving::{fast, plan_of_all};
use super::{FLOW, id, refused_by_target, review, world};

const SEEDS: u64 = 200;

async fn plan(world: &review::memory::World) -> Plan {
    plan_of_all(&review(world)).await
}

#[tokio::test]
async fn two_who_redrive_the_same_plan_lose_nothing() {
    let plan = plan(&world((0..45).map(refused_by_target))).await;
    for seed in 1..=SEEDS {
        let world = world((0..45).map(refused_by_target));
        world.interleave(seed);
        let (ann, bob) = (review(&world), review(&world));
        let (stop, ramp) = (Stop::default(), fast());
        let moving = Moving { why: "mended", failing: false, ramp: &ramp };
        let (one, other) = tokio::join!(
            ann.redrive(&plan, &moving, &stop, &|_, _| {}),
            bob.redrive(&plan, &moving, &stop, &|_, _| {}),
        );
        let (one, other) = (one.unwrap(), other.unwrap());
        let sent: BTreeSet<_> = world.sent().into_iter().map(|letter| letter.id).collect();
        assert_eq!(sent, (0..45).map(id).collect(), "seed {seed}");
        assert!(world.on_queue().is_empty(), "seed {seed}");
        // While both are at it each letter is with one of them.
        assert_eq!(world.sent().len(), 45, "seed {seed}");
        assert_eq!(one[FLOW].progress.moved + other[FLOW].progress.moved, 45, "seed {seed}");
    }
}

#[tokio::test]
async fn who_redrives_and_who_discards_share_the_letters_between_them() {
    let plan = plan(&world((0..45).map(refused_by_target))).await;
    for seed in 1..=SEEDS {
        let world = world((0..45).map(refused_by_target));
        let selection = review(&world).select(&Filter::default(), None, &[], &Stop::default()).await.unwrap();
        world.interleave(seed);
        let (ann, bob) = (review(&world), review(&world));
        let (stop, ramp) = (Stop::default(), fast());
        let moving = Moving { why: "mended", failing: false, ramp: &ramp };
        let (moved, discarded) = tokio::join!(
            ann.redrive(&plan, &moving, &stop, &|_, _| {}),
            bob.discard(&selection, "not needed", &stop),
        );
        moved.unwrap();
        discarded.unwrap();
        let sent: BTreeSet<_> = world.sent().into_iter().map(|letter| letter.id).collect();
        let archived: BTreeSet<_> = world
            .objects()
            .into_keys()
            .map(|key| key.rsplit('/').next().unwrap().trim_end_matches(".json").to_owned())
            .collect();
        let on_queue: BTreeSet<_> = world.on_queue().into_iter().collect();
        let all: BTreeSet<_> = sent.union(&archived).chain(&on_queue).cloned().collect();
        assert_eq!(all, (0..45).map(id).collect(), "seed {seed}: nothing is lost");
        assert!(sent.is_disjoint(&archived), "seed {seed}: nothing is both");
        assert!(world.hidden() == 0, "seed {seed}");
    }
}
