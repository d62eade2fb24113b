use anyhow::Result;
use clap::Args;
use control::ControlStore;
use serde_json::json;

use crate::answer::{Answer, counted};
use crate::live::{Live, wait};
use crate::project::Project;
use crate::table::table;

#[derive(Args)]
pub(crate) struct History {
    mapping: String,
    #[command(flatten)]
    live: Live,
}

impl History {
    pub(crate) fn run(&self, project: &Project) -> Result<Answer> {
        project.catalog.mapping(&self.mapping)?;
        let entries = wait(async { Ok(self.live.connect().await?.store.history(&self.mapping).await?) })?;
        let rows: Vec<_> = entries
            .iter()
            .map(|entry| {
                let change = format!("{} ({})", entry.change, entry.reason);
                [entry.revision.to_string(), entry.at.to_string(), entry.author.clone(), change]
            })
            .collect();
        let text = if rows.is_empty() {
            "nothing was ever changed".to_owned()
        } else {
            let shown = table(["revision", "when", "who", "what (why)"], &rows, false);
            format!("{shown}\n{}", counted(rows.len(), "change"))
        };
        Ok(Answer { text, json: json!(entries), good: true })
    }
}
