//! Invariant 6: nothing personal and no secret is printed. Each text of each source's example is one canary, secrets are known words; they go
//! through the flows as they run, to their good end and to every bad one, and everything that is printed meanwhile is searched for them. So
//! is what operators read beside it: attributes of dead letters and of held messages, and items of the ledger. Bodies of messages are
//! the payloads themselves, and the one place where personal data may stand; keys, references and ids name records, not people.

mod examples;
mod plays;
mod scripted;

pub(crate) use examples::EXAMPLES;
use testkit::{CANARY, all_printed_by, sightings};

const FUNCTION: &str = "spillway-prod-flow";
/// What the sandbox knows its callers by, what each token of the BI tool ends with, and what its cookies begin with.
const SECRETS: [&str; 3] = [local::sandbox::API_KEY, "c2lnbmVk", "session=of-"];

fn found(printed: &str) -> Vec<&str> {
    let words = [&[CANARY][..], &SECRETS].concat();
    sightings(printed, &words)
}

/// What it prints, with each of these words somewhere: it has been where it was to go.
fn printed_with(play: &str, words: &[&str]) -> String {
    let printed = all_printed_by(&format!("printed::plays::{play}"), Some(FUNCTION));
    for word in words {
        assert!(printed.contains(word), "{play} prints no {word}");
    }
    printed
}

fn prints_nothing_personal(play: &str, words: &[&str]) {
    let printed = printed_with(play, words);
    let found = found(&printed);
    // Only the first: each is a line of its own in the same words.
    assert!(found.is_empty(), "{play}: {} lines, such as {}", found.len(), found[0]);
}

const ENDS: [&str; 4] = ["record ended", "\"Done\"", "attribute Code", "ledger item"];

#[test]
fn whatever_text_comes_in_place_of_another_is_not_printed() {
    let codes = ["SPW2002", "SPW2003", "SPW2004", "SPW2006"];
    prints_nothing_personal("each_text_of_each_example_in_turn", &[&ENDS[..], &codes].concat());
}

#[test]
fn what_a_target_echoes_is_not_printed() {
    let codes = ["SPW4001", "SPW4002", "SPW4003", "SPW4005", "SPW4006", "SPW4007"];
    prints_nothing_personal("targets_that_echo", &[&ENDS[..], &codes].concat());
}

#[test]
fn a_secret_that_is_wrong_or_unusable_is_not_printed() {
    prints_nothing_personal("secrets_that_are_wrong_or_unusable", &["SPW4006", "SPW5004"]);
}

#[test]
fn a_body_that_is_no_event_is_not_printed() {
    prints_nothing_personal(
        "bodies_that_are_no_event",
        &["record ended", "SPW1002", "SPW1003", "SPW1004", "attribute Code"],
    );
}

#[test]
fn what_a_panic_says_is_not_printed() {
    prints_nothing_personal("a_flow_that_panics_with_what_it_was_given", &["panicked", "SPW5001"]);
}

#[test]
fn what_comes_otherwise_than_contracts_say_and_what_people_set_is_not_printed() {
    let words = ["not as the contract says", "overrides refused", "UnknownField", "UnknownValue"];
    prints_nothing_personal("drift_and_refused_overrides", &words);
}

/// Else none of these tests would say anything.
#[test]
fn a_flow_that_logs_its_payload_is_caught_however_it_writes_it() {
    let printed = printed_with("a_flow_that_logs_what_it_was_given", &["record ended"]);
    for way in scripted::WAYS {
        let line = format!("\"way\":\"{way}\"");
        assert!(found(&printed).iter().any(|found| found.contains(&line)), "{way}");
    }
}
