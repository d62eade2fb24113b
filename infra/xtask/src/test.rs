use anyhow::Result;
use local::browser::Browser;
use local::real::System;
use local::{Step, Tools};

/// Every test of the workspace, the end-to-end ones on the local engine among them.
pub(crate) async fn all(tools: &Tools) -> Result<()> {
    prepare(tools).await?;
    nextest(tools, &["--workspace"]).await
}

/// The tests that need real systems, and a real browser. They are installed and prepared here; the tests start them themselves.
pub(crate) async fn real(tools: &Tools) -> Result<()> {
    prepare(tools).await?;
    for system in System::ALL {
        system.prepare(tools).await?;
    }
    Browser::installed(tools).await?;
    // Two at a time: with the systems that each of them starts that is what two cores and 3 GB of memory are good for.
    // The whole workspace, so that its dependencies are built with the same features as for all other tests.
    let features = "tests/real,page/real";
    nextest(tools, &["--workspace", "--features", features, "--test", "real_*", "--test-threads", "2"]).await
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
