//! `spillway dlq …`: one file a command. Each asks a [`Review`] and says what it answered; which world that reviews, its tests choose.

mod ack;
mod archive;
mod arguments;
mod body;
mod discard;
mod edit;
mod ended;
mod list;
mod plan;
mod redrive;
mod restore;
mod show;
#[cfg(test)]
pub(crate) mod testing;
pub(crate) mod words;

use std::collections::{BTreeMap, HashMap};

use anyhow::Result;
use clap::Subcommand;
use review::{Looked, Review, Stop};
use serde_json::{Value, json};

pub(crate) use self::arguments::{Hidden, Settings};
use self::words::letters;
use crate::answer::Answer;
use crate::deployment::Stack;
use crate::interrupt::Interrupt;
use crate::live::wait;
use crate::project::Project;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// What is on the dead letter queues, by cause. Exit code 0 where nothing is, or somebody knows of all of it.
    List(list::List),
    /// One letter: why it is one, its body, what the mappings make of it today, its journey. Shows values.
    Show(show::Show),
    /// Which letters are meant, and what would become of each if it were redriven now. Moves nothing. Exit code 1 where one would not
    /// pass.
    Plan(plan::Plan),
    /// Moves the letters of a plan back to their flows' queues, slowly at first. Exit code 1 where one came back or is left.
    Redrive(redrive::Redrive),
    /// Another body for a letter, with which it is redriven: the same message still.
    Edit(edit::Edit),
    /// Takes letters off their queue that nobody needs; they are put into the archive first.
    Discard(discard::Discard),
    /// Puts letters of the archive back onto their dead letter queue.
    Restore(restore::Restore),
    /// Somebody knows of a group, until a time.
    Ack(ack::Ack),
    /// Puts what SQS drops soon into the archive, and leaves it where it is.
    Archive(archive::Archive),
}

impl Command {
    pub(crate) fn run(&self, project: &Project) -> Result<Answer> {
        let settings = self.settings()?;
        let (stack, hidden) = self.place();
        wait(async {
            let stop = Stop::default();
            let interrupt = Interrupt::listen(&stop)?;
            let deployment = stack.open(project, settings, hidden.limits()).await?;
            let review = &deployment.review;
            match self {
                Self::List(list) => list.run(review, &stop).await,
                Self::Show(show) => show.run(review, Some(&deployment.journeys), &stop).await,
                Self::Plan(plan) => plan.run(review, &stop).await,
                Self::Redrive(redrive) => redrive.run(review, &stop).await,
                Self::Edit(edit) => edit.run(review, &interrupt, &stop).await,
                Self::Discard(discard) => discard.run(review, &stop).await,
                Self::Restore(restore) => restore.run(review, &stop).await,
                Self::Ack(ack) => ack.run(review, &stop).await,
                Self::Archive(archive) => archive.run(review, &stop).await,
            }
        })
    }

    fn settings(&self) -> Result<HashMap<String, Value>> {
        match self {
            Self::Show(show) => show.settings.read(),
            Self::Plan(plan) => plan.settings.read(),
            Self::Edit(edit) => edit.settings.read(),
            _ => Ok(HashMap::new()),
        }
    }

    fn place(&self) -> (&Stack, &Hidden) {
        let scope = match self {
            Self::List(list) => &list.scope,
            Self::Show(show) => &show.scope,
            Self::Plan(plan) => &plan.scope,
            Self::Redrive(redrive) => &redrive.scope,
            Self::Edit(edit) => &edit.scope,
            Self::Discard(discard) => &discard.scope,
            Self::Archive(archive) => &archive.scope,
            Self::Restore(restore) => return (&restore.stack, &restore.hidden),
            Self::Ack(ack) => return (&ack.stack, &ack.hidden),
        };
        (&scope.stack, &scope.hidden)
    }
}

/// What a look at a flow's letters did not see, where it did not see all.
fn unseen(flow: &str, looked: &Looked, review: &Review, stop: &Stop) -> Vec<String> {
    let mut said = Vec::new();
    if looked.elsewhere() > 0 {
        let hidden = letters(looked.elsewhere());
        said.push(format!(
            "{flow}: {hidden} not seen, as somebody else was looking at them: ask again in a minute"
        ));
    }
    if !looked.complete {
        let why = if stop.is_stopped() {
            "it was broken off".to_owned()
        } else {
            format!("no more than {} are hidden at once", review.limits.most)
        };
        said.push(format!("{flow}: the look ended after {}, as {why}", letters(looked.seen)));
    }
    said
}

/// The same of several flows.
fn missed(looked: &BTreeMap<String, Looked>, review: &Review, stop: &Stop) -> Vec<String> {
    looked.iter().flat_map(|(flow, looked)| unseen(flow, looked, review, stop)).collect()
}

/// Letters that may have been meant where none was found.
fn others(looked: &BTreeMap<String, Looked>) -> String {
    match looked.values().map(Looked::elsewhere).sum() {
        0 => String::new(),
        1 => "; 1 letter is being looked at by somebody else just now".to_owned(),
        hidden => format!("; {} are being looked at by somebody else just now", letters(hidden)),
    }
}

/// The same for a program.
fn looks(looked: &BTreeMap<String, Looked>) -> Vec<Value> {
    let look = |(flow, looked): (&String, &Looked)| {
        json!({
            "flow": flow, "seen": looked.seen, "hidden_by_others": looked.elsewhere(), "complete": looked.complete,
        })
    };
    looked.iter().map(look).collect()
}
