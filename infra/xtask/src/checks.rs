use anyhow::Result;
use local::{Step, Tools, checkov};

pub(crate) async fn template(tools: &Tools) -> Result<()> {
    let (bin, root) = (tools.sam().await?, tools.workspace.root());
    local::sam(tools, "sam validate")
        .await?
        .args(["validate", "--lint", "--region", "us-east-1"])
        .shown()
        .await?;
    Step::new("cfn-lint", bin.join("cfn-lint")).args(checkov::templates(root)?).dir(root).shown().await?;
    checkov::checkov(tools, root).await
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
