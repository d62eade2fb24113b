//! A flow that tells what it was given.

use std::sync::Arc;

use async_trait::async_trait;
use message::{Envelope, OperationKey, Rejection};
use outbound::Attempt;
use receiver::{Claim, Due, Flow, Performed, Receiver, Translated};
use serde_json::Value;

use crate::hook::Hook;
use crate::world::World;

/// How it is written into the log.
pub(crate) const WAYS: [&str; 4] = ["as it is", "debug", "base64", "percent"];

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Does {
    Logs,
    PanicsTranslating,
    PanicsPerforming,
}

pub(crate) struct Tells(Does);

impl Tells {
    pub(crate) fn receiver(does: Does) -> impl Fn(&Arc<World>, &Hook) -> Receiver<Self> + Copy {
        move |world, hook| {
            let seen = world.seen_by(hook);
            let gate = seen.gate("nobody");
            seen.receiver(Self(does), gate)
        }
    }
}

#[async_trait]
impl Flow for Tells {
    type Operation = Value;

    fn name(&self) -> &'static str {
        "tells"
    }

    fn calls(&self) -> u32 {
        1
    }

    fn translate(&self, envelope: &Envelope) -> Result<Translated<Value>, Rejection> {
        assert!(self.0 != Does::PanicsTranslating, "{}", envelope.data.get());
        Ok(Translated {
            operation: serde_json::from_str(envelope.data.get()).unwrap(),
            key: OperationKey::new(self.name(), &["1"]),
            version: 0,
            mapping: "tells/1",
            target_mapping: "",
            due: Due::Now,
        })
    }

    async fn perform(&self, envelope: &Envelope, data: &Value, _: &Claim) -> Result<Performed, Attempt> {
        use base64::Engine;
        let text = envelope.data.get();
        assert!(self.0 != Does::PanicsPerforming, "{text}");
        let percent: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let base64 = base64::engine::general_purpose::STANDARD.encode(text);
        let written = [text.to_owned(), format!("{data:?}"), base64, percent];
        for (way, data) in WAYS.into_iter().zip(written) {
            tracing::info!(way, data, "told");
        }
        Ok(Performed::default())
    }
}
