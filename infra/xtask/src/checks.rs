use anyhow::Result;
use local::{Step, Tools};

pub(crate) async fn template(tools: &Tools) -> Result<()> {
    let bin = tools.sam().await?;
    local::sam(tools, "sam validate")
        .await?
        .args(["validate", "--lint", "--region", "us-east-1"])
        .shown()
        .await?;
    Step::new("cfn-lint", bin.join("cfn-lint"))
        .args(["template.yaml", "infra/flow.yaml", "infra/watch.yaml", "infra/queries.yaml"])
        .dir(tools.workspace.root())
        .shown()
        .await
}

pub(crate) async fn dependencies(tools: &Tools) -> Result<()> {
    tools.cargo_deny().await?;
    Step::new("cargo deny", "cargo")
        .args(["deny", "check", "bans", "licenses", "sources"])
        .dir(tools.workspace.root())
        .env("PATH", tools.path(&[])?)
        .shown()
        .await
}
