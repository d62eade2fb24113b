use std::sync::Arc;

use control::{Entry, MemoryControlStore};
use review::{Editing, Filter, Planned, Records as _, Review, Stop, digest};
use transform::{Catalog, Change};

use super::{ANN, FLOW, begun_at, crashed, id, refused_by_target, review, unknown_status, world};

use super::redriving::{plan_of_all, redriven};

/// `"teleported"` is set to be open, as an operator does it.
async fn mended() -> Arc<MemoryControlStore> {
    let store = MemoryControlStore::default();
    let change = Change::SetValue {
        map: "fulfillment".to_owned(),
        value: "teleported".to_owned(),
        becomes: serde_json::json!("open"),
    };
    let told = Entry {
        revision: 0,
        change,
        author: ANN.to_owned(),
        at: begun_at(),
        reason: "as the shop says".to_owned(),
    };
    control::change(&store, Catalog::built_in().unwrap(), "shopify-order", told).await.unwrap();
    Arc::new(store)
}

#[tokio::test]
async fn a_plan_says_which_would_pass_today_and_moves_nothing() {
    let letters = (0..12).map(unknown_status).chain((12..15).map(refused_by_target)).chain([crashed(15)]);
    let world = world(letters);
    let before = review(&world).plan(&Filter::default(), &[], &Stop::default()).await.unwrap();
    let of = |plan: &review::Plan| [Planned::Pass, Planned::Fail, Planned::Unjudged].map(|it| plan.count(it));
    assert_eq!(of(&before.plan), [3, 12, 1]);
    let line = &before.plan.lines[0];
    assert_eq!((line.count, line.was.as_str(), line.planned), (12, "SPW2004", Planned::Fail));
    assert!(line.because.starts_with("SPW2004 at $.fulfillment_status: expected"), "{}", line.because);
    let review = Review { control: mended().await, ..review(&world) };
    let after = review.plan(&Filter::default(), &[], &Stop::default()).await.unwrap();
    assert_eq!(of(&after.plan), [15, 0, 1]);
    assert_eq!((world.sent().len(), world.on_queue().len(), world.hidden()), (0, 16, 0));
    assert_eq!(world.plan(&after.plan.id).await.unwrap().unwrap(), after.plan);
    let records = world.records();
    assert_eq!(records.len(), 2);
    assert_eq!(records[1].note.as_deref(), Some("16 letters: 15 would pass, 0 would fail, 1 unjudged"));
}

#[tokio::test]
async fn what_a_condition_compares_with_is_kept_nowhere() {
    let world = world([unknown_status(1), refused_by_target(2)]);
    let condition = "body.currency != \"canary@example.org\" && letter.age_seconds < 1234567";
    let filter = Filter::default().codes(["SPW4009"]).condition(Some(condition)).unwrap();
    let made = review(&world).plan(&filter, &[], &Stop::default()).await.unwrap();
    let kept = "code SPW4009; where body.currency != … && letter.age_seconds < …";
    assert_eq!((made.plan.len(), made.plan.filter.as_str()), (1, kept));
    assert_eq!(world.plan(&made.plan.id).await.unwrap().unwrap().filter, kept);
    assert_eq!(world.records()[0].why, kept);
    assert!(!format!("{filter:?}").contains("canary"));
}

#[tokio::test]
async fn a_plan_of_nothing_is_none() {
    let world = world([unknown_status(1)]);
    let filter = Filter::default().codes(["SPW9999"]);
    let made = review(&world).plan(&filter, &[], &Stop::default()).await.unwrap();
    assert!(made.plan.is_empty() && world.records().is_empty());
    assert_eq!(world.plan(&made.plan.id).await.unwrap(), None);
    let undecided = Filter::default().condition(Some("body.no_such == 1")).unwrap();
    let made = review(&world).plan(&undecided, &[], &Stop::default()).await.unwrap();
    assert_eq!((made.undecided, made.plan.len()), (1, 0));
}

#[tokio::test]
async fn an_edited_letter_keeps_its_ids_and_goes_on_with_its_new_body() {
    let world = world([unknown_status(1), unknown_status(2)]);
    let review = review(&world);
    let (_, letter) = review.find(&id(1), &[], &Stop::default()).await.unwrap();
    let still = letter.body.replace("Berlin", "Bonn");
    let refused = review
        .edit(
            &id(1),
            &[],
            &Editing { after: &still, why: "typo", anyway: false, began_from: None },
            &Stop::default(),
        )
        .await
        .unwrap_err()
        .to_string();
    assert!(refused.contains("SPW2004 at $.fulfillment_status"), "{refused}");
    let after = letter.body.replace("\"teleported\"", "null");
    let (edit, _) = review
        .edit(
            &id(1),
            &[],
            &Editing { after: &after, why: "the shop says so", anyway: false, began_from: None },
            &Stop::default(),
        )
        .await
        .unwrap();
    let shown = review.show(&id(1), &[], &Stop::default()).await.unwrap();
    assert_eq!((shown.body.as_str(), shown.letter.body.as_str()), (after.as_str(), letter.body.as_str()));
    let object: serde_json::Value = serde_json::from_str(&world.objects()[&edit.key]).unwrap();
    assert_eq!(
        (object["before"].as_str(), object["after"].as_str()),
        (Some(letter.body.as_str()), Some(after.as_str()))
    );
    assert_eq!((object["by"].as_str(), object["why"].as_str()), (Some(ANN), Some("the shop says so")));

    let plan = plan_of_all(&review).await;
    assert_eq!((plan.count(Planned::Pass), plan.count(Planned::Fail)), (1, 1));
    let ended = redriven(&review, &plan, "edited").await;
    assert_eq!(ended[FLOW].progress.moved, 1);
    let sent = world.sent();
    assert_eq!(
        (sent.len(), sent[0].body.as_str(), &sent[0].attributes),
        (1, after.as_str(), &letter.attributes)
    );
    let redriven =
        world.records().into_iter().find(|it| it.action == review::audit::Action::Redrive).unwrap();
    assert_eq!(
        (&redriven.letters[0].before, redriven.letters[0].after.as_ref()),
        (&edit.before, Some(&edit.after))
    );
    assert_eq!(world.on_queue(), [id(2)]);
}

/// Else the ledger would know nothing of what was done for the letter.
#[tokio::test]
async fn an_edit_makes_no_other_operation_of_a_letter() {
    let world = world([unknown_status(1), refused_by_target(2), crashed(3)]);
    let review = review(&world);
    for (number, anyway) in [(1, false), (1, true), (2, false), (2, true)] {
        let (_, letter) = review.find(&id(number), &[], &Stop::default()).await.unwrap();
        let order = format!("\"id\":{}", number + 1);
        let after = letter.body.replacen(&order, "\"id\":4711", 1).replace("\"teleported\"", "null");
        assert!(after.contains("4711"), "{after}");
        let editing = Editing { after: &after, why: "typo", anyway, began_from: None };
        let refused =
            review.edit(&id(number), &[], &editing, &Stop::default()).await.unwrap_err().to_string();
        assert!(refused.contains("another operation, as id would be another"), "{refused}");
    }
    // Of which no mapping is known.
    let (_, letter) = review.find(&id(3), &[], &Stop::default()).await.unwrap();
    let after = letter.body.replace("\"id\":4", "\"id\":5");
    let editing = Editing { after: &after, why: "typo", anyway: false, began_from: None };
    let refused = review.edit(&id(3), &[], &editing, &Stop::default()).await.unwrap_err().to_string();
    assert!(refused.contains("it has reached no mapping") && refused.contains("anyway"), "{refused}");
    assert!(world.records().is_empty() && world.objects().is_empty());
    let editing = Editing { anyway: true, ..editing };
    review.edit(&id(3), &[], &editing, &Stop::default()).await.unwrap();
}

#[tokio::test]
async fn two_who_edit_one_letter_do_not_replace_each_others_edit() {
    let world = world([refused_by_target(1)]);
    let (ann, bob) = (review(&world), Review { by: "bob".to_owned(), ..review(&world) });
    let own = refused_by_target(1).body;
    let edit = async |who: &Review, currency: &str, began_from: Option<&str>| {
        let after = own.replace("EUR", currency);
        let editing = Editing { after: &after, why: "as the shop says", anyway: false, began_from };
        who.edit(&id(1), &[], &editing, &Stop::default()).await.map(|(edit, _)| edit)
    };
    let first = edit(&ann, "USD", None).await.unwrap();
    let refused = edit(&bob, "GBP", None).await.unwrap_err().to_string();
    let told = format!("edited it meanwhile ({ANN} at 2026-11-24T10:00:00Z: as the shop says); look again");
    assert!(refused.contains(&told), "{refused}");
    let refused = edit(&bob, "GBP", Some(&digest(b"of one before it"))).await.unwrap_err().to_string();
    assert!(refused.contains(&told), "{refused}");
    let shown = bob.show(&id(1), &[], &Stop::default()).await.unwrap();
    assert_eq!(shown.edit.as_ref(), Some(&first));
    let second = edit(&bob, "GBP", Some(&first.after)).await.unwrap();
    assert!(edit(&ann, "CHF", Some(&first.after)).await.is_err());
    assert_eq!(ann.show(&id(1), &[], &Stop::default()).await.unwrap().edit, Some(second));
    assert_eq!(world.records().len(), 2, "what was refused is not written down as done");
    for seed in 1..=100 {
        let world = super::world([refused_by_target(1)]);
        world.interleave(seed);
        let (ann, bob) = (review(&world), review(&world));
        let (one, other) = tokio::join!(edit(&ann, "USD", None), edit(&bob, "GBP", None));
        // Who is faster may be seen by the other, or not: never are both told that theirs is kept.
        let kept = match (one, other) {
            (Ok(kept), Err(_)) | (Err(_), Ok(kept)) => kept,
            both => panic!("{seed}: {both:?}"),
        };
        assert_eq!(ann.show(&id(1), &[], &Stop::default()).await.unwrap().edit, Some(kept), "{seed}");
    }
}

#[tokio::test]
async fn the_letters_own_body_takes_its_edit_away() {
    // A mapping refuses it as it is.
    let world = world([unknown_status(1)]);
    let review = review(&world);
    let own = unknown_status(1).body;
    let laid_out = format!("{:#}\n", serde_json::from_str::<serde_json::Value>(&own).unwrap());
    let edit = async |after: &str, began_from: Option<&str>| {
        let editing = Editing { after, why: "as the shop says", anyway: false, began_from };
        review.edit(&id(1), &[], &editing, &Stop::default()).await.map(|(edit, _)| edit)
    };
    assert_eq!(edit(&laid_out, None).await.unwrap_err().to_string(), "nothing was changed");
    let mended = own.replace("\"teleported\"", "null");
    for own in [&own, &laid_out] {
        let kept = edit(&mended, None).await.unwrap();
        assert!(edit(own, None).await.is_err(), "it began from no edit");
        let taken_back = edit(own, Some(&kept.after)).await.unwrap();
        assert!(taken_back.is_taken_back());
        let shown = review.show(&id(1), &[], &Stop::default()).await.unwrap();
        assert_eq!((shown.edit, shown.body), (None, unknown_status(1).body));
        assert_eq!(
            world.records().last().unwrap().note,
            Some(format!("the edit {} is taken back", kept.after))
        );
        assert!(edit(own, None).await.is_err(), "there is none any more");
    }
    assert_eq!((world.objects().len(), world.records().len()), (1, 4));
    assert_eq!(plan_of_all(&review).await.count(Planned::Fail), 1);
}

#[tokio::test]
async fn a_letter_that_is_edited_after_its_plan_stays_and_is_named() {
    let world = world((1..4).map(refused_by_target));
    let review = review(&world);
    let plan = plan_of_all(&review).await;
    let (_, letter) = review.find(&id(2), &[], &Stop::default()).await.unwrap();
    let after = letter.body.replace("EUR", "USD");
    review
        .edit(
            &id(2),
            &[],
            &Editing { after: &after, why: "in dollars", anyway: false, began_from: None },
            &Stop::default(),
        )
        .await
        .unwrap();
    let ended = redriven(&review, &plan, "mended").await;
    assert_eq!((ended[FLOW].progress.moved, ended[FLOW].changed.as_slice()), (2, [id(2)].as_slice()));
    assert_eq!((world.on_queue(), world.hidden()), (vec![id(2)], 0));
}

#[tokio::test]
async fn a_group_is_known_of_until_a_time_and_not_after_it() {
    let world = world((0..3).map(unknown_status));
    let review = review(&world);
    let group = review.list(&[], &Stop::default()).await.unwrap().groups[0].group.fingerprint.clone();
    let until = begun_at() + jiff::SignedDuration::from_hours(2);
    for (group, until, why, told) in [
        (group.as_str(), begun_at(), "waits", "is over"),
        (group.as_str(), until, " ", "a reason is needed"),
        (group.as_str(), begun_at() + jiff::SignedDuration::from_hours(91 * 24), "waits", "90 days"),
        ("abcdef123456", until, "waits", "no letter is of group"),
    ] {
        let error = review.ack(group, until, why, &Stop::default()).await.unwrap_err().to_string();
        assert!(error.contains(told), "{error}");
    }
    assert!(world.records().is_empty());
    review.ack(group.as_str(), until, "the shop mends it today", &Stop::default()).await.unwrap();
    assert!(review.list(&[], &Stop::default()).await.unwrap().is_known());
    world.advance(std::time::Duration::from_secs(3 * 3_600));
    assert!(!review.list(&[], &Stop::default()).await.unwrap().is_known());
}

#[tokio::test]
async fn the_audit_tells_who_did_what_and_finds_what_was_changed() {
    let world = world((0..3).map(refused_by_target));
    let review = review(&world);
    let plan = plan_of_all(&review).await;
    redriven(&review, &plan, "mended").await;
    let audit = review.audit(1).await.unwrap();
    assert_eq!(audit.broken, Vec::<String>::new());
    let told: Vec<_> = audit.entries.iter().map(|it| (it.name.as_str(), it.record.action.name())).collect();
    assert_eq!(told, [("read 2026-11-24 #1", "plan"), ("move 2026-11-24 #1", "redrive")]);
    assert!(audit.entries.iter().all(|it| it.record.by == ANN));
}
