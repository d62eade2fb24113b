use super::*;
use crate::alarm::{Actions, Comparison, CompositeAlarm, Missing, Statistic, Suppressor};
use crate::math::Expression;
use crate::metric::MetricId;
use crate::rule::AlarmRule;

fn metric(name: &str) -> MetricId {
    MetricId::new("Spillway", name, &[])
}

fn query(name: &str, statistic: Statistic, period_minutes: u32) -> Query {
    Query { metric: metric(name), statistic, period_minutes, unit: None }
}

fn alarm(name: &str, kind: Kind) -> Alarm {
    Alarm {
        name: name.to_owned(),
        flow: String::new(),
        id: name.to_owned(),
        description: String::new(),
        actions: Actions::default(),
        kind,
    }
}

fn above_zero(name: &str, signal: Signal, [m, n]: [u32; 2], missing: Missing) -> Alarm {
    let of = MetricAlarm {
        signal,
        evaluation_periods: n,
        datapoints_to_alarm: m,
        comparison: Comparison::Greater,
        threshold: 0.0,
        missing,
        ignores_low_samples: false,
    };
    alarm(name, Kind::Metric(of))
}

/// Values by minute, each known at the minute's end or so much later.
fn recording(of: &[(&str, &[(u32, f64)])], late: u32) -> Recording {
    let mut recording = Recording::default();
    for (name, values) in of {
        for (at, value) in *values {
            let sample = Sample { at: *at, published: at + 1 + late, value: *value, count: 1 };
            recording.add(metric(name), sample);
        }
    }
    recording
}

fn rings(alarms: &[Alarm], recording: &Recording, name: &str) -> Vec<(u32, State)> {
    let history = Evaluator::new(alarms).history(recording, 200);
    let of = |transition: &&Transition| alarms[transition.alarm].name == name;
    history.transitions.iter().filter(of).map(|transition| (transition.minute, transition.to)).collect()
}

#[test]
fn an_alarm_rings_at_the_end_of_the_minute_and_stops_once_the_point_is_not_retrieved_any_more() {
    let signal = Signal::Metric(query("m", Statistic::Sum, 1));
    let alarms = [above_zero("a", signal, [1, 1], Missing::NotBreaching)];
    let expected = [(1, State::Ok), (21, State::Alarm), (24, State::Ok)];
    assert_eq!(rings(&alarms, &recording(&[("m", &[(20, 1.0)])], 0), "a"), expected);
    // A good value instead of silence: at once.
    let expected = [(1, State::Ok), (21, State::Alarm), (22, State::Ok)];
    assert_eq!(rings(&alarms, &recording(&[("m", &[(20, 1.0), (21, 0.0)])], 0), "a"), expected);
}

#[test]
fn data_that_comes_later_than_the_evaluation_range_reaches_is_never_seen() {
    let signal = Signal::Metric(query("m", Statistic::Sum, 1));
    let alarms = [above_zero("a", signal, [1, 1], Missing::NotBreaching)];
    let late = |minutes| rings(&alarms, &recording(&[("m", &[(20, 1.0)])], minutes), "a");
    assert_eq!(late(2), [(1, State::Ok), (23, State::Alarm), (24, State::Ok)]);
    assert_eq!(late(3), [(1, State::Ok)]);
}

#[test]
fn a_period_of_an_hour_ends_at_every_minute() {
    let signal = Signal::Metric(query("m", Statistic::Maximum, 60));
    let alarms = [above_zero("a", signal, [1, 1], Missing::NotBreaching)];
    let rang = rings(&alarms, &recording(&[("m", &[(90, 1.0), (91, 0.0)])], 0), "a");
    assert_eq!(rang[..2], [(1, State::Ok), (91, State::Alarm)]);
    let values: Vec<_> = (0..200).map(|at| (at, if at == 20 { 1.0 } else { 0.0 })).collect();
    let rang = rings(&alarms, &recording(&[("m", &values)], 0), "a");
    assert_eq!(rang, [(1, State::Ok), (21, State::Alarm), (81, State::Ok)]);
}

#[test]
fn expressions_may_read_each_other_in_any_order() {
    let expressions = [("a", "IF(total > 0, 100 * part / total, 0)"), ("total", "part + rest")]
        .map(|(id, text)| (id.to_owned(), Expression::parse(text).unwrap()));
    let queries = ["part", "rest"].map(|name| (name.to_owned(), query(name, Statistic::Sum, 1)));
    let signal =
        Signal::Math { queries: queries.into(), expressions: expressions.into(), returned: "a".to_owned() };
    let alarms = [above_zero("a", signal, [2, 2], Missing::NotBreaching)];
    let values =
        recording(&[("part", &[(10, 1.0), (11, 1.0)]), ("rest", &[(9, 3.0), (10, 3.0), (11, 3.0)])], 0);
    assert_eq!(rings(&alarms, &values, "a")[..2], [(1, State::Ok), (12, State::Alarm)]);
}

fn composite(name: &str, rule: &str, suppressor: Option<Suppressor>) -> Alarm {
    let rule = AlarmRule::parse(rule).unwrap();
    alarm(name, Kind::Composite(CompositeAlarm { rule, suppressor }))
}

#[test]
fn composites_follow_their_alarms_in_the_same_minute_through_a_chain() {
    let signal = |name| Signal::Metric(query(name, Statistic::Sum, 1));
    let alarms = [
        composite("page", "ALARM(either)", None),
        composite("either", "ALARM(a) OR ALARM(b)", None),
        above_zero("a", signal("m"), [1, 1], Missing::NotBreaching),
        above_zero("b", signal("n"), [1, 1], Missing::NotBreaching),
    ];
    let values = recording(&[("m", &[(20, 1.0), (21, 0.0)]), ("n", &[(21, 1.0), (22, 0.0)])], 0);
    assert_eq!(rings(&alarms, &values, "page"), [(1, State::Ok), (21, State::Alarm), (23, State::Ok)]);
}

#[test]
fn a_suppressor_puts_off_what_a_composite_does_until_it_has_stopped_for_a_while() {
    let signal = |name| Signal::Metric(query(name, Statistic::Sum, 1));
    let suppressor = Suppressor { alarm: "deploying".to_owned(), wait_minutes: 2, extension_minutes: 3 };
    let alarms = [
        above_zero("a", signal("m"), [1, 1], Missing::NotBreaching),
        above_zero("deploying", signal("d"), [1, 1], Missing::NotBreaching),
        composite("page", "ALARM(a)", Some(suppressor)),
    ];
    let acts = |m: &[(u32, f64)], d: &[(u32, f64)]| -> Vec<(u32, State)> {
        let recording = recording(&[("m", m), ("d", d)], 0);
        let history = Evaluator::new(&alarms).history(&recording, 100);
        history
            .composite_actions
            .iter()
            .filter(|act| act.minute > 10)
            .map(|act| (act.minute, act.to))
            .collect()
    };
    let failing: Vec<_> = (20..100).map(|at| (at, 1.0)).collect();
    // Nobody deploys: after the time that the suppressor is waited for.
    assert_eq!(acts(&failing, &[]), [(23, State::Alarm)]);
    // The deploy's alarm rings a minute later, and stops ten minutes later.
    let deploying: Vec<_> = (21..32).map(|at| (at, if at < 31 { 1.0 } else { 0.0 })).collect();
    assert_eq!(acts(&failing, &deploying), [(35, State::Alarm)]);
    // What is over by then has rung for nobody: only that all is well is told.
    let short: Vec<_> = (20..26).map(|at| (at, if at < 25 { 1.0 } else { 0.0 })).collect();
    assert_eq!(acts(&short, &deploying), [(35, State::Ok)]);
}

#[test]
fn a_percentile_of_too_few_samples_may_be_told_to_change_nothing() {
    let mut recording = Recording::default();
    // p99 needs a thousand: 10 / (1 - 0.99).
    for (at, count) in [(20, 999), (40, 1_000)] {
        recording.add(metric("m"), Sample { at, published: at + 1, value: 1.0, count });
    }
    let signal = Signal::Metric(query("m", Statistic::Percentile(9_900), 1));
    let mut alarms = [above_zero("a", signal, [1, 1], Missing::NotBreaching)];
    let first =
        |alarms: &[Alarm]| rings(alarms, &recording, "a").into_iter().find(|(_, to)| *to == State::Alarm);
    assert_eq!(first(&alarms), Some((21, State::Alarm)));
    let Kind::Metric(alarm) = &mut alarms[0].kind else { panic!("a metric alarm") };
    alarm.ignores_low_samples = true;
    assert_eq!(first(&alarms), Some((41, State::Alarm)));
}
