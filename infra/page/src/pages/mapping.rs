//! What a mapping reads of a letter, by which rule, and what it makes of it.

use maud::{Markup, html};
use transform::{Explanation, Looked, Outcome, Problem, RuleExplained};

use crate::layout::table;

pub(super) fn side_by_side(stamp: &str, explanation: &Explanation) -> Markup {
    let caption = format!("What {stamp} reads and makes");
    html! {
        (table(&caption, &["Place in the source", "What stood there", "Rule", "Place in the target", "What was made"], &html! {
            @for refusal in &explanation.refusals {
                tr class=[refusal.refused.as_ref().map(|_| "refused")] {
                    (looked(&refusal.at))
                    td { "refusal " (refusal.refusal + 1) }
                    td { "none" }
                    td { @match &refusal.refused { Some(refused) => (problem(refused)), None => "not refused" } }
                }
            }
            @for rule in &explanation.rules { (rows(rule)) }
        }))
        @if !explanation.lists.is_empty() {
            ul { @for list in &explanation.lists {
                li { code { (list.to) } " of " code { (list.from.path) } ": " (list.from.came) " came, " (list.kept) " kept" }
            } }
        }
        @if !explanation.problems.is_empty() {
            p { strong { "Refused: nothing is made of it." } }
            ul { @for told in &explanation.problems { li { (problem(told)) } } }
        }
    }
}

/// A row for each place that was looked at; the first says what the rule made.
fn rows(rule: &RuleExplained) -> Markup {
    let refused = matches!(rule.outcome, Outcome::Missing | Outcome::Refused(_));
    let nothing = Looked { path: String::new(), came: String::new() };
    let (first, others) = rule.from.split_first().unwrap_or((&nothing, &[]));
    html! {
        tr class=[refused.then_some("refused")] {
            (looked(first))
            td { (rule.rule + 1) @if let Some(key) = &rule.key { ", looked up: " code { (key) } } }
            td { code { (rule.to) } }
            td { (made(&rule.outcome)) }
        }
        @for other in others {
            tr class=[refused.then_some("refused")] {
                (looked(other))
                td colspan="3" { "read by the same rule" }
            }
        }
    }
}

fn looked(looked: &Looked) -> Markup {
    html! {
        td { @if looked.path.is_empty() { "none" } @else { code { (looked.path) } } }
        td { @if looked.path.is_empty() { "a constant" } @else { (looked.came) } }
    }
}

fn made(outcome: &Outcome) -> Markup {
    html! {
        @match outcome {
            Outcome::Made { value, .. } => code { (value) },
            Outcome::Default { value } => { code { (value) } " by default" },
            Outcome::Absent => "nothing",
            Outcome::Missing => mark { "Refused: it is missing, and the target needs it" },
            Outcome::Refused(problems) => mark { "Refused: " @for told in problems { (problem(told)) " " } },
        }
    }
}

fn problem(problem: &Problem) -> Markup {
    let Problem { code, path, expected, came } = problem;
    html! { (code) " at " (path) ": expected " (expected) ", came " (came) }
}
