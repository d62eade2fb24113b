use std::sync::Arc;

use connector_tryton::{TrytonRecordUpserter, UpserterMappings};
use crm_to_erp::{CrmMappings, CrmToErp, CrmToErpSettings};
use lambda_runtime::Error;
use outbound::HttpTarget;
use receiver::Wiring;
use serde_json::{Value, json};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let settings = CrmToErpSettings::read(&settings::environment)
        .inspect_err(|error| tracing::error!(%error, "settings refused"))?;
    let wiring = Wiring::connect(settings.receiver).await;
    let gate = wiring.gate(settings.tryton_gate);
    let mut mappings = wiring.mappings();
    let deals = json!({ "product": settings.deal_product, "currency": settings.deal_currency });
    let erp = TrytonRecordUpserter::new(
        HttpTarget::new(settings.tryton)?,
        wiring.credential(settings.tryton_secret_arn),
        settings.tryton_company_id,
        UpserterMappings {
            accounts: mappings.translator("tryton-account", Value::Null)?,
            contacts: mappings.translator("tryton-contact", Value::Null)?,
            deals: mappings.translator("tryton-deal", deals)?,
        },
    );
    let crms = CrmMappings::with(|name| mappings.translator(name, Value::Null))?;
    wiring.serve(CrmToErp::new(crms, Arc::new(erp)), gate, mappings).await
}
