use anyhow::{Result, bail, ensure};
use clap::Args;
use review::{Discarded, Group, Groups, Pass, Review, Selection, Stop};
use serde_json::{Value, json};

use super::arguments::{Scope, Which, Why, id};
use super::words::{clean, letters};
use crate::answer::Answer;
use crate::print;
use crate::table::table;

#[derive(Args)]
pub(crate) struct Discard {
    /// Ids of letters, or the first six characters or more of each.
    #[arg(value_name = "LETTER", value_parser = id)]
    letters: Vec<String>,
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    why: Why,
    /// Without asking.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    pub(crate) scope: Scope,
}

impl Discard {
    pub(crate) async fn run(&self, review: &Review, stop: &Stop) -> Result<Answer> {
        let filter = self.which.filter(&self.letters)?;
        ensure!(!filter.is_all(), "say which letters: their ids, --group or another filter");
        let group = match self.which.groups.as_slice() {
            [one] => Some(one.as_str()),
            _ => None,
        };
        let selection = review.select(&filter, group, &self.scope.flows, stop).await?;
        if selection.is_empty() {
            let text = format!("no letter is meant ({}): nothing was discarded", clean(&filter.to_string()));
            let json = json!({ "discarded": 0, "undecided": selection.undecided });
            return Ok(Answer { text, json, good: false });
        }
        let groups = causes(review, &selection, stop).await?;
        let shown = shown(&groups, &selection);
        if !self.yes {
            if !print::is_asked() {
                bail!("{shown}\nNothing was discarded: --yes is needed where nobody can be asked");
            }
            print::say(format!("these would be archived and deleted:\n{shown}"));
            if !print::ask(format!("discard {}?", letters(count(selection.len())))) {
                let text = "nothing was discarded".to_owned();
                return Ok(Answer { text, json: json!({ "discarded": 0 }), good: false });
            }
        }
        let done = review.discard(&selection, &self.why.reason, stop).await?;
        Ok(answer(&done, &selection, &groups, shown))
    }
}

/// What the selected letters are: asked for once more, as a selection has ids alone.
async fn causes(review: &Review, selection: &Selection, stop: &Stop) -> Result<Groups> {
    let mut groups = Groups::default();
    for (flow, ids) in &selection.ids {
        let Some(queues) = review.flows.get(flow) else { continue };
        let mut pass = Pass::begin(&*queues.letters, &*review.clock, stop, review.limits).await?;
        let (mut left, mut failed) = (ids.len(), None);
        while left > 0
            && let Some(received) = pass.next().await
        {
            match received {
                Ok(received) => {
                    for one in received.iter().filter(|one| ids.contains(&one.letter.id)) {
                        groups.add(flow, &one.letter);
                        left = left.saturating_sub(1);
                    }
                }
                Err(error) => {
                    failed = Some(error);
                    break;
                }
            }
        }
        let ended = pass.end().await;
        failed.map_or(ended, Err)?;
    }
    ensure!(!stop.is_stopped(), "broken off; nothing was discarded");
    Ok(groups)
}

fn count(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

fn shown(groups: &Groups, selection: &Selection) -> String {
    let groups = groups.sorted();
    let row = |group: &&Group| {
        [
            group.count.to_string(),
            group.fingerprint.to_string(),
            clean(&group.flow),
            clean(&group.code),
            clean(&group.summary),
        ]
    };
    let rows: Vec<_> = groups.iter().map(row).collect();
    let mut parts = vec![table(["letters", "group", "flow", "code", "says"], &rows, true)];
    let seen: u64 = groups.iter().map(|group| group.count).sum();
    let unseen = count(selection.len()).saturating_sub(seen);
    if unseen > 0 {
        parts.push(format!("{} not seen any more: somebody else is looking at them", letters(unseen)));
    }
    if selection.undecided > 0 {
        let undecided = letters(selection.undecided);
        parts.push(format!("{undecided} left out: --where is neither true nor false of them"));
    }
    parts.join("\n")
}

fn answer(done: &Discarded, selection: &Selection, groups: &Groups, shown: String) -> Answer {
    let mut parts = vec![shown];
    let flows: Vec<_> = selection.ids.keys().map(String::as_str).collect();
    parts.push(format!(
        "{} discarded and in the archive; they come back with spillway dlq restore {}",
        letters(done.discarded),
        flows.join(" or ")
    ));
    if !done.missing.is_empty() && !done.stopped {
        parts.push(format!(
            "{} not there any more, or looked at by somebody else:\n{}",
            letters(count(done.missing.len())),
            done.missing.join("\n")
        ));
    }
    if done.stopped {
        parts.push(format!(
            "broken off: {} left; the same command goes on",
            letters(count(done.missing.len()))
        ));
    }
    let good = done.missing.is_empty() && !done.stopped && selection.undecided == 0;
    let groups: Vec<Value> = groups.sorted().into_iter().map(|group| json!(group)).collect();
    let json = json!({
        "discarded": done.discarded, "missing": done.missing, "stopped": done.stopped,
        "undecided": selection.undecided, "groups": groups,
    });
    Answer { text: parts.join("\n\n"), json, good }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{asked, id, refused_by_target, review, unknown_status, world};
    use super::*;

    fn discard(arguments: &[&str]) -> Discard {
        asked(&[arguments, &["--reason", "test orders", "--stack", "shop"]].concat())
    }

    #[tokio::test]
    async fn a_group_is_archived_and_deleted_and_the_rest_stays() {
        let world = world((0..4).map(unknown_status).chain([refused_by_target(4)]));
        let review = review(&world);
        let group = review.list(&[], &Stop::default()).await.unwrap().groups[0].group.fingerprint.clone();
        let discard = discard(&["--group", group.as_str(), "--yes"]);
        let answer = discard.run(&review, &Stop::default()).await.unwrap();
        for text in [
            &format!("4        {group}  orders-to-inventory  SPW2004  expected"),
            "4 letters discarded and in the archive",
        ] {
            assert!(answer.good && answer.text.contains(text), "{text} in {}", answer.text);
        }
        assert_eq!((world.on_queue(), world.hidden(), world.objects().len()), (vec![id(4)], 0, 4));
        assert_eq!(world.records()[0].group.as_deref(), Some(group.as_str()));
    }

    #[tokio::test]
    async fn without_a_yes_nothing_goes_and_which_it_would_be_is_told() {
        let world = world((0..4).map(unknown_status));
        let discard = discard(&[&id(2)]);
        let error = discard.run(&review(&world), &Stop::default()).await.err().unwrap().to_string();
        assert!(error.contains("--yes is needed") && error.contains("SPW2004"), "{error}");
        assert_eq!((world.on_queue().len(), world.hidden(), world.records().len()), (4, 0, 0));
    }

    #[tokio::test]
    async fn every_letter_is_never_meant_by_saying_nothing() {
        let world = world([unknown_status(1)]);
        let error =
            discard(&["--yes"]).run(&review(&world), &Stop::default()).await.err().unwrap().to_string();
        assert!(error.contains("say which letters"), "{error}");
        let nothing =
            discard(&["--code", "SPW2001", "--yes"]).run(&review(&world), &Stop::default()).await.unwrap();
        assert!(!nothing.good && nothing.text.contains("no letter is meant"), "{}", nothing.text);
        assert_eq!(world.on_queue().len(), 1);
    }
}
