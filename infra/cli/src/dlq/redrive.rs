use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Args;
use review::{Moving, Planned, Progress, Ramp, Review, Stop};

use super::arguments::{Scope, Why};
use super::ended::answer;
use crate::answer::Answer;
use crate::print;

/// Letters of a step, which are hidden at once.
const MOST_OF_A_STEP: usize = 1_000;
/// Letters a second.
const FASTEST: u32 = 3_000;
/// Where nobody watches a line is written each time that so many more have moved.
const EACH: u64 = 1_000;

#[derive(Args)]
pub(crate) struct Redrive {
    /// As `spillway dlq plan` said.
    plan: String,
    #[command(flatten)]
    why: Why,
    /// Letters a second at most.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=i64::from(FASTEST)))]
    cap: u32,
    /// Stops where more than this of the letters that were moved have come back.
    #[arg(long, value_name = "PERCENT", default_value_t = 10, value_parser = clap::value_parser!(u64).range(0..=100))]
    max_failures: u64,
    /// Letters a second and how many of them, step by step; the last goes on until the end.
    #[arg(long, value_name = "STEPS", default_value = "1x5,10x100,100", value_parser = steps)]
    ramp: Steps,
    /// After each step, and at the end: how long a letter that is refused again takes to be back.
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(0..=600))]
    settle: u64,
    /// Those as well that a mapping would refuse.
    #[arg(long)]
    failing: bool,
    #[command(flatten)]
    pub(crate) scope: Scope,
}

/// Letters a second, and how many.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Steps(Vec<(u32, usize)>);

/// `1x5,10x100,100`.
fn steps(text: &str) -> Result<Steps, String> {
    const EXPECTED: &str =
        "expected steps such as 1x5,10x100,100: 5 letters at 1 a second, 100 at 10, and the rest at 100";
    let mut steps = Vec::new();
    let mut parts = text.split(',').peekable();
    while let Some(part) = parts.next() {
        let (per_second, count) = match part.split_once('x') {
            Some((per_second, count)) => (per_second, count.trim().parse().map_err(|_| EXPECTED)?),
            None if parts.peek().is_none() => (part, MOST_OF_A_STEP),
            None => return Err(EXPECTED.to_owned()),
        };
        let per_second = per_second.trim().parse().map_err(|_| EXPECTED)?;
        if !(1..=FASTEST).contains(&per_second) {
            return Err(format!("{part}: between 1 and {FASTEST} letters a second"));
        }
        if !(1..=MOST_OF_A_STEP).contains(&count) {
            return Err(format!("{part}: between 1 and {MOST_OF_A_STEP} letters a step"));
        }
        steps.push((per_second, count));
    }
    Ok(Steps(steps))
}

impl Redrive {
    pub(crate) async fn run(&self, review: &Review, stop: &Stop) -> Result<Answer> {
        let plan = review.records.plan(&self.plan).await?;
        let mut plan = plan.with_context(|| {
            format!("there is no plan {}: they are kept for 30 days, and each look makes another", self.plan)
        })?;
        for flow in &self.scope.flows {
            ensure!(plan.letters.contains_key(flow), "plan {} has no letter of {flow}", self.plan);
        }
        plan.letters.retain(|flow, _| self.scope.flows.is_empty() || self.scope.flows.contains(flow));
        let ramp = Ramp {
            steps: self.ramp.0.clone(),
            cap: self.cap,
            settle: Duration::from_secs(self.settle),
            most_failures_percent: self.max_failures,
            ..Ramp::default()
        };
        let watched = std::io::stderr().is_terminal();
        let told = Mutex::new(Told::default());
        let progress = |flow: &str, progress: &Progress| {
            // A look that is broken off has not seen what is left.
            if stop.is_stopped() {
                return;
            }
            let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
            if watched || told.is_news(flow, progress) {
                print::progress(line(flow, progress));
            }
        };
        let moving = Moving { why: &self.why.reason, failing: self.failing, ramp: &ramp };
        let ended = review.redrive(&plan, &moving, stop, &progress).await;
        if watched {
            print::progress("");
        }
        let ended = ended.with_context(|| {
            "the redrive broke off: what was moved stays moved, and the same command goes on with the rest".to_owned()
        })?;
        let not_begun: Vec<_> =
            plan.letters.keys().filter(|flow| !ended.contains_key(*flow)).cloned().collect();
        let failing = if self.failing { 0 } else { plan.count(Planned::Fail) };
        Ok(answer(&self.plan, &ended, &not_begun, failing))
    }
}

/// What was written last where nobody watches.
#[derive(Default)]
struct Told(BTreeMap<String, Progress>);

impl Told {
    fn is_news(&mut self, flow: &str, progress: &Progress) -> bool {
        let news = self.0.get(flow).is_none_or(|last| {
            last.per_second != progress.per_second
                || last.came_back != progress.came_back
                || last.hidden_elsewhere != progress.hidden_elsewhere
                || progress.moved >= last.moved + EACH
                || progress.gone == progress.wanted && last.gone != progress.gone
        });
        if news {
            self.0.insert(flow.to_owned(), progress.clone());
        }
        news
    }
}

fn line(flow: &str, progress: &Progress) -> String {
    let Progress { wanted, gone, per_second, measured, hidden_elsewhere, .. } = progress;
    let percent = (gone * 100).checked_div(*wanted).unwrap_or(100);
    let mut line = format!("{flow}: {gone} of {wanted} ({percent} %), ");
    line += &match measured {
        Some(measured) => format!("{measured} a second, {per_second} at most"),
        None => format!("{per_second} a second at most"),
    };
    let back = progress.failures();
    if back > 0 {
        line += &format!(", {back} came back");
    }
    if *hidden_elsewhere > 0 {
        line += &format!(", {hidden_elsewhere} hidden by others");
    }
    line
}

#[cfg(test)]
mod tests {
    use super::super::testing::{FLOW, asked, attributes, refused_by_target, review, unknown_status, world};
    use super::*;

    async fn planned(review: &Review) -> String {
        review.plan(&review::Filter::default(), &[], &Stop::default()).await.unwrap().plan.id
    }

    fn redrive(plan: &str, more: &[&str]) -> Redrive {
        asked(&[&[plan, "--reason", "mended", "--stack", "shop"], more].concat())
    }

    #[tokio::test]
    async fn what_would_pass_is_moved_and_a_second_run_finds_nothing_left() {
        let world = world((1..31).map(refused_by_target).chain((31..34).map(unknown_status)));
        let review = review(&world);
        let plan = planned(&review).await;
        let answer = redrive(&plan, &[]).run(&review, &Stop::default()).await.unwrap();
        assert!(
            answer.good && answer.text.contains("orders-to-inventory  30     0     0"),
            "{}",
            answer.text
        );
        assert!(answer.text.contains("3 letters of the plan left where they are"), "{}", answer.text);
        assert_eq!((world.sent().len(), world.on_queue().len()), (30, 3));
        let again = redrive(&plan, &["--flow", FLOW]).run(&review, &Stop::default()).await.unwrap();
        assert!(again.good && again.json["flows"][0]["moved"] == 0, "{}", again.text);
        assert_eq!(world.sent().len(), 30);
        let failing = redrive(&plan, &["--failing"]).run(&review, &Stop::default()).await.unwrap();
        assert!(failing.json["flows"][0]["moved"] == 3 && world.on_queue().is_empty(), "{}", failing.text);
    }

    #[tokio::test]
    async fn it_stops_by_itself_where_too_many_come_back_and_says_with_which_code() {
        let world = world((1..201).map(refused_by_target));
        world.flow(|_| Some(attributes("SPW4009", "$", "the target does not know the product")));
        let review = review(&world);
        let plan = planned(&review).await;
        let answer = redrive(&plan, &[]).run(&review, &Stop::default()).await.unwrap();
        assert!(!answer.good);
        for text in [
            "too many came back",
            "came back with SPW4009",
            "mend why; then plan again those that came back",
            &format!("To go on: spillway dlq redrive {plan}"),
        ] {
            assert!(answer.text.contains(text), "{text} in {}", answer.text);
        }
        assert!(world.sent().len() <= 5, "{}", world.sent().len());
        let bold = redrive(&plan, &["--max-failures", "100"]).run(&review, &Stop::default()).await.unwrap();
        assert_eq!(
            (bold.good, bold.json["flows"][0]["ended"].as_str()),
            (false, Some("done")),
            "{}",
            bold.text
        );
        assert!(bold.text.contains("5 letters had come back before this run"), "{}", bold.text);
        assert_eq!((bold.json["flows"][0]["came_back_before"].as_u64(), world.sent().len()), (Some(5), 200));
    }

    #[tokio::test]
    async fn the_command_that_goes_on_after_too_many_came_back_does_once_the_cause_is_mended() {
        let world = world((1..201).map(refused_by_target));
        world.flow(|_| Some(attributes("SPW4009", "$", "the target does not know the product")));
        let review = review(&world);
        let plan = planned(&review).await;
        redrive(&plan, &[]).run(&review, &Stop::default()).await.unwrap();
        world.flow(|_| None);
        let mended = redrive(&plan, &[]).run(&review, &Stop::default()).await.unwrap();
        assert!(!mended.good && mended.text.contains("5 letters had come back before"), "{}", mended.text);
        assert_eq!((mended.json["flows"][0]["moved"].as_u64(), world.on_queue().len()), (Some(195), 5));
        let anew = planned(&review).await;
        assert!(redrive(&anew, &[]).run(&review, &Stop::default()).await.unwrap().good);
        assert!(world.on_queue().is_empty());
    }

    #[tokio::test]
    async fn a_queue_that_cannot_be_seen_to_its_end_is_no_plan_that_is_done() {
        let world = world((1..101).map(unknown_status).chain([refused_by_target(101)]));
        let usual = review(&world);
        let filter = review::Filter::default().codes(["SPW4009"]);
        let plan = usual.plan(&filter, &[], &Stop::default()).await.unwrap().plan.id;
        let review = Review { limits: review::Limits { most: 20, ..usual.limits }, ..usual };
        let answer = redrive(&plan, &[]).run(&review, &Stop::default()).await.unwrap();
        assert!(!answer.good && answer.text.contains("not all letters could be seen"), "{}", answer.text);
        assert!(answer.json["flows"][0]["left"].is_null(), "{}", answer.text);
    }

    #[tokio::test]
    async fn what_is_stopped_says_how_to_go_on() {
        let world = world((1..31).map(refused_by_target));
        let review = review(&world);
        let plan = planned(&review).await;
        let stop = Stop::default();
        stop.stop();
        let answer = redrive(&plan, &[]).run(&review, &stop).await.unwrap();
        assert!(!answer.good && answer.text.contains("broken off\nTo go on"), "{}", answer.text);
        assert!(answer.json["flows"][0]["left"].is_null(), "{}", answer.text);
        assert_eq!((world.sent().len(), world.hidden()), (0, 0));
    }

    #[tokio::test]
    async fn an_unknown_plan_or_flow_is_named() {
        let world = world([refused_by_target(1)]);
        let review = review(&world);
        let error = redrive("000000000000", &[]).run(&review, &Stop::default()).await.err().unwrap();
        assert!(error.to_string().contains("there is no plan 000000000000"), "{error}");
        let plan = planned(&review).await;
        let error =
            redrive(&plan, &["--flow", "crm-to-erp"]).run(&review, &Stop::default()).await.err().unwrap();
        assert_eq!(error.to_string(), format!("plan {plan} has no letter of crm-to-erp"));
    }

    #[test]
    fn a_ramp_is_steps_of_which_the_last_goes_on() {
        assert_eq!(steps("1x5, 10x100,100"), Ok(Steps(vec![(1, 5), (10, 100), (100, MOST_OF_A_STEP)])));
        assert_eq!(steps("7x3"), Ok(Steps(vec![(7, 3)])));
        for text in ["", "x", "1,2", "0x5", "1x0", "1x1001", "3001", "1x5,", "-1", "1x5x5"] {
            assert!(steps(text).is_err(), "{text}");
        }
    }

    #[test]
    fn where_nobody_watches_a_line_is_written_when_something_has_changed() {
        let at = |moved, per_second| Progress {
            wanted: 5_000,
            moved,
            gone: moved,
            per_second,
            ..Progress::default()
        };
        let mut told = Told::default();
        let seen = [
            at(0, 1),
            at(1, 1),
            at(5, 1),
            at(5, 10),
            at(300, 10),
            at(1_005, 10),
            at(5_000, 10),
            at(5_000, 10),
        ];
        let news: Vec<_> = seen.iter().map(|progress| told.is_news(FLOW, progress)).collect();
        assert_eq!(news, [true, false, false, true, false, true, true, false]);
        let line = line(
            FLOW,
            &Progress { came_back: BTreeMap::from([("SPW4009".to_owned(), 2)]), ..at(1_250, 100) },
        );
        assert_eq!(line, "orders-to-inventory: 1250 of 5000 (25 %), 100 a second at most, 2 came back");
        let measured = Progress { measured: Some(62), ..at(1_250, 100) };
        assert_eq!(
            super::line(FLOW, &measured),
            "orders-to-inventory: 1250 of 5000 (25 %), 62 a second, 100 at most"
        );
    }
}
