//! A real BottleCRM 1.35, installed from PyPI, on PostgreSQL.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::engine::free_port;
use crate::http::succeeds;
use crate::process::Service;
use crate::progress::say;
use crate::real::django::{Application, Environment};
use crate::real::postgres::Server;
use crate::real::{READY_WITHIN, Run, gunicorn};
use crate::tools::Tools;

const DATABASE: &str = "crm";
const APPLICATION: Application = Application {
    title: "BottleCRM",
    database: DATABASE,
    migrates_by: "django-admin",
    seed: "bottlecrm/seed.py",
};
/// The events that an ERP wants to hear of.
pub const EVENTS: [&str; 8] = [
    "account.created",
    "account.updated",
    "contact.created",
    "contact.updated",
    "deal.created",
    "deal.updated",
    "deal.won",
    "deal.lost",
];

/// A running BottleCRM with an organization and its administrator's token. Ends with this value.
pub struct RealBottleCrm {
    pub base_url: String,
    pub token: String,
    client: reqwest::Client,
    _service: Service,
    _postgres: Server,
    _run: Run,
}

/// Installs BottleCRM and makes its database, once.
pub async fn prepare(tools: &Tools) -> Result<PathBuf> {
    let bin = tools.environment_of((3, 12), "bottlecrm", "BottleCRM").await?;
    let files = ["requirements-bottlecrm.txt", "bottlecrm/spillway_crm.py"];
    APPLICATION.prepare(tools, &bin, &files, |_, postgres| environment(tools, postgres)).await
}

impl RealBottleCrm {
    pub async fn up(tools: &Tools) -> Result<Self> {
        let prepared = prepare(tools).await?;
        say("starting BottleCRM");
        let run = Run::of(tools, "bottlecrm", &prepared).await?;
        let postgres = Server::start(tools, &run.folder.join("data"), free_port()?).await?;
        let token = fs::read_to_string(run.folder.join("token"))?;
        let mut command = gunicorn(tools, "bottlecrm", "spillway_wsgi:application", &run);
        command.envs(environment(tools, &postgres));
        // Its own log files are named so.
        let mut service = Service::start("BottleCRM", &command, &run.folder.join("gunicorn.log"))?;
        let base_url = format!("http://127.0.0.1:{}", run.port);
        let client = crate::http::client();
        let probe = format!("{base_url}/api/accounts/");
        service
            .ready(READY_WITHIN, async || {
                let request = client.get(&probe).bearer_auth(&token);
                succeeds(request).await
            })
            .await?;
        Ok(Self { base_url, token, client, _service: service, _postgres: postgres, _run: run })
    }

    /// Events go to `url` from now on; answers with the secret that they are signed with.
    pub async fn register_webhook(&self, url: &str, events: &[&str]) -> Result<String> {
        let webhook = json!({ "url": url, "events": events });
        let made = self.call(self.post("/api/webhooks/", &webhook)).await?;
        Ok(made["secret"].as_str().context("BottleCRM answered without a secret")?.to_owned())
    }

    /// `fields` holds at least the name; answers with the id.
    pub async fn create_account(&self, fields: &Value) -> Result<String> {
        id_of(&self.call(self.post("/api/accounts/", fields)).await?)
    }

    /// `fields` holds at least first and last name; `account` is an account's id.
    pub async fn create_contact(&self, fields: &Value) -> Result<String> {
        id_of(&self.call(self.post("/api/contacts/", fields)).await?)
    }

    /// An open deal; `amount` is decimal, such as `100.00`.
    pub async fn create_deal(&self, name: &str, account: &str, amount: &str) -> Result<String> {
        let deal = json!({ "name": name, "account": account, "amount": amount, "currency": "EUR" });
        id_of(&self.call(self.post("/api/opportunities/", &deal)).await?)
    }

    /// `day` is when it was closed, such as `2026-01-31`.
    pub async fn win_deal(&self, id: &str, day: &str) -> Result<()> {
        let change = json!({ "stage": "CLOSED_WON", "closed_on": day });
        self.change(&format!("/api/opportunities/{id}/"), &change).await
    }

    pub async fn update_account(&self, id: &str, fields: &Value) -> Result<()> {
        self.change(&format!("/api/accounts/{id}/"), fields).await
    }

    pub async fn update_contact(&self, id: &str, fields: &Value) -> Result<()> {
        self.change(&format!("/api/contacts/{id}/"), fields).await
    }

    pub async fn account(&self, id: &str) -> Result<Value> {
        Ok(self.read(&format!("/api/accounts/{id}/")).await?["account_obj"].take())
    }

    pub async fn contact(&self, id: &str) -> Result<Value> {
        Ok(self.read(&format!("/api/contacts/{id}/")).await?["contact_obj"].take())
    }

    pub async fn deal(&self, id: &str) -> Result<Value> {
        Ok(self.read(&format!("/api/opportunities/{id}/")).await?["opportunity_obj"].take())
    }

    fn post(&self, path: &str, body: &Value) -> reqwest::RequestBuilder {
        self.client.post(format!("{}{path}", self.base_url)).json(body)
    }

    async fn change(&self, path: &str, fields: &Value) -> Result<()> {
        self.call(self.client.patch(format!("{}{path}", self.base_url)).json(fields)).await.map(drop)
    }

    async fn read(&self, path: &str) -> Result<Value> {
        self.call(self.client.get(format!("{}{path}", self.base_url))).await
    }

    async fn call(&self, request: reqwest::RequestBuilder) -> Result<Value> {
        let answer = request.bearer_auth(&self.token).send().await?;
        let (status, text) = (answer.status(), answer.text().await?);
        anyhow::ensure!(status.is_success(), "BottleCRM answered with {status}: {text}");
        Ok(serde_json::from_str(&text)?)
    }
}

fn id_of(answer: &Value) -> Result<String> {
    Ok(answer["id"].as_str().context("BottleCRM answered without an id")?.to_owned())
}

fn environment(tools: &Tools, postgres: &Server) -> Environment {
    let own = tools.workspace.local("bottlecrm");
    vec![
        ("DJANGO_SETTINGS_MODULE", "spillway_crm".to_owned()),
        ("PYTHONPATH", Path::display(&own).to_string()),
        // The administrator's token in the prepared database is signed with it.
        ("SECRET_KEY", "loopback-only-loopback-only-loopback-only".to_owned()),
        ("ENV_TYPE", "dev".to_owned()),
        ("DEBUG", "False".to_owned()),
        ("DBNAME", DATABASE.to_owned()),
        ("DBUSER", crate::real::postgres::USER.to_owned()),
        ("DBPASSWORD", String::new()),
        ("DBHOST", "127.0.0.1".to_owned()),
        ("DBPORT", postgres.port.to_string()),
    ]
}
