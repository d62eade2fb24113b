use anyhow::Result;
use clap::Args;
use review::{MadePlan, PlanLine, Planned, Review, Stop};
use serde_json::{Value, json};

use super::arguments::{Scope, Settings, Which};
use super::words::{clean, left_out, letters, shared};
use super::{looks, missed, others};
use crate::answer::Answer;
use crate::table::table;

#[derive(Args)]
pub(crate) struct Plan {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    pub(crate) scope: Scope,
    #[command(flatten)]
    pub(crate) settings: Settings,
}

impl Plan {
    pub(crate) async fn run(&self, review: &Review, stop: &Stop) -> Result<Answer> {
        let made = review.plan(&self.which.filter(&[])?, &self.scope.flows, stop).await?;
        let missed = missed(&made.looked, review, stop);
        let passes = made.plan.count(Planned::Pass);
        let good = passes > 0 && passes == made.plan.len() && made.undecided == 0 && missed.is_empty();
        let mut parts = Vec::new();
        if !made.plan.lines.is_empty() {
            let rows: Vec<_> = made.plan.lines.iter().map(row).collect();
            parts.push(table(["letters", "flow", "was", "would", "because"], &rows, true));
        }
        if made.undecided > 0 {
            parts.push(left_out(made.undecided));
        }
        if !made.shared_ids.is_empty() {
            parts.push(shared(&made.shared_ids).join("\n"));
        }
        if !missed.is_empty() {
            parts.push(missed.join("\n"));
        }
        parts.push(summary(&made));
        Ok(Answer { text: parts.join("\n\n"), json: json(&made), good })
    }
}

fn row(line: &PlanLine) -> [String; 5] {
    [
        line.count.to_string(),
        line.flow.clone(),
        clean(&line.was),
        fate(line.planned).to_owned(),
        clean(&line.because),
    ]
}

fn fate(planned: Planned) -> &'static str {
    match planned {
        Planned::Pass => "pass",
        Planned::Fail => "fail",
        Planned::Unjudged => "unjudged",
    }
}

fn summary(made: &MadePlan) -> String {
    let plan = &made.plan;
    if plan.is_empty() {
        let others = others(&made.looked);
        return format!("no letter is meant ({}): no plan was made{others}", clean(&plan.filter));
    }
    let count = |planned| plan.count(planned);
    let (pass, fail, unjudged) = (count(Planned::Pass), count(Planned::Fail), count(Planned::Unjudged));
    let said = format!(
        "plan {}, {}, of {}: {pass} would pass, {fail} would fail, {unjudged} cannot be judged",
        plan.id,
        letters(u64::try_from(plan.len()).unwrap_or(u64::MAX)),
        clean(&plan.filter)
    );
    if pass + unjudged == 0 {
        return format!(
            "{said}\nMend the mapping or edit the letters first; --failing would redrive them as they are."
        );
    }
    let left = if fail > 0 { ", without those that would fail" } else { "" };
    format!("{said}\nWithin 30 days{left}: spillway dlq redrive {} --reason WHY", plan.id)
}

fn json(made: &MadePlan) -> Value {
    let plan = &made.plan;
    let line = |line: &PlanLine| {
        json!({
            "flow": line.flow, "letters": line.count, "was": line.was, "would": fate(line.planned),
            "because": line.because,
        })
    };
    json!({
        "plan": (!plan.is_empty()).then(|| plan.id.clone()), "made_at": plan.made_at, "by": plan.by, "filter": plan.filter,
        "pass": plan.count(Planned::Pass), "fail": plan.count(Planned::Fail),
        "unjudged": plan.count(Planned::Unjudged), "undecided": made.undecided,
        "lines": made.plan.lines.iter().map(line).collect::<Vec<_>>(), "looked": looks(&made.looked),
        "shared_ids": made.shared_ids,
        "letters": plan.letters,
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{
        asked, crashed, id, refused, refused_by_target, review, unknown_status, world,
    };
    use super::*;

    fn letters_of_three_causes() -> review::memory::World {
        world((0..3).map(unknown_status).chain((3..5).map(refused_by_target)).chain([crashed(5)]))
    }

    async fn plan(arguments: &[&str]) -> Answer {
        let world = letters_of_three_causes();
        let plan = asked::<Plan>(&[arguments, &["--stack", "shop"]].concat());
        let answer = plan.run(&review(&world), &Stop::default()).await.unwrap();
        assert_eq!((world.on_queue().len(), world.hidden()), (6, 0));
        answer
    }

    #[tokio::test]
    async fn a_plan_says_what_would_become_of_each_and_moves_nothing() {
        let answer = plan(&[]).await;
        let lines =
            answer.text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>()).collect::<Vec<_>>();
        let begins = |words: &[&str]| lines.iter().any(|line| line.starts_with(words));
        for words in [
            &["3", "orders-to-inventory", "SPW2004", "fail", "SPW2004", "at", "$.fulfillment_status:"][..],
            &["2", "orders-to-inventory", "SPW4009", "pass"],
            &["1", "orders-to-inventory", "none", "unjudged", "it", "has", "reached", "no", "mapping"],
        ] {
            assert!(begins(words), "{words:?} in {}", answer.text);
        }
        let id = answer.json["plan"].as_str().unwrap();
        let told = format!(
            "plan {id}, 6 letters, of every letter: 2 would pass, 3 would fail, 1 cannot be judged\n\
             Within 30 days, without those that would fail: spillway dlq redrive {id} --reason WHY"
        );
        assert!(!answer.good && answer.text.ends_with(&told), "{}", answer.text);
    }

    #[tokio::test]
    async fn a_filter_says_which_letters_are_meant() {
        let passing = plan(&["--code", "SPW4009"]).await;
        assert!(passing.good && passing.json["pass"] == 2, "{}", passing.text);
        let one = id(4);
        for (arguments, count) in [
            (&["--id", &one][..], 1),
            (&["--id", "00000003-00", "--id", "00000004-00"], 2),
            (&["--path", "$.fulfillment_status"], 3),
            (&["--where", "letter.code != 'none' && body.currency == 'EUR'"], 5),
            (&["--younger-than", "2h"], 6),
            (&["--older-than", "2h"], 0),
        ] {
            let answer = plan(arguments).await;
            let letters = ["pass", "fail", "unjudged"].map(|fate| answer.json[fate].as_u64().unwrap());
            assert_eq!(letters.iter().sum::<u64>(), count, "{arguments:?} {}", answer.text);
        }
    }

    #[tokio::test]
    async fn a_plan_of_nothing_is_none_and_one_that_leaves_letters_out_says_so() {
        let nothing = plan(&["--code", "SPW2001"]).await;
        let told = "no letter is meant (code SPW2001): no plan was made";
        assert!(!nothing.good && nothing.text == told && nothing.json["plan"].is_null(), "{}", nothing.text);
        let undecided = plan(&["--where", "body.no_such_member == 1"]).await;
        assert!(undecided.text.starts_with("6 letters left out: --where is neither"), "{}", undecided.text);
    }

    #[test]
    fn a_filter_that_cannot_be_read_is_refused_before_anything_is_asked() {
        for (arguments, told) in [
            (["--where", "body."], "the condition cannot be read"),
            (["--id", "abc"], "an id has 6 characters at least"),
            (["--code", "2001"], "expected a code such as SPW2001"),
            (["--older-than", "soon"], "expected a time such as"),
            (["--settings", "karrio-shipment"], "expected MAPPING=FILE"),
        ] {
            let error = refused::<Plan>(&[&arguments[..], &["--stack", "shop"]].concat()).err().unwrap();
            assert!(error.contains(told), "{error}");
        }
    }
}
