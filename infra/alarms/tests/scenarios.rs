//! What rings when something fails: `scenarios` says it, the expanded templates and CloudWatch's rules have to bear it out.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use alarms::{
    Alarm, Application, Evaluator, Expression, Kind, Landscape, Rang, Scenario, Signal, World, alarms, page,
    page_of, play, played, production, scenarios,
};
use new_integration::{Integration, Wish};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Played once for all tests that read it.
static PLAYED: LazyLock<Vec<(Scenario, Vec<Rang>)>> =
    LazyLock::new(|| played(&Application::in_folder(&root()).unwrap()).unwrap());
static PAGE: LazyLock<String> = LazyLock::new(|| page_of(&PLAYED));

fn all() -> (Vec<Alarm>, Landscape) {
    let application = Application::in_folder(&root()).unwrap();
    (alarms(&application).unwrap(), Landscape::of(&application).unwrap())
}

fn expected(scenario: &Scenario) -> BTreeSet<(String, String, i64, usize)> {
    let rings = scenario.rings.iter();
    rings
        .map(|ring| (ring.flow.to_owned(), ring.alarm.to_owned(), i64::from(ring.after), ring.times))
        .collect()
}

#[test]
fn each_failure_rings_the_alarms_it_has_to_at_their_minute_and_no_others() {
    let mut wrong = Vec::new();
    for (scenario, rang) in PLAYED.iter() {
        let rang: BTreeSet<_> =
            rang.iter().map(|rang| (rang.flow.clone(), rang.alarm.clone(), rang.after, rang.times)).collect();
        if rang != expected(scenario) {
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
        let first = |rang: Vec<Rang>| -> Vec<_> {
            rang.into_iter().map(|rang| (rang.flow, rang.alarm, rang.after)).collect()
        };
        assert_eq!(first(none), first(five), "{}", scenario.failure);
    }
}

#[test]
fn docs_alarms_is_what_cargo_xtask_alarms_writes() {
    let written = std::fs::read_to_string(root().join("docs/alarms.md")).unwrap();
    assert!(written == *PAGE, "cargo xtask alarms");
}

/// How both alarms were before: they asked only what is visible, and one of them the last minute alone.
#[test]
fn a_look_at_letters_would_ring_again_if_the_alarms_did_not_allow_for_it() {
    let (mut alarms, landscape) = all();
    for alarm in &mut alarms {
        let Kind::Metric(metric) = &mut alarm.kind else { continue };
        match (alarm.id.as_str(), &mut metric.signal) {
            ("DeadLetterQueueNotEmptyAlarm", Signal::Math { expressions, .. }) => {
                let visible_alone = Expression::parse("visible").unwrap();
                assert!(expressions.insert("letters".to_owned(), visible_alone).is_some());
                metric.evaluation_periods = 1;
            }
            ("DeadLetterQueueGrowingAlarm", Signal::Math { expressions, .. }) => {
                let visible_alone = Expression::parse("DIFF(FILL(visible, REPEAT))").unwrap();
                assert!(expressions.insert("growth".to_owned(), visible_alone).is_some());
            }
            _ => {}
        }
    }
    let scenarios = scenarios();
    let looked_at = scenarios.iter().find(|it| it.failure.contains("listed and archived every hour"));
    // Of nine days two.
    let short = Scenario { minutes: 2 * 1_440, ..looked_at.unwrap().clone() };
    let times: Vec<_> = play(&alarms, &landscape, &short, Evaluator::EXTRA)
        .into_iter()
        .map(|rang| (rang.alarm, rang.times))
        .collect();
    let expected = [
        ("DeadLetterQueueNotEmptyAlarm", 47),
        ("DeadLetterQueuePageAlarm", 47),
        ("DeadLetterQueueGrowingAlarm", 46),
    ];
    assert_eq!(times, expected.map(|(alarm, times)| (alarm.to_owned(), times)));
}

/// A name that no flow has would make a failure that never happens, and rings nothing.
#[test]
fn each_failure_is_one_of_flows_that_there_are_and_is_seen_in_what_is_published() {
    let (_, landscape) = all();
    for scenario in scenarios().iter().filter(|scenario| !scenario.faults.is_empty()) {
        for flow in scenario.faults.iter().flat_map(|during| during.fault.flows()) {
            assert!(landscape.flow(flow).is_some(), "{}: {flow}", scenario.failure);
        }
        let begins = scenario.faults.iter().map(|during| during.from).max().unwrap_or_default();
        let minutes = scenario.minutes.min(begins + 300);
        let failing = World::new(&landscape, &scenario.faults).play(minutes);
        assert!(failing != World::new(&landscape, &[]).play(minutes), "{}", scenario.failure);
    }
}

/// Of whoever has made a flow by `cargo xtask new-integration` the page asks nothing.
#[test]
fn a_new_integration_changes_no_line_of_the_page() {
    let template = ["samples-to-lab", "samples-to-tryton"].iter().fold(
        std::fs::read_to_string(root().join("template.yaml")).unwrap(),
        |template, name| {
            let wish =
                Wish { name: (*name).to_owned(), event: Some(format!("{name}.made")), ..Wish::default() };
            new_integration::template_with(&root(), &template, &Integration::named(&wish).unwrap()).unwrap()
        },
    );
    let read = |file: &str| {
        if file == "template.yaml" {
            Ok(template.clone())
        } else {
            std::fs::read_to_string(root().join(file))
        }
    };
    let application = Application::expand("template.yaml", &read, "spillway-prod", production()).unwrap();
    assert!(Landscape::of(&application).unwrap().flow("samples-to-lab").is_some());
    let with = page(&application).unwrap();
    let news: Vec<_> = with.lines().filter(|line| !PAGE.lines().any(|other| other == *line)).collect();
    assert!(with == *PAGE, "{news:#?}");
}
