//! Two workers at one payment's case, their calls in every order that makes a difference.

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
use local::sandbox::{API_KEY, Sandbox};
use outbound::{CaseDesk, HttpTarget, TargetConfig, Transport, TransportError};
use serde_json::Value;
use tests::redmine::{event, is_closed, reference, sandbox_settings, tells, then};
use tests::{budget, built_in, credential};
use tower::ServiceExt;
use transform::Translator;
use transform::canonical::PaymentEvent;
use transform::canonical::PaymentEventKind::{DisputeOpened, DisputeWon, Failed, Succeeded};

use crate::PATIENCE;

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
