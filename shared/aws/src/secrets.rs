use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use thiserror::Error;

/// How long a value serves before it is read again.
pub const TIME_TO_LIVE: SignedDuration = SignedDuration::from_mins(5);

/// A version of a secret is never asked for more often than this, whatever the callers do: neither bad signatures
/// nor an outage make us call Secrets Manager for each request.
pub const MIN_REFRESH_INTERVAL: SignedDuration = SignedDuration::from_secs(10);

/// The staging labels of Secrets Manager that a rotation moves.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Stage {
    Current,
    Previous,
}

impl Stage {
    pub const fn label(self) -> &'static str {
        match self {
            Self::Current => "AWSCURRENT",
            Self::Previous => "AWSPREVIOUS",
        }
    }
}

/// Why there is no secret. Both variants name the ARN and never a value.
#[derive(Clone, Debug, Error)]
pub enum SecretError {
    /// It may work later.
    #[error("secret {arn} could not be read: {reason}")]
    Unavailable { arn: String, reason: String },
    /// It will not work before somebody mends the secret.
    #[error("secret {arn} is not usable: {reason}")]
    Unusable { arn: String, reason: &'static str },
}

/// Where secrets come from.
#[async_trait]
pub trait SecretSource: Send + Sync {
    /// `None` where the secret has no version of that stage.
    async fn fetch(&self, arn: &str, stage: Stage) -> Result<Option<SecretString>, SecretError>;
}

/// Both versions that count during a rotation.
#[derive(Clone, Debug)]
pub struct Versions {
    pub current: SecretString,
    /// Normally absent: before the first rotation there is none.
    pub previous: Option<SecretString>,
}

/// Secrets by ARN, kept in memory for [`TIME_TO_LIVE`]. While the source is unavailable the last good value goes
/// on serving; what the source says is unusable stops serving.
pub struct Secrets {
    source: Box<dyn SecretSource>,
    clock: Box<dyn Fn() -> Timestamp + Send + Sync>,
    slots: Mutex<HashMap<(String, Stage), Arc<Slot>>>,
}

/// Held while the value is being read, so that callers at the same time share one call.
type Slot = tokio::sync::Mutex<Option<Entry>>;

type Outcome = Result<Option<SecretString>, SecretError>;

struct Entry {
    outcome: Outcome,
    fetched_at: Timestamp,
    asked_at: Timestamp,
}

impl Entry {
    fn serves(&self, now: Timestamp, max_age: SignedDuration) -> bool {
        // A clock that was set back must not keep an old value alive: such an age is negative.
        let younger = |since: Timestamp, limit: SignedDuration| {
            let age = now.duration_since(since);
            !age.is_negative() && age < limit
        };
        younger(self.asked_at, MIN_REFRESH_INTERVAL)
            || (self.outcome.is_ok() && younger(self.fetched_at, max_age))
    }
}

impl Secrets {
    /// The clock is the wall's: a frozen function wakes up with a monotonic clock that stood still.
    pub fn new(
        source: impl SecretSource + 'static,
        clock: impl Fn() -> Timestamp + Send + Sync + 'static,
    ) -> Self {
        Self { source: Box::new(source), clock: Box::new(clock), slots: Mutex::default() }
    }

    /// The version in use: for a target's API key.
    pub async fn current(&self, arn: &str) -> Result<SecretString, SecretError> {
        self.read(arn, TIME_TO_LIVE).await.map(|(current, _)| current)
    }

    /// Both versions that may have signed what arrives: for verification.
    pub async fn current_and_previous(&self, arn: &str) -> Result<Versions, SecretError> {
        self.read_both(arn, TIME_TO_LIVE).await.map(|(versions, _)| versions)
    }

    /// For when nothing verifies with the cached versions: they may have been rotated since. `None` where they were
    /// read less than [`MIN_REFRESH_INTERVAL`] ago, so that asking again would be of no use.
    pub async fn refreshed(&self, arn: &str) -> Result<Option<Versions>, SecretError> {
        let (versions, asked) = self.read_both(arn, MIN_REFRESH_INTERVAL).await?;
        Ok(asked.then_some(versions))
    }

    async fn read_both(&self, arn: &str, max_age: SignedDuration) -> Result<(Versions, bool), SecretError> {
        let ((current, current_asked), (previous, previous_asked)) =
            tokio::try_join!(self.read(arn, max_age), self.version(arn, Stage::Previous, max_age))?;
        Ok((Versions { current, previous }, current_asked || previous_asked))
    }

    async fn read(&self, arn: &str, max_age: SignedDuration) -> Result<(SecretString, bool), SecretError> {
        match self.version(arn, Stage::Current, max_age).await? {
            (Some(current), asked) => Ok((current, asked)),
            (None, _) => {
                Err(SecretError::Unusable { arn: arn.to_owned(), reason: "it has no current version" })
            }
        }
    }

    /// The version, and whether the source was asked for it just now.
    async fn version(
        &self,
        arn: &str,
        stage: Stage,
        max_age: SignedDuration,
    ) -> Result<(Option<SecretString>, bool), SecretError> {
        let slot = {
            let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(slots.entry((arn.to_owned(), stage)).or_default())
        };
        let mut slot = slot.lock().await;
        let now = (self.clock)();
        if let Some(entry) = slot.as_ref().filter(|entry| entry.serves(now, max_age)) {
            return entry.outcome.clone().map(|version| (version, false));
        }
        let fetched = self.source.fetch(arn, stage).await;
        let entry = match (fetched, slot.take()) {
            (Err(error @ SecretError::Unavailable { .. }), Some(last)) if last.outcome.is_ok() => {
                tracing::warn!(stage = stage.label(), %error, "secret not refreshed, the last good value serves");
                Entry { asked_at: now, ..last }
            }
            (outcome, _) => Entry { outcome, fetched_at: now, asked_at: now },
        };
        slot.insert(entry).outcome.clone().map(|version| (version, true))
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secrets").finish_non_exhaustive()
    }
}
