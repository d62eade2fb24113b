//! A flow that does nothing: what is left is the receiver and the ledger.

use async_trait::async_trait;
use gate::GateConfig;
use lambda_runtime::Error;
use message::{Code, Envelope, OperationKey, Rejection};
use outbound::Attempt;
use receiver::{Claim, Due, Flow, Outcome, Performed, ReceiverSettings, Translated, Wiring};
use serde_json::Value;
use settings::Settings;

struct Nothing;

#[async_trait]
impl Flow for Nothing {
    type Operation = Value;

    fn name(&self) -> &'static str {
        "bench-ledger"
    }

    fn calls(&self) -> u32 {
        0
    }

    fn translate(&self, envelope: &Envelope) -> Result<Translated<Value>, Rejection> {
        let operation: Value = serde_json::from_str(envelope.data.get())
            .map_err(|_| Rejection::new(Code::TypeMismatch, "$", "expected an object"))?;
        let order = operation
            .get("order")
            .and_then(Value::as_str)
            .ok_or_else(|| Rejection::new(Code::FieldMissing, "$.order", "expected a string"))?;
        let key = OperationKey::new("bench-ledger", &[order]);
        Ok(Translated { operation, key, version: 0, mapping: "bench/1", target_mapping: "", due: Due::Now })
    }

    async fn perform(&self, _: &Envelope, _: &Value, _: &Claim) -> Result<Performed, Attempt> {
        let outcome = Outcome { ids: r#"{"ok":true}"#.to_owned(), target_id: None };
        Ok(Performed { outcome, events: Vec::new() })
    }
}

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let lookup = settings::environment;
    let mut settings = Settings::new(&lookup);
    let receiver = ReceiverSettings::read(&mut settings);
    let receiver = settings.finish(Some(receiver))?;
    let wiring = Wiring::connect(receiver).await;
    let gate = wiring.gate(GateConfig::new("nothing"));
    let mappings = wiring.mappings();
    wiring.serve(Nothing, gate, mappings).await
}
