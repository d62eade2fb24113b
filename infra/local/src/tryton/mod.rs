//! A real Tryton 8.2, installed from PyPI: prepared once, copied for each run, on a free loopback port.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use serde_json::{Value, json};

use crate::command::Step;
use crate::engine::free_port;
use crate::process::Service;
use crate::progress::say;
use crate::sandbox::Sandbox;
use crate::scenario::Partners;
use crate::stack::Partner;
use crate::stamp::Stamp;
use crate::tools::Tools;

const DATABASE: &str = "erp";
const MODULES: [&str; 2] = ["sale", "account_invoice_stock"];
const READY_WITHIN: Duration = Duration::from_secs(60);

/// A running Tryton with a company, four products and a REST key. Ends with this value.
pub struct RealTryton {
    base_url: String,
    api_key: String,
    client: reqwest::Client,
    run: PathBuf,
    _service: Service,
}

impl Drop for RealTryton {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            drop(fs::remove_dir_all(&self.run));
        }
    }
}

/// Installs Tryton and makes its database, once.
pub async fn prepare(tools: &Tools) -> Result<PathBuf> {
    let bin = tools.environment("tryton", "Tryton").await?;
    let prepared = tools.workspace.tools("tryton-database");
    let input = |file: &str| fs::read(tools.workspace.local(file)).with_context(|| file.to_owned());
    let inputs = [input("requirements-tryton.txt")?, input("tryton/seed.py")?, input("tryton/trytond.conf")?];
    let stamp = Stamp::of(&prepared, &inputs.each_ref().map(Vec::as_slice));
    if stamp.holds() {
        return Ok(prepared);
    }
    say("preparing Tryton's database, which takes about a minute");
    stamp.remove();
    drop(fs::remove_dir_all(&prepared));
    fs::create_dir_all(&prepared)?;
    let config = write_config(tools, &prepared, None)?;
    // On SQLite a database is made by making its file.
    fs::File::create(prepared.join(format!("{DATABASE}.sqlite")))?;
    // trytond-admin wants the first password from a file.
    let password = prepared.join("password");
    fs::write(&password, "loopback-only")?;
    Step::new("preparing Tryton: modules", bin.join("trytond-admin"))
        .args(["-c"])
        .args([&config])
        .args(["-d", DATABASE, "--email", "admin@example.com", "--activate-dependencies", "-u"])
        .args(MODULES)
        .env("TRYTONPASSFILE", &password)
        .output()
        .await?;
    let key = Step::new("preparing Tryton: company and products", bin.join("python"))
        .args([tools.workspace.local("tryton/seed.py"), config])
        .args([DATABASE])
        .output()
        .await?;
    fs::write(prepared.join("key"), key.lines().last().unwrap_or_default().trim())?;
    stamp.set()?;
    Ok(prepared)
}

impl RealTryton {
    pub async fn up(tools: &Tools) -> Result<Self> {
        let prepared = prepare(tools).await?;
        say("starting Tryton");
        let port = free_port()?;
        let run = tools.workspace.tools(&format!("run/tryton-{port}"));
        drop(fs::remove_dir_all(&run));
        fs::create_dir_all(&run)?;
        for file in fs::read_dir(&prepared)? {
            let file = file?;
            fs::copy(file.path(), run.join(file.file_name()))?;
        }
        let config = write_config(tools, &run, Some(port))?;
        let api_key = fs::read_to_string(run.join("key"))?;
        let mut command = Command::new(tools.workspace.tools("tryton/bin/trytond"));
        command.arg("-c").arg(config).args(["-d", DATABASE]);
        let mut service = Service::start("Tryton", &command, &run.join("log"))?;
        let (client, base_url) = (crate::http::client(), format!("http://127.0.0.1:{port}/{DATABASE}"));
        let probe = format!("{base_url}/rest/model/currency.currency");
        service
            .ready(READY_WITHIN, async || {
                let request = client.get(&probe).header("authorization", format!("bearer {api_key}"));
                request.send().await.is_ok_and(|answer| answer.status().is_success())
            })
            .await?;
        Ok(Self { base_url, api_key, client, run, _service: service })
    }

    pub fn partner(&self) -> Partner {
        Partner { url: self.base_url.clone(), api_key: self.api_key.clone() }
    }

    /// Numbers of the assigned shipments of all sales under our reference.
    pub async fn reservations(&self, reference: &str) -> Result<Vec<String>> {
        let domain = URL_SAFE.encode(json!([["reference", "=", reference]]).to_string());
        let context = URL_SAFE.encode(json!({ "company": 1, "companies": [1] }).to_string());
        let request = self
            .client
            .get(format!("{}/rest/model/sale.sale", self.base_url))
            .query(&[("d", domain.as_str()), ("f", "shipments.state"), ("f", "shipments.number")])
            .header("authorization", format!("bearer {}", self.api_key))
            .header("x-tryton-context", context);
        let sales: Value = request.send().await?.error_for_status()?.json().await?;
        let shipments =
            sales.as_array().into_iter().flatten().filter_map(|sale| sale["shipments"].as_array());
        let assigned = shipments.flatten().filter(|shipment| shipment["state"] == "assigned");
        Ok(assigned.map(|shipment| shipment["number"].as_str().unwrap_or_default().to_owned()).collect())
    }
}

/// Inventory asked of the real Tryton, labels of the sandbox.
pub struct RealPartners<'a> {
    pub tryton: &'a RealTryton,
    pub sandbox: &'a Sandbox,
}

#[async_trait]
impl Partners for RealPartners<'_> {
    async fn reservations(&self, reference: &str) -> Result<Vec<String>> {
        self.tryton.reservations(reference).await
    }

    async fn labels(&self, reference: &str) -> Result<Vec<String>> {
        Partners::labels(self.sandbox, reference).await
    }
}

/// The configuration with the run's own folder, and the port where it is to listen.
fn write_config(tools: &Tools, folder: &Path, port: Option<u16>) -> Result<PathBuf> {
    let mut text = fs::read_to_string(tools.workspace.local("tryton/trytond.conf"))?;
    text.push_str(&format!("\n[database]\nuri = sqlite://\npath = {}\n", folder.display()));
    if let Some(port) = port {
        text.push_str(&format!("\n[web]\nlisten = 127.0.0.1:{port}\n"));
    }
    let file = folder.join("trytond.conf");
    fs::write(&file, text)?;
    Ok(file)
}
