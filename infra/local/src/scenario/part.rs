use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use serde_json::Value;

use super::Effects;
use super::signed::{Answer, Webhook};
use super::stage::{Flow, Stage};
use super::table::Row;

/// A part of the scenario: one source's way through its flow, step by step, each checked as it is told.
pub(super) struct Part<'a> {
    pub(super) stage: &'a Stage<'a>,
    title: &'static str,
    pub(super) rows: Vec<Row>,
    pub(super) wrong: Vec<String>,
    pub(super) once: Effects,
    /// Flows and correlation ids of the dead letters that there have to be.
    pub(super) letters: BTreeSet<(&'static str, String)>,
    /// How many events ingest has to count as ignored, by source.
    pub(super) ignored: BTreeMap<&'static str, u64>,
}

impl<'a> Part<'a> {
    pub(super) fn new(stage: &'a Stage<'a>, title: &'static str) -> Self {
        Self {
            stage,
            title,
            rows: Vec::new(),
            wrong: Vec::new(),
            once: Effects::default(),
            letters: BTreeSet::new(),
            ignored: BTreeMap::new(),
        }
    }

    /// Posts a webhook that has to be accepted.
    pub(super) async fn post(&mut self, webhook: &Webhook) -> Result<Answer> {
        let answer = self.stage.sources.post(webhook).await?;
        self.check("the webhook's status", answer.status, 202);
        Ok(answer)
    }

    pub(super) fn row(
        &mut self,
        what: &'static str,
        answer: Option<&Answer>,
        result: impl Into<String>,
        should: impl AsRef<str>,
    ) {
        let result = result.into();
        self.check(what, result.as_str(), should.as_ref());
        self.rows.push(Row { flow: self.title, what, status: answer.map(|answer| answer.status), result });
    }

    pub(super) fn check<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, is: T, should: T) {
        if is != should {
            self.wrong.push(format!("{}: {what}: {is:?}, expected {should:?}", self.title));
        }
    }

    /// Posts what came before, and waits for it to be known again: the `nth` record of the event.
    pub(super) async fn repeated(
        &mut self,
        what: &'static str,
        webhook: &Webhook,
        (flow, correlation_id, nth): (&Flow, &str, usize),
    ) -> Result<()> {
        let answer = self.post(webhook).await?;
        let ends = self.stage.ended(flow, correlation_id, nth).await?;
        self.row(what, Some(&answer), ends.last().cloned().unwrap_or_default(), "duplicate");
        Ok(())
    }

    pub(super) async fn refused_when_forged(&mut self, webhook: &Webhook) -> Result<()> {
        let answer = self.stage.sources.post(&webhook.forged()).await?;
        self.check("the status of a wrong signature", answer.status, 401);
        let code = answer.body["code"].as_str().unwrap_or_default();
        self.row("with a wrong signature", Some(&answer), format!("refused {code}"), "refused SPW6004");
        Ok(())
    }

    /// Posts one event of a type that no route leads on from.
    pub(super) async fn ignored(
        &mut self,
        (source, what): (&'static str, &'static str),
        webhook: &Webhook,
        correlation_id: &str,
    ) -> Result<()> {
        let answer = self.post(webhook).await?;
        let told = self.stage.outcome_at_ingest(correlation_id).await?;
        let is_ignored = |value: &Value| value == "ignored";
        let all = is_ignored(&answer.body["status"]) && is_ignored(&told["outcome"]);
        let result = if all { "acknowledged and counted" } else { "not ignored" };
        self.row(what, Some(&answer), result, "acknowledged and counted");
        self.will_ignore(source, 1);
        Ok(())
    }

    pub(super) fn will_ignore(&mut self, source: &'static str, events: u64) {
        *self.ignored.entry(source).or_default() += events;
    }

    /// Waits for the event's dead letter: `SPW2001 at $.place (flow, mappings)`.
    pub(super) async fn rejected(
        &mut self,
        what: &'static str,
        answer: Option<&Answer>,
        (flow, correlation_id): (&Flow, &str),
        should: &str,
    ) -> Result<()> {
        let letter = self.stage.letter(flow, correlation_id).await?;
        self.row(what, answer, format!("dead letter {letter}"), format!("dead letter {should}"));
        self.letters.insert((flow.function, correlation_id.to_owned()));
        Ok(())
    }
}

/// The one thing that there has to be of its kind: what to say where there is, and what should have been said.
pub(super) fn only(found: &[String]) -> (String, String) {
    match found {
        [one] => (one.clone(), one.clone()),
        found => (format!("{} of them", found.len()), "one".to_owned()),
    }
}

/// A payload out of the golden cases of `shared/transform`, which none of what follows may change.
pub(super) fn payload(case: &str) -> Result<Value> {
    Ok(serde_json::from_str(case)?)
}

pub(super) fn unique() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}
