use std::sync::Arc;

use connector_superset::SupersetRefresher;
use lambda_runtime::Error;
use outbound::HttpTarget;
use receiver::Wiring;
use serde_json::Value;
use warehouse_to_bi::{LoadMappings, WarehouseToBi, WarehouseToBiSettings};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let settings = WarehouseToBiSettings::read(&settings::environment)
        .inspect_err(|error| tracing::error!(%error, "settings refused"))?;
    let wiring = Wiring::connect(settings.receiver).await;
    let gate = wiring.gate(settings.superset_gate);
    let mut mappings = wiring.mappings();
    let refresher = SupersetRefresher::new(
        HttpTarget::new(settings.superset)?,
        wiring.credential(settings.superset_secret_arn),
        mappings.translator("superset-refresh", Value::Null)?,
    );
    let loads = LoadMappings {
        dbt_cloud: mappings.translator("dbt-cloud-load", Value::Null)?,
        warehouse: mappings.translator("warehouse-load", Value::Null)?,
    };
    let flow = WarehouseToBi::new(loads, settings.groups, settings.window, Arc::new(refresher));
    wiring.serve(flow, gate, mappings).await
}
