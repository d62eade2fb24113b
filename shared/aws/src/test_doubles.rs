//! Stand-ins for tests of this crate and of those that use it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use aws_config::{Region, SdkConfig};
use aws_sdk_secretsmanager::config::Credentials;
use secrecy::SecretString;

use crate::secrets::{SecretError, SecretSource, Stage};

/// The configuration of [`crate::load_config`], for a server on the loopback interface.
pub async fn loopback_config(endpoint_url: &str) -> SdkConfig {
    crate::config::loader()
        .region(Region::new("eu-central-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test-doubles"))
        .endpoint_url(endpoint_url)
        .load()
        .await
}

/// A secret store in memory that counts what it is asked and can be out of order. Clones are the same store.
#[derive(Clone, Default)]
pub struct ScriptedSecretSource(Arc<Mutex<Script>>);

#[derive(Default)]
struct Script {
    versions: HashMap<(String, Stage), SecretString>,
    unavailable: bool,
    asked: HashMap<(String, Stage), usize>,
}

impl ScriptedSecretSource {
    pub fn with(self, arn: &str, stage: Stage, secret: &str) -> Self {
        self.set(arn, stage, secret);
        self
    }

    pub fn set(&self, arn: &str, stage: Stage, secret: &str) {
        lock(&self.0).versions.insert((arn.to_owned(), stage), SecretString::from(secret));
    }

    pub fn remove(&self, arn: &str, stage: Stage) {
        lock(&self.0).versions.remove(&(arn.to_owned(), stage));
    }

    /// What a rotation does: the current version becomes the previous one.
    pub fn rotate(&self, arn: &str, secret: &str) {
        let mut script = lock(&self.0);
        let new = SecretString::from(secret);
        if let Some(old) = script.versions.insert((arn.to_owned(), Stage::Current), new) {
            script.versions.insert((arn.to_owned(), Stage::Previous), old);
        }
    }

    pub fn set_unavailable(&self, unavailable: bool) {
        lock(&self.0).unavailable = unavailable;
    }

    pub fn asked(&self, arn: &str, stage: Stage) -> usize {
        lock(&self.0).asked.get(&(arn.to_owned(), stage)).copied().unwrap_or_default()
    }
}

#[async_trait]
impl SecretSource for ScriptedSecretSource {
    async fn fetch(&self, arn: &str, stage: Stage) -> Result<Option<SecretString>, SecretError> {
        let mut script = lock(&self.0);
        let key = (arn.to_owned(), stage);
        *script.asked.entry(key.clone()).or_default() += 1;
        if script.unavailable {
            return Err(SecretError::Unavailable { arn: arn.to_owned(), reason: "scripted".to_owned() });
        }
        Ok(script.versions.get(&key).cloned())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
