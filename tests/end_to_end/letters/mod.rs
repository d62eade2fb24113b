//! Thousands of dead letters, reviewed by the operator's command as the process that it is: from a red queue to what nobody can mend.

mod beside;
mod causes;
mod edited;
mod ends;
mod redriven;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use local::scenario::Shop;
use local::{Spillway, Stack};
use serde_json::Value;
use testkit::poll_until;
use tokio::time::Instant;

use causes::{Cause, NEW_STATUS, ORDERS, eight};

const LETTERS: &str = "OrdersToInventoryDeadLetterQueueUrl";

/// What a list of 5,000 letters may take more than one of a few: the answers to eight receives, 80 letters of some 6 KB as text and as
/// what is read of it, and a receipt of each letter, without which it could not be let go of. SQS's own are some hundred bytes, and the
/// look ends at 100,000. All bodies together, of which none may be kept, are more than this.
const MOST_MEMORY: u64 = 16 << 20;

/// Functions look at what was changed once in half a minute, each of their processes by itself.
const IN_FORCE: Duration = Duration::from_secs(31);

pub(crate) async fn are_reviewed_until_only_those_are_left_that_nobody_can_mend(stack: &Stack) {
    let spillway = Spillway::of(stack).unwrap();
    let shop = Shop::new("", stack.webhook_secret());
    println!("a few dead letters are listed, and all others are of no interest here");
    let few = spillway.ask(&["dlq", "list"]).await.unwrap();
    stack.purge(LETTERS).await.unwrap();
    edited::is_redriven_as_it_was_edited_and_is_the_same_message(stack, &spillway, &shop).await;

    println!("5,000 dead letters of eight causes");
    let causes = eight(&shop);
    let mut ids = Vec::new();
    for cause in &causes {
        ids.push(stack.park(LETTERS, &cause.letters).await.unwrap());
    }
    let many = spillway.ask(&["dlq", "list"]).await.unwrap();
    println!(
        "listed in {:?}, with {} KB of memory where a few letters take {} KB",
        many.took,
        many.used.peak_memory >> 10,
        few.used.peak_memory >> 10
    );
    are_grouped_by_cause(&many.json, &causes, &ids);
    let bodies: usize = causes.iter().flat_map(|cause| &cause.letters).map(|letter| letter.body.len()).sum();
    assert!(u64::try_from(bodies).unwrap() > MOST_MEMORY, "{bodies}");
    assert!(
        many.used.peak_memory < few.used.peak_memory + MOST_MEMORY,
        "{} and {}",
        many.used.peak_memory,
        few.used.peak_memory
    );

    println!("somebody says what the new status is");
    let arguments = ["mapping", "set-value", "shopify-order", "fulfillment", NEW_STATUS, "open"];
    let why = ["--reason", "the shop lets people collect"];
    let set = spillway.ask(&[&arguments[..], &why].concat()).await.unwrap();
    let (who, since) = (set.json["entry"]["author"].as_str().unwrap().to_owned(), Instant::now());
    let plan = is_planned(&spillway, &ids).await;

    // Beside each other, as operators are: most of either is waiting.
    let few_letters = async {
        let archived = ends::what_sqs_drops_soon_is_archived(stack, &spillway).await;
        beside::two_who_redrive_the_same_do_each_once(stack, &spillway).await;
        beside::who_redrives_and_who_discards_lose_nothing(stack, &spillway).await;
        archived
    };
    let many_letters = async {
        let in_force = || async { (since.elapsed() > IN_FORCE).then_some(()) };
        poll_until("every function has looked", IN_FORCE * 2, in_force).await;
        redriven::by_a_tool_that_is_killed_twice_each_has_its_effect_once(
            stack, &spillway, &plan, &causes[0],
        )
        .await;
    };
    let (archived, ()) = tokio::join!(Box::pin(few_letters), Box::pin(many_letters));
    let (mended, others) = ids.split_first().unwrap();
    let left: BTreeSet<_> = others.iter().flatten().cloned().collect();
    assert_eq!(on_queue(stack, LETTERS).await, left);
    ends::what_sqs_has_dropped_comes_back(stack, &spillway, archived).await;
    everything_is_in_the_audit(&spillway, &plan, mended, &who).await;
}

/// Ids of what is on the queue that this output names.
async fn on_queue(stack: &Stack, queue: &str) -> BTreeSet<String> {
    let letters = stack.engine.inspect().messages(stack.output(queue).unwrap()).await.unwrap();
    letters.into_iter().map(|letter| letter.id).collect()
}

fn are_grouped_by_cause(listed: &Value, causes: &[Cause], ids: &[Vec<String>]) {
    let flows = listed["flows"].as_array().unwrap();
    let flow = flows.iter().find(|it| it["flow"] == ORDERS).unwrap();
    assert_eq!((flow["letters"].as_u64(), flow["complete"].as_bool()), (Some(5_000), Some(true)), "{flow}");
    let of_flow = listed["groups"].as_array().unwrap().iter().filter(|group| group["flow"] == ORDERS);
    let told: Vec<_> = of_flow.collect();
    let text = |group: &Value, member: &str| group[member].as_str().unwrap().to_owned();
    let by_cause = |group: &&Value| {
        let count = usize::try_from(group["count"].as_u64().unwrap()).unwrap();
        ((text(group, "code"), text(group, "path"), text(group, "mapping")), count)
    };
    let is: BTreeMap<_, _> = told.iter().map(by_cause).collect();
    let expected = |cause: &Cause| {
        ((cause.code.to_owned(), cause.path.to_owned(), cause.mapping.to_owned()), cause.letters.len())
    };
    assert_eq!(is, causes.iter().map(expected).collect());
    assert_eq!((told.len(), listed["beyond"].as_u64()), (causes.len(), Some(0)));
    for group in told {
        let of_cause =
            |(cause, _): &(&Cause, _)| cause.code == group["code"] && cause.mapping == group["mapping"];
        let (_, ids) = causes.iter().zip(ids).find(of_cause).unwrap();
        let samples = group["samples"].as_array().unwrap();
        assert!(!samples.is_empty() && samples.iter().all(|id| ids.iter().any(|it| id == it)), "{group}");
    }
}

/// What passes now, and what does not: each letter by its id.
async fn is_planned(spillway: &Spillway, ids: &[Vec<String>]) -> String {
    println!("a plan says which pass now");
    let arguments = ["dlq", "plan", "--flow", ORDERS, "--code", "SPW2004", "--code", "SPW2001"];
    let plan = spillway.ask(&arguments).await.unwrap();
    println!("planned in {:?}", plan.took);
    assert!(!plan.good, "not all of them pass");
    let lines: BTreeSet<_> = plan.json["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| {
            let because = line["because"].as_str().unwrap().split(':').next().unwrap_or_default();
            (line["letters"].as_u64().unwrap(), line["was"].as_str(), line["would"].as_str(), because)
        })
        .collect();
    let expected = [
        (600, Some("SPW2004"), Some("pass"), ""),
        (500, Some("SPW2001"), Some("fail"), "SPW2001 at $.shipping_address"),
    ];
    assert_eq!(lines, expected.into());
    let would = |fate: &str| -> BTreeSet<String> {
        let letters = plan.json["letters"][ORDERS].as_array().unwrap().iter();
        letters.filter(|it| it["would"] == fate).map(|it| it["id"].as_str().unwrap().to_owned()).collect()
    };
    let of_cause = |number: usize| ids[number].iter().cloned().collect();
    assert_eq!((would("pass"), would("fail")), (of_cause(0), of_cause(1)));
    plan.json["plan"].as_str().unwrap().to_owned()
}

async fn everything_is_in_the_audit(spillway: &Spillway, plan: &str, redriven: &[String], who: &str) {
    println!("who did what");
    let audit = spillway.ask(&["audit", "--days", "1"]).await.unwrap();
    assert!(audit.good, "{}", audit.json["broken"]);
    let records = audit.json["records"].as_array().unwrap();
    assert!(records.iter().filter(|it| it["action"] != "archive").all(|it| it["by"] == who), "{who}");
    let of_plan = |record: &&Value| record["action"] == "redrive" && record["plan"] == plan;
    let letters = records.iter().filter(of_plan).flat_map(|record| record["letters"].as_array().unwrap());
    let written: BTreeSet<_> = letters.map(|letter| letter["id"].as_str().unwrap()).collect();
    assert_eq!(written, redriven.iter().map(String::as_str).collect());
    let done: BTreeSet<_> = records.iter().filter_map(|it| it["action"].as_str()).collect();
    assert_eq!(done, ["plan", "edit", "redrive", "discard", "restore", "archive"].into());
}
