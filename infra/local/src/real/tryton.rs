//! A real Tryton 8.2, installed from PyPI: prepared once, copied for each run, on a free loopback port.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use serde_json::{Value, json};

use crate::command::Step;
use crate::http::succeeds;
use crate::process::Service;
use crate::progress::say;
use crate::real::karrio::RealKarrio;
use crate::real::{READY_WITHIN, Run, once};
use crate::scenario::Partners;
use crate::targets::Partner;
use crate::tools::Tools;

const DATABASE: &str = "erp";
const MODULES: [&str; 2] = ["sale", "account_invoice_stock"];

/// A running Tryton with a company, four products and a REST key. Ends with this value.
pub struct RealTryton {
    base_url: String,
    api_key: String,
    client: reqwest::Client,
    _service: Service,
    // After the service, which drops before it.
    _run: Run,
}

/// Installs Tryton and makes its database, once.
pub async fn prepare(tools: &Tools) -> Result<PathBuf> {
    let bin = tools.environment("tryton", "Tryton").await?;
    let files = ["requirements-tryton.txt", "tryton/seed.py", "tryton/trytond.conf"];
    let make = async |prepared: &Path| make_database(tools, &bin, prepared).await;
    once(tools, "tryton-database", &files, make).await
}

async fn make_database(tools: &Tools, bin: &Path, prepared: &Path) -> Result<()> {
    say("preparing Tryton's database, which takes about a minute");
    let config = write_config(tools, prepared, None)?;
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
    Ok(fs::write(prepared.join("key"), key.lines().last().unwrap_or_default().trim())?)
}

impl RealTryton {
    pub async fn up(tools: &Tools) -> Result<Self> {
        let prepared = prepare(tools).await?;
        say("starting Tryton");
        let run = Run::of(tools, "tryton", &prepared).await?;
        let config = write_config(tools, &run.folder, Some(run.port))?;
        let api_key = fs::read_to_string(run.folder.join("key"))?;
        let mut command = Command::new(tools.workspace.tools("tryton/bin/trytond"));
        command.arg("-c").arg(config).args(["-d", DATABASE]);
        let mut service = Service::start("Tryton", &command, &run.log())?;
        let (client, base_url) = (crate::http::client(), format!("http://127.0.0.1:{}/{DATABASE}", run.port));
        let probe = format!("{base_url}/rest/model/currency.currency");
        service
            .ready(READY_WITHIN, async || {
                let request = client.get(&probe).header("authorization", format!("bearer {api_key}"));
                succeeds(request).await
            })
            .await?;
        Ok(Self { base_url, api_key, client, _service: service, _run: run })
    }

    pub fn partner(&self) -> Partner {
        Partner { url: self.base_url.clone(), api_key: self.api_key.clone() }
    }

    /// Numbers of the assigned shipments of all sales under our reference.
    pub async fn reservations(&self, reference: &str) -> Result<Vec<String>> {
        let fields = ["shipments.state", "shipments.number"];
        let sales = self.search("sale.sale", &json!(["reference", "=", reference]), &fields).await?;
        let shipments = sales.iter().filter_map(|sale| sale["shipments"].as_array());
        let assigned = shipments.flatten().filter(|shipment| shipment["state"] == "assigned");
        Ok(assigned.map(|shipment| shipment["number"].as_str().unwrap_or_default().to_owned()).collect())
    }

    /// How many of a product lie in the warehouse and are set aside for nobody.
    pub async fn free_stock(&self, sku: &str) -> Result<f64> {
        let stores = self.search("stock.location", &json!(["code", "=", "STO"]), &["code"]).await?;
        let locations: Vec<_> = stores.iter().map(|store| &store["id"]).collect();
        let context = json!({ "locations": locations, "stock_assign": true });
        let clause = json!(["code", "=", sku]);
        let products = self.search_in(&context, "product.product", &clause, &["quantity"]).await?;
        let product = products.first().with_context(|| format!("Tryton has no {sku}"))?;
        product["quantity"].as_f64().with_context(|| format!("Tryton has no quantity of {sku}"))
    }

    /// Records that a clause finds, with these fields.
    pub async fn search(&self, model: &str, clause: &Value, fields: &[&str]) -> Result<Vec<Value>> {
        self.search_in(&json!({}), model, clause, fields).await
    }

    async fn search_in(
        &self,
        context: &Value,
        model: &str,
        clause: &Value,
        fields: &[&str],
    ) -> Result<Vec<Value>> {
        let mut all = json!({ "company": 1, "companies": [1] });
        for (name, value) in context.as_object().into_iter().flatten() {
            all[name] = value.clone();
        }
        let domain = URL_SAFE.encode(json!([clause]).to_string());
        let fields = fields.iter().map(|field| ("f", *field));
        let query: Vec<_> = std::iter::once(("d", domain.as_str())).chain(fields).collect();
        let request = self
            .client
            .get(format!("{}/rest/model/{model}", self.base_url))
            .query(&query)
            .header("authorization", format!("bearer {}", self.api_key))
            .header("x-tryton-context", URL_SAFE.encode(all.to_string()));
        let found: Value = request.send().await?.error_for_status()?.json().await?;
        Ok(found.as_array().cloned().unwrap_or_default())
    }
}

/// Inventory, ERP and labels, asked of the real systems.
pub struct RealPartners<'a> {
    pub tryton: &'a RealTryton,
    pub karrio: &'a RealKarrio,
}

#[async_trait]
impl Partners for RealPartners<'_> {
    async fn reservations(&self, reference: &str) -> Result<Vec<String>> {
        self.tryton.reservations(reference).await
    }

    async fn labels(&self, reference: &str) -> Result<Vec<String>> {
        let shipments = self.karrio.shipments(reference).await?;
        let numbers = shipments.iter().filter_map(|shipment| shipment["tracking_number"].as_str());
        Ok(numbers.map(str::to_owned).collect())
    }

    async fn records(&self, model: &str, (field, value): (&str, &str), read: &str) -> Result<Vec<String>> {
        let records = self.tryton.search(model, &json!([field, "=", value]), &[read]).await?;
        Ok(records.iter().map(|record| record[read].as_str().unwrap_or_default().to_owned()).collect())
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
