use std::collections::BTreeSet;
use std::time::Duration;

use review::memory::World;
use review::{Discarded, Filter, LetterQueue as _, Limits, Review, Selection, Stop};

use super::{id, refused_by_target, review, unknown_status, world};

/// Of whatever else is there none is meant.
async fn selected(review: &Review) -> Selection {
    let filter = Filter::default().codes(["SPW4009"]);
    review.select(&filter, None, &[], &Stop::default()).await.unwrap()
}

async fn discarded(world: &World, selection: &Selection) -> Discarded {
    review(world).discard(selection, "test orders", &Stop::default()).await.unwrap()
}

#[tokio::test]
async fn a_discard_looks_at_each_letter_once_however_many_there_are() {
    let world = world((0..2_000).map(refused_by_target).chain((2_000..2_050).map(unknown_status)));
    let selection = selected(&review(&world)).await;
    let before = world.receives();
    assert_eq!(discarded(&world, &selection).await.discarded, 2_000);
    // Ten letters a receive, and a few that bring none.
    let receives = world.receives() - before;
    assert!(receives <= 2_050 / 10 + 5, "{receives}");
    assert_eq!((world.on_queue(), world.hidden()), ((2_000..2_050).map(id).collect(), 0));
    assert_eq!((world.objects().len(), world.records().len()), (2_000, 10));
}

#[tokio::test]
async fn what_somebody_else_holds_is_missing_and_all_else_is_discarded() {
    let world = world((0..30).map(refused_by_target));
    let selection = selected(&review(&world)).await;
    let held: BTreeSet<_> =
        world.receive(Duration::from_secs(60)).await.unwrap().into_iter().map(|letter| letter.id).collect();
    let done = discarded(&world, &selection).await;
    assert_eq!((done.discarded, done.stopped), (20, false));
    assert_eq!(done.missing.into_iter().collect::<BTreeSet<_>>(), held);
}

#[tokio::test]
async fn one_that_is_stopped_lets_go_of_what_it_has_found() {
    let world = world((0..30).map(refused_by_target));
    let review = review(&world);
    let (selection, stop) = (selected(&review).await, Stop::default());
    stop.stop();
    let done = review.discard(&selection, "test orders", &stop).await.unwrap();
    assert_eq!((done.discarded, done.missing.len(), done.stopped), (0, 30, true));
    assert_eq!((world.on_queue().len(), world.hidden(), world.objects().len()), (30, 0, 0));
}

#[tokio::test]
async fn more_letters_than_are_hidden_at_once_are_discarded_as_they_come() {
    let world = world((0..500).map(refused_by_target));
    let usual = review(&world);
    let selection = selected(&usual).await;
    let review = Review { limits: Limits { most: 100, ..usual.limits }, ..usual };
    let done = review.discard(&selection, "test orders", &Stop::default()).await.unwrap();
    assert_eq!((done.discarded, done.missing.len(), world.hidden()), (500, 0, 0));
}
