//! `spillway drift`: what came otherwise than contracts say.

use anyhow::Result;
use clap::Args;
use control::ControlStore;
use jiff::Timestamp;
use serde_json::json;

use crate::answer::Answer;
use crate::live::{Live, wait};
use crate::table::table;

#[derive(Args)]
pub(crate) struct Drift {
    /// Of these flows: `orders-to-inventory`.
    #[arg(required = true)]
    flows: Vec<String>,
    /// Today and so many days before it, in UTC. Counts are kept for 30 days.
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u16).range(0..=30))]
    days: u16,
    #[command(flatten)]
    live: Live,
}

impl Drift {
    pub(crate) fn run(&self) -> Result<Answer> {
        let counts = wait(async {
            let store = self.live.connect().await?.store;
            let mut counts = Vec::new();
            for flow in &self.flows {
                let of_flow = store.drift(flow, Timestamp::now(), self.days).await?;
                counts.extend(of_flow.into_iter().map(|count| (flow, count)));
            }
            Ok(counts)
        })?;
        let rows: Vec<_> = counts
            .iter()
            .map(|(flow, it)| [(*flow).clone(), it.kind.clone(), it.count.to_string(), it.path.clone()])
            .collect();
        let table = table(["flow", "what", "times", "where"], &rows, false);
        let mut parts: Vec<_> = (!rows.is_empty()).then_some(table).into_iter().collect();
        // The table has a flow's name only where something was counted of it.
        for flow in self.flows.iter().filter(|flow| !counts.iter().any(|(of, _)| of == flow)) {
            parts.push(format!(
                "{flow}: nothing is counted: everything came as the contracts say, or no flow is called so"
            ));
        }
        let text = parts.join("\n");
        let json = counts
            .iter()
            .map(|(flow, it)| json!({ "flow": flow, "kind": it.kind, "path": it.path, "count": it.count }))
            .collect();
        Ok(Answer { text, json, good: true })
    }
}
