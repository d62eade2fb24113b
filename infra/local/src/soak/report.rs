use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use anyhow::Result;
use serde_json::Value;

use super::Plan;
use super::load::Sent;
use super::weather::Passed;
use crate::sandbox::System;
use crate::stack::Stack;

/// What came of it.
#[derive(Debug)]
pub struct Report {
    pub orders: usize,
    /// On both queues together: what was sent and what followed.
    pub messages: usize,
    pub lost: usize,
    pub doubled: usize,
    /// Dead letters that are not poison, or poison that is not among them.
    pub wrong_dead_letters: usize,
    pub poison: usize,
    pub dispositions: BTreeMap<String, usize>,
    /// Orders whose label waited for its target, and of them those that have it.
    pub held: usize,
    pub drained: usize,
    pub kills: usize,
    pub outage: Duration,
    /// Of the other flow, from the queue to the reservation: median and 99th percentile.
    pub before: (Duration, Duration),
    pub during: (Duration, Duration),
    pub took: Duration,
}

impl Report {
    pub(super) async fn of(
        stack: &Stack,
        plan: &Plan,
        sent: &Sent,
        passed: &Passed,
        took: Duration,
    ) -> Result<Self> {
        let effects = stack.sandbox.effects();
        let of_system = |system: System| {
            let mut times: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
            for effect in effects.iter().filter(|effect| effect.system == system) {
                times.entry(effect.reference.as_str()).or_default().push(effect.at_ms);
            }
            times
        };
        let (reserved, labelled) = (of_system(System::Inventory), of_system(System::Labels));
        let count = |times: &BTreeMap<&str, Vec<i64>>, is: fn(usize) -> bool| {
            sent.orders.keys().filter(|order| is(times.get(order.as_str()).map_or(0, Vec::len))).count()
        };
        let lost = count(&reserved, |count| count == 0) + count(&labelled, |count| count == 0);
        let doubled = count(&reserved, |count| count > 1) + count(&labelled, |count| count > 1);
        let mut lines = Vec::new();
        for function in ["orders-to-inventory", "inventory-to-shipping"] {
            let logged = stack.engine.inspect().log_lines(&stack.log_group(function)).await?;
            lines.extend(logged.into_iter().filter(|line| line["message"] == "record ended"));
        }
        let latency = |from: i64, until: i64| {
            let orders = sent.orders.iter().filter(|(_, at)| (from..until).contains(*at));
            let times = orders.filter_map(|(order, at)| Some(reserved.get(order.as_str())?.first()? - at));
            let mut times: Vec<_> = times.collect();
            times.sort_unstable();
            (percentile(&times, 50), percentile(&times, 99))
        };
        let (held, drained) = held_and_drained(&lines);
        Ok(Self {
            orders: plan.orders,
            messages: sent.messages + plan.orders,
            lost,
            doubled,
            wrong_dead_letters: wrong_dead_letters(stack, sent).await?,
            poison: sent.poison.len(),
            dispositions: dispositions(&lines),
            held,
            drained,
            kills: passed.kills,
            outage: plan.outage,
            before: latency(0, passed.outage_ms.0),
            during: latency(passed.outage_ms.0, passed.outage_ms.1),
            took,
        })
    }

    pub const fn is_good(&self) -> bool {
        self.lost == 0 && self.doubled == 0 && self.wrong_dead_letters == 0
    }
}

async fn wrong_dead_letters(stack: &Stack, sent: &Sent) -> Result<usize> {
    let mut found = BTreeSet::new();
    for queue in super::QUEUES {
        let url = stack.output(&format!("{queue}DeadLetterQueueUrl"))?;
        for letter in stack.engine.inspect().messages(url).await? {
            let code = letter.attributes.get("Code").cloned().unwrap_or_default();
            let correlation_id = letter.attributes.get("CorrelationId").cloned();
            found.insert((correlation_id.unwrap_or(letter.id), code));
        }
    }
    let expected: BTreeSet<_> = sent.poison.iter().map(|id| (id.clone(), "SPW2001".to_owned())).collect();
    for (id, code) in found.difference(&expected) {
        crate::say(format!("unexpected dead letter: {code} {id}"));
    }
    Ok(found.symmetric_difference(&expected).count())
}

fn dispositions(lines: &[Value]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for line in lines {
        let name = line["disposition"].as_str().unwrap_or_default();
        let name = match line["code"].as_str() {
            Some(code) => format!("{name} {code}"),
            None => name.to_owned(),
        };
        *counts.entry(name).or_default() += 1;
    }
    counts
}

fn held_and_drained(lines: &[Value]) -> (usize, usize) {
    let of_labels = |disposition: &'static str| {
        let ended = lines.iter().filter(move |line| {
            line["flow"] == "inventory-to-shipping" && line["disposition"] == disposition
        });
        ended.filter_map(|line| line["correlation_id"].as_str()).collect::<BTreeSet<_>>()
    };
    let held = of_labels("Hold");
    let well: BTreeSet<_> = of_labels("Done").union(&of_labels("Duplicate")).copied().collect();
    (held.len(), held.intersection(&well).count())
}

fn percentile(milliseconds: &[i64], percent: usize) -> Duration {
    let at = milliseconds.len().saturating_sub(1) * percent / 100;
    let found = milliseconds.get(at).copied().and_then(|ms| u64::try_from(ms).ok());
    Duration::from_millis(found.unwrap_or(0))
}

/// What docs/soak.md begins with.
const HEAD: &str = "\
# Soak

Written by `cargo xtask soak`: both flows on the local engine with the partner sandbox, orders put on the first queue as ingest would, at
a steady pace. Of the messages 10 % come twice, neighbours within 200 change places, and some are poison. Of the calls that decide (the
assignment of stock, the purchase of a label) 5 % are answered with 500 and 2 % have their effect and no answer; 200 calls in a row
are answered with 429; the label system is down for two minutes; and function processes are killed while they work, whose batches come
again after the queue's visibility timeout of 180 s: that is what the 99th percentiles show. The partners' own records are what is
counted. The engine takes 50 to 100 ms an invocation: latencies say how the two halves of the run differ, not how fast AWS is.

";

impl Report {
    /// The page docs/soak.md.
    pub fn page(&self) -> String {
        format!("{HEAD}{self}\n")
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = |duration: &Duration| format!("{:.1} s", duration.as_secs_f64());
        writeln!(f, "| | |\n|---|---|")?;
        writeln!(f, "| orders; messages on both queues | {}; {} |", self.orders, self.messages)?;
        writeln!(f, "| lost | {} |", self.lost)?;
        writeln!(f, "| doubled | {} |", self.doubled)?;
        writeln!(f, "| dead letters | {} poison, {} wrong |", self.poison, self.wrong_dead_letters)?;
        writeln!(
            f,
            "| labels held while their target was not to be called; of them drained | {}; {} |",
            self.held, self.drained
        )?;
        writeln!(f, "| outage of the label system | {} |", seconds(&self.outage))?;
        for (when, (median, p99)) in [("before", &self.before), ("during", &self.during)] {
            let times = format!("{}; {}", seconds(median), seconds(p99));
            writeln!(f, "| order flow, queue to reservation, {when} the outage: median; p99 | {times} |")?;
        }
        writeln!(f, "| function processes killed | {} |", self.kills)?;
        for (disposition, count) in &self.dispositions {
            writeln!(f, "| records that ended as {disposition} | {count} |")?;
        }
        write!(f, "| took | {} |", seconds(&self.took))
    }
}
