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
use super::until;
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

/// From where to where.
#[derive(Clone, Copy)]
struct Way {
    /// As the table calls it.
    title: &'static str,
    source: &'static str,
    /// The function that knows its events again.
    function: &'static str,
    /// All flows on the way, as their outputs are named.
    flows: &'static [&'static str],
}

/// What is written down on the way.
struct Journal<'a> {
    stage: Stage<'a>,
    way: Way,
    /// Where the source's webhooks go.
    url: String,
    letters_before: BTreeSet<String>,
    rows: Vec<Row>,
    wrong: Vec<String>,
}

impl<'a> Journal<'a> {
    async fn begin(stage: Stage<'a>, way: Way) -> Result<Self> {
        let url = format!("{}/webhooks/{}", stage.stack.api_url()?, way.source);
        let (letters_before, rows, wrong) = (BTreeSet::new(), Vec::new(), Vec::new());
        let journal = Self { stage, way, url, letters_before, rows, wrong };
        Ok(Self { letters_before: journal.letters().await?, ..journal })
    }

    fn says(&self, step: &str) {
        (self.stage.progress)(step);
    }

    /// Waits until so many records of an event have ended so, by the function's own log.
    async fn ended(&self, event: &str, disposition: &str, count: usize) -> Result<()> {
        until(&format!("{disposition} of {event}"), async || {
            Ok((self.dispositions(event, disposition).await? >= count).then_some(()))
        })
        .await
    }

    async fn dispositions(&self, event: &str, disposition: &str) -> Result<usize> {
        let is = |line: &Value| line["message"] == "record ended" && line["disposition"] == disposition;
        self.lines(|line| is(line) && line["correlation_id"] == event).await
    }

    /// Lines of the function's log.
    async fn lines(&self, are: impl Fn(&Value) -> bool) -> Result<usize> {
        let log_group = self.stage.stack.log_group(self.way.function);
        let lines = self.stage.stack.engine.inspect().log_lines(&log_group).await?;
        Ok(lines.iter().filter(|line| are(line)).count())
    }

    /// Waits until what the source has posted is done.
    async fn done(&mut self, what: &'static str, delivery: &Delivery, result: &str) -> Result<()> {
        self.ended(&event_of(delivery)?, "Done", 1).await?;
        self.row(what, delivery.status.unwrap_or_default(), result);
        Ok(())
    }

    /// Posts what came before, or was kept, and waits until it has ended so.
    async fn again(&mut self, what: &'static str, delivery: &Delivery, disposition: &str) -> Result<()> {
        let event = event_of(delivery)?;
        let before = self.dispositions(&event, disposition).await?;
        let status = delivery.post(&self.url).await?;
        self.ended(&event, disposition, before + 1).await?;
        self.row(what, status, disposition.to_lowercase());
        Ok(())
    }

    /// One webhook, how ingest answered it, and what came of it.
    fn row(&mut self, what: &'static str, status: u16, result: impl Into<String>) {
        self.answered(what, status, 202, result);
    }

    fn answered(&mut self, what: &'static str, status: u16, should: u16, result: impl Into<String>) {
        self.check(&format!("{what}: status"), &json!(status), &json!(should));
        self.rows.push(Row { flow: self.way.title, what, status: Some(status), result: result.into() });
    }

    fn check(&mut self, what: &str, is: &Value, should: &Value) {
        if is != should {
            self.wrong.push(format!("{what}: {is}, expected {should}"));
        }
    }

    /// A signature by a secret that is not ours lets nothing in.
    async fn forged(&mut self, forged: &Delivery) -> Result<()> {
        let status = forged.post(&self.url).await?;
        self.answered("with nobody's signature", status, 401, "refused");
        Ok(())
    }

    /// Waits until nothing is left to do, and ends the journey.
    async fn end(mut self) -> Result<Outcome> {
        let queues: Vec<_> = self.way.flows.iter().map(|flow| format!("{flow}QueueUrl")).collect();
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
        for flow in self.way.flows {
            let url = self.stage.stack.output(&format!("{flow}DeadLetterQueueUrl"))?;
            for letter in self.stage.stack.engine.inspect().messages(url).await? {
                let of = |name: &str| letter.attributes.get(name).cloned().unwrap_or_default();
                all.insert(format!("{} {} {} ({})", of("Flow"), of("Code"), of("Path"), letter.id));
            }
        }
        Ok(all)
    }
}

/// By Standard Webhooks the id is a header; the others have it in the body.
fn event_of(delivery: &Delivery) -> Result<String> {
    let body = delivery.json();
    let id = Some(delivery.header("webhook-id")).filter(|id| !id.is_empty()).or_else(|| body["id"].as_str());
    id.map(str::to_owned).context("a webhook without an id")
}

fn text<'v>(value: &'v Value, what: &str) -> Result<&'v str> {
    value.as_str().with_context(|| format!("no {what}"))
}
