//! A real Apache Superset 6.1, installed from PyPI: one chart on a warehouse, cached for a day.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::command::Step;
use crate::http::succeeds;
use crate::process::Service;
use crate::progress::say;
use crate::real::{READY_WITHIN, Run, gunicorn, once};
use crate::targets::Partner;
use crate::tools::Tools;

pub const USER: &str = "admin";
pub const PASSWORD: &str = "loopback-only";

/// A running Superset with a dataset and a chart: amounts by SKU. Ends with this value.
pub struct RealSuperset {
    pub base_url: String,
    pub database: u64,
    pub dataset: u64,
    pub chart: u64,
    /// Saved without what Superset needs to draw it by itself.
    pub broken_chart: u64,
    client: reqwest::Client,
    _service: Service,
    run: Run,
}

/// Installs Superset and makes its own database, once.
pub async fn prepare(tools: &Tools) -> Result<PathBuf> {
    let bin = tools.environment("superset", "Superset").await?;
    let files = ["requirements-superset.txt", "superset/superset_config.py"];
    once(tools, "superset-database", &files, async |prepared| {
        say("preparing Superset's database, which takes a minute or two");
        let step = |what: &str, arguments: &[&str]| {
            let step = Step::new(format!("preparing Superset: {what}"), bin.join("superset"));
            step.args(arguments).envs(environment(tools, prepared)).dir(prepared).output()
        };
        step("tables", &["db", "upgrade"]).await?;
        let person = ["--firstname", "Ad", "--lastname", "Min", "--email", "admin@example.com"];
        let admin = [&["fab", "create-admin", "--username", USER, "--password", PASSWORD], &person[..]];
        step("administrator", &admin.concat()).await?;
        step("roles", &["init"]).await.map(drop)
    })
    .await
}

impl RealSuperset {
    /// On the warehouse of a [`crate::real::postgres::RealPostgres`], by its address.
    pub async fn up(tools: &Tools, warehouse: &str) -> Result<Self> {
        let prepared = prepare(tools).await?;
        say("starting Superset");
        let run = Run::of(tools, "superset", &prepared).await?;
        let mut command = gunicorn(tools, "superset", "superset.app:create_app()", &run);
        command.args(["--timeout", "120"]).envs(environment(tools, &run.folder));
        let mut service = Service::start("Superset", &command, &run.log())?;
        let (client, base_url) = (crate::http::client(), format!("http://127.0.0.1:{}", run.port));
        let probe = format!("{base_url}/health");
        service.ready(READY_WITHIN, async || succeeds(client.get(&probe)).await).await?;
        let superset = Self {
            base_url,
            database: 0,
            dataset: 0,
            chart: 0,
            broken_chart: 0,
            client,
            _service: service,
            run,
        };
        superset.with_chart(warehouse).await
    }

    /// Its address, and a user who owns the dataset, as the secret holds it.
    pub fn partner(&self) -> Partner {
        let user = json!({ "username": USER, "password": PASSWORD });
        Partner { url: self.base_url.clone(), api_key: user.to_string() }
    }

    /// What the function's setting says of a job that feeds the dataset.
    pub fn groups(&self, job: &str) -> Value {
        let dataset = json!({ "id": self.dataset, "charts": [self.chart] });
        json!({ "sales": { "jobs": [job], "datasets": [dataset] } })
    }

    /// Tokens of this second and those before are taken no more.
    pub fn end_sessions(&self) -> Result<()> {
        let now = jiff::Timestamp::now().as_second();
        Ok(fs::write(self.run.folder.join("sessions-ended"), now.to_string())?)
    }

    /// What somebody sees who looks at the chart: rows of `sku` and `amount_minor`, out of the cache where they are there.
    pub async fn chart_data(&self) -> Result<Vec<Value>> {
        let url = format!("{}/api/v1/chart/{}/data/", self.base_url, self.chart);
        let mut answer = self.call(self.client.get(url)).await?;
        match answer["result"][0]["data"].take() {
            Value::Array(rows) => Ok(rows),
            other => anyhow::bail!("Superset answered without rows: {other}"),
        }
    }

    /// The amount that the chart shows for a SKU.
    pub async fn amount_shown(&self, sku: &str) -> Result<Option<u64>> {
        let rows = self.chart_data().await?;
        let row = rows.iter().find(|row| row["sku"] == sku);
        Ok(row.and_then(|row| row["amount_minor"].as_u64()))
    }

    /// Reads the warehouse's columns anew.
    pub async fn refresh_dataset(&self) -> Result<()> {
        let url = format!("{}/api/v1/dataset/{}/refresh", self.base_url, self.dataset);
        self.call(self.client.put(url)).await.map(drop)
    }

    /// Reads the chart's data anew.
    pub async fn warm_up_cache(&self) -> Result<()> {
        let url = format!("{}/api/v1/chart/warm_up_cache", self.base_url);
        let answer = self.call(self.client.put(url).json(&json!({ "chart_id": self.chart }))).await?;
        anyhow::ensure!(answer["result"][0]["viz_error"].is_null(), "Superset could not warm up: {answer}");
        Ok(())
    }

    /// Connects the warehouse, and makes the dataset and the chart, as somebody would in the browser.
    async fn with_chart(mut self, warehouse: &str) -> Result<Self> {
        let uri = warehouse.replacen("postgresql://", "postgresql+psycopg2://", 1);
        self.database =
            self.make("database", &json!({ "database_name": "warehouse", "sqlalchemy_uri": uri })).await?;
        let table = json!({ "database": self.database, "schema": "public", "table_name": "fact_sales" });
        self.dataset = self.make("dataset", &table).await?;
        let metric = json!({
            "expressionType": "SQL", "sqlExpression": "SUM(amount_minor)", "label": "amount_minor",
        });
        let question = json!({
            "datasource": { "id": self.dataset, "type": "table" },
            "queries": [{ "columns": ["sku"], "metrics": [metric], "row_limit": 100 }],
            "result_format": "json",
            "result_type": "full",
        });
        let looks = json!({
            "viz_type": "table", "query_mode": "aggregate", "groupby": ["sku"], "metrics": [metric],
            "datasource": format!("{}__table", self.dataset),
        });
        let chart = json!({
            "slice_name": "Sales by SKU",
            "viz_type": "table",
            "datasource_id": self.dataset,
            "datasource_type": "table",
            "params": looks.to_string(),
            "query_context": question.to_string(),
        });
        self.chart = self.make("chart", &chart).await?;
        let broken = json!({
            "slice_name": "Sales by SKU, never drawn",
            "viz_type": "table",
            "datasource_id": self.dataset,
            "datasource_type": "table",
            "params": looks.to_string(),
        });
        self.broken_chart = self.make("chart", &broken).await?;
        Ok(self)
    }

    async fn make(&self, what: &str, body: &Value) -> Result<u64> {
        let url = format!("{}/api/v1/{what}/", self.base_url);
        let made = self.call(self.client.post(url).json(body)).await?;
        made["id"].as_u64().with_context(|| format!("Superset made a {what} without an id"))
    }

    /// With a session of its own: a token lives for fifteen minutes, and a write needs another token beside it.
    async fn call(&self, request: reqwest::RequestBuilder) -> Result<Value> {
        let who = json!({ "username": USER, "password": PASSWORD, "provider": "db" });
        let login = self.client.post(format!("{}/api/v1/security/login", self.base_url)).json(&who);
        let login: Value = login.send().await?.error_for_status()?.json().await?;
        let token = login["access_token"].as_str().context("Superset let us in without a token")?;
        let csrf = self.client.get(format!("{}/api/v1/security/csrf_token/", self.base_url));
        let csrf = csrf.bearer_auth(token).send().await?.error_for_status()?;
        let cookie = csrf.headers().get("set-cookie").and_then(|value| value.to_str().ok());
        let cookie = cookie.and_then(|value| value.split(';').next()).unwrap_or_default().to_owned();
        let csrf: Value = csrf.json().await?;
        let request = request.header("cookie", cookie);
        let request = request.header("x-csrftoken", csrf["result"].as_str().unwrap_or_default());
        let answer = request.bearer_auth(token).send().await?;
        let (status, text) = (answer.status(), answer.text().await?);
        anyhow::ensure!(status.is_success(), "Superset answered with {status}: {text}");
        Ok(serde_json::from_str(&text)?)
    }
}

fn environment(tools: &Tools, folder: &Path) -> Vec<(&'static str, String)> {
    vec![
        ("PYTHONPATH", tools.workspace.local("superset").display().to_string()),
        ("SUPERSET_FOLDER", folder.display().to_string()),
        ("FLASK_APP", "superset.app:create_app()".to_owned()),
    ]
}
