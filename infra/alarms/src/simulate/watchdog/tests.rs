use std::path::Path;

use crate::metric::{MetricId, Recording};
use crate::simulate::{During, Fault, Landscape, World};
use crate::template::Application;

const ORDERS: &str = "orders-to-inventory";
const SHIPPING: &str = "inventory-to-shipping";

/// With this from the first hour's end until that of the third.
fn play(faults: &[Fault], minutes: u32) -> Recording {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let landscape = Landscape::of(&Application::in_folder(&root).unwrap()).unwrap();
    let faults: Vec<_> = faults.iter().map(|fault| During { fault: *fault, from: 60, to: 180 }).collect();
    World::new(&landscape, &faults).play(minutes)
}

/// By minute, of the flow's function.
fn told(recording: &Recording, flow: &str, metric: &str) -> Vec<(u32, f64)> {
    let function = format!("spillway-prod-{flow}");
    let metric = MetricId::new("Spillway", metric, &[("FunctionName", &function)]);
    recording.samples(&metric).iter().map(|sample| (sample.at, sample.value)).collect()
}

fn at(told: &[(u32, f64)], minute: u32) -> Option<f64> {
    told.iter().find(|(at, _)| *at == minute).map(|(_, value)| *value)
}

#[test]
fn on_a_good_day_it_looks_every_five_minutes_and_finds_nothing() {
    let recording = play(&[], 60);
    for (metric, value) in [
        ("Silence", 0.0),
        ("ChecksFailed", 0.0),
        ("CanaryAge", 300.0),
        ("PollerOff", 0.0),
        ("OldestHeld", 0.0),
        ("SubscriptionsMissing", 0.0),
        ("Unreconciled", 0.0),
        ("BreakerNotClosed", 0.0),
    ] {
        let told = told(&recording, ORDERS, metric);
        let minutes: Vec<_> = told.iter().map(|(at, _)| *at).collect();
        assert_eq!(minutes, (0..12).map(|look| 2 + 5 * look).collect::<Vec<_>>(), "{metric}");
        // Before the first look a canary was sent five minutes before the beginning.
        assert!(told.iter().skip(1).all(|(_, told)| *told == value), "{metric}: {told:?}");
    }
    assert!(told(&recording, SHIPPING, "CanaryAge").is_empty(), "no webhook leads to it");
    assert!(told(&recording, SHIPPING, "Unreconciled").is_empty(), "nobody can be asked");
}

#[test]
fn no_canary_comes_through_while_one_hop_of_its_way_stands_still() {
    for fault in [
        Fault::IngestCrashes,
        Fault::IngestLoses,
        Fault::ApiUnreachable,
        Fault::PollerDead { flow: SHIPPING },
        Fault::MappingDisabled { flow: ORDERS },
        Fault::FunctionCrashes { flow: SHIPPING },
        Fault::FunctionThrottled { flow: ORDERS },
        Fault::TableFails,
    ] {
        let ages = told(&play(&[fault], 240), ORDERS, "CanaryAge");
        assert_eq!(at(&ages, 177), Some(7_200.0), "{fault:?}: since minute 57");
        assert_eq!(at(&ages, 192), Some(300.0), "{fault:?}: over");
    }
    for fault in [Fault::TargetDown { flows: &[ORDERS] }, Fault::IngestSlow, Fault::Deploy] {
        let ages = told(&play(&[fault], 240), ORDERS, "CanaryAge");
        assert!(ages.iter().skip(1).all(|(_, age)| *age == 300.0), "{fault:?}: {ages:?}");
    }
}

#[test]
fn a_canary_waits_behind_what_the_flow_does_not_get_done() {
    let ages = told(&play(&[Fault::Surge { flow: ORDERS, events: 700 }], 300), ORDERS, "CanaryAge");
    // 120 minutes with 110 too many: 22 minutes of work.
    let longest = ages.iter().map(|(_, age)| *age).fold(0.0, f64::max);
    assert!((1_200.0..=1_800.0).contains(&longest), "{longest}");
    assert_eq!(ages.last().map(|(_, age)| *age), Some(300.0));
}

#[test]
fn what_is_never_posted_is_found_by_asking_once_it_is_settled_and_makes_no_noise_of_arrivals() {
    let recording = play(&[Fault::SubscriptionGone { flow: ORDERS }], 300);
    let found = told(&recording, ORDERS, "Reconciled");
    assert_eq!(found.first().map(|(at, _)| *at), Some(77), "the event of minute 60");
    let samples = recording.samples(&MetricId::new(
        "Spillway",
        "Reconciled",
        &[("FunctionName", "spillway-prod-orders-to-inventory")],
    ));
    assert_eq!(samples.iter().map(|sample| sample.count).sum::<u32>(), 1_200, "ten a minute");
    assert!(told(&recording, ORDERS, "Arrived").iter().all(|(at, _)| !(60..180).contains(at)));
    assert!(told(&recording, SHIPPING, "Arrived").iter().any(|(at, _)| (60..180).contains(at)));
    let missing = told(&recording, ORDERS, "SubscriptionsMissing");
    assert_eq!([57, 62, 177, 182].map(|minute| at(&missing, minute)), [0.0, 1.0, 1.0, 0.0].map(Some));
}

#[test]
fn nothing_is_asked_for_while_the_flow_waits_for_its_target_and_what_the_queue_refuses_is_left() {
    let faults = [Fault::SubscriptionGone { flow: ORDERS }, Fault::TargetDown { flows: &[ORDERS] }];
    let waits = told(&play(&faults, 180), ORDERS, "Reconciled");
    assert!(waits.is_empty(), "{waits:?}");
    let left = told(&play(&[Fault::QueueRefuses], 120), ORDERS, "Unreconciled");
    assert_eq!([72, 77, 82].map(|minute| at(&left, minute)), [0.0, 30.0, 80.0].map(Some));
}

#[test]
fn what_cannot_be_looked_at_is_counted_and_what_nobody_looks_at_is_not_told() {
    let failed = |fault| told(&play(&[fault], 120), ORDERS, "ChecksFailed");
    assert_eq!(at(&failed(Fault::SourceFails { flow: ORDERS }), 62), Some(2.0));
    assert_eq!(at(&failed(Fault::TableThrottled), 62), Some(4.0));
    assert_eq!(at(&failed(Fault::IngestCrashes), 62), Some(0.0));
    for fault in [Fault::WatchdogDead, Fault::ScheduleGone { flow: ORDERS }] {
        assert_eq!(failed(fault).last().map(|(at, _)| *at), Some(57), "{fault:?}");
    }
}

#[test]
fn the_oldest_that_is_held_ages_with_the_outage() {
    let recording = play(&[Fault::TargetDown { flows: &[ORDERS] }], 300);
    let held = told(&recording, ORDERS, "OldestHeld");
    let after_two_hours = at(&held, 177).unwrap();
    assert!((6_600.0..=7_020.0).contains(&after_two_hours), "{after_two_hours}");
    assert_eq!(held.last().map(|(_, age)| *age), Some(0.0), "drained");
    let open = told(&recording, ORDERS, "BreakerNotClosed");
    assert_eq!([57, 62, 177, 197].map(|minute| at(&open, minute)), [0.0, 1.0, 1.0, 0.0].map(Some));
}
