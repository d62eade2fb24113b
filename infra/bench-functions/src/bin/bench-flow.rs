//! A whole flow: a Shopify order through the canonical model to a Tryton sale, posted with one HTTP call.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use gate::GateConfig;
use http::Method;
use lambda_runtime::Error;
use message::{Envelope, OperationKey, Rejection};
use outbound::{Attempt, HttpTarget, Request, TargetConfig, keyed};
use receiver::{Claim, Due, Flow, Outcome, Performed, ReceiverSettings, Translated, Wiring};
use serde_json::Value;
use settings::Settings;
use transform::canonical::Order;
use transform::{Decoded, Translator};

/// How long the target of the benchmark would remember a key.
const KEY_RETENTION: Duration = Duration::from_secs(24 * 3_600);

struct PostSale {
    shopify: Arc<Translator>,
    tryton: Arc<Translator>,
    target: HttpTarget,
}

#[async_trait]
impl Flow for PostSale {
    type Operation = Order;

    fn name(&self) -> &'static str {
        "bench-flow"
    }

    fn calls(&self) -> u32 {
        1
    }

    fn translate(&self, envelope: &Envelope) -> Result<Translated<Order>, Rejection> {
        let Decoded { value: order, stamp }: Decoded<Order> = self.shopify.decode(envelope)?;
        let key = OperationKey::new("bench-flow", &[&order.shop, &order.id]);
        let target_mapping = self.tryton.stamp();
        Ok(Translated { operation: order, key, version: 0, mapping: stamp, target_mapping, due: Due::Now })
    }

    async fn perform(&self, _: &Envelope, order: &Order, claim: &Claim) -> Result<Performed, Attempt> {
        let key = claim.idempotency.for_target(KEY_RETENTION);
        let response = keyed(claim.prior, &key, || async {
            let sale = self.tryton.encode_json(order)?;
            let request = Request::new(Method::POST, "/sale").idempotency_key(&key).json(&sale)?;
            self.target.call(request, &claim.budget).await?.json::<Value>()
        })
        .await?;
        let outcome = Outcome { ids: response.to_string(), target_id: None };
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
    let target = TargetConfig::read(&mut settings, "bench", "TARGET_URL");
    let config = GateConfig::read(&mut settings, "bench");
    let (receiver, target, config) = settings.finish(Some((receiver, target, config)))?;
    let wiring = Wiring::connect(receiver).await;
    let gate = wiring.gate(config);
    let target = HttpTarget::new(target)?;
    let mut mappings = wiring.mappings();
    let shopify = mappings.translator("shopify-order", Value::Null)?;
    let tryton = mappings.translator("tryton-sale", Value::Null)?;
    wiring.serve(PostSale { shopify, tryton, target }, gate, mappings).await
}
