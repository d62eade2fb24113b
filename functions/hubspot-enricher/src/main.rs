use std::sync::Arc;

use connector_hubspot::HubSpotObjectReader;
use hubspot_enricher::{HubSpotEnricher, HubSpotEnricherSettings};
use lambda_runtime::Error;
use outbound::HttpTarget;
use receiver::Wiring;
use serde_json::Value;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let settings = HubSpotEnricherSettings::read(&settings::environment)
        .inspect_err(|error| tracing::error!(%error, "settings refused"))?;
    let wiring = Wiring::connect(settings.receiver).await;
    let gate = wiring.gate(settings.hubspot_gate);
    let mut mappings = wiring.mappings();
    let reader = HubSpotObjectReader::new(
        HttpTarget::new(settings.hubspot)?,
        wiring.credential(settings.hubspot_secret_arn),
    );
    let notifications = mappings.translator("hubspot-notification", Value::Null)?;
    wiring
        .followed_by(settings.next_queue_url)
        .serve(HubSpotEnricher::new(notifications, Arc::new(reader)), gate, mappings)
        .await
}
