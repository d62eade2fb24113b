use std::sync::Arc;

use connector_karrio::KarrioLabelBuyer;
use inventory_to_shipping::{InventoryToShipping, InventoryToShippingSettings};
use lambda_runtime::Error;
use outbound::HttpTarget;
use receiver::Wiring;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let settings = InventoryToShippingSettings::read(&settings::environment)
        .inspect_err(|error| tracing::error!(%error, "settings refused"))?;
    let wiring = Wiring::connect(settings.receiver).await;
    let gate = wiring.gate(settings.karrio_gate);
    let buyer = KarrioLabelBuyer::new(
        HttpTarget::new(settings.karrio)?,
        wiring.credential(settings.karrio_secret_arn),
        settings.karrio_service,
        settings.ship_from,
    );
    wiring.serve(InventoryToShipping::new(Arc::new(buyer)), gate).await
}
