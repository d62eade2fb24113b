use freshness::Cadence;

use super::*;
use crate::metric::{MetricId, Recording};
use crate::simulate::landscape::WatchParts;

fn nothing_declared() -> Cadence {
    Cadence::parse("{}").unwrap()
}

fn flow() -> Flow {
    Flow::new(&FlowParts {
        name: "f".to_owned(),
        function: "s-f".to_owned(),
        queue: "q".to_owned(),
        dead_letter_queue: "d".to_owned(),
        counted_mapping: Some("m".to_owned()),
        timeout_seconds: 30,
        most_at_once: 5,
        max_receives: 2,
        visibility: 3,
        queue_retention: 100,
        dead_letter_retention: 100,
        longest_hold: 10,
        has_source: true,
        next: None,
        watch: WatchParts {
            cadence: nothing_declared(),
            cadence_of_holiday: nothing_declared(),
            canary_path: Vec::new(),
            asks_source: false,
        },
    })
}

/// Outcomes by minute, with all arriving in the first one.
fn play(arriving: u32, minutes: u32, weather: &Weather) -> (Vec<Outcome>, Recording) {
    let (mut flow, mut recording) = (flow(), Recording::default());
    let outcomes = (0..minutes).map(|minute| {
        let mut emit = Emit::new(&mut recording, minute, 0);
        let count = if minute == 0 { arriving } else { 0 };
        flow.minute(minute, &[Events::of(count, minute)], weather, &mut emit)
    });
    (outcomes.collect(), recording)
}

fn of(recording: &Recording, namespace: &str, metric: &str, dimension: (&str, &str)) -> Vec<(u32, f64)> {
    let samples = recording.samples(&MetricId::new(namespace, metric, &[dimension]));
    samples.iter().map(|sample| (sample.at, sample.value * f64::from(sample.count))).collect()
}

#[test]
fn a_flow_does_no_more_a_minute_than_it_can() {
    let (outcomes, recording) = play(1_300, 4, &Weather::default());
    assert_eq!(outcomes.iter().map(|outcome| outcome.done).collect::<Vec<_>>(), [600, 600, 100, 0]);
    let invocations = of(&recording, "AWS/Lambda", "Invocations", ("FunctionName", "s-f"));
    assert_eq!(invocations, [(0, 60.0), (1, 60.0), (2, 10.0)], "none where nothing comes");
    let polled = of(&recording, "AWS/Lambda", "PolledEventCount", ("EventSourceMappingUUID", "m"));
    assert_eq!(polled.last(), Some(&(3, 0.0)), "the mapping lives");
}

#[test]
fn what_is_held_for_too_long_is_given_up() {
    let (outcomes, recording) = play(20, 20, &Weather { target: Target::Down, ..Weather::default() });
    assert_eq!(outcomes.iter().map(|outcome| outcome.refused).sum::<u32>(), 20);
    let sent = of(&recording, "AWS/SQS", "NumberOfMessagesSent", ("QueueName", "d"));
    assert!(sent.iter().all(|(at, _)| *at >= 10), "{sent:?}");
}

#[test]
fn a_throttled_receive_counts_and_the_one_too_many_moves_the_message() {
    let (_, recording) = play(1, 10, &Weather { runs: Runs::Throttled, ..Weather::default() });
    let throttles = of(&recording, "AWS/Lambda", "Throttles", ("FunctionName", "s-f"));
    assert_eq!(throttles, [(0, 1.0), (3, 1.0)]);
    let dead = of(&recording, "AWS/SQS", "ApproximateNumberOfMessagesVisible", ("QueueName", "d"));
    assert_eq!(dead.first(), Some(&(6, 1.0)));
}
