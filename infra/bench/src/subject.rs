use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use local::Usage;

use crate::aws::Aws;
use crate::runtime_api::RuntimeApi;

/// Something that Lambda could run: ours or a peer's.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    pub(crate) name: String,
    pub(crate) program: PathBuf,
    pub(crate) args: Vec<String>,
    pub(crate) folder: PathBuf,
    pub(crate) env: Vec<(String, String)>,
    /// Partition key of the table that it keeps its records in.
    pub(crate) table_key: &'static str,
    /// What is deployed of it; `None` for peers, whose size is their packages'.
    pub(crate) binary_bytes: Option<u64>,
}

/// A running subject. Ends with this value.
pub(crate) struct Running {
    child: Child,
    pub(crate) api: RuntimeApi,
    pub(crate) init: Duration,
}

impl Subject {
    /// Starts it and waits for its first poll.
    pub(crate) async fn start(&self, aws: &Aws, table: &str) -> Result<Running> {
        let api = RuntimeApi::start().await?;
        let mut command = Command::new(&self.program);
        command
            .args(&self.args)
            .current_dir(&self.folder)
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", api.address())
            .env("AWS_ENDPOINT_URL", aws.endpoint())
            .env("TARGET_URL", aws.endpoint())
            .env("LEDGER_TABLE", table)
            .envs(ENVIRONMENT.iter().copied())
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            // A line a record: written, as in Lambda, and not read.
            .stdout(Stdio::null())
            .stderr(Stdio::inherit());
        let started = Instant::now();
        let child = command.spawn().with_context(|| format!("{} cannot be started", self.name))?;
        let mut running = Running { child, api, init: Duration::ZERO };
        running.init = running.api.first_poll().await.with_context(|| self.name.clone())? - started;
        Ok(running)
    }
}

/// As Lambda sets it, and what every function of ours is told.
const ENVIRONMENT: &[(&str, &str)] = &[
    ("AWS_REGION", "us-east-1"),
    ("AWS_DEFAULT_REGION", "us-east-1"),
    ("AWS_ACCESS_KEY_ID", "bench"),
    ("AWS_SECRET_ACCESS_KEY", "bench"),
    ("AWS_LAMBDA_FUNCTION_NAME", "bench"),
    ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
    ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
    ("AWS_LAMBDA_LOG_GROUP_NAME", "bench"),
    ("AWS_LAMBDA_LOG_STREAM_NAME", "bench"),
    ("POWERTOOLS_SERVICE_NAME", "bench"),
    ("QUEUE_URL", "http://127.0.0.1/queue"),
    ("DEAD_LETTER_QUEUE_URL", "http://127.0.0.1/dlq"),
    ("NEXT_QUEUE_URL", "http://127.0.0.1/next"),
    ("TRYTON_URL", "http://127.0.0.1/erp"),
    ("TRYTON_SECRET_ARN", "arn:aws:secretsmanager:us-east-1:123456789012:secret:tryton"),
    ("KARRIO_URL", "http://127.0.0.1"),
    ("KARRIO_SECRET_ARN", "arn:aws:secretsmanager:us-east-1:123456789012:secret:karrio"),
    ("KARRIO_SERVICE", "standard_service"),
    ("SHIP_FROM", r#"{"name": "W", "line1": "D", "city": "B", "postal_code": "10115", "country": "DE"}"#),
    (
        "SOURCES",
        r#"{"shopify": {"scheme": "shopify", "secret_arn": "arn:aws:secretsmanager:us-east-1:123456789012:secret:shopify",
            "routes": {"orders/create": "http://127.0.0.1/queue"}}}"#,
    ),
];

impl Running {
    pub(crate) fn used(&self) -> Result<Usage> {
        Usage::of(self.child.id())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
