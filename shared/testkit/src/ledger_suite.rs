//! The ledger's protocol, state by state. One suite for every store: [`crate::ledger_conformance!`] makes the tests.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use ledger::{ClaimLost, Claimed, Grant, Item, Ledger, LedgerError, Status, Store};
use message::{Code, Effect, Fingerprint, OperationKey};
use uuid::Uuid;

use crate::FakeClock;

const LEASE: Duration = Duration::from_secs(30);
const RETENTION: Duration = Duration::from_secs(30 * 24 * 3_600);

/// One operation of its own on the store, and a clock.
pub struct Bench {
    store: Arc<dyn Store>,
    ledger: Ledger,
    clock: FakeClock,
    key: OperationKey,
}

impl Bench {
    pub fn new(store: Arc<dyn Store>) -> Self {
        let clock = FakeClock::at("2026-11-24T10:00:00Z");
        let ledger = Ledger::with_clock(Arc::clone(&store), RETENTION, clock.as_fn());
        let key = OperationKey::new("conformance", &[&Uuid::new_v4().to_string()]);
        Self { store, ledger, clock, key }
    }

    async fn claim_as(&self, message_id: &str, content: u32) -> Result<Claimed, LedgerError> {
        let fingerprint = Fingerprint::of(&content).unwrap();
        let operation = ledger::Operation {
            key: &self.key,
            fingerprint: &fingerprint,
            message_id,
            correlation_id: "correlation",
        };
        self.ledger.claim(&operation, LEASE).await
    }

    async fn claim(&self) -> Claimed {
        self.claim_as("message-1", 1).await.unwrap()
    }

    async fn granted(&self) -> Grant {
        match self.claim().await {
            Claimed::Granted(grant) => grant,
            other => panic!("expected a grant, got {other:?}"),
        }
    }

    async fn item(&self) -> Item {
        self.store.get(&self.key).await.unwrap().expect("an item")
    }

    fn lease_runs_out(&self) {
        self.clock.advance(SignedDuration::try_from(LEASE).unwrap());
    }
}

pub async fn a_fresh_operation_is_granted_with_its_effect_absent(bench: Bench) {
    let grant = bench.granted().await;
    assert_eq!((grant.epoch(), grant.prior()), (1, Effect::Absent));
    let item = bench.item().await;
    assert_eq!(item.status, Status::Claimed);
    assert_eq!((item.attempts, item.effect), (1, Effect::Unknown));
    assert_eq!(item.correlation_id, "correlation");
    let now = bench.clock.now();
    assert_eq!(item.lease_until_ms, now.as_millisecond() + 30_000);
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

pub async fn a_completed_operation_is_a_duplicate_with_its_outcome(bench: Bench) {
    let grant = bench.granted().await;
    bench.ledger.complete(&grant, r#"{"sale":"7"}"#).await.unwrap().unwrap();
    let done = Claimed::Done { outcome: r#"{"sale":"7"}"#.to_owned() };
    assert_eq!(bench.claim().await, done);
    bench.lease_runs_out();
    assert_eq!(bench.claim_as("message-2", 1).await.unwrap(), done, "done stays done after the lease");
}

pub async fn completing_twice_is_recognised_as_our_own_retry(bench: Bench) {
    let grant = bench.granted().await;
    bench.ledger.complete(&grant, "{}").await.unwrap().unwrap();
    assert_eq!(bench.ledger.complete(&grant, "{}").await.unwrap(), Ok(()));
}

pub async fn other_content_under_a_done_key_is_a_conflict(bench: Bench) {
    let grant = bench.granted().await;
    bench.ledger.complete(&grant, "{}").await.unwrap().unwrap();
    assert_eq!(bench.claim_as("message-2", 2).await.unwrap(), Claimed::Conflict);
}

pub async fn other_content_is_a_conflict_while_the_effect_is_unknown(bench: Bench) {
    let grant = bench.granted().await;
    assert!(matches!(bench.claim_as("message-2", 2).await.unwrap(), Claimed::InProgress { .. }));
    bench.ledger.release(&grant, Effect::Unknown).await.unwrap().unwrap();
    assert_eq!(bench.claim_as("message-2", 2).await.unwrap(), Claimed::Conflict);
    assert_eq!(bench.item().await.epoch, 1);
}

pub async fn other_content_may_replace_what_certainly_had_no_effect(bench: Bench) {
    let grant = bench.granted().await;
    bench.ledger.release(&grant, Effect::Absent).await.unwrap().unwrap();
    assert!(matches!(bench.claim_as("message-2", 2).await.unwrap(), Claimed::Granted(_)));
}

pub async fn a_release_ends_the_lease_and_keeps_what_is_known(bench: Bench) {
    let mut grant = bench.granted().await;
    for (epoch, effect) in [(2, Effect::Unknown), (3, Effect::Absent), (4, Effect::Unknown)] {
        bench.ledger.release(&grant, effect).await.unwrap().unwrap();
        grant = bench.granted().await;
        assert_eq!((grant.epoch(), grant.prior()), (epoch, effect));
    }
}

pub async fn a_zombie_changes_nothing(bench: Bench) {
    let zombie = bench.granted().await;
    bench.lease_runs_out();
    let successor = bench.granted().await;
    let before = bench.item().await;
    assert_eq!(bench.ledger.complete(&zombie, "{}").await.unwrap(), Err(ClaimLost));
    assert_eq!(bench.ledger.release(&zombie, Effect::Absent).await.unwrap(), Err(ClaimLost));
    assert_eq!(bench.ledger.reject(&zombie, Code::TargetRefused).await.unwrap(), Err(ClaimLost));
    assert_eq!(bench.item().await, before);
    bench.ledger.complete(&successor, "{}").await.unwrap().unwrap();
    assert_eq!(bench.ledger.release(&zombie, Effect::Absent).await.unwrap(), Err(ClaimLost));
    assert_eq!(bench.item().await.status, Status::Done);
}

pub async fn an_owner_past_its_lease_may_complete_while_nobody_took_over(bench: Bench) {
    let grant = bench.granted().await;
    bench.lease_runs_out();
    assert_eq!(bench.ledger.complete(&grant, "{}").await.unwrap(), Ok(()));
}

pub async fn a_rejected_message_meets_its_own_rejection(bench: Bench) {
    let grant = bench.granted().await;
    bench.ledger.reject(&grant, Code::TargetRefused).await.unwrap().unwrap();
    assert_eq!(bench.claim().await, Claimed::Rejected);
    bench.lease_runs_out();
    assert_eq!(bench.claim().await, Claimed::Rejected);
    assert_eq!(bench.item().await.code, "SPW4005");
}

pub async fn a_rejection_is_reopened_by_another_message(bench: Bench) {
    let grant = bench.granted().await;
    bench.ledger.reject(&grant, Code::TargetRefused).await.unwrap().unwrap();
    match bench.claim_as("redriven", 2).await.unwrap() {
        // A refusal may have left something half made at the target.
        Claimed::Granted(grant) => assert_eq!((grant.epoch(), grant.prior()), (2, Effect::Unknown)),
        other => panic!("expected a grant, got {other:?}"),
    }
    assert_eq!(bench.item().await.code, "");
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

/// Hands the names of all behaviours to the macro `$callback!`, after what else stands there.
#[macro_export]
#[doc(hidden)]
macro_rules! ledger_behaviours {
    ($callback:path, $($before:tt)*) => {
        $callback! { $($before)*
            a_fresh_operation_is_granted_with_its_effect_absent,
            a_running_claim_is_in_progress_for_others,
            a_lease_is_over_to_the_millisecond,
            a_takeover_raises_the_epoch_and_knows_nothing_of_the_effect,
            a_completed_operation_is_a_duplicate_with_its_outcome,
            completing_twice_is_recognised_as_our_own_retry,
            other_content_under_a_done_key_is_a_conflict,
            other_content_is_a_conflict_while_the_effect_is_unknown,
            other_content_may_replace_what_certainly_had_no_effect,
            a_release_ends_the_lease_and_keeps_what_is_known,
            a_zombie_changes_nothing,
            an_owner_past_its_lease_may_complete_while_nobody_took_over,
            a_rejected_message_meets_its_own_rejection,
            a_rejection_is_reopened_by_another_message,
            of_parallel_claims_exactly_one_is_granted,
        }
    };
}

/// One test a behaviour, on the store that `$store` (an async expression) makes.
#[macro_export]
macro_rules! ledger_conformance {
    (@tests $store:expr, $($behaviour:ident,)*) => {
        $(#[tokio::test]
        async fn $behaviour() {
            let store = $store.await;
            $crate::ledger_suite::$behaviour($crate::ledger_suite::Bench::new(store)).await;
        })*
    };
    ($store:expr) => {
        $crate::ledger_behaviours!($crate::ledger_conformance, @tests $store,);
    };
}

/// All behaviours one after the other on one store, where starting its engine for each would take too long. A
/// behaviour that fails is the last one named.
pub async fn all_behaviours(store: Arc<dyn Store>) {
    macro_rules! each {
        ($($behaviour:ident,)*) => {
            $(println!("{}", stringify!($behaviour));
            $behaviour(Bench::new(Arc::clone(&store))).await;)*
        };
    }
    crate::ledger_behaviours!(each,);
}
