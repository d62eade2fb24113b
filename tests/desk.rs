//! The operations desk where people and other workers are at it too: every interleaving of two events of a payment, lost answers,
//! cases that somebody has closed, opened or deleted.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail by panicking")]

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
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
struct Stepped {
    router: Router,
    /// Whether the call that is about to be made may change something.
    writes: Arc<AtomicBool>,
}

#[async_trait]
impl Transport for Stepped {
    async fn exchange(
        &self,
        request: http::Request<Vec<u8>>,
        _: Duration,
    ) -> Result<http::Response<Vec<u8>>, TransportError> {
        self.writes.store(!request.method().is_safe(), Ordering::Relaxed);
        tokio::task::yield_now().await;
        let (parts, body) = self.router.clone().oneshot(request.map(Body::from)).await.unwrap().into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        Ok(http::Response::from_parts(parts, body.to_vec()))
    }
}

/// With its mapping compiled: there are thousands of schedules.
fn desk_at(sandbox: &Sandbox, mapping: &Arc<Translator>, writes: &Arc<AtomicBool>) -> RedmineCaseDesk {
    let config = TargetConfig {
        name: "redmine",
        base_url: sandbox.redmine_url(),
        connect_timeout: PATIENCE,
        timeout: PATIENCE,
        max_body_bytes: 4_194_304,
    };
    let transport = Stepped { router: sandbox.router(), writes: Arc::clone(writes) };
    let target = HttpTarget::over(Arc::new(transport), config).unwrap();
    RedmineCaseDesk::new(target, credential(API_KEY), sandbox_settings(), Arc::clone(mapping))
}

struct Worker<'w> {
    work: Option<Pin<Box<dyn Future<Output = ()> + 'w>>>,
    /// Its next call's.
    writes: Arc<AtomicBool>,
}

impl<'w> Worker<'w> {
    fn new(work: impl Future<Output = ()> + 'w, writes: &Arc<AtomicBool>) -> Self {
        Self { work: Some(Box::pin(work)), writes: Arc::clone(writes) }
    }

    fn is_at_work(&self) -> bool {
        self.work.is_some()
    }

    fn writes(&self) -> bool {
        self.writes.load(Ordering::Relaxed)
    }

    /// The next call, and on to the one after it.
    fn step(&mut self) {
        let ended =
            self.work.as_mut().map(|work| work.as_mut().poll(&mut Context::from_waker(Waker::noop())));
        if ended == Some(Poll::Ready(())) {
            self.work = None;
        }
    }

    fn alone(mut self) {
        while self.is_at_work() {
            self.step();
        }
    }
}

/// Goes on with one of two workers at a time, the second where the schedule says so; what is not said is the first's turn. Answers
/// with the turns at which there was a choice.
fn together(mut workers: [Worker<'_>; 2], schedule: &[bool]) -> Vec<bool> {
    let (mut chosen, mut first_waits) = (Vec::new(), false);
    // To the first call of each.
    workers.iter_mut().for_each(Worker::step);
    while workers.iter().any(Worker::is_at_work) {
        let both = workers.iter().all(Worker::is_at_work);
        let turn = if both && !first_waits {
            let second = schedule.get(chosen.len()).copied().unwrap_or(false);
            chosen.push(second);
            // Two looks see the same in either order: the first one's is not put after the second's before that has written.
            first_waits = second && workers.iter().all(|worker| !worker.writes());
            usize::from(second)
        } else {
            usize::from(first_waits && workers[1].is_at_work() || !workers[0].is_at_work())
        };
        first_waits = first_waits && !workers[turn].writes();
        workers[turn].step();
    }
    chosen
}

/// Every way in which the calls of two workers can follow each other, as far as it makes a difference.
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

/// Two events at the same time, after these; whether the case is closed in the end. Answers with how many schedules there are.
fn at_the_same_time(before: &[PaymentEvent], two: [&PaymentEvent; 2], unique: bool, closed: bool) -> usize {
    let mapping = built_in("redmine-issue", &Sandbox::desk_settings());
    let mut ends = Vec::new();
    let played = interleavings(|schedule| {
        let (sandbox, writes) = (Sandbox::in_process(), [(); 2].map(|()| Arc::new(AtomicBool::new(false))));
        if unique {
            sandbox.one_case_a_reference();
        }
        let desks = [0, 1].map(|worker| desk_at(&sandbox, &mapping, &writes[worker]));
        let budget = budget();
        let tell = async |worker: usize, event: &PaymentEvent| {
            desks[worker].tell(event, &budget).await.unwrap();
        };
        for worker in [0, 1] {
            // The first telling of a process asks whether what the settings name is there: that is over by then.
            Worker::new(tell(worker, &event(Failed)), &writes[worker]).alone();
        }
        before.iter().for_each(|event| Worker::new(tell(0, event), &writes[0]).alone());
        let workers = [0, 1].map(|worker| Worker::new(tell(worker, two[worker]), &writes[worker]));
        let chosen = together(workers, schedule);
        ends.push((chosen.clone(), sandbox.cases(&reference(two[0]))));
        chosen
    });
    for (schedule, cases) in ends {
        let is_duplicate = |case: &Value| case["journals"].to_string().contains("[spillway duplicate of ");
        let others = &cases[1..];
        assert!(others.is_empty() || !unique, "{schedule:?}: {cases:#?}");
        assert!(others.iter().all(|case| is_closed(case) && is_duplicate(case)), "{schedule:?}: {cases:#?}");
        for event in before.iter().chain(two) {
            assert_eq!(tells(&cases[0], event), 1, "{schedule:?} {:?}: {cases:#?}", event.kind);
        }
        assert_eq!(is_closed(&cases[0]), closed, "{schedule:?}: {cases:#?}");
    }
    assert!(played > 20);
    played
}

#[tokio::test]
async fn two_events_that_both_find_no_case_leave_one() {
    let failed = event(Failed);
    for unique in [false, true] {
        let two = [&failed, &then(&failed, DisputeOpened)];
        println!("schedules: {}", at_the_same_time(&[], two, unique, false));
    }
}

#[tokio::test]
async fn a_success_does_not_close_what_a_dispute_opens_at_the_same_time() {
    let failed = event(Failed);
    let two = [&then(&failed, Succeeded), &then(&failed, DisputeOpened)];
    println!("schedules: {}", at_the_same_time(std::slice::from_ref(&failed), two, false, false));
}

#[tokio::test]
async fn two_events_that_together_settle_a_case_close_it() {
    let failed = event(Failed);
    let two = [&then(&failed, Succeeded), &then(&failed, DisputeWon)];
    let before = [failed.clone(), then(&failed, DisputeOpened)];
    println!("schedules: {}", at_the_same_time(&before, two, false, true));
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

#[tokio::test]
async fn what_it_does_not_settle_an_event_does_not_close_in_between_either() {
    let sandbox = Sandbox::start().await.unwrap();
    let desk = DeskPartner::of(&sandbox).desk();
    let failed = event(Failed);
    for event in [&failed, &then(&failed, DisputeOpened), &then(&failed, Succeeded)] {
        attempt(&desk, event).await.unwrap();
    }
    let journals = sandbox.cases(&reference(&failed))[0]["journals"].clone();
    let changes: Vec<_> = journals.as_array().unwrap().iter().map(|it| it["details"].clone()).collect();
    assert_eq!(changes, [json!([]), json!([])]);
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
