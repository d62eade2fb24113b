use std::sync::Arc;

use connector_redmine::RedmineCaseDesk;
use lambda_runtime::Error;
use outbound::HttpTarget;
use payments_to_operations::{Mappings, PaymentsToOperations, PaymentsToOperationsSettings};
use receiver::Wiring;
use serde_json::Value;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let settings = PaymentsToOperationsSettings::read(&settings::environment)
        .inspect_err(|error| tracing::error!(%error, "settings refused"))?;
    let wiring = Wiring::connect(settings.receiver).await;
    let gate = wiring.gate(settings.redmine_gate);
    let mut mappings = wiring.mappings();
    let of_the_desk = serde_json::to_value(&settings.redmine_desk)?;
    let desk = RedmineCaseDesk::new(
        HttpTarget::new(settings.redmine)?,
        wiring.credential(settings.redmine_secret_arn),
        settings.redmine_desk,
        mappings.translator("redmine-issue", of_the_desk)?,
    );
    let stripe = Mappings {
        payment_intents: mappings.translator("stripe-payment-intent", Value::Null)?,
        charges: mappings.translator("stripe-charge", Value::Null)?,
        refunds: mappings.translator("stripe-refund", Value::Null)?,
        disputes: mappings.translator("stripe-dispute", Value::Null)?,
    };
    let flow = PaymentsToOperations::new(stripe, Arc::new(desk)).of_accounts(settings.accounts);
    wiring.serve(flow, gate, mappings).await
}
