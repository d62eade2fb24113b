use anyhow::Result;
use clap::{ArgGroup, Args};
use review::{Because, Restore as Which, Review, Stop};
use serde_json::json;

use super::arguments::{Hidden, Why, group, id};
use super::words::letters;
use crate::answer::Answer;
use crate::deployment::Stack;

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
        let done = review.restore(&self.flow, because, &which, &self.why.reason, stop).await?;
        let mut lines = vec![if done.restored == 0 && done.stopped {
            "nothing was put back".to_owned()
        } else if done.restored == 0 {
            format!("nothing was put back: the archive has no such letter of {}", self.flow)
        } else {
            format!("{} put back, each with another id: spillway dlq list", letters(done.restored))
        }];
        lines.extend(done.unreadable.iter().map(|key| format!("{key}: cannot be read, left there")));
        if done.stopped {
            lines.push("broken off: the same command goes on with the rest".to_owned());
        }
        let good = done.restored > 0 && done.unreadable.is_empty() && !done.stopped;
        let json =
            json!({ "restored": done.restored, "unreadable": done.unreadable, "stopped": done.stopped });
        Ok(Answer { text: lines.join("\n"), json, good })
    }
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
