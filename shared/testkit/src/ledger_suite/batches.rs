//! Several operations in one call, and how they are found.

use std::time::Duration;

use ledger::{Claimed, Operation, Outcome, Reopens, Settlement, Status};
use message::{Code, Effect, Fingerprint};
use uuid::Uuid;

use super::bench::{Bench, IDS, LEASE, Way, done, fresh_key, grant};

pub async fn an_operation_twice_in_a_batch_is_claimed_once(bench: Bench) {
    let fingerprint = Fingerprint::of(&1).unwrap();
    let operation = Operation {
        key: &bench.key,
        fingerprint: &fingerprint,
        version: 0,
        message_id: "message-1",
        correlation_id: "correlation",
        mapping: "mapping/1",
        target_mapping: "",
        reopens: Reopens::AnyOther,
    };
    let claimed = bench.ledger.claim_all(&[operation.clone(), operation.clone(), operation], LEASE).await;
    let [first, second, third] = <[_; 3]>::try_from(claimed).unwrap().map(Result::unwrap);
    assert_eq!(grant(first).epoch(), 1);
    assert_eq!([second, third], [Claimed::InProgress { left: LEASE }, Claimed::InProgress { left: LEASE }]);
    assert_eq!(bench.item().await.attempts, 1);
}

pub async fn a_batch_beyond_one_call_is_answered_in_its_order(bench: Bench) {
    let done_before = bench.granted().await;
    bench.complete(&done_before).await.unwrap();
    let keys: Vec<_> = (0..60).map(|n| if n == 37 { bench.key.clone() } else { fresh_key() }).collect();
    let fingerprint = Fingerprint::of(&1).unwrap();
    let operation = |key| Operation {
        key,
        fingerprint: &fingerprint,
        version: 0,
        message_id: "message-2",
        correlation_id: "correlation",
        mapping: "mapping/1",
        target_mapping: "",
        reopens: Reopens::AnyOther,
    };
    let operations: Vec<_> = keys.iter().map(operation).collect();
    let claimed = bench.ledger.claim_all(&operations, LEASE).await;
    let mut grants = Vec::new();
    for (index, claimed) in claimed.into_iter().enumerate() {
        match claimed.unwrap() {
            Claimed::Done { outcome } => assert_eq!((index, outcome.as_str()), (37, IDS)),
            claimed => grants.push((index, grant(claimed))),
        }
    }
    assert_eq!(grants.len(), 59);
    assert!(grants.iter().all(|(index, grant)| keys.get(*index) == Some(grant.key())));
    let settlements: Vec<_> = (0..59)
        .map(|n| {
            if n == 11 {
                Settlement::Rejected(Code::OutOfStock)
            } else {
                Settlement::Released(Effect::Absent)
            }
        })
        .collect();
    let batch: Vec<_> = grants.iter().map(|(_, grant)| grant).zip(&settlements).collect();
    let settled = bench.ledger.settle_all(&batch).await;
    assert!(settled.into_iter().all(|settled| settled.unwrap().is_ok()));
    let rejected = bench.store.get(grants[11].1.key()).await.unwrap().unwrap();
    assert_eq!((rejected.status, rejected.code.as_str()), (Status::Rejected, "SPW4008"));
}

pub async fn a_completed_operation_is_found_by_the_targets_id(bench: Bench) {
    let target_id = format!("erp.party/{}", Uuid::new_v4());
    let held = bench.granted().await;
    let outcome = Outcome { ids: IDS.to_owned(), target_id: Some(target_id.clone()) };
    let ledger = bench.ledger.clone();
    let others = bench.other_grant().await;
    let settlements = [(&held, &Settlement::Done(outcome)), (&others, &done())];
    let count = match bench.way {
        Way::Alone => 1,
        Way::InABatch => 2,
    };
    for settled in ledger.settle_all(&settlements[..count]).await {
        settled.unwrap().unwrap();
    }
    let found = crate::poll_until("the index knows it", Duration::from_secs(10), || async {
        Some(ledger.by_target_id(&target_id).await.unwrap()).filter(|found| !found.is_empty())
    });
    assert_eq!(found.await.as_slice(), std::slice::from_ref(&bench.key));
    let item = ledger.get(&bench.key).await.unwrap().unwrap();
    assert_eq!((item.status, item.outcome.as_str()), (Status::Done, IDS));
}
