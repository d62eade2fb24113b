//! Linters have nothing against a template with new integrations either.

use local::{Step, Tools, Workspace, checkov};

use crate::with_new_integrations;

#[tokio::test]
async fn cfn_lint_has_nothing_against_a_template_with_new_integrations() {
    let tools = Tools::new(Workspace::here()).unwrap();
    let folder = with_new_integrations(tools.workspace.root());
    let lint = Step::new("cfn-lint", tools.sam().await.unwrap().join("cfn-lint"));
    lint.args(["template.yaml"]).dir(folder.path()).output().await.unwrap();
}

/// What infra/checkov.toml leaves is left of types, so that it covers what is new.
#[tokio::test]
async fn checkov_has_nothing_against_a_template_with_new_integrations() {
    let tools = Tools::new(Workspace::here()).unwrap();
    let folder = with_new_integrations(tools.workspace.root());
    checkov::checkov(&tools, folder.path()).await.unwrap();
}
