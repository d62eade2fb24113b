//! What rings when something fails: `scenarios` says it, the expanded templates and CloudWatch's rules have to bear it out.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use alarms::{Alarm, Application, Evaluator, Landscape, Scenario, alarms, page, play, scenarios};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn all() -> (Vec<Alarm>, Landscape) {
    let application = Application::in_folder(&root()).unwrap();
    (alarms(&application).unwrap(), Landscape::of(&application).unwrap())
}

fn expected(scenario: &Scenario) -> BTreeSet<(String, String, i64)> {
    let rings = scenario.rings.iter();
    rings.map(|ring| (ring.flow.to_owned(), ring.alarm.to_owned(), i64::from(ring.after))).collect()
}

#[test]
fn each_failure_rings_the_alarms_it_has_to_at_their_minute_and_no_others() {
    let (alarms, landscape) = all();
    let mut wrong = Vec::new();
    for scenario in scenarios() {
        let rang: BTreeSet<_> = play(&alarms, &landscape, &scenario, Evaluator::EXTRA)
            .into_iter()
            .map(|rang| (rang.flow, rang.alarm, rang.after))
            .collect();
        if rang != expected(&scenario) {
            wrong.push(format!("{}: {rang:?}", scenario.failure));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// AWS does not say how much further back than N CloudWatch looks.
#[test]
fn how_far_back_cloudwatch_looks_for_missing_data_changes_nothing_of_it() {
    let (alarms, landscape) = all();
    let short = |scenario: &&Scenario| scenario.minutes < 1_000 && !scenario.depends_on_range;
    for scenario in scenarios().iter().filter(short) {
        let [none, five] = [0, 5].map(|extra| play(&alarms, &landscape, scenario, extra));
        let first = |rang: Vec<alarms::Rang>| -> Vec<_> {
            rang.into_iter().map(|rang| (rang.flow, rang.alarm, rang.after)).collect()
        };
        assert_eq!(first(none), first(five), "{}", scenario.failure);
    }
}

#[test]
fn docs_alarms_is_what_cargo_xtask_alarms_writes() {
    let written = std::fs::read_to_string(root().join("docs/alarms.md")).unwrap();
    let page = page(&Application::in_folder(&root()).unwrap()).unwrap();
    assert!(written == page, "cargo xtask alarms");
}
