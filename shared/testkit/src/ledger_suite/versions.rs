//! Versions of an entity: which of them is applied.

use ledger::{ClaimLost, Claimed, Status};
use message::Effect;

use super::bench::{Bench, IDS, LEASE, content_of};

pub async fn an_older_version_of_what_was_applied_is_stale(bench: Bench) {
    let newer = bench.granted_version(5).await;
    assert_eq!((newer.version(), newer.prior()), (5, Effect::Absent));
    bench.complete(&newer).await.unwrap();
    assert_eq!(bench.claim_version("old", content_of(3), 3).await.unwrap(), Claimed::Stale);
    assert_eq!(bench.item().await.applied_version, 5);
    let same = bench.claim_version("again", content_of(5), 5).await.unwrap();
    assert_eq!(same, Claimed::Done { outcome: IDS.to_owned() });
    assert_eq!(bench.claim_version("other", 7, 5).await.unwrap(), Claimed::Conflict);
}

pub async fn a_newer_version_opens_what_was_done_and_keeps_its_ids(bench: Bench) {
    let first = bench.granted_version(1).await;
    bench.complete(&first).await.unwrap();
    let second = bench.granted_version(2).await;
    assert_eq!((second.epoch(), second.prior()), (2, Effect::Absent));
    let item = bench.item().await;
    assert_eq!((item.status, item.applied_version, item.version), (Status::Claimed, 1, 2));
    assert_eq!(item.outcome, IDS, "the target's ids are readable while the next version is on its way");
    assert_eq!(bench.complete(&first).await, Err(ClaimLost));
    bench.complete(&second).await.unwrap();
    assert_eq!(bench.item().await.applied_version, 2);
}

pub async fn a_newer_version_waits_for_the_lease_of_an_older_one(bench: Bench) {
    let older = bench.granted_version(1).await;
    let newer = bench.claim_version("newer", content_of(2), 2).await.unwrap();
    assert_eq!(newer, Claimed::InProgress { left: LEASE });
    bench.lease_runs_out();
    let newer = bench.granted_version(2).await;
    assert_eq!(newer.prior(), Effect::Unknown);
    assert_eq!(bench.complete(&older).await, Err(ClaimLost));
}

pub async fn an_older_version_is_stale_while_a_newer_one_is_on_its_way(bench: Bench) {
    let newer = bench.granted_version(2).await;
    assert_eq!(bench.claim_version("older", content_of(1), 1).await.unwrap(), Claimed::Stale);
    bench.release(&newer, Effect::Unknown).await.unwrap();
    assert_eq!(bench.claim_version("older", content_of(1), 1).await.unwrap(), Claimed::Stale);
}

pub async fn a_rejected_version_does_not_make_older_ones_stale(bench: Bench) {
    let first = bench.granted_version(1).await;
    bench.complete(&first).await.unwrap();
    let rejected = bench.granted_version(3).await;
    bench.reject(&rejected).await.unwrap();
    let between = bench.granted_version(2).await;
    bench.complete(&between).await.unwrap();
    let item = bench.item().await;
    assert_eq!((item.status, item.applied_version), (Status::Done, 2));
}

pub async fn what_was_applied_before_a_rejection_stays_applied(bench: Bench) {
    let applied = bench.granted_version(2).await;
    bench.complete(&applied).await.unwrap();
    let rejected = bench.granted_version(3).await;
    bench.reject(&rejected).await.unwrap();
    for version in [1, 2] {
        let claimed = bench.claim_version("other", content_of(version), version).await.unwrap();
        assert_eq!(claimed, Claimed::Stale, "version {version}");
    }
}
