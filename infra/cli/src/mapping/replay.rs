use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Result, anyhow};
use clap::Args;
use message::{Envelope, Rejection};
use serde_json::{Value, json};
use transform::{Plan, without_indices};

use super::letters::{Letter, letters};
use crate::answer::{Answer, counted};
use crate::input;
use crate::project::Project;
use crate::table::table;

#[derive(Args)]
pub(crate) struct Replay {
    /// Name of the mapping.
    mapping: String,
    /// What `aws sqs receive-message --message-attribute-names All` has printed, or message bodies; - for standard input.
    file: PathBuf,
    /// A mapping that goes on with what was made: the flow's next. May be said several times.
    #[arg(long, value_name = "MAPPING")]
    then: Vec<String>,
    /// What a mapping reads as @settings: a JSON file.
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
}

/// What is still wrong with a message: nothing of the message itself.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Wrong {
    /// Empty where no mapping was reached.
    mapping: String,
    code: String,
    path: String,
    problem: String,
}

impl Replay {
    pub(crate) fn run(&self, project: &Project) -> Result<Answer> {
        let mut plans = Vec::new();
        for name in std::iter::once(&self.mapping).chain(&self.then) {
            let mapping = project.catalog.mapping(name)?;
            let settings = super::explain::settings(&mapping.file, self.settings.as_ref())?;
            plans.push(project.catalog.plan(name, &settings)?);
        }
        let named = |problem| anyhow!("{}: {problem}", self.file.display());
        let letters = letters(&input::text(&self.file)?).map_err(named)?;
        let replayed: Vec<_> = letters.iter().map(|letter| (letter, replay(&plans, &letter.body))).collect();
        let good = replayed.iter().all(|(_, wrong)| wrong.is_empty());
        Ok(Answer { text: text(&replayed), json: json(&replayed), good })
    }
}

/// Through the mappings, one after the other.
fn replay(plans: &[Plan], body: &str) -> Vec<Wrong> {
    let envelope = match Envelope::decode(body) {
        Ok(envelope) => envelope,
        Err(error) => {
            let Rejection { code, path, summary, .. } = error.into();
            let (code, mapping) = (code.to_string(), String::new());
            return vec![Wrong { mapping, code, path, problem: summary }];
        }
    };
    let mut payload = envelope.data.get().to_owned();
    for plan in plans {
        match plan.translate(&payload, Some(&envelope)) {
            Ok(translated) => payload = translated.value.to_string(),
            Err(error) => {
                let problems = error.problems.into_iter().map(|problem| Wrong {
                    mapping: error.mapping.to_owned(),
                    code: problem.code.to_string(),
                    path: problem.path,
                    problem: format!("expected {}", problem.expected),
                });
                return problems.collect();
            }
        }
    }
    Vec::new()
}

type Replayed<'l> = (&'l Letter, Vec<Wrong>);

fn text(replayed: &[Replayed<'_>]) -> String {
    let mut rows = Vec::new();
    for (letter, wrong) in replayed {
        let (id, was) = (letter.id.clone(), was(letter).unwrap_or_default());
        let Some((first, others)) = wrong.split_first() else {
            rows.push([id, was, "would pass".to_owned()]);
            continue;
        };
        rows.push([id, was, still(first)]);
        rows.extend(others.iter().map(|other| [String::new(), String::new(), still(other)]));
    }
    let mut lines = Vec::new();
    if !rows.is_empty() {
        lines.extend([table(["message", "was", "now"], &rows, false), String::new()]);
    }
    for ((code, path), count) in summary(replayed) {
        lines.push(format!("{code} at {path}: {}", counted(count, "message")));
    }
    let failing = replayed.iter().filter(|(_, wrong)| !wrong.is_empty()).count();
    lines.push(format!(
        "{}: {} would pass, {failing} would not",
        counted(replayed.len(), "message"),
        replayed.len() - failing
    ));
    lines.join("\n")
}

fn was(letter: &Letter) -> Option<String> {
    letter.was.as_ref().map(|(code, path)| format!("{code} at {path}"))
}

fn still(wrong: &Wrong) -> String {
    format!("{} at {}: {}", wrong.code, wrong.path, wrong.problem)
}

/// Messages by code and path; items of a list together.
fn summary(replayed: &[Replayed<'_>]) -> BTreeMap<(String, String), usize> {
    let mut summary: BTreeMap<(String, String), usize> = BTreeMap::new();
    for (_, wrong) in replayed {
        let mut of_message: Vec<_> =
            wrong.iter().map(|it| (it.code.clone(), without_indices(&it.path))).collect();
        of_message.sort();
        of_message.dedup();
        for place in of_message {
            *summary.entry(place).or_default() += 1;
        }
    }
    summary
}

fn json(replayed: &[Replayed<'_>]) -> Value {
    let messages = replayed.iter().map(|(letter, wrong)| {
        let problems = wrong.iter().map(|it| {
            json!({ "mapping": it.mapping, "code": it.code, "path": it.path, "problem": it.problem })
        });
        json!({ "id": letter.id, "was": was(letter), "passes": wrong.is_empty(), "problems": problems.collect::<Vec<_>>() })
    });
    let summary = summary(replayed)
        .into_iter()
        .map(|((code, path), messages)| json!({ "code": code, "path": path, "messages": messages }));
    json!({ "messages": messages.collect::<Vec<_>>(), "summary": summary.collect::<Vec<_>>() })
}
