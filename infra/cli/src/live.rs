//! The table of a deployment, and who is asking.

use std::error::Error;
use std::future::Future;

use anyhow::{Context, Result, anyhow};
use aws_sdk_dynamodb::Client as DynamoDb;
use aws_sdk_sts::Client as Sts;
use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};
use clap::Args;
use control::DynamoDbControlStore;
use review::aws::lacks_credentials;

use crate::deployment;

#[derive(Args)]
pub(crate) struct Live {
    /// The deployment's stack.
    #[arg(long, env = "SPILLWAY_STACK", value_name = "NAME", required_unless_present = "table")]
    stack: Option<String>,
    /// Its ledger table, output LedgerTableName, without asking the stack for it.
    #[arg(long, value_name = "NAME")]
    table: Option<String>,
}

impl Live {
    /// With the credentials and the region of the environment, as the AWS CLI finds them.
    pub(crate) async fn connect(&self) -> Result<Connected> {
        let sdk = aws::load_config().await;
        let table = deployment::table(&sdk, self.stack.as_deref(), self.table.as_deref()).await?;
        let store = DynamoDbControlStore::new(DynamoDb::new(&sdk), table);
        Ok(Connected { store, sts: Sts::new(&sdk) })
    }
}

pub(crate) struct Connected {
    pub(crate) store: DynamoDbControlStore,
    sts: Sts,
}

impl Connected {
    pub(crate) async fn caller(&self) -> Result<String> {
        caller(&self.sts).await
    }
}

/// Who is asking, by AWS: the ARN of the identity.
pub(crate) async fn caller(sts: &Sts) -> Result<String> {
    let identity = sts.get_caller_identity().send().await;
    let identity = identity.map_err(|error| told(&error));
    identity.context("asking AWS who you are")?.arn.context("AWS did not say who you are")
}

/// What an SDK says, in one line.
pub(crate) fn told<E>(error: &SdkError<E>) -> anyhow::Error
where
    E: ProvideErrorMetadata + Error + 'static,
{
    if lacks_credentials(error) {
        return anyhow!(
            "the AWS credentials have run out or are not valid: renew them and start the command again ({})",
            error.code().unwrap_or("none was found")
        );
    }
    anyhow!(aws::error_chain(error))
}

/// Runs what has to wait for others.
pub(crate) fn wait<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().context("starting")?.block_on(work)
}
