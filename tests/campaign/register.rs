//! A flow of a versioned entity whose target can neither be asked nor recognises a repeat: only the ledger keeps an older
//! version from overwriting a newer one.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use channel::Attributes;
use message::{Code, Effect, Envelope, OperationKey, Rejection};
use outbound::{Attempt, CallError, Refusal};
use receiver::{Claim, Due, Flow, Outcome, Performed, Receiver, ReopenedBy, Translated};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::flows::envelope;
use crate::hook::Hook;
use crate::hooked::Hooked;
use crate::world::World;

/// A register that takes what it is given and remembers in which order.
#[derive(Clone, Default)]
pub(crate) struct Register(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// Each version with its time.
    taken: Vec<(u64, Instant)>,
    refused: BTreeSet<u64>,
    /// Its no is one that may be over the next time.
    not_now: bool,
    refusals: usize,
}

impl Register {
    pub(crate) fn taken(&self) -> Vec<u64> {
        self.state().taken.iter().map(|(version, _)| *version).collect()
    }

    pub(crate) fn taken_at(&self) -> Vec<(u64, Instant)> {
        self.state().taken.clone()
    }

    /// From now on it says no to these versions.
    pub(crate) fn refuse(&self, versions: impl IntoIterator<Item = u64>) {
        self.state().refused = versions.into_iter().collect();
    }

    /// As one does that reports a failure each time, for as long as it lasts.
    pub(crate) fn says_not_now(&self) {
        self.state().not_now = true;
    }

    /// How often it has said no.
    pub(crate) fn refusals(&self) -> usize {
        self.state().refusals
    }

    fn put(&self, version: u64) -> Result<(), Attempt> {
        let mut state = self.state();
        if state.refused.contains(&version) {
            state.refusals += 1;
            let error = if state.not_now {
                let after = Some(Duration::from_secs(60));
                CallError::NotNow { code: Code::TargetReportsFailure, after }
            } else {
                CallError::Refused(Refusal::new(Code::TargetRefused, "$", "not this version"))
            };
            return Err(Attempt { error, effect: Effect::Absent });
        }
        state.taken.push((version, Instant::now()));
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes versions of one entity into a register.
pub(crate) struct Versions {
    seen: Arc<Hooked>,
    register: Register,
    reopened_by: ReopenedBy,
}

impl Versions {
    pub(crate) fn receiver(world: &Arc<World>, hook: &Hook, register: &Register) -> Receiver<Self> {
        Self::reopened_by(ReopenedBy::AnyOther, world, hook, register)
    }

    pub(crate) fn reopened_by(
        reopened_by: ReopenedBy,
        world: &Arc<World>,
        hook: &Hook,
        register: &Register,
    ) -> Receiver<Self> {
        let seen = world.seen_by(hook);
        let gate = seen.gate("register");
        let flow = Self { seen: Arc::clone(&seen), register: register.clone(), reopened_by };
        seen.receiver(flow, gate)
    }

    pub(crate) fn send(world: &Arc<World>, version: u64) {
        let body = envelope("test.entity", "/test", "1", &json!({ "version": version }));
        world.source.send(&body, Attributes::new(), world.now_ms(), Duration::ZERO);
    }

    /// Not to be written before so long from now, nor under another content by another message.
    pub(crate) fn send_due(world: &Arc<World>, version: u64, after: Duration) {
        Self::send_late(world, version, after, Duration::ZERO);
    }

    /// The same, sent only after a delay.
    pub(crate) fn send_late(world: &Arc<World>, version: u64, after: Duration, delay: Duration) {
        let due = (world.clock())() + jiff::SignedDuration::try_from(after).unwrap();
        let body =
            envelope("test.entity", "/test", "1", &json!({ "version": version, "due": due.to_string() }));
        world.source.send(&body, Attributes::new(), world.now_ms(), delay);
    }

    pub(crate) fn key() -> OperationKey {
        OperationKey::new("versions", &["entity"])
    }
}

#[async_trait]
impl Flow for Versions {
    type Operation = Value;

    fn name(&self) -> &'static str {
        "versions"
    }

    fn calls(&self) -> u32 {
        1
    }

    fn reopened_by(&self) -> ReopenedBy {
        self.reopened_by
    }

    fn translate(&self, envelope: &Envelope) -> Result<Translated<Value>, Rejection> {
        let data: Value = serde_json::from_str(envelope.data.get())
            .map_err(|_| Rejection::new(Code::TypeMismatch, "$", "expected an object"))?;
        let version = data["version"].as_u64().unwrap_or(0);
        let due = data["due"].as_str().and_then(|time| time.parse().ok()).map_or(Due::Now, Due::NotBefore);
        let (mapping, target_mapping) = ("versions/1", "");
        Ok(Translated { version, operation: data, key: Self::key(), mapping, target_mapping, due })
    }

    async fn perform(&self, _: &Envelope, operation: &Value, claim: &Claim) -> Result<Performed, Attempt> {
        let timeout = Duration::from_secs(8);
        let failed = |error| Attempt { error, effect: claim.prior };
        let ends = Instant::now() + claim.budget.allow(timeout).map_err(failed)?;
        let put = async || {
            if Instant::now() < ends {
                return self.register.put(operation["version"].as_u64().unwrap_or(0));
            }
            Err(lost())
        };
        self.seen.call("target", || Err(lost()), put).await?;
        Ok(Performed { outcome: Outcome { ids: "{}".to_owned(), target_id: None }, events: Vec::new() })
    }
}

fn lost() -> Attempt {
    let error = CallError::OutcomeUnknown { code: Code::OutcomeUnknown, after: None };
    Attempt { error, effect: Effect::Unknown }
}
