use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use jiff::SignedDuration;
use review::memory::World;
use review::{
    Clock as _, Count, Filter, FilterError, Letter, LetterQueue, Limits, Pass, Review, ReviewError, Sent,
    Stop,
};

use super::{
    FLOW, begun_at, body, crashed, id, letter, order, refused_by_target, review, unknown_status, world,
};

#[tokio::test]
async fn letters_are_grouped_by_cause_and_all_are_back_at_once() {
    let letters =
        (0..40).map(unknown_status).chain((40..63).map(refused_by_target)).chain((63..70).map(crashed));
    let world = world(letters);
    let listing = review(&world).list(&[], &Stop::default()).await.unwrap();
    let groups: Vec<_> = listing
        .groups
        .iter()
        .map(|it| (it.group.code.as_str(), it.group.count, it.group.samples.len()))
        .collect();
    assert_eq!(groups, [("SPW2004", 40, 5), ("SPW4009", 23, 5), ("none", 7, 5)]);
    assert_eq!((listing.flows[0].looked.seen, listing.flows[0].looked.complete), (70, true));
    assert_eq!(listing.flows[0].expires_at, Some(begun_at() + SignedDuration::from_hours(14 * 24)));
    assert_eq!(world.hidden(), 0);
    assert!(!listing.is_known());
}

#[tokio::test]
async fn a_look_that_is_stopped_or_fails_lets_go_of_what_it_holds() {
    let world = world((0..100).map(unknown_status));
    let stop = Stop::default();
    stop.stop();
    let listing = review(&world).list(&[], &stop).await.unwrap();
    assert!(!listing.flows[0].looked.complete && world.hidden() == 0);
    // The process is gone in the middle: what it held is back once the time has run out, and not before.
    world.break_at(6, review::memory::Break::Before);
    assert!(review(&world).list(&[], &Stop::default()).await.is_err());
    assert!(world.begin_again() && world.hidden() > 0);
    world.advance(Duration::from_secs(61));
    assert_eq!(world.hidden(), 0);
}

#[tokio::test]
async fn what_somebody_else_is_looking_at_is_said() {
    let world = world((0..30).map(unknown_status));
    world.receive(Duration::from_secs(60)).await.unwrap();
    let listing = review(&world).list(&[], &Stop::default()).await.unwrap();
    assert_eq!((listing.flows[0].looked.seen, listing.flows[0].looked.elsewhere()), (20, 10));
    let missing = review(&world).find(&id(3), &[], &Stop::default()).await.unwrap_err().to_string();
    assert!(missing.contains("10 letters are being looked at by somebody else"), "{missing}");
}

#[tokio::test]
async fn letters_that_are_selected_are_told_by_cause_with_how_the_look_at_them_ended() {
    let world = world((0..30).map(unknown_status).chain((30..34).map(refused_by_target)));
    world.receive(Duration::from_secs(60)).await.unwrap();
    let filter = Filter::default().codes(["SPW2004"]);
    let selection = review(&world).select(&filter, None, &[], &Stop::default()).await.unwrap();
    let groups: Vec<_> =
        selection.groups.sorted().into_iter().map(|group| (group.code.as_str(), group.count)).collect();
    assert_eq!((selection.len(), groups), (20, vec![("SPW2004", 20)]));
    let looked = selection.looked[FLOW];
    assert_eq!((looked.seen, looked.elsewhere(), looked.complete), (24, 10, true));
    let few = Limits { most: 10, at_once: 1, ..Limits::default() };
    let review = Review { limits: few, ..review(&world) };
    let selection = review.select(&filter, None, &[], &Stop::default()).await.unwrap();
    assert_eq!((selection.len(), selection.looked[FLOW].complete), (10, false));
}

#[tokio::test]
async fn no_more_letters_are_hidden_at_once_than_is_allowed() {
    let world = world((0..200).map(unknown_status));
    let review = Review { limits: Limits { most: 50, at_once: 1, ..Limits::default() }, ..review(&world) };
    let listing = review.list(&[], &Stop::default()).await.unwrap();
    assert_eq!((listing.flows[0].looked.seen, listing.flows[0].looked.complete), (50, false));
}

/// A queue that SQS has counted so, and how often it was received from.
struct Counted(World, u64, AtomicU32);

#[async_trait]
impl LetterQueue for Counted {
    async fn receive(&self, hidden: Duration) -> Result<Vec<Letter>, ReviewError> {
        self.2.fetch_add(1, Ordering::SeqCst);
        self.0.receive(hidden).await
    }

    async fn release(&self, receipts: &[String]) -> Result<(), ReviewError> {
        self.0.release(receipts).await
    }

    async fn delete(&self, letters: &[Letter]) -> Sent {
        self.0.delete(letters).await
    }

    async fn put(&self, letters: &[Letter]) -> Sent {
        LetterQueue::put(&self.0, letters).await
    }

    async fn count(&self) -> Result<Count, ReviewError> {
        Ok(Count { visible: self.1, hidden: 0 })
    }

    async fn retention(&self) -> Result<Duration, ReviewError> {
        self.0.retention().await
    }
}

#[tokio::test]
async fn every_letter_is_seen_whatever_was_counted_and_the_end_is_asked_for_no_more_often_than_it_must() {
    // What was counted, and how many receives it takes: a queue that may have more than it shows is asked once more.
    for (counted, receives) in [(70, 8), (0, 15), (5, 9), (200, 17)] {
        let world = world((0..70).map(unknown_status));
        let queue = Counted(world.clone(), counted, AtomicU32::new(0));
        let stop = Stop::default();
        let mut pass = Pass::begin(&queue, &world, &stop, Limits::default()).await.unwrap();
        while let Some(received) = pass.next().await {
            received.unwrap();
        }
        let looked = pass.end().await.unwrap();
        assert_eq!((looked.seen, looked.complete, world.hidden()), (70, true, 0), "{counted}");
        assert_eq!(queue.2.into_inner(), receives, "{counted}");
    }
}

#[tokio::test]
async fn a_letter_is_found_by_the_beginning_of_its_id() {
    let world = world((0..30).map(unknown_status));
    let review = review(&world);
    let (flow, found) = review.find(&id(17)[..9], &[], &Stop::default()).await.unwrap();
    assert_eq!((flow.as_str(), found.id), (FLOW, id(17)));
    for (called, told) in
        [("0000001", "several letters"), ("none-such", "no letter is called"), ("00", "six characters")]
    {
        let error = review.find(called, &[], &Stop::default()).await.unwrap_err().to_string();
        assert!(error.contains(told), "{called}: {error}");
    }
    let error = review.find(&id(1), &["orders".to_owned()], &Stop::default()).await.unwrap_err().to_string();
    assert_eq!(error, "there is no flow orders; there are orders-to-inventory");
    assert_eq!(world.hidden(), 0);
}

#[tokio::test]
async fn a_letter_is_shown_with_what_the_mapping_says_of_it_today() {
    let world = world([unknown_status(1), refused_by_target(2), crashed(3)]);
    let review = review(&world);
    let shown = review.show(&id(1), &[], &Stop::default()).await.unwrap();
    assert!(
        matches!(&shown.verdict, review::Verdict::Fails(wrong) if wrong[0].path == "$.fulfillment_status")
    );
    assert_eq!(shown.explained.len(), 1);
    let shown = review.show(&id(2), &[], &Stop::default()).await.unwrap();
    let review::Verdict::Passes(tried) = &shown.verdict else { panic!("{:?}", shown.verdict) };
    assert_eq!(tried.mappings, ["shopify-order/2 canonical.order@1", "tryton-sale/2 tryton.sale@8.2"]);
    assert_eq!(shown.explained.len(), 2);
    let shown = review.show(&id(3), &[], &Stop::default()).await.unwrap();
    assert!(matches!(shown.verdict, review::Verdict::Unjudged(_)));
}

#[test]
fn a_filter_means_what_fits_all_of_it() {
    let now = begun_at() + SignedDuration::from_hours(5);
    let (unknown, refused) = (unknown_status(1), refused_by_target(2));
    let means = |filter: &Filter, letter| filter.means(FLOW, letter, now);
    let all = Filter::default();
    assert!(all.is_all() && means(&all, &unknown).unwrap());
    for (filter, of_unknown, of_refused) in [
        (Filter::default().codes(["SPW2004"]), true, false),
        (Filter::default().codes(["SPW2004", "SPW4009"]), true, true),
        (Filter::default().path(Some("$.fulfillment_status".to_owned())), true, false),
        (Filter::default().older_than(Some(SignedDuration::from_hours(4))), true, true),
        (Filter::default().younger_than(Some(SignedDuration::from_hours(4))), false, false),
        (Filter::default().ids([&id(2)[..10]]).unwrap(), false, true),
        (
            Filter::default().condition(Some("body.currency == 'EUR' && letter.code != 'SPW4009'")).unwrap(),
            true,
            false,
        ),
        (Filter::default().condition(Some("envelope.type.startsWith('shopify.')")).unwrap(), true, true),
    ] {
        assert_eq!(means(&filter, &unknown), Ok(of_unknown), "{filter}");
        assert_eq!(means(&filter, &refused), Ok(of_refused), "{filter}");
    }
}

#[test]
fn a_condition_that_says_nothing_of_a_letter_is_no_answer_and_quotes_no_value() {
    let canary = letter(1, serde_json::json!({"email": "canary@example.com"}), super::Attributes::new());
    for condition in ["body.no_such_member == 1", "body.email", "body.email > 7", "body.email.size()"] {
        let filter = Filter::default().condition(Some(condition)).unwrap();
        let undecided = filter.means(FLOW, &canary, begun_at()).unwrap_err();
        assert!(matches!(undecided, FilterError::Undecided(_)), "{condition}");
        assert!(!undecided.to_string().contains("canary"), "{undecided}");
    }
    for condition in ["body.", "", "1 +", &"(".repeat(500), &format!("{}1", "1 + ".repeat(500))] {
        let error = Filter::default().condition(Some(condition)).unwrap_err();
        assert!(matches!(error, FilterError::Condition(_)), "{condition}");
    }
    for (condition, nested) in [
        ("body.a.all(x, x.b.all(y, y.c.all(z, z == 1)))", true),
        ("[1].map(x, {'a': [x].filter(y, [y].exists_one(z, z == x))}).size() == 1", true),
        ("body.a.exists(x, x.b.exists(y, y == 1) && x.c.all(y, y == 2))", false),
        ("body.a.map(x, x.b).filter(x, x > 1).map(x, x + 1).all(x, has(x.c))", false),
    ] {
        let read = Filter::default().condition(Some(condition));
        assert_eq!(read.is_err(), nested, "{condition}");
        let told = "the condition cannot be read: more than 2 macros";
        assert!(read.err().is_none_or(|error| error.to_string().starts_with(told)), "{condition}");
    }
    let long = |items: usize| letter(1, serde_json::json!({"a": vec![1; items]}), super::Attributes::new());
    let pairs = Filter::default().condition(Some("body.a.all(x, body.a.all(y, x == y))")).unwrap();
    assert_eq!(pairs.means(FLOW, &long(50), begun_at()), Ok(true));
    let undecided = pairs.means(FLOW, &long(200_000), begun_at()).unwrap_err();
    assert!(
        undecided.to_string().ends_with("its lists are too long for macros in each other"),
        "{undecided}"
    );
    assert_eq!(Filter::default().ids(["abc"]).unwrap_err(), FilterError::ShortId("abc".to_owned()));
    assert!(body(1, order("full")).len() > 1_000);
    assert_eq!(super::world([]).now(), begun_at());
}
