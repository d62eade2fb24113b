use anyhow::Result;
use clap::Args;
use jiff::Timestamp;
use serde_json::{Value, json};
use transform::Change;

use crate::answer::Answer;
use crate::live::{Live, wait};
use crate::project::Project;

#[derive(Args)]
pub(crate) struct SetValue {
    mapping: String,
    /// Name of the value map: `[values.NAME]` of the mapping's file.
    map: String,
    /// As the source sends it.
    #[arg(allow_negative_numbers = true)]
    value: String,
    /// JSON, or a text.
    #[arg(allow_negative_numbers = true)]
    becomes: String,
    #[command(flatten)]
    why: Why,
}

#[derive(Args)]
pub(crate) struct SetDefault {
    mapping: String,
    /// What the rule makes: its `to`.
    rule: String,
    /// JSON, or a text.
    #[arg(allow_negative_numbers = true)]
    becomes: String,
    #[command(flatten)]
    why: Why,
}

#[derive(Args)]
pub(crate) struct Unset {
    mapping: String,
    /// Name of the value map and the value, or what the rule makes.
    #[arg(num_args = 1..=2, required = true, allow_negative_numbers = true)]
    what: Vec<String>,
    #[command(flatten)]
    why: Why,
}

#[derive(Args)]
struct Why {
    /// For whoever reads the history.
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    live: Live,
}

impl SetValue {
    pub(crate) fn run(&self, project: &Project) -> Result<Answer> {
        let (map, value) = (self.map.clone(), self.value.clone());
        let change = Change::SetValue { map, value, becomes: value_of(&self.becomes) };
        self.why.change(project, &self.mapping, change)
    }
}

impl SetDefault {
    pub(crate) fn run(&self, project: &Project) -> Result<Answer> {
        let change = Change::SetDefault { rule: self.rule.clone(), becomes: value_of(&self.becomes) };
        self.why.change(project, &self.mapping, change)
    }
}

impl Unset {
    pub(crate) fn run(&self, project: &Project) -> Result<Answer> {
        let change = match self.what.as_slice() {
            [map, value] => Change::UnsetValue { map: map.clone(), value: value.clone() },
            rule => Change::UnsetDefault { rule: rule.concat() },
        };
        self.why.change(project, &self.mapping, change)
    }
}

impl Why {
    fn change(&self, project: &Project, mapping: &str, change: Change) -> Result<Answer> {
        let entry = wait(async {
            let connected = self.live.connect().await?;
            let author = connected.caller().await?;
            let told = control::Entry {
                revision: 0,
                change,
                author,
                at: Timestamp::now(),
                reason: self.reason.clone(),
            };
            Ok(control::change(&connected.store, &project.catalog, mapping, told).await?)
        })?;
        let stamp = project.catalog.mapping(mapping)?.file.stamp(entry.revision);
        let text = format!(
            "{}\nIn force within a minute, stamped {stamp:?}. Redrive what was parked.",
            entry.change
        );
        Ok(Answer { text, json: json!({ "stamp": stamp, "entry": entry }), good: true })
    }
}

/// `7`, `true` and `"a"` as JSON; anything else is a text as it stands.
fn value_of(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}
