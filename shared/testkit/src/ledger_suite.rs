//! The ledger's protocol, state by state. One suite for every store: [`crate::ledger_conformance!`] makes the tests.
//! Each behaviour runs twice: with its writes alone, and with each of them in a batch of others.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use ledger::{
    ClaimLost, Claimed, Grant, Item, LONGEST_LEASE, Ledger, LedgerError, Operation, Outcome, Settled,
    Settlement, Status, Store,
};
use message::{Code, Effect, Fingerprint, OperationKey};
use uuid::Uuid;

use crate::FakeClock;

const LEASE: Duration = Duration::from_secs(30);
const RETENTION: Duration = Duration::from_secs(30 * 24 * 3_600);

/// How a write reaches the store.
#[derive(Clone, Copy, Debug)]
pub enum Way {
    Alone,
    /// Between two writes of other operations, whose answers have to be right as well.
    InABatch,
}

/// One operation of its own on the store, and a clock.
pub struct Bench {
    store: Arc<dyn Store>,
    ledger: Ledger,
    clock: FakeClock,
    key: OperationKey,
    way: Way,
    mapping: &'static str,
    target_mapping: &'static str,
}

fn fresh_key() -> OperationKey {
    OperationKey::new("conformance", &[&Uuid::new_v4().to_string()])
}

impl Bench {
    pub fn new(store: Arc<dyn Store>, way: Way) -> Self {
        let clock = FakeClock::at("2026-11-24T10:00:00Z");
        let ledger = Ledger::with_clock(Arc::clone(&store), RETENTION, clock.as_fn());
        let (mapping, target_mapping) = ("mapping/1", "target-mapping/1");
        Self { store, ledger, clock, key: fresh_key(), way, mapping, target_mapping }
    }

    async fn claim_version(
        &self,
        message_id: &str,
        content: u32,
        version: u64,
    ) -> Result<Claimed, LedgerError> {
        let fingerprint = Fingerprint::of(&content).unwrap();
        let operation = |key| Operation {
            key,
            fingerprint: &fingerprint,
            version,
            message_id,
            correlation_id: "correlation",
            mapping: self.mapping,
            target_mapping: self.target_mapping,
        };
        match self.way {
            Way::Alone => self.ledger.claim(&operation(&self.key), LEASE).await,
            Way::InABatch => {
                let (before, after) = (fresh_key(), fresh_key());
                let batch = [operation(&before), operation(&self.key), operation(&after)];
                let mut claimed = self.ledger.claim_all(&batch, LEASE).await;
                assert_eq!(claimed.len(), 3);
                for other in [claimed.pop(), {
                    claimed.swap(0, 1);
                    claimed.pop()
                }] {
                    assert!(matches!(other, Some(Ok(Claimed::Granted(_)))), "{other:?}");
                }
                claimed.pop().unwrap()
            }
        }
    }

    async fn claim_as(&self, message_id: &str, content: u32) -> Result<Claimed, LedgerError> {
        self.claim_version(message_id, content, 0).await
    }

    async fn claim(&self) -> Claimed {
        self.claim_as("message-1", 1).await.unwrap()
    }

    async fn granted(&self) -> Grant {
        grant(self.claim().await)
    }

    async fn granted_version(&self, version: u64) -> Grant {
        let message_id = format!("message-of-{version}");
        grant(self.claim_version(&message_id, content_of(version), version).await.unwrap())
    }

    async fn settle(&self, grant: &Grant, settlement: Settlement) -> Settled {
        match self.way {
            Way::Alone => self.ledger.settle(grant, &settlement).await,
            Way::InABatch => {
                let others = [self.other_grant().await, self.other_grant().await];
                let [one, other] = &others;
                let batch = [(one, &settlement), (grant, &settlement), (other, &settlement)];
                let mut settled = self.ledger.settle_all(&batch).await;
                assert_eq!(settled.len(), 3);
                assert!(settled.pop().unwrap().unwrap().is_ok());
                let ours = settled.pop().unwrap();
                assert!(settled.pop().unwrap().unwrap().is_ok());
                ours
            }
        }
    }

    async fn other_grant(&self) -> Grant {
        Self { key: fresh_key(), way: Way::Alone, ..self.again() }.granted().await
    }

    fn again(&self) -> Self {
        Self {
            store: Arc::clone(&self.store),
            ledger: self.ledger.clone(),
            clock: self.clock.clone(),
            key: self.key.clone(),
            way: self.way,
            mapping: self.mapping,
            target_mapping: self.target_mapping,
        }
    }

    async fn complete(&self, grant: &Grant) -> Result<(), ClaimLost> {
        self.settle(grant, done()).await.unwrap()
    }

    async fn release(&self, grant: &Grant, effect: Effect) -> Result<(), ClaimLost> {
        self.settle(grant, Settlement::Released(effect)).await.unwrap()
    }

    async fn reject(&self, grant: &Grant) -> Result<(), ClaimLost> {
        self.settle(grant, Settlement::Rejected(Code::TargetRefused)).await.unwrap()
    }

    async fn item(&self) -> Item {
        self.store.get(&self.key).await.unwrap().expect("an item")
    }

    fn lease_runs_out(&self) {
        self.clock.advance(SignedDuration::try_from(LEASE).unwrap());
    }
}

const IDS: &str = r#"{"sale":"7"}"#;

fn done() -> Settlement {
    Settlement::Done(Outcome { ids: IDS.to_owned(), target_id: None })
}

fn grant(claimed: Claimed) -> Grant {
    match claimed {
        Claimed::Granted(grant) => grant,
        other => panic!("expected a grant, got {other:?}"),
    }
}

fn content_of(version: u64) -> u32 {
    1_000 + u32::try_from(version).unwrap()
}

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
            what_another_mapping_makes_of_a_message_that_was_done_is_done,
            another_mapping_takes_over_what_is_unknown_and_has_to_look,
            another_mapping_into_the_targets_words_is_no_reason_for_other_content,
            other_content_is_a_conflict_while_the_effect_is_unknown,
            other_content_may_replace_what_certainly_had_no_effect,
            a_release_ends_the_lease_and_keeps_what_is_known,
            a_zombie_changes_nothing,
            an_owner_past_its_lease_may_complete_while_nobody_took_over,
            a_rejected_message_meets_its_own_rejection,
            a_rejection_is_reopened_by_another_message,
            of_parallel_claims_exactly_one_is_granted,
            an_operation_twice_in_a_batch_is_claimed_once,
            a_batch_beyond_one_call_is_answered_in_its_order,
            a_first_claim_is_remembered_by_every_later_one,
            what_is_unknown_is_unknown_since_the_first_attempt_that_may_have_had_its_effect,
            a_renewed_lease_holds_longer,
            a_lease_that_no_clock_in_order_wrote_is_told_from_one_that_runs,
            an_older_version_of_what_was_applied_is_stale,
            a_newer_version_opens_what_was_done_and_keeps_its_ids,
            a_newer_version_waits_for_the_lease_of_an_older_one,
            an_older_version_is_stale_while_a_newer_one_is_on_its_way,
            a_rejected_version_does_not_make_older_ones_stale,
            what_was_applied_before_a_rejection_stays_applied,
            a_completed_operation_is_found_by_the_targets_id,
        }
    };
}

/// One test a behaviour, on the store that `$store` (an async expression) makes.
#[macro_export]
macro_rules! ledger_conformance {
    (@tests $store:expr, $($behaviour:ident,)*) => {
        $(#[tokio::test]
        async fn $behaviour() {
            use $crate::ledger_suite::{self, Bench, Way};
            let store: std::sync::Arc<dyn ledger::Store> = $store.await;
            for way in [Way::Alone, Way::InABatch] {
                ledger_suite::$behaviour(Bench::new(std::sync::Arc::clone(&store), way)).await;
            }
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
            $(for way in [Way::Alone, Way::InABatch] {
                println!("{} {way:?}", stringify!($behaviour));
                $behaviour(Bench::new(Arc::clone(&store), way)).await;
            })*
        };
    }
    crate::ledger_behaviours!(each,);
}
