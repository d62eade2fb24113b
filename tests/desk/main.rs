//! The operations desk where people and other workers are at it too: every interleaving of two events of a payment, lost answers,
//! cases that somebody has closed, opened or deleted.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail by panicking")]

mod interleavings;

use std::time::Duration;

use connector_redmine::RedmineCaseDesk;
use local::sandbox::{Fault, FaultKind, Sandbox, System};
use message::{Code, Effect};
use outbound::{Attempt, CallError, CaseDesk, Told, at_most_once};
use serde_json::json;
use tests::budget;
use tests::redmine::{DeskPartner, event, is_closed, reference, sandbox_settings, tells, then};
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
