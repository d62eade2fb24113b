use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use crate::deploy::deploy_file;
use crate::inspect::Inspect;
use crate::process::Service;
use crate::tools::Tools;
use crate::usage::Usage;

const READY_WITHIN: Duration = Duration::from_secs(60);

/// The local AWS engine (ministack) on a free loopback port, with nothing in it. Functions run as its child processes
/// and end with it.
pub struct Engine {
    endpoint: String,
    run: PathBuf,
    service: Service,
}

/// What it wrote is of no use any more, but to whoever looks for why it went wrong.
impl Drop for Engine {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            drop(std::fs::remove_dir_all(&self.run));
        }
    }
}

impl Engine {
    pub async fn start(tools: &Tools) -> Result<Self> {
        let bin = tools.engine().await?;
        let port = free_port()?;
        let run = tools.workspace.tools(&format!("run/engine-{port}"));
        std::fs::create_dir_all(&run)?;
        let endpoint = format!("http://127.0.0.1:{port}");
        let mut service =
            Service::start("the local AWS engine", &command(&bin, port, &endpoint, &run), &run.join("log"))?;
        let client = crate::http::client();
        let health = format!("{endpoint}/_ministack/health");
        service
            .ready(READY_WITHIN, async || {
                client.get(&health).send().await.is_ok_and(|it| it.status().is_success())
            })
            .await?;
        Ok(Self { endpoint, run, service })
    }

    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Deploys a template of resources alone, without functions; answers with the stack's outputs.
    pub async fn deploy(&self, tools: &Tools, template: &Path) -> Result<BTreeMap<String, String>> {
        deploy_file(tools, &self.endpoint, template, &[]).await
    }

    /// What a program needs to call it.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let region = REGION.to_owned();
        vec![
            ("AWS_ENDPOINT_URL", self.endpoint.clone()),
            ("AWS_DEFAULT_REGION", region.clone()),
            ("AWS_REGION", region),
            ("AWS_ACCESS_KEY_ID", "local".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
        ]
    }

    /// CPU time that the engine itself has taken so far.
    pub fn cpu(&self) -> Result<Duration> {
        let processes = self.service.descendants("ministack");
        processes.into_iter().map(|process| Usage::of(process).map(|used| used.cpu)).sum()
    }

    /// Processes of functions that run at this moment.
    pub(crate) fn function_processes(&self) -> Vec<u32> {
        self.service.descendants("bootstrap")
    }

    pub fn inspect(&self) -> Inspect {
        Inspect::new(&self.endpoint)
    }
}

fn command(bin: &Path, port: u16, endpoint: &str, run: &Path) -> Command {
    let mut command = Command::new(bin.join("ministack"));
    command
        // It would listen on every interface.
        .env("BIND_HOST", "127.0.0.1")
        .env("GATEWAY_PORT", port.to_string())
        .env("MINISTACK_HOST", HOST)
        // What the functions are to call.
        .env("AWS_ENDPOINT_URL", endpoint)
        .env("AWS_DEFAULT_REGION", REGION)
        .env("TMPDIR", run)
        .env("S3_DATA_DIR", run.join("s3"))
        .env("LOG_LEVEL", "WARNING")
        .current_dir(run);
    command
}

/// What API Gateway's addresses end with.
pub(crate) const HOST: &str = "127.0.0.1";
pub(crate) const REGION: &str = "us-east-1";

/// Free at this moment; the engine takes it a second later.
pub(crate) fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
