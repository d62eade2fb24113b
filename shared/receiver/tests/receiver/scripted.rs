//! A flow that does what its messages say.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use message::{Code, Effect, Envelope, Rejection};
use outbound::{Attempt, CallError, Refusal};
use receiver::{Claim, Due, Flow, Outcome, Performed, ReopenedBy, Translated};
use serde_json::Value;

use crate::support::{World, key};

/// `data.do` says what becomes of a message; `data.order` is its business key, `data.version` its version, `data.not_before`
/// when it is due.
pub(crate) struct Scripted {
    pub(crate) world: Arc<World>,
    pub(crate) reopened_by: ReopenedBy,
}

#[async_trait]
impl Flow for Scripted {
    type Operation = Value;

    fn name(&self) -> &'static str {
        "scripted"
    }

    fn calls(&self) -> u32 {
        1
    }

    fn reopened_by(&self) -> ReopenedBy {
        self.reopened_by
    }

    fn translate(&self, envelope: &Envelope) -> Result<Translated<Value>, Rejection> {
        let data: Value = serde_json::from_str(envelope.data.get()).unwrap();
        match data["do"].as_str() {
            Some("panic while translating") => panic!("as told"),
            Some("no mapping") => {
                Err(Rejection::new(Code::FieldMissing, "$.sku", "expected a string")
                    .with_mapping("scripted/1"))
            }
            Some("be unknown") => {
                Err(Rejection::new(Code::EventTypeUnknown, "$.type", Code::EventTypeUnknown.title()))
            }
            action => Ok(Translated {
                due: match data["not_before"].as_str() {
                    _ if action == Some("nothing") => Due::Never,
                    Some(time) => Due::NotBefore(time.parse().unwrap()),
                    None => Due::Now,
                },
                key: key(data["order"].as_str().unwrap()),
                version: data["version"].as_u64().unwrap_or(0),
                operation: data,
                mapping: "scripted/1",
                target_mapping: "target/1",
            }),
        }
    }

    async fn perform(
        &self,
        cause: &Envelope,
        operation: &Value,
        claim: &Claim,
    ) -> Result<Performed, Attempt> {
        if operation["do"] == "a step, then fail" {
            let step = claim.progress.before().len() + 1;
            claim.progress.leave("x".repeat(step));
            if step < 3 {
                let (code, after) = (Code::TargetFailed, None);
                return Err(Attempt { effect: Effect::Absent, error: CallError::NotNow { code, after } });
            }
        }
        let failed = |code, seconds: Option<u64>| {
            let after = seconds.map(Duration::from_secs);
            Err(Attempt { effect: Effect::Absent, error: CallError::NotNow { code, after } })
        };
        let unknown = |code| {
            let error = CallError::OutcomeUnknown { code, after: None };
            Err(Attempt { effect: Effect::Unknown, error })
        };
        let refuses_now = self.world.refuses.load(Ordering::SeqCst);
        match operation["do"].as_str().filter(|action| *action != "refuse for now" || refuses_now) {
            Some("panic") => panic!("as told"),
            Some("throttle") => failed(Code::TargetThrottled, Some(60)),
            Some("fail") => failed(Code::TargetFailed, None),
            Some("fail for a minute") => failed(Code::TargetFailed, Some(60)),
            Some("fail slowly") => {
                self.world.tried.lock().unwrap().push(operation["order"].as_str().unwrap().to_owned());
                tokio::task::yield_now().await;
                failed(Code::TargetFailed, None)
            }
            Some("fail to write") => unknown(Code::TargetFailed),
            Some("lose the answer") => unknown(Code::OutcomeUnknown),
            Some("forbid") => failed(Code::CredentialsRefused, None),
            Some("have no usable secret") => failed(Code::SecretUnavailable, None),
            Some("be misconfigured") => failed(Code::TargetMisconfigured, None),
            Some("wait for another record") => {
                let (code, after) = (Code::RelatedRecordMissing, Duration::from_secs(60));
                let error = CallError::Awaiting { code, path: "$.account", after };
                Err(Attempt { effect: Effect::Absent, error })
            }
            Some("lack a setting") => failed(Code::TargetMisconfigured, None),
            Some("refuse" | "refuse for now") => {
                let error = CallError::Refused(Refusal::new(Code::ProductUnknown, "$.sku", "unknown"));
                Err(Attempt { effect: Effect::Absent, error })
            }
            Some("refuse by the target's mapping") => {
                let refusal = Refusal::new(Code::ValueInvalid, "$.currency", "another currency");
                let error = CallError::Refused(Refusal { mapping: Some("target/1"), ..refusal });
                Err(Attempt { effect: Effect::Absent, error })
            }
            action => {
                self.world.effects.lock().unwrap().push(operation["order"].as_str().unwrap().to_owned());
                let events = if action == Some("go on") { vec![cause.clone()] } else { Vec::new() };
                Ok(Performed { outcome: Outcome { ids: "{}".to_owned(), target_id: None }, events })
            }
        }
    }
}
