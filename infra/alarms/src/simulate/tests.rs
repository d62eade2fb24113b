use std::path::Path;

use super::*;
use crate::metric::MetricId;
use crate::template::Application;

const FLOW: &str = "orders-to-inventory";

fn landscape() -> Landscape {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    Landscape::of(&Application::in_folder(&root).unwrap()).unwrap()
}

fn play(faults: &[Fault], minutes: u32) -> Recording {
    let faults: Vec<_> = faults.iter().map(|fault| During { fault: *fault, from: 60, to: 180 }).collect();
    World::new(&landscape(), &faults).play(minutes)
}

fn queue_of(recording: &Recording, suffix: &str, metric: &str) -> Vec<(u32, f64)> {
    let name = format!("spillway-prod-{FLOW}{suffix}");
    let metric = MetricId::new("AWS/SQS", metric, &[("QueueName", &name)]);
    recording.samples(&metric).iter().map(|sample| (sample.at, sample.value)).collect()
}

fn sum(recording: &Recording, namespace: &str, metric: &str, dimension: (&str, &str)) -> f64 {
    let metric = MetricId::new(namespace, metric, &[dimension]);
    recording.samples(&metric).iter().map(|sample| sample.value * f64::from(sample.count)).sum()
}

#[test]
fn on_a_good_day_all_that_is_sent_is_done_and_goes_on() {
    let recording = play(&[], 300);
    let sent: f64 = queue_of(&recording, "", "NumberOfMessagesSent").iter().map(|(_, sent)| sent).sum();
    let deleted: f64 = queue_of(&recording, "", "NumberOfMessagesDeleted").iter().map(|(_, gone)| gone).sum();
    assert_eq!((sent, deleted), (3_000.0, 3_000.0));
    let next = ("QueueName", "spillway-prod-inventory-to-shipping");
    assert_eq!(sum(&recording, "AWS/SQS", "NumberOfMessagesSent", next), 2_990.0, "a minute later");
    assert!(queue_of(&recording, "-dlq", "ApproximateNumberOfMessagesVisible").is_empty(), "it sleeps");
}

/// Why no age rings during an outage: what is held is sent again, and is as young as its last sending.
#[test]
fn while_a_target_is_down_messages_are_held_and_their_age_on_the_queue_stays_low() {
    let recording = play(&[Fault::TargetDown { flows: &[FLOW, "crm-to-erp"] }], 300);
    let ages = queue_of(&recording, "", "ApproximateAgeOfOldestMessage");
    let oldest = ages.iter().map(|(_, age)| *age).fold(0.0, f64::max);
    assert!((300.0..=600.0).contains(&oldest), "{oldest}");
    let delayed = queue_of(&recording, "", "ApproximateNumberOfMessagesDelayed");
    assert!(delayed.iter().any(|(_, count)| *count > 1_000.0));
    assert!(delayed.iter().all(|(at, _)| (60..190).contains(at)), "drained");
    // Nothing is lost.
    let next = ("QueueName", "spillway-prod-inventory-to-shipping");
    assert_eq!(sum(&recording, "AWS/SQS", "NumberOfMessagesSent", next), 2_990.0);
}

#[test]
fn a_crash_uses_up_receives_and_ends_in_the_dead_letter_queue_unsent() {
    let recording = play(&[Fault::FunctionCrashes { flow: FLOW }], 180);
    let dead = queue_of(&recording, "-dlq", "ApproximateNumberOfMessagesVisible");
    assert_eq!(dead.first(), Some(&(75, 10.0)), "five receives, three minutes each");
    assert!(queue_of(&recording, "-dlq", "NumberOfMessagesSent").iter().all(|(_, sent)| *sent == 0.0));
    assert!(
        sum(&recording, "AWS/Lambda", "Errors", ("FunctionName", "spillway-prod-orders-to-inventory")) > 0.0
    );
}

#[test]
fn a_dead_poller_leaves_its_queue_growing_and_its_function_silent() {
    let recording = play(&[Fault::PollerDead { flow: FLOW }], 180);
    let visible = queue_of(&recording, "", "ApproximateNumberOfMessagesVisible");
    assert_eq!(visible.last(), Some(&(179, 1_200.0)));
    let function =
        MetricId::new("AWS/Lambda", "Invocations", &[("FunctionName", "spillway-prod-orders-to-inventory")]);
    assert_eq!(recording.samples(&function).last().map(|sample| sample.at), Some(59));
}

#[test]
fn a_redrive_brings_letters_back_at_once_and_they_are_worked_off_at_the_flows_speed() {
    let letters = During { fault: Fault::DeadLetters { flow: FLOW, count: 5_000 }, from: 10, to: 11 };
    let redrive = During { fault: Fault::Redrive { flow: FLOW }, from: 100, to: 101 };
    let recording = World::new(&landscape(), &[letters, redrive]).play(200);
    let dead = queue_of(&recording, "-dlq", "ApproximateNumberOfMessagesVisible");
    assert_eq!(dead.iter().find(|(at, _)| *at == 100), Some(&(100, 0.0)));
    let left: Vec<_> = queue_of(&recording, "", "ApproximateNumberOfMessagesVisible");
    let busy = left.iter().filter(|(_, count)| *count > 0.0).count();
    assert_eq!(busy, 8, "5,000 and ten a minute more, 600 a minute");
}

/// Everything that the simulation emits is published by somebody: otherwise an alarm could ring here and never there.
#[test]
fn what_is_emitted_is_what_aws_and_we_publish() {
    let faults = [
        Fault::CredentialsRefused { flows: &[FLOW] },
        Fault::UnknownValue { flow: FLOW, every: 3 },
        Fault::OverridesRefused { flow: "payments-to-operations" },
        Fault::TableThrottled,
        Fault::Deploy,
        Fault::TableFails,
        Fault::SourceRepeats { flow: FLOW, times: 2 },
        Fault::SignatureWrong { flow: "payments-to-operations" },
        Fault::IngestCrashes,
        Fault::FunctionCrashes { flow: "warehouse-to-bi" },
        Fault::FunctionTimesOut { flow: "hubspot-enricher" },
        Fault::Panics { flow: "crm-to-erp", every: 5 },
    ];
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let all = crate::published::published_in(&Application::in_folder(&root).unwrap()).unwrap();
    let recording = play(&faults, 100);
    let wrong: Vec<_> = recording
        .metrics()
        .filter_map(|metric| crate::published::why_never_published(&all, metric, None))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
