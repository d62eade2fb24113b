use anyhow::Result;
use local::{Step, Tools};

/// Every test of the workspace, the end-to-end ones on the local engine among them.
pub(crate) async fn all(tools: &Tools) -> Result<()> {
    prepare(tools).await?;
    nextest(tools, &["--workspace"]).await
}

/// The tests that need a real partner system. It is installed and prepared here; the tests start it themselves.
pub(crate) async fn real(tools: &Tools) -> Result<()> {
    prepare(tools).await?;
    local::tryton::prepare(tools).await?;
    local::real::vendure::prepare(tools).await?;
    // The whole workspace, so that its dependencies are built with the same features as for all other tests.
    let tests = ["--test", "real_tryton", "--test", "real_vendure", "--test", "real_orders"];
    nextest(tools, &[&["--workspace", "--features", "tests/real"], tests.as_slice()].concat()).await
}

/// Before the tests, so that what takes long is seen and not timed.
async fn prepare(tools: &Tools) -> Result<()> {
    tools.nextest().await?;
    tools.engine().await?;
    local::build(tools).await
}

async fn nextest(tools: &Tools, which: &[&str]) -> Result<()> {
    Step::new("the tests", "cargo")
        .args(["nextest", "run", "--locked"])
        .args(which)
        .dir(tools.workspace.root())
        .env("PATH", tools.path(&[])?)
        .shown()
        .await
}
