use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use async_trait::async_trait;
use clap::Args;
use connector_karrio::KarrioLabelBuyer;
use outbound::{Budget, CallError, Credential, HttpTarget, OptionLists, SecretString, TargetConfig};
use serde_json::json;
use tokio::time::Instant;
use transform::{OptionDrift, Translator};

use crate::answer::{Answer, counted};
use crate::live::wait;
use crate::mapping::explain::settings;
use crate::project::Project;
use crate::table::table;

/// How long the target may take.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Args)]
pub(crate) struct Options {
    mapping: String,
    /// Base URL of the target system.
    #[arg(long)]
    url: String,
    /// Name of the environment variable that holds the key to it.
    #[arg(long, value_name = "NAME")]
    key_from: String,
    /// What the mapping's `@settings` reads, as JSON.
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
}

impl Options {
    pub(crate) fn run(&self, project: &Project) -> Result<Answer> {
        let mapping = project.catalog.mapping(&self.mapping)?;
        let settings = settings(&mapping.file, self.settings.as_ref())?;
        let plan = project.catalog.plan(&self.mapping, &settings)?;
        let offered = wait(self.offered(&mapping.file.to, Arc::new(Translator::new(plan))))?;
        let found = project.catalog.option_drift(&self.mapping, &offered, &settings)?;
        let good = found.iter().all(|drift| matches!(drift, OptionDrift::New { .. }));
        let mut lines = Vec::new();
        let rows: Vec<_> = offered
            .iter()
            .map(|(field, values)| [field.clone(), values.len().to_string(), shown(values)])
            .collect();
        lines.push(table(["field", "takes", "values"], &rows, false));
        lines.extend(found.iter().map(ToString::to_string));
        lines.push(counted(found.len(), "difference"));
        let differences: Vec<_> = found.iter().map(ToString::to_string).collect();
        let json = json!({ "offered": offered, "differences": differences });
        Ok(Answer { text: lines.join("\n"), json, good })
    }

    async fn offered(&self, to: &str, translator: Arc<Translator>) -> Result<BTreeMap<String, Vec<String>>> {
        let target = HttpTarget::new(TargetConfig {
            name: "target",
            base_url: self.url.clone(),
            connect_timeout: Duration::from_secs(5),
            timeout: PATIENCE,
            max_body_bytes: 4_194_304,
        })?;
        let credential = Arc::new(Key(self.key()?));
        let connector: Box<dyn OptionLists> = match to.split_once('.').map(|(system, _)| system) {
            Some("karrio") => Box::new(KarrioLabelBuyer::new(target, credential, translator)),
            system => bail!("the connector of {} cannot list what its fields take", system.unwrap_or(to)),
        };
        let budget = Budget::of_work(Instant::now(), PATIENCE + Budget::MARGIN);
        let options = connector.options(&budget).await;
        options.with_context(|| format!("asking {} what its fields take", self.url))
    }

    #[expect(clippy::disallowed_methods, reason = "the key is named on the command line, not written there")]
    fn key(&self) -> Result<SecretString> {
        let key = std::env::var(&self.key_from);
        Ok(key.with_context(|| format!("the environment variable {}", self.key_from))?.into())
    }
}

struct Key(SecretString);

#[async_trait]
impl Credential for Key {
    async fn get(&self) -> Result<SecretString, CallError> {
        Ok(self.0.clone())
    }
}

/// The first few of them.
fn shown(values: &[String]) -> String {
    const MOST: usize = 6;
    let first = values.iter().take(MOST).cloned().collect::<Vec<_>>().join(", ");
    if values.len() > MOST { format!("{first} …") } else { first }
}
