use std::sync::Arc;

use async_trait::async_trait;
use aws::{SecretString, Secrets, SecretsManager};
use aws_sdk_dynamodb::Client as DynamoDb;
use aws_sdk_sqs::Client as Sqs;
use channel::{EventChannel, SqsDeadLetterChannel, SqsEventChannel, SqsSourceQueue};
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
    ledger: Ledger,
    secrets: Arc<Secrets>,
}

impl Wiring {
    /// Makes the clients and opens the ledger's connection, so that the first message does not wait for TLS.
    pub async fn connect(settings: ReceiverSettings) -> Self {
        let sdk = aws::load_config().await;
        let store = Arc::new(DynamoDbStore::new(DynamoDb::new(&sdk), &settings.ledger_table));
        if let Err(error) = store.get(&OperationKey::new("warm-up", &[])).await {
            tracing::warn!(code = error.code().as_str(), "the ledger did not answer at start");
        }
        let ledger = Ledger::new(store, settings.ledger_retention);
        let secrets = Arc::new(Secrets::new(SecretsManager::new(&sdk), Timestamp::now));
        Self { sqs: Sqs::new(&sdk), ledger, secrets, settings }
    }

    /// A target's API key out of Secrets Manager.
    pub fn credential(&self, secret_arn: String) -> Arc<dyn Credential> {
        Arc::new(SecretCredential { secrets: Arc::clone(&self.secrets), secret_arn })
    }

    /// The queue of a following flow.
    pub fn event_channel(&self, queue_url: String) -> Arc<dyn EventChannel> {
        Arc::new(SqsEventChannel::new(self.sqs.clone(), queue_url))
    }

    /// Serves the flow until Lambda ends the process.
    pub async fn serve<F: Flow>(self, flow: F) -> Result<(), Error> {
        let Self { settings, sqs, ledger, .. } = self;
        let receiver = Receiver::new(ReceiverParts {
            flow,
            ledger,
            dead_letters: Arc::new(SqsDeadLetterChannel::new(sqs.clone(), settings.dead_letter_queue_url)),
            source: Arc::new(SqsSourceQueue::new(sqs, settings.queue_url)),
            max_receive_count: settings.max_receive_count,
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
