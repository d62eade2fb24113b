//! The drill, played: a system changes while messages are on their way, and a worker may crash meanwhile. What
//! cannot be read or is not taken any more is a dead letter that holds the message as it came; after the mend of mappings and
//! contracts alone, the same functions and connectors have all of it at the target once. The cases stand beside the mappings,
//! where the static check names each change: shared/transform/tests/drill.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use channel::Attributes;
use local::sandbox::Demand;

use crate::case::{Case, Message, full_order};
use crate::checker::{Sent, violations};
use crate::flows::{Labels, Orders, Subject, Translators};
use crate::hook::{Fault, Hook};
use crate::queue;
use crate::run::{Worker, drain};
use crate::world::World;

/// A message of this form for an order of this number.
type Form<'f> = Box<dyn Fn(u32) -> String + 'f>;
/// Code and path.
type Letter = (String, String);

struct Drill<'f, S> {
    subject: S,
    mended: Translators,
    /// The target's, from its change on.
    demand: Option<Demand>,
    /// What comes before the change, and once more after the mend.
    old: Form<'f>,
    /// What comes between the change and the mend, and the dead letter that it then becomes, if it does. One more of each comes after
    /// the mend.
    forms: Vec<(Form<'f>, Option<Letter>)>,
}

impl<S: Subject + 'static> Drill<'_, S> {
    /// Without a crash, and with one after any call that is made before the mend.
    async fn holds(&self) {
        for (turn, calls) in self.play(None).await.into_iter().enumerate() {
            assert!(calls > 0);
            for call in 0..calls {
                self.play(Some((turn, Fault::CrashAfter(call)))).await;
            }
        }
    }

    /// `crash`: before the change (0), or between the change and the mend (1). Answers with how many calls there are in each.
    async fn play(&self, crash: Option<(usize, Fault)>) -> [usize; 2] {
        fastrand::seed(7);
        let world = World::new();
        let faults = |turn| crash.filter(|(of, _)| *of == turn).map(|(_, fault)| fault);
        let old = (self.old)(1);
        send(&world, &old);
        let before_the_change = self.unmended_turn(&world, faults(0)).await;
        if let Some(demand) = &self.demand {
            world.sandbox.insist(demand.clone());
        }
        let mut orders = 2..;
        let unmended: Vec<_> =
            self.forms.iter().zip(&mut orders).map(|((form, _), order)| form(order)).collect();
        for body in &unmended {
            send(&world, body);
        }
        let before_the_mend = self.unmended_turn(&world, faults(1)).await;
        if crash.is_none() {
            self.are_done_or_dead_letters(&world, &unmended);
        }
        world.dead_letters.redrive(&world.source, world.now_ms());
        send(&world, &old);
        for ((form, _), order) in self.forms.iter().zip(&mut orders) {
            send(&world, &form(order));
        }
        drain(&world, &[], |world, hook| self.subject.receiver_by(&self.mended, world, hook)).await;
        let sent = Sent { orders: orders.start - 1, good: Vec::new(), poison: Vec::new() };
        let wrong = violations(self.subject, &world, &sent);
        assert!(wrong.is_empty(), "{crash:?}: {wrong:#?}");
        [before_the_change, before_the_mend]
    }

    /// One invocation by the mappings that are built in.
    async fn unmended_turn(&self, world: &Arc<World>, fault: Option<Fault>) -> usize {
        let receiver = |world: &Arc<World>, hook: &Hook| self.subject.receiver(world, hook);
        let mut worker = Worker::start(world, fault.as_slice(), receiver).unwrap();
        worker.go().await;
        worker.calls().len()
    }

    fn are_done_or_dead_letters(&self, world: &World, unmended: &[String]) {
        let refused =
            unmended.iter().zip(&self.forms).filter_map(|(body, (_, letter))| Some((body, letter.as_ref()?)));
        let expected: Vec<_> =
            refused.map(|(body, (code, path))| (body.clone(), code.clone(), path.clone())).collect();
        let letters = world.dead_letters.messages();
        let says = |letter: &queue::Message, name| letter.attributes[name].text().unwrap().to_owned();
        let letters: Vec<_> =
            letters.iter().map(|it| (it.body.clone(), says(it, "Code"), says(it, "Path"))).collect();
        assert_eq!(letters, expected, "each as it came");
        assert_eq!(world.source.messages().len() + world.source.moved().len(), 0);
        for (order, (_, letter)) in (2..).zip(&self.forms) {
            assert_eq!(self.subject.effects(world, order), usize::from(letter.is_none()), "order {order}");
        }
    }
}

fn send(world: &Arc<World>, body: &str) {
    world.source.send(body, Attributes::new(), world.now_ms(), Duration::ZERO);
}

fn transform() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/transform"))
}

fn letter(code: &str, path: &str) -> Option<Letter> {
    Some((code.to_owned(), path.to_owned()))
}

async fn source_changes(name: &str) {
    const OLD: &str = "2026-10";
    let case = Case::named(transform(), name);
    let (message, new): (Message, _) = (case.file("message.toml"), &case.id().version);
    let (message, payload) = (&message, &full_order(transform()));
    let old_form = move |order| Orders::webhook(&Orders::of_what_is_sold(payload, order), OLD);
    let new_form = move |order, version: &str| {
        Orders::webhook(&message.changed(&Orders::of_what_is_sold(payload, order)), version)
    };
    let not_accepted = letter("SPW2005", "@envelope.sourceversion");
    let mut forms: Vec<(Form<'_>, _)> =
        vec![(Box::new(old_form), None), (Box::new(move |order| new_form(order, new)), not_accepted)];
    if message.differs() {
        // The source keeps the version's name.
        forms.push((Box::new(move |order| new_form(order, OLD)), letter(&message.code, &message.path)));
    }
    let mended = Translators::of(&case.mended());
    Drill { subject: Orders, mended, demand: None, old: Box::new(old_form), forms }.holds().await;
}

async fn target_changes<S: Subject + 'static>(subject: S, name: &str) {
    let case = Case::named(transform(), name);
    let (mended, demand) = (Translators::of(&case.mended()), Some(case.file("demand.toml")));
    let good = move |order| subject.good(order);
    let forms: Vec<(Form<'_>, _)> = vec![(Box::new(good), letter("SPW4005", "$"))];
    Drill { subject, mended, demand, old: Box::new(good), forms }.holds().await;
}

#[tokio::test(start_paused = true)]
async fn no_order_is_lost_when_the_shop_renames_a_field() {
    source_changes("a-renames-a-field").await;
}

#[tokio::test(start_paused = true)]
async fn no_order_is_lost_when_the_shop_changes_the_format_of_a_time() {
    source_changes("a-changes-a-date-format").await;
}

#[tokio::test(start_paused = true)]
async fn no_order_is_lost_when_the_shop_adds_a_value() {
    source_changes("a-adds-an-enum-value").await;
}

#[tokio::test(start_paused = true)]
async fn no_order_is_lost_when_the_shop_adds_a_version_while_the_old_still_comes() {
    source_changes("a-adds-a-version").await;
}

#[tokio::test(start_paused = true)]
async fn what_the_inventory_refuses_for_want_of_a_new_field_is_reserved_once_after_the_mend() {
    target_changes(Orders, "b-adds-a-required-field-of-sales").await;
}

#[tokio::test(start_paused = true)]
async fn what_the_inventory_refuses_for_a_renamed_value_is_reserved_once_after_the_mend() {
    target_changes(Orders, "b-renames-an-enum-value-of-sales").await;
}

#[tokio::test(start_paused = true)]
async fn what_the_label_system_refuses_for_want_of_a_new_field_is_labelled_once_after_the_mend() {
    target_changes(Labels, "b-adds-a-required-field").await;
}

#[tokio::test(start_paused = true)]
async fn what_the_label_system_refuses_for_a_renamed_value_is_labelled_once_after_the_mend() {
    target_changes(Labels, "b-renames-an-enum-value").await;
}
