use std::sync::Arc;

use connector_tryton::TrytonStockReserver;
use lambda_runtime::Error;
use orders_to_inventory::{OrdersToInventory, OrdersToInventorySettings};
use outbound::HttpTarget;
use receiver::Wiring;
use serde_json::Value;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let settings = OrdersToInventorySettings::read(&settings::environment)
        .inspect_err(|error| tracing::error!(%error, "settings refused"))?;
    let wiring = Wiring::connect(settings.receiver).await;
    let gate = wiring.gate(settings.tryton_gate);
    let mut mappings = wiring.mappings();
    let reserver = TrytonStockReserver::new(
        HttpTarget::new(settings.tryton)?,
        wiring.credential(settings.tryton_secret_arn),
        settings.tryton_company_id,
        mappings.translator("tryton-sale", Value::Null)?,
    );
    let shopify = mappings.translator("shopify-order", Value::Null)?;
    let vendure = mappings.translator("vendure-order", Value::Null)?;
    wiring
        .followed_by(settings.next_queue_url)
        .serve(OrdersToInventory::new(shopify, vendure, Arc::new(reserver)), gate, mappings)
        .await
}
