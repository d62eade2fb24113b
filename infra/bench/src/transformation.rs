use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use local::{Step, Tools, say};
use serde_json::{Value, json};

use crate::Peers;
use crate::measure::{STARTS, median};

/// A Shopify order to a Tryton sale, text in and text out.
pub(crate) struct Transformation {
    pub(crate) payload_bytes: u64,
    /// All mappings, from their texts.
    pub(crate) compile: Duration,
    /// Ours first.
    pub(crate) rows: Vec<Row>,
}

pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) message: Duration,
}

/// One after the other. All have to make the same.
pub(crate) async fn measure(tools: &Tools, binaries: &Path, peers: &Peers) -> Result<Transformation> {
    say("measuring the translation alone");
    let program = binaries.join("bench-transform");
    let mut compiled = Vec::new();
    for _ in 0..STARTS {
        let step = Step::new("compiling the mappings", &program).args(["compile"]);
        compiled.push(microseconds(&answer(step).await?)?);
    }
    let ours = answer(Step::new("measuring Spillway and jaq", &program)).await?;
    let folder = tools.workspace.root().join("infra/bench/peers");
    let attributes = json!({ "source": "/shopify/acme.myshopify.com", "version": "2026-10" });
    let theirs = Step::new("measuring JSONata", &peers.node)
        .args(["transform.mjs".as_ref(), folder.join("shopify-to-tryton.jsonata").as_os_str()])
        .args([folder.join("order.json").as_os_str(), attributes.to_string().as_ref()])
        .dir(&peers.modules);
    let theirs = answer(theirs).await?;
    let lock = fs::read_to_string(tools.workspace.root().join("Cargo.lock"))?;
    let jaq = locked(&lock, "jaq-core");
    let jsonata = peers.lock["packages"]["node_modules/jsonata"]["version"].as_str().unwrap_or("?");
    let measured = [
        ("Spillway".to_owned(), &ours["spillway"]),
        (format!("jq, as jaq {jaq} has it"), &ours["jaq"]),
        (format!("JSONata {jsonata}"), &theirs),
    ];
    let wanted = sale(&ours["spillway"])?;
    let mut rows = Vec::new();
    for (name, measured) in measured {
        let made = sale(measured)?;
        ensure!(made == wanted, "{name} makes another sale than Spillway: {made} instead of {wanted}");
        rows.push(Row { name, message: microseconds(measured)? });
    }
    let payload_bytes = ours["bytes"].as_u64().context("bytes of the payload")?;
    Ok(Transformation { payload_bytes, compile: median(compiled), rows })
}

async fn answer(step: Step) -> Result<Value> {
    let printed = step.output().await?;
    serde_json::from_str(&printed).with_context(|| format!("expected JSON: {printed}"))
}

fn microseconds(measured: &Value) -> Result<Duration> {
    let microseconds = measured["microseconds"].as_f64().context("microseconds of a message")?;
    Ok(Duration::from_secs_f64(microseconds / 1e6))
}

fn sale(measured: &Value) -> Result<Value> {
    Ok(serde_json::from_str(measured["output"].as_str().context("what a message became")?)?)
}

/// The version of a crate in Cargo.lock.
fn locked<'l>(lock: &'l str, name: &str) -> &'l str {
    let package = lock.split("[[package]]").find(|package| package.contains(&format!("name = \"{name}\"\n")));
    let version = package.and_then(|package| package.split_once("version = \"")?.1.split_once('"'));
    version.map_or("?", |(version, _)| version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_a_crate_is_read_from_the_lock() {
        let lock = "version = 4\n\n[[package]]\nname = \"jaq\"\nversion = \"1.0.0\"\n\n[[package]]\nname = \"jaq-core\"\nversion = \"3.1.2\"\n";
        assert_eq!(locked(lock, "jaq-core"), "3.1.2");
        assert_eq!(locked(lock, "jaq-json"), "?");
    }
}
