//! Whoever breaks off is told so, and not that there is nothing.

use review::{Filter, LetterQueue as _, Restore, Stop};

use super::{FLOW, begun_at, id, refused_by_target, restoring, review, world};

fn stopped() -> Stop {
    let stop = Stop::default();
    stop.stop();
    stop
}

#[tokio::test]
async fn what_is_broken_off_says_so_and_has_done_nothing() {
    let world = world((0..3).map(refused_by_target));
    let review = review(&world);
    let group = review.list(&[], &Stop::default()).await.unwrap().groups[0].group.fingerprint.clone();
    let until = begun_at() + jiff::SignedDuration::from_hours(2);
    let errors = [
        review.find(&id(1), &[], &stopped()).await.err(),
        review.plan(&Filter::default(), &[], &stopped()).await.err(),
        review.select(&Filter::default(), None, &[], &stopped()).await.err(),
        review.ack(group.as_str(), until, "the shop mends it", &stopped()).await.err(),
    ];
    for error in errors {
        let error = error.unwrap().to_string();
        assert!(error.starts_with("broken off before all letters were seen: "), "{error}");
    }
    assert_eq!((world.records().len(), world.hidden()), (0, 0));
    assert!(!review.list(&[], &Stop::default()).await.unwrap().is_known(), "nothing is acknowledged");
}

#[tokio::test]
async fn a_restore_of_a_group_that_is_broken_off_while_it_reads_says_so() {
    let world = world((0..12).map(refused_by_target));
    let review = review(&world);
    let group = review.list(&[], &Stop::default()).await.unwrap().groups[0].group.fingerprint.clone();
    let all = review.select(&Filter::default(), None, &[], &Stop::default()).await.unwrap();
    review.discard(&all, "by mistake", &Stop::default()).await.unwrap();
    let which = Restore::Group(group.to_string());
    let done = review.restore(FLOW, &restoring(&which), &stopped()).await.unwrap();
    assert_eq!((done.restored, done.stopped, world.objects().len()), (0, true, 12));
}

#[tokio::test]
async fn letters_that_somebody_else_holds_may_be_of_the_group_that_is_not_found() {
    let world = world((0..3).map(refused_by_target));
    let review = review(&world);
    let group = review.list(&[], &Stop::default()).await.unwrap().groups[0].group.fingerprint.clone();
    world.receive(std::time::Duration::from_secs(60)).await.unwrap();
    let until = begun_at() + jiff::SignedDuration::from_hours(2);
    let error = review.ack(group.as_str(), until, "mended", &Stop::default()).await.unwrap_err().to_string();
    let told = "; 3 letters are being looked at by somebody else just now";
    assert!(error.starts_with("no letter is of group") && error.ends_with(told), "{error}");
}
