use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use ledger::{
    ClaimLost, Claimed, Grant, Item, Ledger, LedgerError, Operation, Outcome, Reopens, Settled, Settlement,
    Store,
};
use message::{Code, Effect, Fingerprint, OperationKey};
use uuid::Uuid;

use crate::FakeClock;

pub(super) const LEASE: Duration = Duration::from_secs(30);
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
    pub(super) store: Arc<dyn Store>,
    pub(super) ledger: Ledger,
    pub(super) clock: FakeClock,
    pub(super) key: OperationKey,
    pub(super) way: Way,
    pub(super) mapping: &'static str,
    pub(super) target_mapping: &'static str,
    pub(super) reopens: Reopens,
}

pub(super) fn fresh_key() -> OperationKey {
    OperationKey::new("conformance", &[&Uuid::new_v4().to_string()])
}

impl Bench {
    pub fn new(store: Arc<dyn Store>, way: Way) -> Self {
        let clock = FakeClock::at("2026-11-24T10:00:00Z");
        let ledger = Ledger::with_clock(Arc::clone(&store), RETENTION, clock.as_fn());
        let (mapping, target_mapping) = ("mapping/1", "target-mapping/1");
        Self {
            store,
            ledger,
            clock,
            key: fresh_key(),
            way,
            mapping,
            target_mapping,
            reopens: Reopens::AnyOther,
        }
    }

    pub(super) async fn claim_version(
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
            reopens: self.reopens,
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

    pub(super) async fn claim_as(&self, message_id: &str, content: u32) -> Result<Claimed, LedgerError> {
        self.claim_version(message_id, content, 0).await
    }

    pub(super) async fn claim(&self) -> Claimed {
        self.claim_as("message-1", 1).await.unwrap()
    }

    pub(super) async fn granted(&self) -> Grant {
        grant(self.claim().await)
    }

    pub(super) async fn granted_version(&self, version: u64) -> Grant {
        let message_id = format!("message-of-{version}");
        grant(self.claim_version(&message_id, content_of(version), version).await.unwrap())
    }

    pub(super) async fn settle(&self, grant: &Grant, settlement: Settlement) -> Settled {
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

    pub(super) async fn other_grant(&self) -> Grant {
        Self { key: fresh_key(), way: Way::Alone, ..self.again() }.granted().await
    }

    pub(super) fn again(&self) -> Self {
        Self {
            store: Arc::clone(&self.store),
            ledger: self.ledger.clone(),
            clock: self.clock.clone(),
            key: self.key.clone(),
            way: self.way,
            mapping: self.mapping,
            target_mapping: self.target_mapping,
            reopens: self.reopens,
        }
    }

    pub(super) async fn complete(&self, grant: &Grant) -> Result<(), ClaimLost> {
        self.settle(grant, done()).await.unwrap()
    }

    pub(super) async fn release(&self, grant: &Grant, effect: Effect) -> Result<(), ClaimLost> {
        self.settle(grant, Settlement::Released(effect)).await.unwrap()
    }

    pub(super) async fn reject(&self, grant: &Grant) -> Result<(), ClaimLost> {
        self.settle(grant, Settlement::Rejected(Code::TargetRefused)).await.unwrap()
    }

    pub(super) async fn item(&self) -> Item {
        self.store.get(&self.key).await.unwrap().expect("an item")
    }

    pub(super) fn lease_runs_out(&self) {
        self.clock.advance(SignedDuration::try_from(LEASE).unwrap());
    }
}

pub(super) const IDS: &str = r#"{"sale":"7"}"#;

pub(super) fn done() -> Settlement {
    Settlement::Done(Outcome { ids: IDS.to_owned(), target_id: None })
}

pub(super) fn grant(claimed: Claimed) -> Grant {
    match claimed {
        Claimed::Granted(grant) => grant,
        other => panic!("expected a grant, got {other:?}"),
    }
}

pub(super) fn content_of(version: u64) -> u32 {
    1_000 + u32::try_from(version).unwrap()
}
