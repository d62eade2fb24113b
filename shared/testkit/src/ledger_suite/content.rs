//! What an operation asks for: the same again, other content, and what another mapping makes of it.

use ledger::Claimed;
use message::Effect;

use super::bench::{Bench, IDS, grant};

pub async fn a_completed_operation_is_a_duplicate_with_its_outcome(bench: Bench) {
    let grant = bench.granted().await;
    bench.complete(&grant).await.unwrap();
    let done = Claimed::Done { outcome: IDS.to_owned() };
    assert_eq!(bench.claim().await, done);
    bench.lease_runs_out();
    assert_eq!(bench.claim_as("message-2", 1).await.unwrap(), done, "done stays done after the lease");
}

pub async fn completing_twice_is_recognised_as_our_own_retry(bench: Bench) {
    let grant = bench.granted().await;
    bench.complete(&grant).await.unwrap();
    assert_eq!(bench.complete(&grant).await, Ok(()));
}

pub async fn other_content_under_a_done_key_is_a_conflict(bench: Bench) {
    let grant = bench.granted().await;
    bench.complete(&grant).await.unwrap();
    assert_eq!(bench.claim_as("message-2", 2).await.unwrap(), Claimed::Conflict);
}

pub async fn what_another_mapping_makes_of_a_message_that_was_done_is_done(mut bench: Bench) {
    let grant = bench.granted().await;
    bench.complete(&grant).await.unwrap();
    bench.mapping = "mapping/2";
    let done = Claimed::Done { outcome: IDS.to_owned() };
    assert_eq!(bench.claim_as("message-2", 2).await.unwrap(), done);
}

pub async fn another_mapping_takes_over_what_is_unknown_and_has_to_look(mut bench: Bench) {
    let first = bench.granted().await;
    bench.release(&first, Effect::Unknown).await.unwrap();
    bench.mapping = "mapping/2";
    let second = grant(bench.claim_as("message-2", 2).await.unwrap());
    assert_eq!((second.prior(), second.epoch()), (Effect::Unknown, 2));
}

pub async fn another_mapping_into_the_targets_words_is_no_reason_for_other_content(mut bench: Bench) {
    let first = bench.granted().await;
    bench.release(&first, Effect::Unknown).await.unwrap();
    bench.target_mapping = "target-mapping/2";
    assert_eq!(bench.claim_as("message-2", 2).await.unwrap(), Claimed::Conflict);
    let second = grant(bench.claim_as("message-1", 1).await.unwrap());
    assert_eq!(bench.item().await.target_mapping, "target-mapping/2");
    bench.complete(&second).await.unwrap();
    assert_eq!(bench.claim_as("message-2", 2).await.unwrap(), Claimed::Conflict);
    assert_eq!(bench.item().await.target_mapping, "target-mapping/2");
}

pub async fn other_content_is_a_conflict_while_the_effect_is_unknown(bench: Bench) {
    let grant = bench.granted().await;
    assert!(matches!(bench.claim_as("message-2", 2).await.unwrap(), Claimed::InProgress { .. }));
    bench.release(&grant, Effect::Unknown).await.unwrap();
    assert_eq!(bench.claim_as("message-2", 2).await.unwrap(), Claimed::Conflict);
    assert_eq!(bench.item().await.epoch, 1);
}

pub async fn other_content_may_replace_what_certainly_had_no_effect(bench: Bench) {
    let grant = bench.granted().await;
    bench.release(&grant, Effect::Absent).await.unwrap();
    assert!(matches!(bench.claim_as("message-2", 2).await.unwrap(), Claimed::Granted(_)));
}
