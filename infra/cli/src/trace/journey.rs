//! A journey, out of lines and ledger items: pure.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use ledger::{Item, Status};
use serde_json::{Value, json};

use crate::answer::{Answer, counted};
use crate::table::table;

/// A line that a function has logged.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Line {
    /// Of its log group, without what all begin with.
    function: String,
    fields: Value,
}

impl Line {
    pub(super) fn new(log_group: &str, fields: Value) -> Self {
        Self { function: log_group.rsplit('/').next().unwrap_or(log_group).to_owned(), fields }
    }

    fn text(&self, name: &str) -> &str {
        self.fields.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    fn number(&self, name: &str) -> Option<u64> {
        self.fields.get(name).and_then(Value::as_u64)
    }

    pub(super) fn is_of(&self, event: &str) -> bool {
        self.text("correlation_id") == event
    }

    fn row(&self) -> [String; 4] {
        let (what, how) = self.step();
        [self.text("timestamp").to_owned(), self.function.clone(), what, how]
    }

    /// What happened, and how.
    fn step(&self) -> (String, String) {
        let of = |pairs: &[(&str, String)]| {
            let said = pairs.iter().filter(|(_, value)| !value.is_empty() && value != "0");
            said.map(|(name, value)| if name.is_empty() { value.clone() } else { format!("{name} {value}") })
                .collect::<Vec<_>>()
                .join(", ")
        };
        let number = |name| self.number(name).map(|value| value.to_string()).unwrap_or_default();
        let milliseconds = |name| self.number(name).map(|value| format!("{value} ms")).unwrap_or_default();
        match self.text("message") {
            "webhook ended" => (
                format!("webhook {}", self.text("outcome")),
                of(&[
                    ("", self.text("event_type").to_owned()),
                    ("of", self.text("source").to_owned()),
                    ("", self.text("code").to_owned()),
                    ("delivery", self.text("delivery_id").to_owned()),
                ]),
            ),
            "record ended" => (
                self.text("disposition").to_owned(),
                of(&[
                    ("", self.text("code").to_owned()),
                    ("at", self.text("path").to_owned()),
                    ("", self.text("summary").to_owned()),
                    ("receive", number("attempts")),
                    ("", milliseconds("elapsed_ms")),
                    ("to the DLQ:", if self.text("dead_lettered") == "true" { "yes" } else { "" }.to_owned()),
                ]),
            ),
            "target called" => (
                format!("{} {}", self.text("target_system"), self.text("method")),
                of(&[
                    ("status", number("status")),
                    ("", self.text("code").to_owned()),
                    ("", milliseconds("elapsed_ms")),
                ]),
            ),
            other => (other.to_owned(), of(&[("", self.text("code").to_owned())])),
        }
    }
}

/// The parts of an operation's key, each written behind its length: `19:orders-to-inventory/4:acme`.
fn parts(mut key: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    while let Some((length, rest)) = key.split_once(':') {
        let Some((part, behind)) = length.parse().ok().and_then(|length| rest.split_at_checked(length))
        else {
            break;
        };
        parts.push(part);
        key = behind.strip_prefix('/').unwrap_or(behind);
    }
    parts
}

/// The events in whose lines the id stands as one: as a correlation id, a delivery's or a message's, or in an operation's key,
/// where it may stand behind what it is of: `refund/re_1`.
pub(super) fn events(lines: &[Line], id: &str) -> BTreeSet<String> {
    let names = |line: &&Line| {
        let whole = ["correlation_id", "delivery_id", "message_id"].iter().any(|name| line.text(name) == id);
        let is_it = |part: &str| part == id || part.split('/').any(|piece| piece == id);
        whole || parts(line.text("operation")).into_iter().any(is_it)
    };
    let of = |line: &Line| Some(line.text("correlation_id").to_owned()).filter(|event| !event.is_empty());
    lines.iter().filter(names).filter_map(of).collect()
}

/// What the ledger holds of an operation.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Ledger {
    operation: String,
    state: String,
    said: String,
    /// Its letter is in the DLQ, whatever a repeat of its message ended as.
    is_rejected: bool,
}

impl Ledger {
    pub(super) fn of(operation: &str, item: Option<&Item>, now: Timestamp) -> Self {
        let (state, said) = match item {
            None => ("not there".to_owned(), "never claimed, or forgotten since".to_owned()),
            Some(item) => {
                let state = match item.status {
                    Status::Done => "DONE".to_owned(),
                    Status::Rejected => format!("REJECTED {}", item.code),
                    Status::Claimed if item.lease_until_ms > now.as_millisecond() => "in progress".to_owned(),
                    Status::Claimed => "released".to_owned(),
                };
                let said = [item.outcome.clone(), counted_attempts(item.attempts)];
                let said = said.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(", ");
                (state, said)
            }
        };
        let is_rejected = item.is_some_and(|item| item.status == Status::Rejected);
        Self { operation: operation.to_owned(), state, said, is_rejected }
    }
}

fn counted_attempts(attempts: u64) -> String {
    counted(usize::try_from(attempts).unwrap_or(usize::MAX), "attempt")
}

#[derive(Default)]
pub(crate) struct Journey {
    lines: Vec<Line>,
    pub(super) ledger: Vec<Ledger>,
}

impl Journey {
    pub(super) fn of(mut lines: Vec<Line>) -> Self {
        lines.sort_by(|one, other| one.text("timestamp").cmp(other.text("timestamp")));
        lines.dedup();
        // Metrics of their own say nothing of a journey.
        lines.retain(|line| !line.text("message").is_empty());
        Self { lines, ledger: Vec::new() }
    }

    pub(super) fn operations(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().map(|line| line.text("operation")).filter(|operation| !operation.is_empty())
    }

    /// What has not ended well at last: one that came again, was held, or was redriven has another line later. Before a mapping was
    /// mended no operation was known of it.
    fn open(&self) -> Vec<&Line> {
        let well = ["Done", "Duplicate", "Stale", "Ignored"];
        let mut last: BTreeMap<(&str, &str), &Line> = BTreeMap::new();
        for line in self.lines.iter().filter(|line| line.text("message") == "record ended") {
            let function = line.function.as_str();
            if well.contains(&line.text("disposition")) {
                last.remove(&(function, ""));
            }
            last.insert((function, line.text("operation")), line);
        }
        last.into_values().filter(|line| !well.contains(&line.text("disposition"))).collect()
    }

    /// What its target said last: which call that was, and how it was answered.
    pub(crate) fn last_call(&self) -> Option<(String, String)> {
        self.lines.iter().rev().find(|line| line.text("message") == "target called").map(Line::step)
    }

    /// When, in which function, what happened, and how.
    pub(crate) fn steps(&self) -> Vec<[String; 4]> {
        self.lines.iter().map(Line::row).collect()
    }

    /// State, operation, and what the ledger holds of it.
    pub(crate) fn held(&self) -> Vec<[String; 3]> {
        self.ledger.iter().map(|it| [it.state.clone(), it.operation.clone(), it.said.clone()]).collect()
    }

    /// Whether every message of it has ended well, and in words.
    pub(crate) fn end(&self) -> (bool, String) {
        let rejected = self.ledger.iter().filter(|it| it.is_rejected).count();
        match (self.open().len(), rejected) {
            (0, 0) => (true, "every message of it has ended well".to_owned()),
            (0, rejected) => {
                (false, format!("{} of it rejected: a letter is in the DLQ", counted(rejected, "operation")))
            }
            (count, _) => (false, format!("{} of it not ended well yet", counted(count, "message"))),
        }
    }

    pub(crate) fn answer(&self, id: &str) -> Answer {
        if self.lines.is_empty() {
            let text = format!(
                "{id}: no line of the functions has it: look further back with --days, or for another id of the event"
            );
            return Answer { text, json: json!({ "steps": [], "ledger": [], "open": [] }), good: false };
        }
        let (rows, operations, (good, end)) = (self.steps(), self.held(), self.end());
        let mut parts = vec![table(["when", "function", "what", "how"], &rows, true)];
        if !operations.is_empty() {
            parts.push(table(["ledger", "operation", "what it holds"], &operations, true));
        }
        parts.push(end);
        let step = |[when, function, what, how]: [String; 4]| json!({ "when": when, "function": function, "what": what, "how": how });
        let held = |[state, operation, holds]: [String; 3]| json!({ "operation": operation, "state": state, "holds": holds });
        let json = json!({
            "steps": rows.into_iter().map(step).collect::<Vec<_>>(),
            "ledger": operations.into_iter().map(held).collect::<Vec<_>>(),
            "open": self.open().into_iter().map(|line| step(line.row())).collect::<Vec<_>>(),
        });
        Answer { text: parts.join("\n\n"), json, good }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(function: &str, fields: Value) -> Line {
        Line::new(&format!("/aws/lambda/{function}"), fields)
    }

    fn record(timestamp: &str, flow: &str, disposition: &str, operation: &str) -> Line {
        line(
            flow,
            json!({
                "timestamp": timestamp, "message": "record ended", "correlation_id": "e-1", "attempts": 1,
                "disposition": disposition, "operation": operation, "elapsed_ms": 12, "dead_lettered": "false"
            }),
        )
    }

    const RESERVE: &str = "19:orders-to-inventory/4:acme/13:5912345678901/7:reserve";
    const LABEL: &str = "21:inventory-to-shipping/8:SPW-5912/5:label";

    #[test]
    fn an_event_is_found_by_every_id_of_it_and_by_no_part_of_one() {
        let webhook = line(
            "ingest",
            json!({
                "message": "webhook ended", "correlation_id": "e-1", "delivery_id": "d-1", "message_id": "m-1"
            }),
        );
        let lines = [webhook, record("1", "orders", "Done", RESERVE)];
        for id in ["e-1", "d-1", "m-1", "5912345678901", "acme"] {
            assert_eq!(events(&lines, id), BTreeSet::from(["e-1".to_owned()]), "{id}");
        }
        for id in ["e-", "591234567890", "reserv", "acm"] {
            assert_eq!(events(&lines, id), BTreeSet::new(), "{id}");
        }
    }

    #[test]
    fn steps_stand_in_their_order_and_a_message_that_was_held_has_ended_well_once_it_is_done() {
        let lines = vec![
            record("3", "shipping", "Hold", LABEL),
            record("2", "orders", "Done", RESERVE),
            line("ingest", json!({"timestamp": "1", "message": "webhook ended", "outcome": "queued"})),
            line("shipping", json!({"Held": 1})),
            record("2", "orders", "Done", RESERVE),
        ];
        let held = Journey::of(lines.clone());
        let answer = held.answer("e-1");
        assert!(
            !answer.good && answer.text.contains("1 message of it not ended well yet"),
            "{}",
            answer.text
        );
        let steps: Vec<_> =
            answer.json["steps"].as_array().unwrap().iter().map(|it| it["what"].clone()).collect();
        assert_eq!(steps, ["webhook queued", "Done", "Hold"]);
        assert_eq!(held.operations().collect::<BTreeSet<_>>(), BTreeSet::from([RESERVE, LABEL]));
        let done = Journey::of([lines, vec![record("4", "shipping", "Done", LABEL)]].concat());
        assert!(done.answer("e-1").good);
    }

    #[test]
    fn a_refund_is_found_by_its_own_id() {
        let operation = "22:payments-to-operations/4:acct/4:pi_1/11:refund/re_1";
        assert_eq!(parts(operation), ["payments-to-operations", "acct", "pi_1", "refund/re_1"]);
        let lines = [record("1", "payments", "Done", operation)];
        for id in ["pi_1", "re_1", "refund/re_1"] {
            assert_eq!(events(&lines, id).len(), 1, "{id}");
        }
        assert_eq!(events(&lines, "_1").len(), 0);
    }

    #[test]
    fn what_was_refused_by_its_mapping_has_ended_well_once_it_was_redriven_and_done() {
        let refused = record("1", "orders", "Reject", "");
        assert!(!Journey::of(vec![refused.clone()]).answer("e-1").good);
        let done = Journey::of(vec![refused, record("2", "orders", "Done", RESERVE)]);
        assert!(done.answer("e-1").good);
    }

    #[test]
    fn a_repeat_of_what_is_a_dead_letter_is_no_good_end() {
        let lines =
            vec![record("1", "orders", "Reject", RESERVE), record("2", "orders", "Duplicate", RESERVE)];
        let mut journey = Journey::of(lines);
        let state = "REJECTED SPW4005".to_owned();
        journey.ledger.push(Ledger {
            operation: RESERVE.to_owned(),
            state,
            said: String::new(),
            is_rejected: true,
        });
        let answer = journey.answer("e-1");
        assert!(!answer.good && answer.text.contains("a letter is in the DLQ"), "{}", answer.text);
    }

    #[test]
    fn a_call_and_a_refusal_say_what_a_person_looks_for() {
        let called = line(
            "orders",
            json!({"message": "target called", "target_system": "tryton", "method": "POST", "status": 503,
                   "code": "SPW4002", "elapsed_ms": 80}),
        );
        assert_eq!(called.step(), ("tryton POST".to_owned(), "status 503, SPW4002, 80 ms".to_owned()));
        let rejected = line(
            "orders",
            json!({"message": "record ended", "disposition": "Reject", "code": "SPW2001", "path": "$.sku",
                   "summary": "expected a string", "attempts": 1, "dead_lettered": "true"}),
        );
        let how = "SPW2001, at $.sku, expected a string, receive 1, to the DLQ: yes";
        assert_eq!(rejected.step(), ("Reject".to_owned(), how.to_owned()));
    }

    #[test]
    fn what_the_target_said_last_is_the_last_call_of_the_journey() {
        let called = |timestamp: &str, status: u16| {
            line(
                "orders",
                json!({"timestamp": timestamp, "message": "target called", "target_system": "tryton",
                       "method": "POST", "status": status}),
            )
        };
        let lines = vec![called("2", 422), record("3", "orders", "Reject", RESERVE), called("1", 503)];
        let last = ("tryton POST".to_owned(), "status 422".to_owned());
        assert_eq!(Journey::of(lines).last_call(), Some(last));
        assert_eq!(Journey::default().last_call(), None);
    }

    #[test]
    fn an_id_that_nobody_has_logged_is_no_good_answer() {
        let answer = Journey::of(Vec::new()).answer("e-9");
        assert!(!answer.good && answer.text.contains("--days"), "{}", answer.text);
    }
}
