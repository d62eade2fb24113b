use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::command::Step;
use crate::engine::REGION;
use crate::progress::say;
use crate::tools::Tools;

pub(crate) const STACK: &str = "spillway-local";
const API_OF_AWS: &str = "https://${WebhookApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}";

/// `sam build` of the whole application, for this machine's architecture.
///
/// Without link-time optimisation: it multiplies the time that a person waits for the demo, and the engine judges
/// behaviour, not speed. What goes to AWS is built with the profile in Cargo.toml.
pub async fn build(tools: &Tools) -> Result<()> {
    say("building the functions with `sam build`; the first time takes some minutes");
    sam(tools, "building the functions")
        .await?
        .args(["build", "--parameter-overrides", &format!("Architecture={}", architecture()), "--build-dir"])
        .args([tools.workspace.sam_build()])
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1")
        .output()
        .await?;
    Ok(())
}

/// A real `sam deploy` to the engine. Answers with the stack's outputs, and with the names of what was left out.
pub(crate) async fn deploy(
    tools: &Tools,
    endpoint: &str,
    parameters: &[(&str, String)],
) -> Result<(BTreeMap<String, String>, Vec<String>)> {
    let left_out = adapt_template(tools).await?;
    say("deploying template.yaml with `sam deploy`");
    let template = tools.workspace.sam_build().join("engine.yaml");
    // The engine's own address of an API needs no DNS.
    let text = std::fs::read_to_string(&template).context("reading the adapted template")?;
    let text = text.replace(API_OF_AWS, &format!("{endpoint}/_aws/execute-api/${{WebhookApi}}"));
    std::fs::write(&template, text).context("writing the adapted template")?;
    let mut overrides = vec![format!("Architecture={}", architecture())];
    overrides.extend(parameters.iter().map(|(name, value)| format!("{name}={}", quoted(value))));
    Ok((deploy_file(tools, endpoint, &template, &overrides).await?, left_out))
}

/// `sam deploy` of this template as the one stack. Answers with its outputs.
pub(crate) async fn deploy_file(
    tools: &Tools,
    endpoint: &str,
    template: &Path,
    overrides: &[String],
) -> Result<BTreeMap<String, String>> {
    let mut step = sam(tools, "deploying")
        .await?
        .args(["deploy", "--stack-name", STACK, "--resolve-s3", "--no-confirm-changeset", "--no-progressbar"])
        .args(["--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND", "--region", REGION])
        .args(["--template-file"])
        .args([template])
        .env("AWS_ENDPOINT_URL", endpoint);
    if !overrides.is_empty() {
        step = step.arg("--parameter-overrides").args(overrides);
    }
    step.output().await?;
    outputs(tools, endpoint).await
}

/// A template as `sam` reads it: aliases resolved, intrinsic functions in their long form.
pub async fn template(tools: &Tools, file: &str) -> Result<serde_json::Value> {
    let printed = Step::new(format!("reading {file}"), tools.sam().await?.join("python"))
        .args([tools.workspace.local("template_json.py"), tools.workspace.root().join(file)])
        .output()
        .await?;
    serde_json::from_str(&printed).with_context(|| file.to_owned())
}

async fn adapt_template(tools: &Tools) -> Result<Vec<String>> {
    let bin = tools.sam().await?;
    let printed = Step::new("adapting the template to the engine", bin.join("python"))
        .args([tools.workspace.local("engine_template.py"), tools.workspace.sam_build()])
        .output()
        .await?;
    serde_json::from_str(printed.trim()).context("the list of what was left out")
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Output {
    output_key: String,
    output_value: String,
}

async fn outputs(tools: &Tools, endpoint: &str) -> Result<BTreeMap<String, String>> {
    let printed = sam(tools, "reading the stack's outputs")
        .await?
        .args(["list", "stack-outputs", "--stack-name", STACK, "--output", "json", "--region", REGION])
        .env("AWS_ENDPOINT_URL", endpoint)
        .output()
        .await?;
    let outputs: Vec<Output> = serde_json::from_str(&printed).context("the stack's outputs")?;
    Ok(outputs.into_iter().map(|output| (output.output_key, output.output_value)).collect())
}

/// SAM CLI with its own tools first on the path, credentials that only the engine takes, and no telemetry.
pub async fn sam(tools: &Tools, what: &str) -> Result<Step> {
    let bin = tools.sam().await?;
    Ok(Step::new(what, bin.join("sam"))
        .dir(tools.workspace.root())
        .env("PATH", tools.path(&[&bin])?)
        .env("SAM_CLI_TELEMETRY", "0")
        .env("SAM_CLI_CHECK_FOR_UPDATES", "0")
        .env("AWS_DEFAULT_REGION", REGION)
        .env("AWS_ACCESS_KEY_ID", "local")
        .env("AWS_SECRET_ACCESS_KEY", "local"))
}

/// SAM reads `Name="…"` with backslashes as its escapes.
fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

const fn architecture() -> &'static str {
    if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" }
}
