//! The world as AWS shows it.

mod metrics;
mod queues;
mod table;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws::{SecretString, Secrets, SecretsManager, error_chain};
use aws_sdk_lambda::Client as Lambda;
use aws_sdk_secretsmanager::Client as SecretsManagerClient;
use aws_sdk_sqs::Client as Sqs;
use gate::{Breaker, DynamoDbGateStore, GateStore as _};
use jiff::Timestamp;
use ledger::{DynamoDbStore, Item, Store as _};
use message::{Code, Envelope, OperationKey};
use outbound::{Budget, CallError, Credential, HttpTarget, TargetConfig, TargetConfigError};
use review::aws::{DynamoDbRecords, S3Archive, SqsLetterQueue, SystemClock};
use tokio::time::Instant;
use uuid::Uuid;

use crate::archive::Archiving;
use crate::canary::signed;
use crate::reconcile::Asked;
use crate::settings::WatchdogSettings;
use crate::watch::Watch;
use crate::world::{Failure, Hour, PollerState, QueueState, SecretDates, Waiting, WatchState, World};

const CONNECT: Duration = Duration::from_secs(2);
const ANSWER: Duration = Duration::from_secs(8);
const LONGEST_ANSWER: usize = 16 << 20;

pub struct Aws {
    metrics: metrics::Metrics,
    table: table::Table,
    sqs: Sqs,
    lambda: Lambda,
    secrets_manager: SecretsManagerClient,
    secrets: Arc<Secrets>,
    gate: DynamoDbGateStore,
    ledger: DynamoDbStore,
    archive: S3Archive,
    records: DynamoDbRecords,
    webhooks: HttpTarget,
    settings: WatchdogSettings,
}

impl Aws {
    pub async fn connect(settings: WatchdogSettings) -> Result<Self, TargetConfigError> {
        let sdk = aws::load_config().await;
        let dynamodb = aws_sdk_dynamodb::Client::new(&sdk);
        let table = &settings.ledger_table;
        Ok(Self {
            metrics: metrics::Metrics::new(aws_sdk_cloudwatch::Client::new(&sdk)),
            table: table::Table::new(dynamodb.clone(), table),
            sqs: Sqs::new(&sdk),
            lambda: Lambda::new(&sdk),
            secrets_manager: SecretsManagerClient::new(&sdk),
            secrets: Arc::new(Secrets::new(SecretsManager::new(&sdk), Timestamp::now)),
            gate: DynamoDbGateStore::new(dynamodb.clone(), table),
            ledger: DynamoDbStore::new(dynamodb.clone(), table),
            archive: S3Archive::connect(&sdk, &settings.archive_bucket),
            records: DynamoDbRecords::new(dynamodb, table),
            webhooks: target("webhooks", &settings.api_url)?,
            settings,
        })
    }

    fn credential(&self, secret_arn: &str) -> Arc<dyn Credential> {
        Arc::new(SecretCredential { secrets: Arc::clone(&self.secrets), secret_arn: secret_arn.to_owned() })
    }
}

impl fmt::Debug for Aws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Aws").field("settings", &self.settings).finish_non_exhaustive()
    }
}

#[async_trait]
impl World for Aws {
    async fn arrivals(
        &self,
        function: &str,
        from: Timestamp,
        until: Timestamp,
        period: i32,
    ) -> Result<Vec<Hour>, Failure> {
        self.metrics.arrivals(function, from, until, period).await
    }

    async fn waiting(&self, function: &str, queue: &str, now: Timestamp) -> Result<Waiting, Failure> {
        self.metrics.waiting(function, queue, now).await
    }

    async fn poller(&self, mapping_id: &str) -> Result<PollerState, Failure> {
        let request = self.lambda.get_event_source_mapping().uuid(mapping_id);
        let mapping = request.send().await.map_err(|error| failed("GetEventSourceMapping", &error))?;
        Ok(PollerState {
            state: mapping.state.unwrap_or_default(),
            last_result: mapping.last_processing_result.unwrap_or_default(),
        })
    }

    async fn queue(&self, queue_url: &str) -> Result<QueueState, Failure> {
        queues::state(&self.sqs, queue_url).await
    }

    async fn letters(&self, queue_url: &str) -> Result<BTreeMap<String, u64>, Failure> {
        queues::letters(&self.sqs, queue_url).await
    }

    async fn secret(&self, arn: &str) -> Result<SecretDates, Failure> {
        let request = self.secrets_manager.describe_secret().secret_id(arn);
        let secret = request.send().await.map_err(|error| failed("DescribeSecret", &error))?;
        let time = |time: Option<aws_sdk_secretsmanager::primitives::DateTime>| {
            time.and_then(|time| Timestamp::from_second(time.secs()).ok())
        };
        let created = time(secret.created_date);
        let changed = time(secret.last_changed_date).or(created);
        match (created.or(changed), changed) {
            (Some(created), Some(changed)) => Ok(SecretDates { created, changed }),
            _ => Err(Failure("DescribeSecret says no date".to_owned())),
        }
    }

    async fn breaker(&self, target: &str) -> Result<Breaker, Failure> {
        self.gate.load(target).await.map_err(|error| failed("reading the gate's record", &error))
    }

    async fn item(&self, key: &OperationKey) -> Result<Option<Item>, Failure> {
        self.ledger.get(key).await.map_err(|error| failed("reading the ledger", &error))
    }

    async fn state(&self, flow: &str) -> Result<Option<WatchState>, Failure> {
        self.table.state(flow).await
    }

    async fn remember(&self, flow: &str, state: &WatchState) -> Result<(), Failure> {
        self.table.remember(flow, state).await
    }

    async fn send(&self, queue_url: &str, events: &[Envelope]) -> Result<Vec<bool>, Failure> {
        queues::send(&self.sqs, queue_url, events).await
    }

    async fn post_canary(&self, entry: &str, now: Timestamp) -> Result<(), Failure> {
        let secret = self.secrets.current(&self.settings.canary_secret_arn).await;
        let secret = secret.map_err(|error| failed("reading the canary's secret", &error))?;
        let request = signed(entry, &Uuid::new_v4().to_string(), now, &secret).request();
        let budget = Budget::of_work(Instant::now(), ANSWER + Budget::MARGIN);
        let answer = match request {
            Ok(request) => self.webhooks.call(request, &budget).await,
            Err(error) => Err(error),
        };
        answer.map(drop).map_err(|error| {
            let status = match &error {
                CallError::Refused(refusal) => format!(", status {}", refusal.status),
                _ => String::new(),
            };
            Failure(format!("posting the canary: {}{status}", error.code().title()))
        })
    }

    fn asked(&self, watch: &Watch) -> Result<Option<Asked>, Failure> {
        crate::sources::asked(watch, |arn| self.credential(arn))
    }

    fn archiving(&self, watch: &Watch) -> Archiving {
        Archiving {
            queue: Box::new(SqsLetterQueue::of_url(self.sqs.clone(), &watch.dead_letter_queue_url)),
            archive: Box::new(self.archive.clone()),
            records: Box::new(self.records.clone()),
            clock: Box::new(SystemClock::new()),
            by: self.settings.function_name.clone(),
        }
    }

    fn webhook_url(&self, source: &str) -> String {
        format!("{}/webhooks/{source}", self.settings.api_url)
    }
}

pub(crate) fn target(name: &'static str, base_url: &str) -> Result<HttpTarget, TargetConfigError> {
    HttpTarget::new(TargetConfig {
        name,
        base_url: base_url.to_owned(),
        connect_timeout: CONNECT,
        timeout: ANSWER,
        max_body_bytes: LONGEST_ANSWER,
    })
}

fn failed(what: &str, error: &(dyn std::error::Error + 'static)) -> Failure {
    Failure(format!("{what}: {}", error_chain(error)))
}

struct SecretCredential {
    secrets: Arc<Secrets>,
    secret_arn: String,
}

#[async_trait]
impl Credential for SecretCredential {
    async fn get(&self) -> Result<SecretString, CallError> {
        let secret = self.secrets.current(&self.secret_arn).await;
        secret.map_err(|_| CallError::NotNow { code: Code::SecretUnavailable, after: None })
    }
}
