use std::sync::Arc;

use async_trait::async_trait;
use aws::{SecretString, Secrets, SecretsManager};
use aws_sdk_dynamodb::Client as DynamoDb;
use aws_sdk_sqs::Client as Sqs;
use channel::{EventChannel, SqsDeadLetterChannel, SqsEventChannel, SqsSourceQueue};
use control::{DynamoDbControlStore, Mappings};
use gate::{DynamoDbGateStore, Gate, GateConfig};
use jiff::Timestamp;
use lambda_runtime::Error;
use ledger::{DynamoDbStore, Ledger, Store};
use message::{Code, OperationKey};
use outbound::{CallError, Credential};

use crate::settings::ReceiverSettings;
use crate::{Flow, Receiver, ReceiverParts};

/// What every flow function is wired to: clients on one shared configuration, made once.
pub struct Wiring {
    settings: ReceiverSettings,
    sqs: Sqs,
    dynamodb: DynamoDb,
    ledger: Ledger,
    events: Option<Arc<dyn EventChannel>>,
    secrets: Arc<Secrets>,
}

impl Wiring {
    /// Makes the clients and opens the ledger's connection, so that the first message does not wait for TLS.
    pub async fn connect(settings: ReceiverSettings) -> Self {
        let sdk = aws::load_config().await;
        let dynamodb = DynamoDb::new(&sdk);
        let store = Arc::new(DynamoDbStore::new(dynamodb.clone(), &settings.ledger_table));
        if let Err(error) = store.get(&OperationKey::new("warm-up", &[])).await {
            tracing::warn!(code = error.code().as_str(), "the ledger did not answer at start");
        }
        let ledger = Ledger::new(store, settings.ledger_retention);
        let secrets = Arc::new(Secrets::new(SecretsManager::new(&sdk), Timestamp::now));
        Self { sqs: Sqs::new(&sdk), dynamodb, ledger, events: None, secrets, settings }
    }

    /// A target's API key out of Secrets Manager.
    pub fn credential(&self, secret_arn: String) -> Arc<dyn Credential> {
        Arc::new(SecretCredential { secrets: Arc::clone(&self.secrets), secret_arn })
    }

    /// The queue of a following flow.
    #[must_use]
    pub fn followed_by(self, queue_url: String) -> Self {
        let events: Arc<dyn EventChannel> = Arc::new(SqsEventChannel::new(self.sqs.clone(), queue_url));
        Self { events: Some(events), ..self }
    }

    /// The gate of the flow's target.
    pub fn gate(&self, config: GateConfig) -> Arc<Gate> {
        let store = DynamoDbGateStore::new(self.dynamodb.clone(), &self.settings.ledger_table);
        Arc::new(Gate::new(Arc::new(store), config, Arc::new(Timestamp::now)))
    }

    /// The flow's mappings, which people may change while it runs.
    pub fn mappings(&self) -> Mappings {
        let store = DynamoDbControlStore::new(self.dynamodb.clone(), &self.settings.ledger_table);
        Mappings::new(Arc::new(store), Arc::new(Timestamp::now))
    }

    /// Serves the flow until Lambda ends the process.
    pub async fn serve<F: Flow>(self, flow: F, gate: Arc<Gate>, mappings: Mappings) -> Result<(), Error> {
        let Self { settings, sqs, ledger, events, .. } = self;
        let receiver = Receiver::new(ReceiverParts {
            flow,
            ledger,
            gate,
            events,
            dead_letters: Arc::new(SqsDeadLetterChannel::new(sqs.clone(), settings.dead_letter_queue_url)),
            source: Arc::new(SqsSourceQueue::new(sqs, settings.queue_url)),
            mappings: Some(Arc::new(mappings)),
            limits: settings.limits,
            clock: Arc::new(Timestamp::now),
        });
        crate::lambda::run(receiver).await
    }
}

struct SecretCredential {
    secrets: Arc<Secrets>,
    secret_arn: String,
}

#[async_trait]
impl Credential for SecretCredential {
    async fn get(&self) -> Result<SecretString, CallError> {
        self.secrets.current(&self.secret_arn).await.map_err(|error| {
            tracing::error!(%error, "no credential for the target");
            CallError::NotNow { code: Code::SecretUnavailable, after: None }
        })
    }
}
