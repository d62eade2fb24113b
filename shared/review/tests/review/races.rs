//! Two people whose calls meet in every order: what one counts before the other receives it, sends it or lets it go.

use std::collections::BTreeSet;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use review::memory::World;
use review::{Ended, Filter, Letter, Limits, Moving, Plan, Ramp, Review, Stop, Why};

use super::redriving::{fast, plan_of_all};
use super::{FLOW, attributes, begun_at, id, refused_by_target, review, world};

/// Calls whose order is gone through.
const CALLS: u32 = 10;
/// More than two receives take, so that one may have some of them and the other the rest.
const LETTERS: usize = 12;

/// Whose call is next, by the bits of a number; then it is one of each.
#[derive(Clone, Copy, Debug)]
struct Order {
    bits: u64,
    calls: u32,
    /// The second ends without a word after so many of its calls.
    gone_after: usize,
}

impl Order {
    fn is_first(&self, call: u32) -> bool {
        if call < self.calls { (self.bits >> call) & 1 == 0 } else { call.is_multiple_of(2) }
    }
}

fn orders(calls: u32) -> impl Iterator<Item = Order> {
    (0..1 << calls).map(move |bits| Order { bits, calls, gone_after: usize::MAX })
}

/// Letters that were there an hour ago.
fn letters() -> impl Iterator<Item = Letter> {
    let earlier = begun_at() - Duration::from_secs(3_600);
    (0..LETTERS).map(refused_by_target).map(move |letter| Letter { sent_at: earlier, ..letter })
}

/// Each of whose calls is one.
fn person(world: &World) -> Review {
    let review = review(world);
    Review { limits: Limits { at_once: 1, ..review.limits }, ..review }
}

fn meeting(letters: impl Iterator<Item = Letter>) -> World {
    let world = world(letters);
    world.step_by_step();
    world
}

async fn plan() -> Plan {
    plan_of_all(&review(&world(letters()))).await
}

async fn redriven(review: &Review, plan: &Plan) -> Ended {
    let moving = Moving { why: "mended", failing: false, ramp: &fast() };
    review.redrive(plan, &moving, &Stop::default(), &|_, _| {}).await.unwrap().remove(FLOW).unwrap()
}

/// Lets both work in this order, and tells each answer as soon as it is there.
fn play<A, B>(
    world: &World,
    order: Order,
    (one, mut ended): (impl Future<Output = A>, impl FnMut(&A)),
    (other, mut other_ended): (impl Future<Output = B>, impl FnMut(&B)),
) {
    let (mut one, mut other) = (pin!(one), pin!(other));
    let mut context = Context::from_waker(Waker::noop());
    let (mut left, mut other_left, mut calls) = (true, true, 0);
    for step in 0..100_000 {
        // No two calls are made at the same time.
        world.advance(Duration::from_millis(1));
        if left && (order.is_first(step) || !other_left) {
            if let Poll::Ready(answer) = one.as_mut().poll(&mut context) {
                ended(&answer);
                left = false;
            }
        } else if other_left {
            if let Poll::Ready(answer) = other.as_mut().poll(&mut context) {
                other_ended(&answer);
                other_left = false;
            }
            calls += 1;
            other_left &= calls < order.gone_after;
        }
        if !left && !other_left {
            return;
        }
    }
    panic!("{order:?}: neither end is near");
}

fn on_queue(world: &World) -> BTreeSet<String> {
    world.on_queue().into_iter().collect()
}

fn sent(world: &World) -> Vec<String> {
    let mut sent: Vec<_> = world.sent().into_iter().map(|letter| letter.id).collect();
    sent.sort();
    sent
}

fn all() -> BTreeSet<String> {
    (0..LETTERS).map(id).collect()
}

/// Who says that all is done has left none of the plan on the queue, seen or not.
fn is_done(world: &World, ended: &Ended, name: &str) {
    assert_ne!(ended.why, Why::Failures, "{name}");
    if ended.why == Why::Done {
        let left: Vec<_> = on_queue(world).intersection(&all()).cloned().collect();
        assert!(left.is_empty(), "{name}: done, and there is {left:?}");
    }
}

#[tokio::test]
async fn nobody_says_that_a_plan_is_done_while_the_other_holds_letters_of_it() {
    let plan = plan().await;
    for order in orders(CALLS) {
        let name = format!("{order:?}");
        let world = meeting(letters());
        let (ann, bob) = (person(&world), person(&world));
        let ended = |ended: &Ended| is_done(&world, ended, &name);
        play(&world, order, (redriven(&ann, &plan), ended), (redriven(&bob, &plan), ended));
        assert!(world.on_queue().is_empty(), "{name}");
        assert_eq!(sent(&world), all().into_iter().collect::<Vec<_>>(), "{name}: each once");
    }
}

#[tokio::test]
async fn what_comes_back_meanwhile_does_not_stand_for_what_the_other_holds() {
    const FEW: usize = 3;
    let plan = plan_of_all(&review(&world(letters().take(FEW)))).await;
    for order in orders(13) {
        let name = format!("{order:?}");
        let world = meeting(letters().take(FEW));
        world.flow(|_| Some(attributes("SPW4008", "$", "too little stock")));
        let (ann, bob) = (person(&world), person(&world));
        // Whoever is first has all of them, and they come back before they are deleted.
        let ramp = Ramp { steps: vec![(100, 1_000)], most_failures_percent: 100, ..fast() };
        let redriven = async |review: &Review| {
            let moving = Moving { why: "mended", failing: false, ramp: &ramp };
            let ended = review.redrive(&plan, &moving, &Stop::default(), &|_, _| {}).await;
            ended.unwrap().remove(FLOW).unwrap()
        };
        let ended = |ended: &Ended| is_done(&world, ended, &name);
        play(&world, order, (redriven(&ann), ended), (redriven(&bob), ended));
        assert_eq!(sent(&world), all().into_iter().take(FEW).collect::<Vec<_>>(), "{name}: each once");
        assert_eq!((world.on_queue().len(), world.hidden()), (FEW, 0), "{name}: those that came back");
    }
}

#[tokio::test]
async fn what_somebody_held_who_ended_without_a_word_is_waited_for_and_moved() {
    let plan = plan().await;
    // While receiving, after it has sent, and between.
    let some = || orders(CALLS).step_by(11);
    for order in (1..16).flat_map(|gone_after| some().map(move |order| Order { gone_after, ..order })) {
        let name = format!("{order:?}");
        let world = meeting(letters());
        let (ann, bob) = (person(&world), person(&world));
        let ended = |ended: &Ended| {
            assert_eq!(ended.why, Why::Done, "{name}");
            is_done(&world, ended, &name);
        };
        play(&world, order, (redriven(&ann, &plan), ended), (redriven(&bob, &plan), |_: &Ended| {}));
        let sent = sent(&world);
        assert_eq!(sent.iter().cloned().collect::<BTreeSet<_>>(), all(), "{name}: nothing is lost");
        // What was sent and not deleted is sent again, a lot at most: the ledger knows it.
        assert!(sent.len() <= LETTERS + 10, "{name}: {sent:?}");
    }
}

#[tokio::test]
async fn a_list_counts_every_letter_that_is_there_seen_or_not() {
    let plan = plan().await;
    let listed = async |review: &Review| {
        let listing = review.list(&[], &Stop::default()).await.unwrap();
        let looked = listing.flows[0].looked;
        assert!(looked.complete);
        looked.seen + looked.elsewhere()
    };
    for order in orders(CALLS) {
        let name = format!("{order:?}");
        let world = meeting(letters());
        let (ann, bob) = (person(&world), person(&world));
        let counted = |counted: &u64| assert_eq!(*counted, 12, "{name}");
        play(&world, order, (listed(&ann), counted), (listed(&bob), counted));
        assert_eq!((world.on_queue().len(), world.hidden()), (LETTERS, 0), "{name}");

        let world = meeting(letters());
        let (ann, bob) = (person(&world), person(&world));
        let counted = |counted: &u64| {
            let there = world.on_queue().len();
            assert!(*counted >= u64::try_from(there).unwrap(), "{name}: {counted} of {there}");
        };
        let ended = |ended: &Ended| is_done(&world, ended, &name);
        play(&world, order, (listed(&ann), counted), (redriven(&bob, &plan), ended));
        assert!(world.on_queue().is_empty(), "{name}");
        assert_eq!(sent(&world).len(), LETTERS, "{name}: each once");
    }
}

#[tokio::test]
async fn a_discard_and_a_redrive_that_meet_in_any_order_share_the_letters() {
    let plan = plan().await;
    for order in orders(CALLS) {
        let name = format!("{order:?}");
        let world = meeting(letters());
        let (ann, bob) = (person(&world), person(&world));
        let discarded = async {
            let selection = bob.select(&Filter::default(), None, &[], &Stop::default()).await.unwrap();
            let told = selection.looked[FLOW];
            (
                u64::try_from(selection.len()).unwrap() + told.elsewhere(),
                bob.discard(&selection, "not needed", &Stop::default()).await,
            )
        };
        let ended = |ended: &Ended| is_done(&world, ended, &name);
        play(&world, order, (redriven(&ann, &plan), ended), (discarded, |_: &_| {}));
        let archived: BTreeSet<_> = world
            .objects()
            .into_keys()
            .map(|key| key.rsplit('/').next().unwrap().trim_end_matches(".json").to_owned())
            .collect();
        let sent: BTreeSet<_> = sent(&world).into_iter().collect();
        let on_queue = on_queue(&world);
        assert!(sent.is_disjoint(&archived), "{name}: nothing is both");
        let found: BTreeSet<_> = sent.union(&archived).chain(&on_queue).cloned().collect();
        assert_eq!((found, world.hidden()), (all(), 0), "{name}: nothing is lost");
    }
}
