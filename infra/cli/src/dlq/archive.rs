use std::time::Duration;

use anyhow::Result;
use clap::Args;
use review::{Review, Stop};
use serde_json::json;

use super::arguments::{Scope, Why};
use super::unseen;
use crate::answer::Answer;
use crate::table::table;

#[derive(Args)]
pub(crate) struct Archive {
    #[command(flatten)]
    pub(crate) scope: Scope,
    /// What SQS drops within so many hours.
    #[arg(long, value_name = "HOURS", default_value_t = 48, value_parser = clap::value_parser!(u64).range(1..=336))]
    within: u64,
    #[command(flatten)]
    why: Why,
}

impl Archive {
    pub(crate) async fn run(&self, review: &Review, stop: &Stop) -> Result<Answer> {
        let within = Duration::from_secs(self.within * 3_600);
        let done = review.archive(&self.scope.flows, within, &self.why.reason, stop).await?;
        let rows: Vec<_> = done
            .iter()
            .map(|(flow, it)| {
                [flow.clone(), it.archived.to_string(), it.there.to_string(), it.looked.seen.to_string()]
            })
            .collect();
        let missed: Vec<_> =
            done.iter().flat_map(|(flow, it)| unseen(flow, &it.looked, review, stop)).collect();
        let good = missed.is_empty();
        let mut parts = vec![table(["flow", "archived", "were there", "letters"], &rows, true)];
        if !good {
            parts.push(missed.join("\n"));
        }
        let each = done.iter().map(|(flow, it)| {
            json!({
                "flow": flow, "archived": it.archived, "there": it.there, "letters": it.looked.seen,
                "hidden_by_others": it.looked.elsewhere(), "complete": it.looked.complete,
            })
        });
        Ok(Answer { text: parts.join("\n\n"), json: json!({ "flows": each.collect::<Vec<_>>() }), good })
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{asked, review, unknown_status, world};
    use super::*;

    #[tokio::test]
    async fn what_is_near_its_end_is_archived_once_and_stays() {
        let world = world((0..5).map(unknown_status));
        let archive = asked::<Archive>(&["--stack", "shop", "--reason", "the weekend"]);
        let run = async || archive.run(&review(&world), &Stop::default()).await.unwrap();
        assert_eq!(run().await.json["flows"][0]["archived"], 0);
        world.advance(Duration::from_secs(13 * 24 * 3_600));
        let answer = run().await;
        assert!(
            answer.good && answer.text.contains("orders-to-inventory  5         0           5"),
            "{}",
            answer.text
        );
        assert_eq!(run().await.json["flows"][0]["there"], 5);
        assert_eq!((world.on_queue().len(), world.objects().len()), (5, 5));
    }
}
