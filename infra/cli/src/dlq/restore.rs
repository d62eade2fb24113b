use anyhow::Result;
use clap::{ArgGroup, Args};
use review::{Because, Restore as Which, Restored, Restoring, Review, Stop, TooOld};
use serde_json::json;

use super::arguments::{Hidden, Why, group, id};
use super::words::{letters, when};
use crate::answer::Answer;
use crate::deployment::Stack;

/// Letters that are told one by one.
const TOLD: usize = 20;

#[derive(Args)]
#[command(group = ArgGroup::new("which").required(true).args(["ids", "group", "all"]))]
pub(crate) struct Restore {
    /// Of which flow's dead letter queue they were.
    flow: String,
    /// The ids that they had there, or the first six characters or more of each.
    #[arg(value_name = "ID", value_parser = id)]
    ids: Vec<String>,
    /// All of a group.
    #[arg(long, value_parser = group)]
    group: Option<String>,
    /// All that were discarded, or with --expiring archived, of the flow.
    #[arg(long)]
    all: bool,
    /// Those that were archived lest SQS drop them, not those that were discarded.
    #[arg(long)]
    expiring: bool,
    /// Those too that failed first so long ago that the ledger may have forgotten their operations: redriven, each may be an old version
    /// over a newer one, or an effect once more.
    #[arg(long)]
    anyway: bool,
    #[command(flatten)]
    why: Why,
    #[command(flatten)]
    pub(crate) stack: Stack,
    #[command(flatten)]
    pub(crate) hidden: Hidden,
}

impl Restore {
    pub(crate) async fn run(&self, review: &Review, stop: &Stop) -> Result<Answer> {
        let because = if self.expiring { Because::Expiring } else { Because::Discarded };
        let which = match (&self.group, self.all) {
            (Some(group), _) => Which::Group(group.clone()),
            (None, true) => Which::All,
            (None, false) => Which::Ids(self.ids.clone()),
        };
        let restoring = Restoring { because, which: &which, why: &self.why.reason, anyway: self.anyway };
        let done = review.restore(&self.flow, &restoring, stop).await?;
        let mut lines = vec![match done.restored {
            0 if done == Restored::default() => {
                format!("nothing was put back: the archive has no such letter of {}", self.flow)
            }
            0 => "nothing was put back".to_owned(),
            restored => format!("{} put back, each with another id: spillway dlq list", letters(restored)),
        }];
        if done.discarded > 0 {
            lines.push(format!(
                "{} left out, as somebody has discarded them since: without --expiring they are put back",
                letters(done.discarded)
            ));
        }
        lines.extend(too_old(&done.too_old));
        lines.extend(done.unreadable.iter().map(|key| format!("{key}: cannot be read, left there")));
        if done.stopped {
            lines.push("broken off: the same command goes on with the rest".to_owned());
        }
        let good =
            done.restored > 0 && done.too_old.is_empty() && done.unreadable.is_empty() && !done.stopped;
        let json = json!({
            "restored": done.restored, "discarded": done.discarded, "too_old": done.too_old, "unreadable": done.unreadable, "stopped": done.stopped,
        });
        Ok(Answer { text: lines.join("\n"), json, good })
    }
}

/// Which were left in the archive, the first of them one by one.
fn too_old(left: &[TooOld]) -> Vec<String> {
    let mut lines = Vec::new();
    if left.is_empty() {
        return lines;
    }
    let count = u64::try_from(left.len()).unwrap_or(u64::MAX);
    lines.push(format!(
        "{} left in the archive: more than {} days after a letter first failed the ledger may have forgotten its operation, and a redrive \
         may put an old version over a newer one, or make an effect once more. Where that is right, say --anyway",
        letters(count),
        TooOld::days()
    ));
    lines.extend(left.iter().take(TOLD).map(|letter| format!("  {} of {}", letter.id, when(letter.since))));
    if left.len() > TOLD {
        lines.push(format!("  and {} more: --json has all", left.len() - TOLD));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::super::testing::{FLOW, asked, id, refused, review, unknown_status, world};
    use super::*;

    const WHY: [&str; 4] = ["--reason", "it was the wrong group", "--stack", "shop"];

    fn restore(arguments: &[&str]) -> Restore {
        asked(&[&[FLOW], arguments, &WHY[..]].concat())
    }

    #[tokio::test]
    async fn what_was_discarded_comes_back_and_nothing_else() {
        let world = world((0..4).map(unknown_status));
        let review = review(&world);
        let all = review.select(&review::Filter::default(), None, &[], &Stop::default()).await.unwrap();
        review.discard(&all, "test orders", &Stop::default()).await.unwrap();
        assert!(world.on_queue().is_empty());
        let one = restore(&[&id(2)]).run(&review, &Stop::default()).await.unwrap();
        assert!(one.good && one.text.contains("1 letter put back"), "{}", one.text);
        assert!(!restore(&[&id(2)]).run(&review, &Stop::default()).await.unwrap().good);
        let rest = restore(&["--all"]).run(&review, &Stop::default()).await.unwrap();
        assert_eq!((rest.json["restored"].as_u64(), world.on_queue().len()), (Some(3), 4));
        let expiring = restore(&["--all", "--expiring"]).run(&review, &Stop::default()).await.unwrap();
        assert!(!expiring.good && expiring.text.contains("nothing was put back"), "{}", expiring.text);
    }

    #[tokio::test]
    async fn what_was_discarded_on_purpose_is_left_out_of_what_sqs_was_about_to_drop() {
        let world = world((0..3).map(unknown_status));
        let review = review(&world);
        let stop = Stop::default();
        review
            .archive(&[], std::time::Duration::from_secs(15 * 24 * 3_600), "the weekend", &stop)
            .await
            .unwrap();
        let one = review::Filter::default().ids([id(1)]).unwrap();
        let one = review.select(&one, None, &[], &stop).await.unwrap();
        review.discard(&one, "a test order", &stop).await.unwrap();
        let answer = restore(&["--all", "--expiring"]).run(&review, &stop).await.unwrap();
        assert!(
            answer.text.contains("2 letters put back") && answer.text.contains("1 letter left out"),
            "{}",
            answer.text
        );
        assert!(answer.good && answer.json["discarded"] == 1, "{}", answer.json);
    }

    #[tokio::test]
    async fn what_is_older_than_the_ledger_remembers_is_named_and_needs_a_word_more() {
        let world = world((0..30).map(unknown_status));
        let review = review(&world);
        let all = review.select(&review::Filter::default(), None, &[], &Stop::default()).await.unwrap();
        review.discard(&all, "test orders", &Stop::default()).await.unwrap();
        world.advance(std::time::Duration::from_secs(28 * 24 * 3_600));
        let refused = restore(&["--all"]).run(&review, &Stop::default()).await.unwrap();
        assert!(
            !refused.good && refused.text.starts_with("nothing was put back\n30 letters left"),
            "{}",
            refused.text
        );
        assert!(refused.text.contains(&format!("  {} of 2026-11-24T09:00:00Z", id(1))), "{}", refused.text);
        assert!(refused.text.ends_with("and 10 more: --json has all") && world.on_queue().is_empty());
        assert_eq!(refused.json["too_old"][29]["since"], "2026-11-24T09:00:00Z");
        let insisted = restore(&["--all", "--anyway"]).run(&review, &Stop::default()).await.unwrap();
        assert!(insisted.good && world.on_queue().len() == 30, "{}", insisted.text);
    }

    #[tokio::test]
    async fn one_that_is_broken_off_does_not_say_that_there_is_nothing() {
        let world = world((0..4).map(unknown_status));
        let review = review(&world);
        let stop = Stop::default();
        let all = review.select(&review::Filter::default(), None, &[], &stop).await.unwrap();
        review.discard(&all, "test orders", &stop).await.unwrap();
        stop.stop();
        for which in [&["--group", "0123456789ab"][..], &["--all"]] {
            let answer = restore(which).run(&review, &stop).await.unwrap();
            let told = "nothing was put back\nbroken off: the same command goes on with the rest";
            assert!(!answer.good && answer.text == told, "{}", answer.text);
        }
        assert_eq!(world.objects().len(), 4);
    }

    #[test]
    fn which_ones_has_to_be_said_and_in_one_way() {
        for (arguments, told) in [
            (&[][..], "required"),
            (&["abcde"], "six"),
            (&["--all", "--group", "0123456789ab"], "cannot be used with"),
            (&["abcdef", "--all"], "cannot be used with"),
        ] {
            let error = refused::<Restore>(&[&[FLOW], arguments, &WHY[..]].concat()).err().unwrap();
            assert!(error.contains(told) || error.contains("6 characters"), "{error}");
        }
    }
}
