//! Wires the watchdog to AWS.

use jiff::Timestamp;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;
use watchdog::aws::Aws;
use watchdog::{Watch, WatchdogSettings, look};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let settings = WatchdogSettings::read(&settings::environment)
        .inspect_err(|error| tracing::error!(%error, "settings refused"))?;
    let world = &Aws::connect(settings).await?;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| async move {
        let watch = Watch::read(event.payload).map_err(|problems| {
            let problems: Vec<_> = problems.iter().map(|it| format!("{}: {}", it.path, it.problem)).collect();
            let problems = problems.join("; ");
            tracing::error!(problems, "the schedule's event is refused: nothing is watched");
            Error::from(problems)
        })?;
        look(&watch, world, Timestamp::now()).await.tell(&watch.flow, &watch.function);
        Ok::<_, Error>(())
    }))
    .await
}
