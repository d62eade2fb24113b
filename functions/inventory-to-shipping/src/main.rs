use std::sync::Arc;

use connector_karrio::KarrioLabelBuyer;
use inventory_to_shipping::{InventoryToShipping, InventoryToShippingSettings};
use lambda_runtime::Error;
use outbound::HttpTarget;
use receiver::Wiring;
use serde_json::{Value, json};
use transform::Translator;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let settings = InventoryToShippingSettings::read(&settings::environment)
        .inspect_err(|error| tracing::error!(%error, "settings refused"))?;
    let wiring = Wiring::connect(settings.receiver).await;
    let gate = wiring.gate(settings.karrio_gate);
    let shipping = json!({ "service": settings.karrio_service, "ship_from": settings.ship_from });
    let buyer = KarrioLabelBuyer::new(
        HttpTarget::new(settings.karrio)?,
        wiring.credential(settings.karrio_secret_arn),
        Arc::new(Translator::built_in("karrio-shipment", &shipping)?),
    );
    let reservations = Arc::new(Translator::built_in("canonical-reservation", &Value::Null)?);
    wiring.serve(InventoryToShipping::new(reservations, Arc::new(buyer)), gate).await
}
