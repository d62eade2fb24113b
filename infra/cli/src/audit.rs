//! `spillway audit`: who did what to dead letters, when and why.

use anyhow::Result;
use clap::Args;
use review::{AuditEntry, Limits, Review};
use serde_json::{Value, json};

use crate::answer::{Answer, counted};
use crate::deployment::Stack;
use crate::dlq::words::{clean, when};
use crate::live::wait;
use crate::project::Project;
use crate::table::table;

#[derive(Args)]
pub(crate) struct Audit {
    #[command(flatten)]
    stack: Stack,
    /// Today and so many days before it, in UTC.
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u16).range(0..=366))]
    days: u16,
    /// About this letter, by the beginning of its id.
    #[arg(long, value_name = "ID")]
    letter: Option<String>,
    /// By this plan.
    #[arg(long, value_name = "PLAN")]
    plan: Option<String>,
    /// Of this kind.
    #[arg(long, value_name = "ACTION",
          value_parser = ["plan", "ack", "edit", "redrive", "restore", "discard", "archive"])]
    action: Option<String>,
    /// Cut nothing.
    #[arg(long)]
    wide: bool,
}

impl Audit {
    pub(crate) fn run(&self, project: &Project) -> Result<Answer> {
        wait(async {
            let deployment = self.stack.open(project, Default::default(), Limits::default()).await?;
            self.answer(&deployment.review).await
        })
    }

    async fn answer(&self, review: &Review) -> Result<Answer> {
        let audit = review.audit(self.days).await?;
        let entries: Vec<_> = audit.entries.iter().filter(|entry| self.means(entry)).collect();
        let rows: Vec<_> = entries.iter().map(|entry| self.row(entry)).collect();
        let mut parts = Vec::new();
        if !audit.broken.is_empty() {
            let broken = audit.broken.join("\n");
            parts.push(format!("the records are not as they were written:\n{broken}"));
        }
        if !rows.is_empty() {
            let headings = ["record", "when", "who", "what", "flow", "letters", "why", "of"];
            parts.push(table(headings, &rows, self.wide));
        }
        parts.push(counted(rows.len(), "action"));
        let json = json!({
            "broken": audit.broken, "records": entries.iter().map(|entry| told(entry)).collect::<Vec<_>>(),
        });
        Ok(Answer { text: parts.join("\n\n"), json, good: audit.broken.is_empty() })
    }

    fn means(&self, entry: &AuditEntry) -> bool {
        let record = &entry.record;
        let of = |letter: &String| {
            let begin = letter.to_lowercase();
            record.letters.iter().any(|it| it.id.starts_with(&begin))
        };
        self.letter.as_ref().is_none_or(of)
            && self.plan.as_ref().is_none_or(|plan| record.plan.as_ref() == Some(plan))
            && self.action.as_ref().is_none_or(|action| action == record.action.name())
    }

    fn row(&self, entry: &AuditEntry) -> [String; 8] {
        let record = &entry.record;
        // `assumed-role/shop-LetterMoverRole/ann` of an ARN.
        let who = if self.wide { &record.by } else { record.by.rsplit(':').next().unwrap_or(&record.by) };
        let of = [
            record.plan.as_ref().map(|plan| format!("plan {plan}")),
            record.group.as_ref().map(|group| format!("group {group}")),
            record.note.clone(),
        ];
        [
            entry.name.clone(),
            when(record.at),
            clean(who),
            record.action.name().to_owned(),
            clean(&record.flow),
            record.letters.len().to_string(),
            clean(&record.why),
            clean(&of.into_iter().flatten().collect::<Vec<_>>().join(", ")),
        ]
    }
}

/// The record whole, with its name.
fn told(entry: &AuditEntry) -> Value {
    let mut told = json!(entry.record);
    if let Some(members) = told.as_object_mut() {
        members.insert("record".to_owned(), json!(entry.name));
    }
    told
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use review::{Filter, Restore, Restoring, Stop};

    use super::*;
    use crate::dlq::testing::{FLOW, asked, id, refused, refused_by_target, review, world};

    async fn audit(world: &review::memory::World, arguments: &[&str]) -> Answer {
        let audit = asked::<Audit>(&[arguments, &["--stack", "shop"]].concat());
        audit.answer(&review(world)).await.unwrap()
    }

    #[tokio::test]
    async fn every_action_is_told_with_who_why_and_of_which_letters() {
        let world = world((1..4).map(refused_by_target));
        let review = review(&world);
        assert_eq!(audit(&world, &[]).await.text, "0 actions");
        let one = Filter::default().ids([id(1)]).unwrap();
        let selection = review.select(&one, None, &[], &Stop::default()).await.unwrap();
        review.discard(&selection, "a test order", &Stop::default()).await.unwrap();
        world.advance(Duration::from_secs(60));
        let because = review::Because::Discarded;
        let restoring = Restoring { because, which: &Restore::All, why: "it was none", anyway: false };
        review.restore(FLOW, &restoring, &Stop::default()).await.unwrap();
        world.advance(Duration::from_secs(60));
        let plan = review.plan(&Filter::default(), &[], &Stop::default()).await.unwrap().plan;
        let all = audit(&world, &[]).await;
        for text in [
            "discard 2026-11-24 #1  2026-11-24T10:00:00Z  user/ann  discard  orders-to-inventory  1        a test order",
            "it was none",
            &format!("plan {}, 3 letters: 3 would pass", plan.id),
            "3 actions",
        ] {
            assert!(all.good && all.text.contains(text), "{text} in {}", all.text);
        }
        let before = all.json["records"][0]["letters"][0]["before"].as_str().unwrap();
        assert_eq!(before.len(), 64);
        for (arguments, count) in [
            (["--letter", "00000001"], 2),
            (["--letter", "00000003"], 0),
            (["--plan", &plan.id], 1),
            (["--action", "restore"], 1),
            (["--days", "0"], 3),
        ] {
            let some = audit(&world, &arguments).await;
            assert_eq!(some.json["records"].as_array().unwrap().len(), count, "{arguments:?}");
        }
        assert!(audit(&world, &["--wide"]).await.text.contains("arn:aws:iam::123456789012:user/ann"));
    }

    #[test]
    fn an_action_that_there_is_not_is_refused_with_those_that_there_are() {
        let error = refused::<Audit>(&["--action", "delete", "--stack", "shop"]).err().unwrap();
        assert!(error.contains("redrive") && error.contains("discard"), "{error}");
    }
}
