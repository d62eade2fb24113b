use std::sync::Arc;

use aws::{Secrets, SecretsManager};
use aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use ingest::{Config, Ingest, SqsSink};
use jiff::Timestamp;
use lambda_runtime::{Error, LambdaEvent, service_fn};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let config = Config::read(&settings::environment)
        .inspect_err(|error| tracing::error!(%error, "settings refused"))?;
    let sdk = aws::load_config().await;
    let secrets = Secrets::new(SecretsManager::new(&sdk), Timestamp::now);
    let ingest = Arc::new(Ingest::new(config, secrets, SqsSink::new(&sdk), Timestamp::now));
    ingest.warm_up().await;
    lambda_runtime::run(service_fn(|event: LambdaEvent<ApiGatewayV2httpRequest>| {
        let ingest = Arc::clone(&ingest);
        async move {
            // SQS refuses a message whose trace header is none.
            let trace_header =
                event.context.xray_trace_id.as_deref().filter(|header| telemetry::trace_id(header).is_some());
            Ok::<_, Error>(ingest.handle(event.payload, trace_header).await)
        }
    }))
    .await
}
