//! Journeys: each flow from what happens in a real source to what has become of it in the real target, then the same repeated,
//! replayed and reordered. One file a flow; each answers as [`crate::scenario`] does.

pub mod crm;
pub mod orders;
pub mod payments;
pub mod warehouse;

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::relay::Delivery;
use super::until::until;
use crate::scenario::{Outcome, Row};
use crate::stack::Stack;
use crate::tools::Tools;

/// Where a journey is made.
#[derive(Clone, Copy)]
pub struct Stage<'a> {
    pub tools: &'a Tools,
    pub stack: &'a Stack,
    pub progress: &'a dyn Fn(&str),
}

impl Stage<'_> {
    /// Where a source's webhooks go.
    fn webhooks(&self, source: &str) -> Result<String> {
        Ok(format!("{}/webhooks/{source}", self.stack.api_url()?))
    }

    /// Waits until so many records of an event have ended so in a flow, by the function's own log.
    async fn ended(&self, flow: &str, event: &str, disposition: &str, count: usize) -> Result<()> {
        let what = format!("{disposition} of {event} in {flow}");
        until(&what, async || Ok((self.dispositions(flow, event, disposition).await? >= count).then_some(())))
            .await
    }

    async fn dispositions(&self, flow: &str, event: &str, disposition: &str) -> Result<usize> {
        let is = |line: &Value| line["message"] == "record ended" && line["disposition"] == disposition;
        self.lines(flow, |line| is(line) && line["correlation_id"] == event).await
    }

    /// Lines of a function's log.
    async fn lines(&self, function: &str, are: impl Fn(&Value) -> bool) -> Result<usize> {
        let lines = self.stack.engine.inspect().log_lines(&self.stack.log_group(function)).await?;
        Ok(lines.iter().filter(|line| are(line)).count())
    }
}

/// What is written down on the way.
struct Journal<'a> {
    stage: Stage<'a>,
    /// As their outputs are named.
    flows: &'static [&'static str],
    letters_before: BTreeSet<String>,
    rows: Vec<Row>,
    wrong: Vec<String>,
}

impl<'a> Journal<'a> {
    async fn begin(stage: Stage<'a>, flows: &'static [&'static str]) -> Result<Self> {
        let journal =
            Self { stage, flows, letters_before: BTreeSet::new(), rows: Vec::new(), wrong: Vec::new() };
        Ok(Self { letters_before: journal.letters().await?, ..journal })
    }

    /// One webhook, how ingest answered it, and what came of it.
    fn row(&mut self, what: &'static str, status: u16, result: impl Into<String>) {
        self.answered(what, status, 202, result);
    }

    fn answered(&mut self, what: &'static str, status: u16, should: u16, result: impl Into<String>) {
        self.check(&format!("{what}: status"), &json!(status), &json!(should));
        self.rows.push(Row::new(what, status, result));
    }

    fn check(&mut self, what: &str, is: &Value, should: &Value) {
        if is != should {
            self.wrong.push(format!("{what}: {is}, expected {should}"));
        }
    }

    /// A signature by a secret that is not ours lets nothing in.
    async fn forged(&mut self, forged: &Delivery, url: &str) -> Result<()> {
        let status = forged.post(url).await?;
        self.answered("with nobody's signature", status, 401, "refused");
        Ok(())
    }

    /// Waits until nothing is left to do, and ends the journey.
    async fn end(mut self) -> Result<Outcome> {
        let queues: Vec<_> = self.flows.iter().map(|flow| format!("{flow}QueueUrl")).collect();
        let inspect = self.stage.stack.engine.inspect();
        until("empty queues", async || {
            for queue in &queues {
                if !inspect.messages(self.stage.stack.output(queue)?).await?.is_empty() {
                    return Ok(None);
                }
            }
            Ok(Some(()))
        })
        .await?;
        let letters: Vec<_> = self.letters().await?.difference(&self.letters_before).cloned().collect();
        self.check("dead letters", &json!(letters), &json!([]));
        Ok(Outcome { rows: self.rows, wrong: self.wrong })
    }

    /// What says of each dead letter why it is one.
    async fn letters(&self) -> Result<BTreeSet<String>> {
        let mut all = BTreeSet::new();
        for flow in self.flows {
            let url = self.stage.stack.output(&format!("{flow}DeadLetterQueueUrl"))?;
            for letter in self.stage.stack.engine.inspect().messages(url).await? {
                let of = |name: &str| letter.attributes.get(name).cloned().unwrap_or_default();
                all.insert(format!("{} {} {} ({})", of("Flow"), of("Code"), of("Path"), letter.id));
            }
        }
        Ok(all)
    }
}

fn text<'v>(value: &'v Value, what: &str) -> Result<&'v str> {
    value.as_str().with_context(|| format!("no {what}"))
}
