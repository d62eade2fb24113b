//! What an attempt that does not complete leaves to the next one.

use std::time::Duration;

use ledger::{ClaimLost, Settlement, Status};
use message::{Code, Effect};

use super::bench::{Bench, LEASE, grant};

pub async fn what_an_attempt_leaves_is_read_by_the_next_however_it_ended(bench: Bench) {
    let mut held = bench.granted_version(7).await;
    assert_eq!(held.progress(), "");
    for (left, settlement) in [
        ("one", Settlement::Released(Effect::Absent)),
        ("two", Settlement::Released(Effect::Unknown)),
        ("three", Settlement::Kept(LEASE)),
        ("four", Settlement::Rejected(Code::RecordMissing)),
    ] {
        held.leave(left);
        bench.settle(&held, settlement).await.unwrap().unwrap();
        bench.lease_runs_out();
        held = grant(bench.claim_version(left, 1_007, 7).await.unwrap());
        assert_eq!(held.progress(), left);
    }
    // Nothing new to leave, and an attempt that ends without a word.
    bench.release(&held, Effect::Absent).await.unwrap();
    let held = bench.granted_version(7).await;
    bench.lease_runs_out();
    let last = bench.granted_version(7).await;
    assert_eq!((held.progress(), last.progress()), ("four", "four"));
    bench.complete(&last).await.unwrap();
    assert_eq!(bench.item().await.status, Status::Done);
}

pub async fn what_was_left_of_another_version_or_content_says_nothing(bench: Bench) {
    let mut first = bench.granted_version(7).await;
    first.leave("one");
    bench.release(&first, Effect::Absent).await.unwrap();
    let mut other = grant(bench.claim_version("other content", 5, 7).await.unwrap());
    assert_eq!(other.progress(), "");
    other.leave("other");
    bench.release(&other, Effect::Absent).await.unwrap();
    let newer = bench.granted_version(8).await;
    assert_eq!(newer.progress(), "");
}

pub async fn who_has_lost_its_claim_leaves_nothing(bench: Bench) {
    let mut zombie = bench.granted().await;
    bench.lease_runs_out();
    let mut successor = bench.granted().await;
    zombie.leave("late");
    assert_eq!(bench.release(&zombie, Effect::Absent).await, Err(ClaimLost));
    successor.leave("ours");
    bench.ledger.renew(&successor, Duration::ZERO).await.unwrap().unwrap();
    assert_eq!(bench.granted().await.progress(), "ours");
}

pub async fn what_is_done_keeps_nothing_of_its_attempts(bench: Bench) {
    // Left by an attempt before, by one at an older version, and by the very one that completes.
    for (version, left_before) in [(7, Some(7)), (9, Some(8)), (10, None)] {
        if let Some(version) = left_before {
            let mut before = bench.granted_version(version).await;
            before.leave("left before");
            bench.release(&before, Effect::Absent).await.unwrap();
            assert!(bench.item().await.progress.ends_with("left before"));
        }
        let mut last = bench.granted_version(version).await;
        if left_before.is_none() {
            last.leave("left by itself");
            bench.ledger.renew(&last, LEASE).await.unwrap().unwrap();
            assert!(bench.item().await.progress.ends_with("left by itself"));
        }
        bench.complete(&last).await.unwrap();
        let item = bench.item().await;
        assert_eq!((item.status, item.progress.as_str()), (Status::Done, ""), "{version}");
    }
}
