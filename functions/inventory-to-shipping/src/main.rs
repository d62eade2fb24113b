use std::sync::Arc;

use connector_karrio::KarrioLabelBuyer;
use inventory_to_shipping::{InventoryToShipping, InventoryToShippingSettings};
use lambda_runtime::Error;
use outbound::HttpTarget;
use receiver::Wiring;
use serde_json::{Value, json};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let settings = InventoryToShippingSettings::read(&settings::environment)
        .inspect_err(|error| tracing::error!(%error, "settings refused"))?;
    let wiring = Wiring::connect(settings.receiver).await;
    let gate = wiring.gate(settings.karrio_gate);
    let mut mappings = wiring.mappings();
    let shipping = json!({ "service": settings.karrio_service, "ship_from": settings.ship_from });
    let buyer = KarrioLabelBuyer::new(
        HttpTarget::new(settings.karrio)?,
        wiring.credential(settings.karrio_secret_arn),
        mappings.translator("karrio-shipment", shipping)?,
    );
    let reservations = mappings.translator("canonical-reservation", Value::Null)?;
    wiring.serve(InventoryToShipping::new(reservations, Arc::new(buyer)), gate, mappings).await
}
