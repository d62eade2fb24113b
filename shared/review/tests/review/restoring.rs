use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use channel::Attribute;
use jiff::SignedDuration;
use review::memory::{Break, World};
use review::{Because, Editing, Filter, Letter, Restore, Restored, Restoring, Review, ReviewError, Stop};

use super::redriving::{plan_of_all, redriven};
use super::{FLOW, begun_at, crashed, id, refused_by_target, review, world};

/// As archived by the watchdog, whichever those are.
const WITHIN: Duration = Duration::from_secs(15 * 24 * 3_600);

async fn archive(review: &Review) {
    review.archive(&[], WITHIN, "SQS drops it soon", &Stop::default()).await.unwrap();
}

async fn discard(review: &Review, id: &str) {
    let filter = Filter::default().ids([id]).unwrap();
    let selection = review.select(&filter, None, &[], &Stop::default()).await.unwrap();
    assert_eq!(review.discard(&selection, "a test order", &Stop::default()).await.unwrap().discarded, 1);
}

/// Six letters that SQS was about to drop, two of which were discarded then.
async fn prepared() -> (World, Review) {
    let world = world((0..6).map(refused_by_target));
    let review = review(&world);
    archive(&review).await;
    for number in [2, 4] {
        discard(&review, &id(number)).await;
    }
    (world, review)
}

async fn restore(review: &Review, because: Because, which: Restore) -> Result<Restored, ReviewError> {
    let restoring = Restoring { because, which: &which, why: "it was right", anyway: false };
    review.restore(FLOW, &restoring, &Stop::default()).await
}

#[tokio::test]
async fn what_was_discarded_does_not_come_back_as_one_that_sqs_was_about_to_drop() {
    let (world, review) = prepared().await;
    let named = restore(&review, Because::Expiring, Restore::Ids(vec![id(2)])).await.unwrap_err().to_string();
    assert!(named.starts_with(&id(2)) && named.contains("without --expiring"), "{named}");
    let group = review.list(&[], &Stop::default()).await.unwrap().groups[0].group.fingerprint.to_string();
    for which in [Restore::Group(group), Restore::All] {
        let (world, review) = prepared().await;
        let done = restore(&review, Because::Expiring, which).await.unwrap();
        assert_eq!((done.restored, done.discarded), (4, 2));
        assert_eq!(world.on_queue().len(), 8);
    }
    let done = restore(&review, Because::Discarded, Restore::Ids(vec![id(2)])).await.unwrap();
    assert_eq!((done.restored, done.discarded, world.on_queue().len()), (1, 0, 5));
}

#[tokio::test]
async fn what_was_restored_is_archived_under_its_new_id_and_restored_from_there() {
    let world = world([refused_by_target(1)]);
    let review = review(&world);
    archive(&review).await;
    discard(&review, &id(1)).await;
    assert_eq!(restore(&review, Because::Discarded, Restore::All).await.unwrap().restored, 1);
    // Under its first id it is there no more: it would be two.
    assert_eq!(restore(&review, Because::Expiring, Restore::All).await.unwrap(), Restored::default());
    archive(&review).await;
    let done = restore(&review, Because::Expiring, Restore::All).await.unwrap();
    assert_eq!((done.restored, done.discarded, world.on_queue().len()), (1, 0, 2));
}

#[tokio::test]
async fn what_the_ledger_may_have_forgotten_stays_in_the_archive_unless_somebody_insists() {
    let days = |days: i64| SignedDuration::from_hours(24 * days);
    let long_ago = |number, failed: &str| {
        let mut letter = refused_by_target(number);
        let failures = Attribute::string(format!("attempts=1 first={failed} last={failed}"));
        letter.attributes.insert("Failures".to_owned(), failures);
        letter
    };
    // One that says no reason counts from when it was sent, and so does one that says that it failed after that.
    let crashed = Letter { sent_at: begun_at() - days(27), ..crashed(3) };
    let sent_earlier = Letter { sent_at: begun_at() - days(29), ..refused_by_target(4) };
    let world = world([
        long_ago(1, "2026-10-27T09:00:00Z"),
        long_ago(2, "2026-10-27T11:00:00Z"),
        crashed,
        sent_earlier,
        refused_by_target(5),
    ]);
    let review = review(&world);
    let all = review.select(&Filter::default(), None, &[], &Stop::default()).await.unwrap();
    review.discard(&all, "by mistake", &Stop::default()).await.unwrap();
    let done = restore(&review, Because::Discarded, Restore::All).await.unwrap();
    assert_eq!((done.restored, world.on_queue().len(), world.objects().len()), (3, 3, 2));
    let mut told = done.too_old;
    told.sort_by_key(|letter| letter.id.clone());
    let since: Vec<_> = told.iter().map(|letter| letter.since.to_string()).collect();
    assert_eq!(told.iter().map(|letter| &letter.id).collect::<Vec<_>>(), [&id(1), &id(4)]);
    assert_eq!(since, ["2026-10-27T09:00:00Z", "2026-10-26T10:00:00Z"]);
    let which = Restore::All;
    let restoring =
        Restoring { because: Because::Discarded, which: &which, why: "it was right", anyway: true };
    let done = review.restore(FLOW, &restoring, &Stop::default()).await.unwrap();
    assert_eq!((done.restored, done.too_old.len(), world.objects().len()), (2, 0, 0));
}

async fn edit(review: &Review, id: &str) -> String {
    let (_, letter) = review.find(id, &[], &Stop::default()).await.unwrap();
    let after = letter.body.replace("EUR", "USD");
    let editing = Editing { after: &after, why: "in dollars", anyway: false, began_from: None };
    review.edit(id, &[], &editing, &Stop::default()).await.unwrap();
    after
}

#[tokio::test]
async fn an_edit_stays_with_its_letter_whatever_id_that_has_by_now() {
    let world = world((1..4).map(|number| {
        let mut letter = refused_by_target(number);
        if number < 3 {
            let first = format!("first-{number}");
            letter.attributes.insert("OriginalMessageId".to_owned(), Attribute::string(&first));
        }
        letter
    }));
    let review = review(&world);
    let mut edited = Vec::new();
    for number in [1, 2, 3] {
        edited.push(edit(&review, &id(number)).await);
    }
    archive(&review).await;
    discard(&review, &id(1)).await;
    discard(&review, &id(3)).await;
    restore(&review, Because::Discarded, Restore::All).await.unwrap();
    assert_eq!(restore(&review, Because::Expiring, Restore::Ids(vec![id(2)])).await.unwrap().restored, 1);
    let bodies = async |id: &str| {
        let (_, letter) = review.find(id, &[], &Stop::default()).await.unwrap();
        review.show(&letter.id, &[], &Stop::default()).await.unwrap().body
    };
    assert_eq!(bodies("first-1").await, edited[0]);
    let plan = plan_of_all(&review).await;
    redriven(&review, &plan, "in dollars").await;
    let mut sent: Vec<_> = world.sent().into_iter().map(|letter| letter.body).collect();
    sent.sort();
    // The second is there twice. The third says no first id: its edit has not come back with it.
    let mut expected =
        vec![edited[0].clone(), edited[1].clone(), edited[1].clone(), refused_by_target(3).body];
    expected.sort();
    assert_eq!(sent, expected);
}

#[tokio::test]
async fn an_edit_is_of_one_body_and_of_no_other_with_the_same_first_id() {
    let first = |mut letter: Letter| {
        letter.attributes.insert("OriginalMessageId".to_owned(), Attribute::string("first-1"));
        letter
    };
    let world = world([first(refused_by_target(1)), first(refused_by_target(2))]);
    let review = review(&world);
    let edited = edit(&review, &id(1)).await;
    let shown = async |number| review.show(&id(number), &[], &Stop::default()).await.unwrap();
    assert_eq!((shown(1).await.body, shown(2).await.body), (edited, refused_by_target(2).body));
    assert!(shown(2).await.edit.is_none());
}

async fn discarded(letters: usize) -> World {
    let world = world((0..letters).map(refused_by_target));
    let review = review(&world);
    let all = review.select(&Filter::default(), None, &[], &Stop::default()).await.unwrap();
    review.discard(&all, "by mistake", &Stop::default()).await.unwrap();
    world
}

#[tokio::test]
async fn two_who_restore_the_same_at_once_put_each_letter_back_once() {
    for seed in 1..=200 {
        let world = discarded(20).await;
        world.interleave(seed);
        let (ann, bob) = (review(&world), review(&world));
        let (one, other) = tokio::join!(
            restore(&ann, Because::Discarded, Restore::All),
            restore(&bob, Because::Discarded, Restore::All),
        );
        assert_eq!(world.on_queue().len(), 20, "{seed}");
        let restored = |done: &Result<Restored, ReviewError>| done.as_ref().map_or(0, |done| done.restored);
        assert_eq!(restored(&one) + restored(&other), 20, "{seed}: {one:?} {other:?}");
        for done in [one, other] {
            let told = done.err().map(|error| error.to_string());
            assert!(told.is_none_or(|told| told.contains("letters of orders-to-inventory back")), "{seed}");
        }
        assert!(world.objects().is_empty(), "{seed}");
    }
}

#[tokio::test]
async fn a_claim_whose_owner_is_gone_holds_for_two_minutes_and_loses_nothing() {
    // At each call in turn: what was put back and not taken out of the archive is put back once more, a lot at most.
    for call in 0..80 {
        let world = discarded(20).await;
        world.break_at(call, Break::After);
        drop(restore(&review(&world), Because::Discarded, Restore::All).await);
        if !world.begin_again() {
            assert!(call > 40, "{call}");
            return;
        }
        let holds = world.objects().into_keys().any(|key| key.contains("/restoring/"));
        let early = restore(&review(&world), Because::Discarded, Restore::All).await;
        let told = early.as_ref().err().map(|error| error.to_string()).unwrap_or_default();
        assert_eq!(
            holds,
            told.contains("if it was broken off, after 2026-11-24T10:02:00Z"),
            "{call}: {told}"
        );
        world.advance(Duration::from_secs(120));
        restore(&review(&world), Because::Discarded, Restore::All).await.unwrap();
        assert!((20..=30).contains(&world.on_queue().len()), "{call}");
        assert!(world.objects().is_empty(), "{call}");
    }
    panic!("it never ends");
}

#[tokio::test]
async fn a_claim_is_held_for_as_long_as_it_takes() {
    // Each of its calls takes a second, and somebody else asks between any two.
    let world = discarded(100).await;
    world.step_by_step();
    let (ann, bob) = (review(&world), review(&world));
    let mut restoring = pin!(restore(&ann, Because::Discarded, Restore::All));
    let mut context = Context::from_waker(Waker::noop());
    let mut refused = 0;
    loop {
        if let Poll::Ready(done) = restoring.as_mut().poll(&mut context) {
            assert_eq!(done.unwrap().restored, 100);
            break;
        }
        world.advance(Duration::from_secs(1));
        let asked = restore(&bob, Because::Discarded, Restore::Ids(vec![id(500)])).await;
        refused += usize::from(asked.is_err());
    }
    assert!(refused > 100 && world.on_queue().len() == 100, "{refused} {}", world.on_queue().len());
    assert!(world.objects().is_empty());
}
