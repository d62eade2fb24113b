use std::path::Path;

use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::{Value, json};
use transform::contract::{Change, ContractId, Contracts, Effect, diff};

use crate::answer::{Answer, counted};
use crate::input;
use crate::project::Project;

#[derive(Args)]
pub(crate) struct Diff {
    /// A file, or the id of a contract: shopify.order@2026-07.
    old: String,
    new: String,
}

impl Diff {
    pub(crate) fn run(&self, project: &Project) -> Result<Answer> {
        let (old_id, before) = named(&self.old, project.catalog.contracts())?;
        // A new version may be told from the old one.
        let (new_id, after) = named(&self.new, &before)?;
        let (Some(old), Some(new)) = (before.get(&old_id), after.get(&new_id)) else {
            bail!("{old_id}, {new_id}: there is no such contract");
        };
        let changes = diff(old, new);
        let breaking = changes.iter().filter(|change| change.effect != Effect::Harmless).count();
        let mut lines = vec![format!("{old_id} -> {new_id}")];
        lines.extend(changes.iter().map(ToString::to_string));
        lines.push(match (changes.len(), breaking) {
            (0, _) => "no difference".to_owned(),
            (all, 0) => format!("{}, all harmless", counted(all, "difference")),
            (all, some) => format!("{}, of which {some} may break something", counted(all, "difference")),
        });
        let json = json!({
            "old": old_id.to_string(), "new": new_id.to_string(),
            "changes": changes.iter().map(change).collect::<Vec<_>>(),
        });
        Ok(Answer { text: lines.join("\n"), json, good: breaking == 0 })
    }
}

/// What stands in the file, beside these; or the one of these that has the id.
fn named(text: &str, contracts: &Contracts) -> Result<(ContractId, Contracts)> {
    let path = Path::new(text);
    if !path.is_file() {
        let id = ContractId::parse(text).filter(|id| contracts.get(id).is_some());
        let id = id.with_context(|| format!("{text}: no such file, and no contract that is called so"))?;
        return Ok((id, contracts.clone()));
    }
    let document = input::json(path)?;
    let named = || path.display().to_string();
    let id = Contracts::id(&document).with_context(named)?;
    Ok((id, contracts.with(document).with_context(named)?))
}

fn change(change: &Change) -> Value {
    let effect = match change.effect {
        Effect::Harmless => "harmless",
        Effect::BreaksReaders => "breaks-readers",
        Effect::BreaksWriters => "breaks-writers",
        Effect::BreaksBoth => "breaks-both",
    };
    json!({ "path": change.path, "what": change.what, "effect": effect })
}
