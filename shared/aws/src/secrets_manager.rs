use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueError;
use secrecy::{ExposeSecret, SecretString};

use crate::error_chain;
use crate::secrets::{SecretError, SecretSource, Stage};

/// AWS Secrets Manager. Needs `secretsmanager:GetSecretValue` on the secret, and on its key where it has its own.
#[derive(Clone, Debug)]
pub struct SecretsManager {
    client: Client,
}

impl SecretsManager {
    pub fn new(config: &SdkConfig) -> Self {
        Self { client: Client::new(config) }
    }
}

#[async_trait]
impl SecretSource for SecretsManager {
    async fn fetch(&self, arn: &str, stage: Stage) -> Result<Option<SecretString>, SecretError> {
        let unusable = |reason| SecretError::Unusable { arn: arn.to_owned(), reason };
        let answer = self.client.get_secret_value().secret_id(arn).version_stage(stage.label()).send().await;
        let secret = match answer {
            Ok(answer) => answer.secret_string.map(SecretString::from),
            Err(error) => {
                return match error.as_service_error() {
                    // Said of a missing secret and of a missing version alike.
                    Some(GetSecretValueError::ResourceNotFoundException(_)) => Ok(None),
                    Some(GetSecretValueError::InvalidRequestException(_)) => {
                        Err(unusable("it is marked for deletion or has no value yet"))
                    }
                    _ => Err(SecretError::Unavailable { arn: arn.to_owned(), reason: error_chain(&error) }),
                };
            }
        };
        match (secret, stage) {
            (Some(secret), _) if !secret.expose_secret().trim().is_empty() => Ok(Some(secret)),
            (Some(_), Stage::Current) => Err(unusable("it is empty")),
            (None, Stage::Current) => Err(unusable("it is binary, a string is needed")),
            // Such a version cannot have signed anything, and must not verify anything.
            (_, Stage::Previous) => {
                tracing::warn!(arn, "the previous version of the secret is empty or binary and is not used");
                Ok(None)
            }
        }
    }
}
