use anyhow::{Result, bail, ensure};
use clap::Args;
use review::{Discarded, Group, Review, Selection, Stop};
use serde_json::{Value, json};

use super::arguments::{Scope, Which, Why, id};
use super::words::{clean, left_out, letters, shared};
use super::{looks, missed, others};
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
        let missed = missed(&selection.looked, review, stop);
        let shown = shown(&selection, &missed);
        if selection.is_empty() {
            let others = others(&selection.looked);
            let none =
                format!("no letter is meant ({}): nothing was discarded{others}", clean(&filter.to_string()));
            let text = [shown, vec![none]].concat().join("\n");
            let json = json(&Discarded::default(), &selection);
            return Ok(Answer { text, json, good: false });
        }
        let shown = shown.join("\n");
        if !self.yes {
            if !print::is_asked() {
                bail!("{shown}\nNothing was discarded: --yes is needed where nobody can be asked");
            }
            print::say(format!("these would be archived and deleted:\n{shown}"));
            let yes = print::ask(format!("discard {}?", letters(count(selection.len()))), stop);
            let Some(yes) = yes else { bail!("broken off: nothing was discarded") };
            if !yes {
                let text = "nothing was discarded".to_owned();
                return Ok(Answer { text, json: json(&Discarded::default(), &selection), good: false });
            }
        }
        let done = review.discard(&selection, &self.why.reason, stop).await?;
        Ok(answer(&done, &selection, &missed, shown))
    }
}

fn count(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// What is meant, and what else might have been.
fn shown(selection: &Selection, missed: &[String]) -> Vec<String> {
    let row = |group: &&Group| {
        [
            group.count.to_string(),
            group.fingerprint.to_string(),
            clean(&group.flow),
            clean(&group.code),
            clean(&group.summary),
        ]
    };
    let rows: Vec<_> = selection.groups.sorted().iter().map(row).collect();
    let mut parts = Vec::new();
    if !rows.is_empty() {
        parts.push(table(["letters", "group", "flow", "code", "says"], &rows, true));
    }
    if selection.groups.beyond > 0 {
        parts.push(format!("{} of more causes than are told apart", letters(selection.groups.beyond)));
    }
    if selection.undecided > 0 {
        parts.push(left_out(selection.undecided));
    }
    parts.extend(shared(&selection.shared_ids));
    parts.extend_from_slice(missed);
    parts
}

fn answer(done: &Discarded, selection: &Selection, missed: &[String], shown: String) -> Answer {
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
    let good = done.missing.is_empty() && !done.stopped && selection.undecided == 0 && missed.is_empty();
    Answer { text: parts.join("\n\n"), json: json(done, selection), good }
}

fn json(done: &Discarded, selection: &Selection) -> Value {
    let groups: Vec<Value> = selection.groups.sorted().into_iter().map(|group| json!(group)).collect();
    json!({
        "discarded": done.discarded, "missing": done.missing, "stopped": done.stopped,
        "undecided": selection.undecided, "groups": groups, "beyond": selection.groups.beyond,
        "shared_ids": selection.shared_ids, "looked": looks(&selection.looked),
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use review::{LetterQueue as _, Limits};

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

    #[tokio::test]
    async fn letters_that_might_have_been_meant_and_somebody_else_hides_are_told() {
        let world = world((1..13).map(unknown_status));
        world.receive(Duration::from_secs(60)).await.unwrap();
        let discard = discard(&["--code", "SPW2004", "--yes"]);
        let told =
            "orders-to-inventory: 10 letters not seen, as somebody else was looking at them: ask again";
        let answer = discard.run(&review(&world), &Stop::default()).await.unwrap();
        assert!(!answer.good && answer.text.contains(told), "{}", answer.text);
        assert_eq!((answer.json["discarded"].as_u64(), world.on_queue().len()), (Some(2), 10));
        let looked =
            json!([{ "flow": "orders-to-inventory", "seen": 2, "hidden_by_others": 10, "complete": true }]);
        assert_eq!(answer.json["looked"], looked);
        // Where all are hidden none is meant, which is no reason to believe that there is none.
        let nothing = discard.run(&review(&world), &Stop::default()).await.unwrap();
        assert!(!nothing.good && nothing.text.contains("no letter is meant"), "{}", nothing.text);
        assert!(nothing.text.contains(told) && nothing.json["discarded"] == 0, "{}", nothing.text);
        let others = "nothing was discarded; 10 letters are being looked at by somebody else just now";
        assert!(nothing.text.ends_with(others), "{}", nothing.text);
        world.advance(Duration::from_secs(60));
        let answer = discard.run(&review(&world), &Stop::default()).await.unwrap();
        assert!(answer.good && world.on_queue().is_empty(), "{}", answer.text);
    }

    #[tokio::test]
    async fn a_look_that_ended_before_the_queue_did_is_told_and_what_it_saw_is_discarded() {
        let world = world((1..41).map(unknown_status));
        let limits = Limits { most: 10, at_once: 1, ..Limits::default() };
        let review = Review { limits, ..review(&world) };
        let answer = discard(&["--code", "SPW2004", "--yes"]).run(&review, &Stop::default()).await.unwrap();
        let told = "the look ended after 10 letters, as no more than 10 are hidden at once";
        assert!(!answer.good && answer.text.contains(told), "{}", answer.text);
        assert_eq!(
            (answer.json["looked"][0]["complete"].as_bool(), world.on_queue().len()),
            (Some(false), 30)
        );
    }
}
