use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use jiff::SignedDuration;
use review::{
    Clock as _, Ended, Filter, Letter, LetterQueue as _, Limits, Moving, Plan, Progress, Ramp, Review, Stop,
    Why,
};

use super::{FLOW, attributes, begun_at, id, refused_by_target, review, unknown_status, world};

pub(super) fn fast() -> Ramp {
    Ramp { steps: vec![(10, 5), (100, 20), (100, 1_000)], settle: Duration::from_secs(1), ..Ramp::default() }
}

pub(super) async fn plan_of_all(review: &Review) -> Plan {
    review.plan(&Filter::default(), &[], &Stop::default()).await.unwrap().plan
}

/// By flow.
pub(super) async fn redriven(review: &Review, plan: &Plan, why: &str) -> BTreeMap<String, Ended> {
    let moving = Moving { why, failing: false, ramp: &fast() };
    review.redrive(plan, &moving, &Stop::default(), &|_, _| {}).await.unwrap()
}

#[tokio::test]
async fn it_begins_slowly_and_never_goes_faster_than_its_cap() {
    let world = world((0..150).map(refused_by_target));
    let review = review(&world);
    let plan = plan_of_all(&review).await;
    let began = world.elapsed();
    let told = Mutex::new(Vec::new());
    let ramp = Ramp { cap: 20, ..Ramp::default() };
    let ended = review
        .redrive(
            &plan,
            &Moving { why: "mended", failing: false, ramp: &ramp },
            &Stop::default(),
            &|_, progress: &Progress| {
                told.lock().unwrap().push((progress.per_second, progress.moved));
            },
        )
        .await
        .unwrap();
    assert_eq!(
        (ended[FLOW].why, ended[FLOW].progress.moved, ended[FLOW].progress.gone),
        (Why::Done, 150, 150)
    );
    // 5 s for the first five, 10 s for the next hundred, 2.25 s for the rest, and what settles after each step.
    let took = world.elapsed() - began;
    assert!((17..60).contains(&took.as_secs()), "{took:?}");
    let told = told.into_inner().unwrap();
    let speeds: BTreeMap<_, _> = told.iter().copied().collect();
    assert_eq!(speeds.keys().copied().collect::<Vec<_>>(), [1, 10, 20]);
    assert!(speeds[&1] <= 5 && world.on_queue().is_empty());
}

#[tokio::test]
async fn it_stops_by_itself_where_too_many_come_back() {
    let world = world((0..150).map(refused_by_target));
    world.flow(|_| Some(attributes("SPW4005", "$", "the target refused the request")));
    let review = review(&world);
    let plan = plan_of_all(&review).await;
    let ended = redriven(&review, &plan, "mended?").await;
    let ended = &ended[FLOW];
    assert_eq!((ended.why, ended.progress.moved), (Why::Failures, 5));
    assert_eq!(ended.progress.came_back, BTreeMap::from([("SPW4005".to_owned(), 5)]));
    assert_eq!((world.on_queue().len(), world.hidden()), (150, 0));
    // Done again it judges by what comes back from now on; what had come back is told, known by its body.
    let ended = redriven(&review, &plan, "mended?").await;
    let ended = &ended[FLOW];
    assert_eq!((ended.why, ended.progress.moved), (Why::Failures, 5));
    assert_eq!((ended.progress.failures(), ended.progress.came_back_before), (5, 5));
    // Somebody mends it.
    world.flow(|_| None);
    let ended = redriven(&review, &plan, "mended").await;
    let ended = &ended[FLOW];
    assert_eq!((ended.why, ended.progress.moved, ended.progress.gone), (Why::Done, 140, 150));
    assert_eq!((ended.progress.failures(), ended.progress.came_back_before), (0, 10));
    assert_eq!((world.on_queue().len(), world.hidden()), (10, 0));
}

#[tokio::test]
async fn what_had_come_back_and_somebody_hid_at_first_does_not_count_either() {
    let world = world((0..150).map(refused_by_target));
    world.flow(|_| Some(attributes("SPW4005", "$", "the target refused the request")));
    let review = review(&world);
    let plan = plan_of_all(&review).await;
    assert_eq!(redriven(&review, &plan, "mended?").await[FLOW].why, Why::Failures);
    world.flow(|_| None);
    world.advance(Duration::from_secs(600));
    // Those that came back among them: they are at the queue's end.
    let mut held = Vec::new();
    while let letters @ [_, ..] = world.receive(Duration::from_secs(2)).await.unwrap().as_slice() {
        held.extend(letters.iter().map(|letter| (letter.id.clone(), letter.receipt.clone())));
    }
    let back = |id: &str| id.starts_with("put-");
    let release: Vec<_> = held.into_iter().filter(|(id, _)| !back(id)).map(|(_, receipt)| receipt).collect();
    world.release(&release).await.unwrap();
    let ended = redriven(&review, &plan, "mended").await;
    let ended = &ended[FLOW];
    assert_eq!((ended.why, ended.progress.moved), (Why::Done, 145));
    assert_eq!((ended.progress.failures(), ended.progress.came_back_before), (0, 5));
}

#[tokio::test]
async fn where_not_all_letters_can_be_seen_it_is_not_done() {
    let world = world((0..200).map(unknown_status).chain((200..210).map(refused_by_target)));
    let usual = review(&world);
    let plan = usual.plan(&Filter::default().codes(["SPW4009"]), &[], &Stop::default()).await.unwrap().plan;
    assert_eq!(plan.len(), 10);
    let review = Review { limits: Limits { most: 40, ..usual.limits }, ..usual };
    let ended = redriven(&review, &plan, "mended").await;
    assert_eq!((ended[FLOW].why, ended[FLOW].progress.moved), (Why::NotAllSeen, 0));
    assert_eq!((world.sent().len(), world.hidden()), (0, 0));
}

#[tokio::test]
async fn a_pace_is_kept_however_long_each_call_takes() {
    const CAP: u32 = 300;
    let world = world((0..900).map(refused_by_target));
    let review = review(&world);
    let plan = plan_of_all(&review).await;
    world.slow_down(Duration::from_millis(40));
    let (ramp, told) = (Ramp { steps: vec![(CAP, 1_000)], cap: CAP, ..fast() }, Mutex::new(Vec::new()));
    let moving = Moving { why: "mended", failing: false, ramp: &ramp };
    let ended = review
        .redrive(&plan, &moving, &Stop::default(), &|_, progress: &Progress| {
            told.lock().unwrap().extend(progress.measured);
        })
        .await
        .unwrap();
    assert_eq!((ended[FLOW].why, ended[FLOW].progress.moved), (Why::Done, 900));
    let sent = world.sent_after();
    let took = *sent.last().unwrap() - sent[0];
    // One lot after the other they would take 18 s.
    assert!((2_900..4_000).contains(&took.as_millis()), "{took:?}");
    for begin in &sent {
        let second = sent.iter().filter(|at| **at >= *begin && **at < *begin + Duration::from_secs(1));
        assert!(second.count() <= 300, "{begin:?}");
    }
    let told = told.into_inner().unwrap();
    assert!(told.last().is_some_and(|measured| (200..=300).contains(measured)), "{told:?}");
}

#[tokio::test]
async fn a_twin_that_was_there_before_the_plan_has_not_come_back() {
    // By SQS's clock so many seconds before the plan was made; the twin was hidden by somebody else then.
    for (seconds, came_back) in [(3_600, 0), (301, 0), (300, 1), (10, 1), (-10, 1)] {
        let world = world((1..7).map(refused_by_target));
        let review = review(&world);
        let plan = plan_of_all(&review).await;
        let sent_at = begun_at() - SignedDuration::from_secs(seconds);
        world.add(Letter { id: id(9), sent_at, ..refused_by_target(1) });
        let ended = redriven(&review, &plan, "mended").await;
        let ended = &ended[FLOW];
        assert_eq!(
            (ended.progress.moved, ended.progress.failures()),
            (if came_back == 0 { 6 } else { 5 }, came_back)
        );
        assert_eq!(ended.why, if came_back == 0 { Why::Done } else { Why::Failures }, "{seconds}");
        assert!(world.on_queue().contains(&id(9)), "{seconds}: it is left where it is");
    }
}

#[tokio::test]
async fn a_few_that_come_back_are_told_and_stop_nothing() {
    let world = world((0..100).map(refused_by_target));
    world.flow(|letter| {
        ("00000050".."00000055")
            .contains(&letter.id.as_str())
            .then(|| attributes("SPW4008", "$", "too little stock"))
    });
    let review = review(&world);
    let plan = plan_of_all(&review).await;
    let ended = redriven(&review, &plan, "mended").await;
    let ended = &ended[FLOW];
    assert_eq!((ended.why, ended.progress.moved), (Why::Done, 100));
    assert_eq!(ended.progress.came_back, BTreeMap::from([("SPW4008".to_owned(), 5)]));
    assert_eq!(world.on_queue().len(), 5);
}

#[tokio::test]
async fn letters_of_a_group_keep_their_order_however_fast_they_go() {
    for seed in 1..20 {
        let grouped = |number| Letter { group_id: Some("acme".to_owned()), ..refused_by_target(number) };
        let world = world((0..200).map(grouped));
        let review = Review { limits: Limits { at_once: 1, ..Limits::default() }, ..review(&world) };
        let plan = plan_of_all(&review).await;
        world.interleave(seed);
        world.slow_down(Duration::from_millis(20));
        let ramp = Ramp { steps: vec![(500, 1_000)], cap: 500, ..fast() };
        let moving = Moving { why: "mended", failing: false, ramp: &ramp };
        review.redrive(&plan, &moving, &Stop::default(), &|_, _| {}).await.unwrap();
        let sent: Vec<_> = world.sent().into_iter().map(|letter| letter.id).collect();
        assert_eq!(sent, (0..200).map(id).collect::<Vec<_>>(), "{seed}");
    }
}

#[tokio::test]
async fn what_would_still_fail_stays_unless_it_is_asked_for() {
    let world = world((0..10).map(refused_by_target).chain((10..14).map(unknown_status)));
    let review = review(&world);
    let plan = plan_of_all(&review).await;
    redriven(&review, &plan, "mended").await;
    assert_eq!(world.on_queue(), (10..14).map(id).collect::<Vec<_>>());
    let ended = review
        .redrive(&plan, &Moving { why: "all", failing: true, ramp: &fast() }, &Stop::default(), &|_, _| {})
        .await
        .unwrap();
    assert_eq!((ended[FLOW].progress.wanted, ended[FLOW].progress.moved), (14, 4));
    assert!(world.on_queue().is_empty());
}

#[tokio::test]
async fn one_that_is_told_to_stop_lets_go_of_the_rest_and_goes_on_when_it_is_done_again() {
    let world = world((0..60).map(refused_by_target));
    let review = review(&world);
    let plan = plan_of_all(&review).await;
    let stop = Stop::default();
    let ended = review
        .redrive(&plan, &Moving { why: "mended", failing: false, ramp: &fast() }, &stop, &|_, progress| {
            if progress.moved >= 15 {
                stop.stop();
            }
        })
        .await
        .unwrap();
    let moved = ended[FLOW].progress.moved;
    assert!(ended[FLOW].why == Why::Stopped && (15..60).contains(&moved), "{moved}");
    assert_eq!((world.hidden(), world.on_queue().len()), (0, 60 - usize::try_from(moved).unwrap()));
    let ended = redriven(&review, &plan, "go on").await;
    assert_eq!((ended[FLOW].why, ended[FLOW].progress.gone), (Why::Done, 60));
    assert_eq!(world.sent().len(), 60);
}

#[tokio::test]
async fn letters_that_somebody_else_is_looking_at_are_waited_for() {
    let world = world((0..30).map(refused_by_target));
    let review = review(&world);
    let plan = plan_of_all(&review).await;
    world.receive(Duration::from_secs(40)).await.unwrap();
    let ended = redriven(&review, &plan, "mended").await;
    assert_eq!((ended[FLOW].why, ended[FLOW].progress.moved), (Why::Done, 30));
    assert!(world.now().duration_since(begun_at()).as_secs() >= 40);
}

#[tokio::test]
async fn an_action_without_a_reason_is_none() {
    let world = world([refused_by_target(1)]);
    let review = review(&world);
    let plan = plan_of_all(&review).await;
    let error = review
        .redrive(&plan, &Moving { why: "  ", failing: false, ramp: &fast() }, &Stop::default(), &|_, _| {})
        .await
        .unwrap_err();
    assert!(error.to_string().contains("a reason is needed"));
    assert!(world.sent().is_empty());
}
