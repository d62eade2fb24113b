//! What opens an operation again that was rejected.

use ledger::Claimed;
use message::Effect;

use super::bench::Bench;

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
