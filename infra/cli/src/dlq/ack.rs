use anyhow::Result;
use clap::Args;
use jiff::Timestamp;
use review::{Review, Stop};
use serde_json::json;

use super::arguments::{Hidden, Why, group, until};
use super::words::when;
use crate::answer::Answer;
use crate::deployment::Stack;

#[derive(Args)]
pub(crate) struct Ack {
    /// As `spillway dlq list` shows it.
    #[arg(value_parser = group)]
    group: String,
    /// A date, until its end in UTC, or a time; 90 days from now at most. After it the group is listed as unknown again.
    #[arg(long, value_name = "DATE", value_parser = until)]
    until: Timestamp,
    #[command(flatten)]
    why: Why,
    #[command(flatten)]
    pub(crate) stack: Stack,
    #[command(flatten)]
    pub(crate) hidden: Hidden,
}

impl Ack {
    pub(crate) async fn run(&self, review: &Review, stop: &Stop) -> Result<Answer> {
        let ack = review.ack(&self.group, self.until, &self.why.reason, stop).await?;
        let text = format!("{}: acknowledged until {} by {}", self.group, when(ack.until), ack.by);
        Ok(Answer { text, json: json!({ "group": self.group, "acknowledged": ack }), good: true })
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{asked, refused, review, unknown_status, world};
    use super::*;

    #[tokio::test]
    async fn a_group_is_acknowledged_until_the_end_of_a_day() {
        let world = world([unknown_status(1)]);
        let review = review(&world);
        let group = review.list(&[], &Stop::default()).await.unwrap().groups[0].group.fingerprint.clone();
        let arguments =
            [group.as_str(), "--until", "2026-12-01", "--reason", "the shop mends it", "--stack", "shop"];
        let answer = asked::<Ack>(&arguments).run(&review, &Stop::default()).await.unwrap();
        assert!(answer.good && answer.text.contains("until 2026-12-02T00:00:00Z"), "{}", answer.text);
        assert_eq!(world.records()[0].note.as_deref(), Some("until 2026-12-02T00:00:00Z"));
    }

    #[tokio::test]
    async fn an_end_is_required_and_none_that_is_over_or_far_away() {
        let world = world([unknown_status(1)]);
        let group = "0123456789ab";
        let why = ["--reason", "x", "--stack", "shop"];
        let with = |more: &[&'static str]| [&[group], more, &why[..]].concat();
        assert!(refused::<Ack>(&with(&[])).err().unwrap().contains("--until"));
        for (until, told) in [
            ("2026-11-01", "is over"),
            ("2027-11-01", "90 days is the longest"),
            ("2026-12-01", "no letter is of group 0123456789ab"),
        ] {
            let ack = asked::<Ack>(&with(&["--until", until]));
            let error = ack.run(&review(&world), &Stop::default()).await.err().unwrap().to_string();
            assert!(error.contains(told), "{error}");
        }
        assert!(world.records().is_empty());
    }
}
