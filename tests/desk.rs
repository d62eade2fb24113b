//! The operations desk where people and other workers are at it too: every interleaving of two events of a payment, lost answers,
//! cases that somebody has closed, opened or deleted.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail by panicking")]

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::body::{Body, to_bytes};
use connector_redmine::RedmineCaseDesk;
use local::sandbox::{API_KEY, Fault, FaultKind, Sandbox, System};
use message::{Code, Effect};
use outbound::{
    Attempt, CallError, CaseDesk, HttpTarget, TargetConfig, Told, Transport, TransportError, at_most_once,
};
use serde_json::{Value, json};
use tests::redmine::{DeskPartner, event, is_closed, reference, sandbox_settings, tells, then};
use tests::{budget, built_in, credential};
use tower::ServiceExt;
use transform::Translator;
use transform::canonical::PaymentEvent;
use transform::canonical::PaymentEventKind::{
    DisputeLost, DisputeOpened, DisputeWon, Failed, Refunded, Succeeded,
};

const PATIENCE: Duration = Duration::from_millis(400);

async fn attempt(desk: &RedmineCaseDesk, event: &PaymentEvent) -> Result<Told, Attempt> {
    let budget = budget();
    at_most_once(Effect::Unknown, || desk.find(event, &budget), || desk.tell(event, &budget)).await
}

fn fault(method: &str, path: &str, kind: FaultKind) -> Fault {
    Fault { method: Some(method.to_owned()), path: path.to_owned(), kind, times: 1, every: 1 }
}

const fn status(status: u16) -> FaultKind {
    FaultKind::Status { status, retry_after_s: None }
}

/// The sandbox's router, called after one turn: each time that a worker is polled it makes one call.
struct Stepped(Router);

#[async_trait]
impl Transport for Stepped {
    async fn exchange(
        &self,
        request: http::Request<Vec<u8>>,
        _: Duration,
    ) -> Result<http::Response<Vec<u8>>, TransportError> {
        tokio::task::yield_now().await;
        let (parts, body) = self.0.clone().oneshot(request.map(Body::from)).await.unwrap().into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        Ok(http::Response::from_parts(parts, body.to_vec()))
    }
}

/// With its mapping compiled: there are thousands of schedules.
fn desk_at(sandbox: &Sandbox, mapping: &Arc<Translator>) -> RedmineCaseDesk {
    let config = TargetConfig {
        name: "redmine",
        base_url: sandbox.redmine_url(),
        connect_timeout: PATIENCE,
        timeout: PATIENCE,
        max_body_bytes: 4_194_304,
    };
    let target = HttpTarget::over(Arc::new(Stepped(sandbox.router())), config).unwrap();
    RedmineCaseDesk::new(target, credential(API_KEY), sandbox_settings(), Arc::clone(mapping))
}

type Work<'w> = Pin<Box<dyn Future<Output = ()> + 'w>>;

/// Polls one of two workers at a time, the second where the schedule says so; what is not said is the first's turn. Answers with the
/// turns at which there was a choice.
fn step(mut workers: [Option<Work<'_>>; 2], schedule: &[bool]) -> Vec<bool> {
    let mut chosen = Vec::new();
    while workers.iter().any(Option::is_some) {
        let turn = if workers.iter().all(Option::is_some) {
            let second = schedule.get(chosen.len()).copied().unwrap_or(false);
            chosen.push(second);
            usize::from(second)
        } else {
            usize::from(workers[0].is_none())
        };
        let worker = workers[turn].as_mut().unwrap();
        if worker.as_mut().poll(&mut Context::from_waker(Waker::noop())) != Poll::Pending {
            workers[turn] = None;
        }
    }
    chosen
}

/// Every way in which the calls of two workers can follow each other.
fn interleavings(mut play: impl FnMut(&[bool]) -> Vec<bool>) -> usize {
    let (mut schedule, mut played) = (Vec::new(), 0);
    loop {
        schedule = play(&schedule);
        played += 1;
        while schedule.pop_if(|second| *second).is_some() {}
        match schedule.last_mut() {
            Some(last) => *last = true,
            None => return played,
        }
    }
}

/// Two events at the same time, after these; whether the case is closed in the end. With one case a reference, and without.
async fn at_the_same_time(before: &[PaymentEvent], two: [&PaymentEvent; 2], closed: bool) {
    let mapping = built_in("redmine-issue", &Sandbox::desk_settings());
    // The first telling of a process asks whether what the settings name is there: that is over by then.
    let before: Vec<_> = std::iter::once(&event(Failed)).chain(before).cloned().collect();
    for unique in [false, true] {
        let mut worlds = Vec::new();
        let played = interleavings(|schedule| {
            let sandbox = Sandbox::in_process();
            if unique {
                sandbox.one_case_a_reference();
            }
            let desk = desk_at(&sandbox, &mapping);
            let budget = budget();
            let alone = async |event| drop(desk.tell(event, &budget).await.unwrap());
            for event in &before {
                step([Some(Box::pin(alone(event))), None], &[]);
            }
            let chosen = step(two.map(|event| Some(Box::pin(alone(event)) as Work<'_>)), schedule);
            let cases = sandbox.cases(&reference(two[0]));
            worlds.push((chosen.clone(), cases));
            chosen
        });
        for (schedule, cases) in worlds {
            let duplicate = |case: &&Value| case["journals"].to_string().contains("[spillway duplicate of ");
            assert!(!unique || cases.len() == 1, "{schedule:?}: {cases:#?}");
            assert!(
                cases.iter().skip(1).all(|case| is_closed(case) && duplicate(&case)),
                "{schedule:?}: {cases:#?}"
            );
            for event in before[1..].iter().chain(two) {
                assert_eq!(tells(&cases[0], event), 1, "{schedule:?} {:?}: {cases:#?}", event.kind);
            }
            assert_eq!(is_closed(&cases[0]), closed, "{schedule:?}: {cases:#?}");
        }
        println!("schedules: {played}");
        assert!(played > 50);
    }
}

#[tokio::test]
async fn two_events_that_both_find_no_case_leave_one() {
    let failed = event(Failed);
    at_the_same_time(&[], [&failed, &then(&failed, DisputeOpened)], false).await;
}

#[tokio::test]
async fn a_success_does_not_close_what_a_dispute_opens_at_the_same_time() {
    let failed = event(Failed);
    let two = [&then(&failed, Succeeded), &then(&failed, DisputeOpened)];
    at_the_same_time(std::slice::from_ref(&failed), two, false).await;
}

#[tokio::test]
async fn two_events_that_together_settle_a_case_close_it() {
    let failed = event(Failed);
    let two = [&then(&failed, Succeeded), &then(&failed, DisputeWon)];
    at_the_same_time(&[failed.clone(), then(&failed, DisputeOpened)], two, true).await;
}

#[tokio::test]
async fn an_event_whose_answer_was_lost_is_told_once() {
    for kind in [FaultKind::TimeoutAfterEffect, FaultKind::TimeoutBeforeEffect, status(500), status(503)] {
        for (method, path, first) in [("POST", "issues.json", true), ("PUT", "issues/1.json", false)] {
            let sandbox = Sandbox::start().await.unwrap();
            let desk = DeskPartner::of(&sandbox).desk_waiting(PATIENCE);
            let failed = event(Failed);
            let lost = if first { failed.clone() } else { then(&failed, Succeeded) };
            if !first {
                attempt(&desk, &failed).await.unwrap();
            }
            sandbox.fail(fault(method, path, kind.clone()));
            drop(attempt(&desk, &lost).await);
            attempt(&desk, &lost).await.unwrap();
            let cases = sandbox.cases(&reference(&failed));
            assert_eq!((cases.len(), tells(&cases[0], &lost)), (1, 1), "{method} {kind:?}");
            assert_eq!(is_closed(&cases[0]), !first, "{method} {kind:?}");
        }
    }
}

#[tokio::test]
async fn what_was_written_and_cannot_be_looked_at_is_an_unknown_outcome() {
    let sandbox = Sandbox::start().await.unwrap();
    let desk = DeskPartner::of(&sandbox).desk_waiting(PATIENCE);
    let failed = event(Failed);
    sandbox.fail(Fault { every: 2, ..fault("GET", "issues.json", status(503)) });
    let error = desk.tell(&failed, &budget()).await.unwrap_err();
    assert_eq!(error, CallError::OutcomeUnknown { code: Code::TargetFailed, after: None });
    assert_eq!(sandbox.effects().iter().filter(|it| it.system == System::Operations).count(), 1);
}

#[tokio::test]
async fn a_refusal_has_redmines_own_words() {
    let sandbox = Sandbox::start().await.unwrap();
    let mut failed = event(Failed);
    failed.amount.currency = transform::canonical::Currency::parse("ISK").unwrap();
    let error = DeskPartner::of(&sandbox).desk().tell(&failed, &budget()).await.unwrap_err();
    let expected = "SPW4005: Redmine answered with status 422: Currency is not included in the list";
    assert_eq!(error.to_string(), expected);
}

#[tokio::test]
async fn a_case_that_was_deleted_is_made_anew_by_what_opens_one_and_by_nothing_else() {
    let sandbox = Sandbox::start().await.unwrap();
    let desk = DeskPartner::of(&sandbox).desk();
    let failed = event(Failed);
    attempt(&desk, &failed).await.unwrap();
    sandbox.delete_case(1);
    assert_eq!(attempt(&desk, &then(&failed, Refunded)).await.unwrap(), Told::NoCase);
    assert_eq!(attempt(&desk, &then(&failed, DisputeOpened)).await.unwrap(), Told::Case("2".to_owned()));
}

/// What a person has decided stands until something new happens.
#[tokio::test]
async fn a_repeat_does_not_undo_what_a_person_did() {
    let sandbox = Sandbox::start().await.unwrap();
    let desk = DeskPartner::of(&sandbox).desk();
    let (failed, settings) = (event(Failed), sandbox_settings());
    let is = || is_closed(&sandbox.cases(&reference(&failed))[0]);
    attempt(&desk, &failed).await.unwrap();
    sandbox
        .change_case(1, &json!({ "status_id": settings.closed_status, "notes": "> quoted\nWritten off." }));
    for repeat in [&failed, &then(&failed, Refunded)] {
        attempt(&desk, repeat).await.unwrap();
        assert!(is(), "closed by a person");
    }
    attempt(&desk, &then(&failed, DisputeOpened)).await.unwrap();
    assert!(!is(), "something new");
    let won = then(&failed, DisputeWon);
    let succeeded = then(&failed, Succeeded);
    for event in [&won, &succeeded] {
        attempt(&desk, event).await.unwrap();
    }
    assert!(is(), "all settled");
    sandbox.change_case(1, &json!({ "status_id": settings.new_status, "notes": "The customer has called." }));
    for repeat in [&won, &succeeded, &then(&failed, Refunded)] {
        attempt(&desk, repeat).await.unwrap();
        assert!(!is(), "opened by a person");
    }
}

/// A case that a person has made for the payment is its case, and the person's to close.
#[tokio::test]
async fn a_case_that_a_person_has_made_is_told_and_left_open() {
    let sandbox = Sandbox::start().await.unwrap();
    let desk = DeskPartner::of(&sandbox).desk();
    let succeeded = event(Succeeded);
    let id = sandbox.open_case(&reference(&succeeded));
    assert_eq!(attempt(&desk, &succeeded).await.unwrap(), Told::Case(id.to_string()));
    let cases = sandbox.cases(&reference(&succeeded));
    assert_eq!((cases.len(), tells(&cases[0], &succeeded), is_closed(&cases[0])), (1, 1, false));
}

#[tokio::test]
async fn a_note_that_quotes_ours_is_not_taken_for_it() {
    let sandbox = Sandbox::start().await.unwrap();
    let desk = DeskPartner::of(&sandbox).desk();
    let failed = event(Failed);
    let refunded = then(&failed, Refunded);
    attempt(&desk, &failed).await.unwrap();
    let quoted = format!("> [spillway {} refund tells]\nIs that so?", refunded.id);
    sandbox.change_case(1, &json!({ "notes": quoted }));
    attempt(&desk, &refunded).await.unwrap();
    assert_eq!(tells(&sandbox.cases(&reference(&failed))[0], &refunded), 1);
}

/// Redmine passes over a status that the workflow forbids: the case would stay open, and nobody would know.
#[tokio::test]
async fn a_status_that_the_workflow_forbids_keeps_the_message() {
    let sandbox = Sandbox::start().await.unwrap();
    let desk = DeskPartner::of(&sandbox).desk();
    let failed = event(Failed);
    let succeeded = then(&failed, Succeeded);
    attempt(&desk, &failed).await.unwrap();
    sandbox.forbid_status(sandbox_settings().closed_status);
    for _ in 0..3 {
        let error = attempt(&desk, &succeeded).await.unwrap_err().error;
        assert_eq!(error.code(), Code::TargetMisconfigured);
    }
    sandbox.forbid_status(0);
    attempt(&desk, &succeeded).await.unwrap();
    let cases = sandbox.cases(&reference(&failed));
    assert!(is_closed(&cases[0]));
    assert_eq!(tells(&cases[0], &succeeded), 1);
}

#[tokio::test]
async fn a_lost_dispute_is_a_persons_to_close() {
    let sandbox = Sandbox::start().await.unwrap();
    let desk = DeskPartner::of(&sandbox).desk();
    let lost = then(&event(Failed), DisputeLost);
    attempt(&desk, &lost).await.unwrap();
    attempt(&desk, &then(&lost, Succeeded)).await.unwrap();
    assert!(!is_closed(&sandbox.cases(&reference(&lost))[0]));
    sandbox.change_case(1, &json!({ "status_id": sandbox_settings().closed_status }));
    attempt(&desk, &lost).await.unwrap();
    assert!(is_closed(&sandbox.cases(&reference(&lost))[0]));
}
