//! What opens an operation again that was rejected.

use ledger::{Claimed, Reopens, Status};
use message::Effect;

use super::bench::{Bench, IDS, content_of, grant};

pub async fn a_rejected_message_meets_its_own_rejection(bench: Bench) {
    let grant = bench.granted().await;
    bench.reject(&grant).await.unwrap();
    assert_eq!(bench.claim().await, Claimed::Rejected);
    bench.lease_runs_out();
    assert_eq!(bench.claim().await, Claimed::Rejected);
    assert_eq!(bench.item().await.code, "SPW4005");
}

pub async fn a_rejection_is_reopened_by_another_message(bench: Bench) {
    let grant = bench.granted().await;
    bench.reject(&grant).await.unwrap();
    match bench.claim_as("redriven", 2).await.unwrap() {
        // A refusal may have left something half made at the target.
        Claimed::Granted(grant) => assert_eq!((grant.epoch(), grant.prior()), (2, Effect::Unknown)),
        other => panic!("expected a grant, got {other:?}"),
    }
    assert_eq!(bench.item().await.code, "");
}

pub async fn a_version_whose_letter_stands_for_all_is_opened_by_a_redrive_alone(mut bench: Bench) {
    let first = bench.granted_version(5).await;
    bench.reject(&first).await.unwrap();
    bench.reopens = Reopens::OlderVersions;
    for (message_id, version) in [("another", 5), ("late", 4), ("another again", 5)] {
        let claimed = bench.claim_version(message_id, content_of(version), version).await.unwrap();
        assert_eq!(claimed, Claimed::CoveredByLetter, "{message_id}");
    }
    let item = bench.item().await;
    assert_eq!((item.status, item.epoch, item.code.as_str()), (Status::Rejected, 1, "SPW4005"));
    assert_eq!(bench.claim_version("message-of-5", content_of(5), 5).await.unwrap(), Claimed::Rejected);
    bench.reopens = Reopens::UpToItsVersion;
    let redriven = grant(bench.claim_version("redriven", content_of(5), 5).await.unwrap());
    assert_eq!((redriven.epoch(), redriven.prior()), (2, Effect::Unknown));
    bench.complete(&redriven).await.unwrap();
    bench.reopens = Reopens::OlderVersions;
    let covered = bench.claim_version("another", content_of(5), 5).await.unwrap();
    assert_eq!(covered, Claimed::Done { outcome: IDS.to_owned() });
}

pub async fn a_newer_version_opens_a_rejection_whatever_its_letter_stands_for(mut bench: Bench) {
    bench.reopens = Reopens::OlderVersions;
    let first = bench.granted_version(5).await;
    bench.reject(&first).await.unwrap();
    let newer = bench.granted_version(6).await;
    assert_eq!((newer.epoch(), newer.version()), (2, 6));
    bench.complete(&newer).await.unwrap();
    bench.reopens = Reopens::UpToItsVersion;
    let redriven = bench.claim_version("redriven", content_of(5), 5).await.unwrap();
    assert_eq!(redriven, Claimed::Stale, "the letter's version was overtaken");
}

pub async fn what_was_applied_before_a_rejection_is_stale_before_it_is_covered(mut bench: Bench) {
    bench.reopens = Reopens::OlderVersions;
    let applied = bench.granted_version(4).await;
    bench.complete(&applied).await.unwrap();
    let rejected = bench.granted_version(6).await;
    bench.reject(&rejected).await.unwrap();
    for (version, claimed) in [
        (3, Claimed::Stale),
        (4, Claimed::Stale),
        (5, Claimed::CoveredByLetter),
        (6, Claimed::CoveredByLetter),
    ] {
        assert_eq!(
            bench.claim_version("other", content_of(version), version).await.unwrap(),
            claimed,
            "{version}"
        );
    }
}

pub async fn a_redriven_letter_of_an_older_version_leaves_a_newer_rejection_and_its_progress_alone(
    mut bench: Bench,
) {
    let older = bench.granted_version(7).await;
    bench.reject(&older).await.unwrap();
    let mut newer = bench.granted_version(8).await;
    newer.leave("of 8");
    bench.reject(&newer).await.unwrap();
    let before = bench.item().await;
    bench.reopens = Reopens::UpToItsVersion;
    let redriven = bench.claim_version("redriven", content_of(7), 7).await.unwrap();
    assert_eq!(redriven, Claimed::CoveredByLetter, "what the newer letter's redrive does serves it as well");
    assert_eq!(bench.item().await, before);
    bench.reopens = Reopens::OlderVersions;
    let late = bench.claim_version("late", content_of(8), 8).await.unwrap();
    assert_eq!(late, Claimed::CoveredByLetter);
    bench.reopens = Reopens::UpToItsVersion;
    let redriven = grant(bench.claim_version("redriven of 8", content_of(8), 8).await.unwrap());
    assert_eq!((redriven.epoch(), redriven.progress()), (3, "of 8"));
}
