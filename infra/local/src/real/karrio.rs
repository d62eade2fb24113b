//! A real Karrio 2026.1, installed from PyPI, on PostgreSQL: on SQLite it locks under parallel calls.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::engine::free_port;
use crate::http::succeeds;
use crate::process::Service;
use crate::progress::say;
use crate::real::django::{Application, Environment};
use crate::real::postgres::Server;
use crate::real::{READY_WITHIN, Run, gunicorn};
use crate::targets::Partner;
use crate::tools::Tools;

const DATABASE: &str = "karrio";
const APPLICATION: Application =
    Application { title: "Karrio", database: DATABASE, migrates_by: "karrio", seed: "karrio/seed.py" };
/// Of the carrier that `karrio/seed.py` sets up: it makes labels without calling anybody.
pub const SERVICE: &str = "standard_service";

/// A running Karrio with a carrier and an API token. Ends with this value.
pub struct RealKarrio {
    pub base_url: String,
    pub token: String,
    client: reqwest::Client,
    _service: Service,
    _postgres: Server,
    _run: Run,
}

/// Installs Karrio and makes its database, once.
pub async fn prepare(tools: &Tools) -> Result<PathBuf> {
    let bin = tools.environment("karrio", "Karrio").await?;
    let files = ["requirements-karrio.txt", "karrio/sitecustomize.py"];
    APPLICATION.prepare(tools, &bin, &files, |folder, postgres| environment(tools, folder, postgres)).await
}

impl RealKarrio {
    pub async fn up(tools: &Tools) -> Result<Self> {
        let prepared = prepare(tools).await?;
        say("starting Karrio");
        let run = Run::of(tools, "karrio", &prepared).await?;
        let postgres = Server::start(tools, &run.folder.join("data"), free_port()?).await?;
        let token = fs::read_to_string(run.folder.join("token"))?;
        let mut command = gunicorn(tools, "karrio", "karrio.server.wsgi:application", &run);
        command.envs(environment(tools, &run.folder, &postgres));
        let mut service = Service::start("Karrio", &command, &run.log())?;
        let (client, base_url) = (crate::http::client(), format!("http://127.0.0.1:{}", run.port));
        let probe = format!("{base_url}/v1/references");
        service
            .ready(READY_WITHIN, async || {
                let request = client.get(&probe).header("authorization", format!("Token {token}"));
                succeeds(request).await
            })
            .await?;
        Ok(Self { base_url, token, client, _service: service, _postgres: postgres, _run: run })
    }

    pub fn partner(&self) -> Partner {
        Partner { url: self.base_url.clone(), api_key: self.token.clone() }
    }

    /// Shipments under our reference that have a label, with all that Karrio knows of them.
    pub async fn shipments(&self, reference: &str) -> Result<Vec<Value>> {
        let request = self.client.get(format!("{}/v1/shipments", self.base_url));
        let request = request.query(&[("reference", reference), ("limit", "100")]);
        let request = request.header("authorization", format!("Token {}", self.token));
        let page: Value = request.send().await?.error_for_status()?.json().await?;
        let found = page["results"].as_array().into_iter().flatten();
        // Karrio finds every reference that contains ours.
        let ours = found.filter(|shipment| shipment["reference"] == reference);
        Ok(ours.filter(|shipment| shipment["tracking_number"].is_string()).cloned().collect())
    }

    /// The label of a shipment of [`RealKarrio::shipments`], as it would be printed.
    pub async fn label(&self, shipment: &Value) -> Result<Vec<u8>> {
        let path = shipment["label_url"].as_str().context("a shipment without a label")?;
        let request = self.client.get(format!("{}{path}", self.base_url));
        let request = request.header("authorization", format!("Token {}", self.token));
        Ok(request.send().await?.error_for_status()?.bytes().await?.to_vec())
    }
}

fn environment(tools: &Tools, folder: &Path, postgres: &Server) -> Environment {
    let folder = folder.display().to_string();
    vec![
        ("DJANGO_SETTINGS_MODULE", "karrio.server.settings".to_owned()),
        ("PYTHONPATH", tools.workspace.local("karrio").display().to_string()),
        ("DATABASE_URL", postgres.url(DATABASE)),
        ("SECRET_KEY", "loopback-only-loopback-only-loopback-only".to_owned()),
        ("DEBUG_MODE", "False".to_owned()),
        ("AUDIT_LOGGING", "False".to_owned()),
        // Nobody is told about what happens here.
        ("POSTHOG_KEY", String::new()),
        ("WORK_DIR", folder.clone()),
        ("LOG_DIR", folder),
    ]
}
