//! Claims and leases: who may work on an operation, for how long, and what is known of earlier attempts.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use ledger::{ClaimLost, Claimed, LONGEST_LEASE, Status};
use message::Effect;

use super::bench::{Bench, LEASE, grant};

pub async fn a_fresh_operation_is_granted_with_its_effect_absent(bench: Bench) {
    let grant = bench.granted().await;
    assert_eq!((grant.epoch(), grant.prior()), (1, Effect::Absent));
    let item = bench.item().await;
    assert_eq!(item.status, Status::Claimed);
    assert_eq!((item.attempts, item.effect), (1, Effect::Unknown));
    assert_eq!(item.correlation_id, "correlation");
    assert_eq!((item.mapping.as_str(), item.target_mapping.as_str()), ("mapping/1", "target-mapping/1"));
    let now = bench.clock.now();
    assert_eq!(item.lease_until_ms, now.as_millisecond() + 30_000);
    assert_eq!(
        (item.first_claimed_ms, grant.first_claimed_ms()),
        (now.as_millisecond(), now.as_millisecond())
    );
    assert_eq!(item.expires_at_s, now.as_second() + 30 * 24 * 3_600);
}

pub async fn a_running_claim_is_in_progress_for_others(bench: Bench) {
    bench.granted().await;
    bench.clock.advance(SignedDuration::from_secs(12));
    assert_eq!(bench.claim().await, Claimed::InProgress { left: Duration::from_secs(18) });
    assert_eq!(bench.item().await.epoch, 1, "a refused claim changes nothing");
}

pub async fn a_lease_is_over_to_the_millisecond(bench: Bench) {
    bench.granted().await;
    bench.clock.advance(SignedDuration::from_millis(29_999));
    assert_eq!(bench.claim().await, Claimed::InProgress { left: Duration::from_millis(1) });
    bench.clock.advance(SignedDuration::from_millis(1));
    assert_eq!(bench.granted().await.epoch(), 2);
}

pub async fn a_takeover_raises_the_epoch_and_knows_nothing_of_the_effect(bench: Bench) {
    bench.granted().await;
    bench.lease_runs_out();
    let successor = bench.granted().await;
    assert_eq!((successor.epoch(), successor.prior()), (2, Effect::Unknown));
    assert_eq!(bench.item().await.attempts, 2);
}

pub async fn a_release_ends_the_lease_and_keeps_what_is_known(bench: Bench) {
    let mut grant = bench.granted().await;
    for (epoch, effect) in [(2, Effect::Unknown), (3, Effect::Absent), (4, Effect::Unknown)] {
        bench.release(&grant, effect).await.unwrap();
        grant = bench.granted().await;
        assert_eq!((grant.epoch(), grant.prior()), (epoch, effect));
    }
}

pub async fn a_zombie_changes_nothing(bench: Bench) {
    let zombie = bench.granted().await;
    bench.lease_runs_out();
    let successor = bench.granted().await;
    let before = bench.item().await;
    assert_eq!(bench.complete(&zombie).await, Err(ClaimLost));
    assert_eq!(bench.release(&zombie, Effect::Absent).await, Err(ClaimLost));
    assert_eq!(bench.reject(&zombie).await, Err(ClaimLost));
    assert_eq!(bench.item().await, before);
    bench.complete(&successor).await.unwrap();
    assert_eq!(bench.release(&zombie, Effect::Absent).await, Err(ClaimLost));
    assert_eq!(bench.item().await.status, Status::Done);
}

pub async fn an_owner_past_its_lease_may_complete_while_nobody_took_over(bench: Bench) {
    let grant = bench.granted().await;
    bench.lease_runs_out();
    assert_eq!(bench.complete(&grant).await, Ok(()));
}

pub async fn of_parallel_claims_exactly_one_is_granted(bench: Bench) {
    let claims: Vec<_> = {
        let bench = Arc::new(bench);
        let tasks: Vec<_> = (0..16)
            .map(|_| {
                let bench = Arc::clone(&bench);
                tokio::spawn(async move { bench.claim().await })
            })
            .collect();
        let mut claims = Vec::new();
        for task in tasks {
            claims.push(task.await.unwrap());
        }
        claims
    };
    let granted = claims.iter().filter(|claimed| matches!(claimed, Claimed::Granted(_))).count();
    let waiting = claims.iter().filter(|claimed| matches!(claimed, Claimed::InProgress { .. })).count();
    assert_eq!((granted, waiting), (1, 15));
}

pub async fn a_first_claim_is_remembered_by_every_later_one(bench: Bench) {
    let first = bench.granted().await.first_claimed_ms();
    bench.lease_runs_out();
    let second = bench.granted().await;
    assert_eq!(second.first_claimed_ms(), first);
    bench.reject(&second).await.unwrap();
    bench.clock.advance(SignedDuration::from_hours(5));
    assert_eq!(grant(bench.claim_as("redriven", 1).await.unwrap()).first_claimed_ms(), first);
}

pub async fn what_is_unknown_is_unknown_since_the_first_attempt_that_may_have_had_its_effect(bench: Bench) {
    let start = bench.clock.now().as_millisecond();
    let hour = SignedDuration::from_hours(1);
    // (release, when the next claim's attempts are unknown since): an hour between any two.
    let mut held = bench.granted().await;
    for (effect, since_hours) in [
        (Effect::Unknown, 0),
        (Effect::Absent, 2),
        (Effect::Unknown, 2),
        (Effect::Unknown, 2),
        (Effect::Absent, 5),
    ] {
        bench.release(&held, effect).await.unwrap();
        assert_eq!(bench.item().await.unknown_since_ms.is_none(), effect == Effect::Absent);
        bench.clock.advance(hour);
        held = bench.granted().await;
        assert_eq!(held.unknown_since_ms(), start + since_hours * 3_600_000);
        assert_eq!(held.first_claimed_ms(), start);
    }
}

pub async fn a_renewed_lease_holds_longer(bench: Bench) {
    let held = bench.granted().await;
    bench.clock.advance(SignedDuration::from_secs(20));
    bench.ledger.renew(&held, LEASE).await.unwrap().unwrap();
    bench.clock.advance(SignedDuration::from_secs(29));
    assert_eq!(bench.claim().await, Claimed::InProgress { left: Duration::from_secs(1) });
    bench.clock.advance(SignedDuration::from_secs(1));
    bench.granted().await;
    assert_eq!(bench.ledger.renew(&held, LEASE).await.unwrap(), Err(ClaimLost));
    assert_eq!(bench.item().await.epoch, 2);
}

pub async fn a_lease_that_no_clock_in_order_wrote_is_told_from_one_that_runs(bench: Bench) {
    bench.clock.advance(SignedDuration::from_hours(24));
    bench.granted().await;
    bench.clock.advance(-SignedDuration::from_hours(24));
    assert_eq!(bench.claim().await, Claimed::ClockSkewed);
    bench
        .clock
        .advance(SignedDuration::from_hours(24) - SignedDuration::try_from(LONGEST_LEASE - LEASE).unwrap());
    assert_eq!(bench.claim().await, Claimed::InProgress { left: LONGEST_LEASE });
}
