//! Letters are called by their ids or the beginnings of them: one that is several letters' means none.

use channel::Attribute;
use review::{Filter, Letter, Restore, Stop};

use super::{FLOW, id, refused_by_target, restoring, review, world};

fn filter(said: &str) -> Filter {
    Filter::default().ids([said]).unwrap()
}

fn called(number: usize, first: &str) -> Letter {
    let mut letter = refused_by_target(number);
    letter.attributes.insert("OriginalMessageId".to_owned(), Attribute::string(first));
    letter
}

#[tokio::test]
async fn a_beginning_of_several_letters_is_refused_by_whatever_acts_and_nothing_is_done() {
    let world = world((0..12).map(refused_by_target));
    let (review, stop) = (review(&world), Stop::default());
    for said in ["000000", "00000001"] {
        let is_one = said.len() > 6;
        let selected = review.select(&filter(said), None, &[], &stop).await;
        let planned = review.plan(&filter(said), &[], &stop).await;
        assert_eq!((selected.is_ok(), planned.is_ok()), (is_one, is_one), "{said}");
        for error in [selected.err(), planned.err()].into_iter().flatten() {
            let error = error.to_string();
            assert!(error.starts_with("several letters are called 000000: 00000000-"), "{error}");
            assert!(error.ends_with(", …; say more of the id"), "{error}");
        }
    }
    // Narrowed down by something else it is still a beginning of several.
    assert!(review.select(&filter("000000").codes(["SPW9999"]), None, &[], &stop).await.is_err());
    assert_eq!((world.records().len(), world.on_queue().len(), world.hidden()), (1, 12, 0), "one plan");

    let all = review.select(&Filter::default(), None, &[], &stop).await.unwrap();
    review.discard(&all, "by mistake", &stop).await.unwrap();
    let restore = async |said: &str| {
        let which = Restore::Ids(vec![said.to_owned()]);
        review.restore(FLOW, &restoring(&which), &stop).await
    };
    let error = restore("000000").await.unwrap_err().to_string();
    assert!(error.starts_with("several letters are called 000000"), "{error}");
    assert!(world.on_queue().is_empty() && world.objects().len() == 12);
    assert_eq!(restore("00000011").await.unwrap().restored, 1);
    assert_eq!(restore(&id(3)).await.unwrap().restored, 1);
}

#[tokio::test]
async fn a_whole_first_id_calls_all_that_had_it_and_that_is_told() {
    const FIRST: &str = "abcdef01-0000-4000-8000-000000000000";
    let world = world([called(1, FIRST), called(2, FIRST), called(3, "abcdef02")]);
    let (review, stop) = (review(&world), Stop::default());
    let selected = review.select(&filter(FIRST), None, &[], &stop).await.unwrap();
    assert_eq!((selected.len(), selected.shared_ids.get(FIRST)), (2, Some(&2)));
    let planned = review.plan(&filter(FIRST), &[], &stop).await.unwrap();
    assert_eq!((planned.plan.len(), planned.shared_ids.get(FIRST)), (2, Some(&2)));
    assert!(review.select(&filter("abcdef01"), None, &[], &stop).await.is_err(), "a beginning of two");
    let one = review.select(&filter(&id(1)), None, &[], &stop).await.unwrap();
    assert!(one.len() == 1 && one.shared_ids.is_empty());
}

#[tokio::test]
async fn ids_in_capitals_are_found() {
    const FIRST: &str = "abcdef01-0000-4000-8000-000000000000";
    let world = world([Letter { id: FIRST.to_owned(), ..refused_by_target(1) }, refused_by_target(2)]);
    let (review, stop) = (review(&world), Stop::default());
    for said in ["ABCDEF", "AbcDEF01-0000", &FIRST.to_uppercase()] {
        assert_eq!(review.find(said, &[], &stop).await.unwrap().1.id, FIRST);
        assert_eq!(review.select(&filter(said), None, &[], &stop).await.unwrap().len(), 1, "{said}");
        assert_eq!(review.plan(&filter(said), &[], &stop).await.unwrap().plan.len(), 1, "{said}");
    }
    let all = review.select(&filter("ABCDEF"), None, &[], &stop).await.unwrap();
    review.discard(&all, "by mistake", &stop).await.unwrap();
    let which = Restore::Ids(vec!["ABCDEF01".to_owned()]);
    let restored = review.restore(FLOW, &restoring(&which), &stop).await.unwrap();
    assert_eq!(restored.restored, 1);
}
