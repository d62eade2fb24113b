use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use message::Envelope;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use transform::mapping::file::MappingFile;
use transform::{Explanation, Looked, Outcome, Problem, RuleExplained, cases};

use crate::answer::Answer;
use crate::input;
use crate::project::Project;
use crate::table::table;

#[derive(Args)]
pub(crate) struct Explain {
    /// Name of the mapping.
    mapping: String,
    /// A payload, or a whole message body as it stands on the queue; - for standard input.
    sample: PathBuf,
    /// What the mapping reads as @settings: a JSON file.
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// The envelope's source, such as /shopify/acme.myshopify.com.
    #[arg(long)]
    source: Option<String>,
    /// The version of the source's contract; the newest that is accepted, where the sample is a payload and this is not said.
    #[arg(long)]
    version: Option<String>,
    /// Of so many items of each list, and of all that are refused, the rules are shown.
    #[arg(long, default_value_t = 3, value_name = "COUNT")]
    items: usize,
    /// Cut nothing.
    #[arg(long)]
    wide: bool,
}

/// What is mapped, and how it came.
struct Sample {
    payload: String,
    envelope: Envelope,
    bare: bool,
}

impl Explain {
    pub(crate) fn run(&self, project: &Project) -> Result<Answer> {
        let mapping = project.catalog.mapping(&self.mapping)?;
        let settings = settings(&mapping.file, self.settings.as_ref())?;
        let plan = project.catalog.plan(&self.mapping, &settings)?;
        let sample = self.sample(&mapping.file, input::text(&self.sample)?)?;
        let explanation = plan.explain(&sample.payload, Some(&sample.envelope), self.items);
        let good = explanation.output.is_some();
        Ok(Answer { text: self.text(&mapping.path, &sample, &explanation), json: json(&explanation), good })
    }

    fn sample(&self, file: &MappingFile, text: String) -> Result<Sample> {
        // The members alone: what is in them may be deeper than any value is read.
        let members = serde_json::from_str::<BTreeMap<String, &RawValue>>(&text).unwrap_or_default();
        let at = file.version_at.as_deref().and_then(|at| at.strip_prefix("@envelope."));
        if self.version.is_some() && at != Some("sourceversion") {
            bail!("{} does not read its version at @envelope.sourceversion", file.mapping);
        }
        if members.contains_key("specversion") && members.contains_key("data") {
            let mut envelope = Envelope::decode(&text)?;
            if let Some(source) = &self.source {
                source.clone_into(&mut envelope.source);
            }
            envelope.sourceversion = self.version.clone().or(envelope.sourceversion);
            return Ok(Sample { payload: envelope.data.get().to_owned(), envelope, bare: false });
        }
        let own = [("source", &self.source), ("sourceversion", &self.version)];
        let own = own.into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!(value.as_ref()?))));
        let envelope = cases::envelope(file, &own.collect()).map_err(|problem| anyhow!(problem))?;
        Ok(Sample { payload: text, envelope, bare: true })
    }

    fn text(&self, path: &str, sample: &Sample, explanation: &Explanation) -> String {
        let version =
            sample.envelope.sourceversion.as_deref().map_or(String::new(), |it| format!(", version {it}"));
        let mut parts = vec![format!("{} ({path}){version}", explanation.stamp)];
        parts.push(side_by_side(explanation, self.items, self.wide));
        if sample.bare && explanation.problems.iter().any(|problem| problem.path.starts_with("@envelope.")) {
            parts.push(
                "The sample has no envelope: say what one would have with --source and --version.".to_owned(),
            );
        }
        parts.retain(|part| !part.is_empty());
        parts.join("\n\n")
    }
}

/// What came beside what became of it, rule by rule, and what is made of all of it.
pub(crate) fn side_by_side(explanation: &Explanation, items: usize, wide: bool) -> String {
    let mut parts = Vec::new();
    let rows = rows(explanation);
    if !rows.is_empty() {
        parts.push(table(["input", "came", "rule", "made"], &rows, wide));
    }
    let lists = explanation.lists.iter().map(|list| {
        let cut =
            if list.kept > items { format!(", {items} shown, and what is refused") } else { String::new() };
        format!("{} of {}: {} came, {} kept{cut}", list.to, list.from.path, list.from.came, list.kept)
    });
    parts.push(lists.collect::<Vec<_>>().join("\n"));
    let notes = explanation.notes.iter().map(|note| format!("{}: {}", note.path(), note.kind()));
    parts.push(notes.collect::<Vec<_>>().join("\n"));
    parts.push(match &explanation.output {
        Some(output) => format!("{output:#}"),
        None => {
            format!("refused:\n{}", explanation.problems.iter().map(problem).collect::<Vec<_>>().join("\n"))
        }
    });
    parts.retain(|part| !part.is_empty());
    parts.join("\n\n")
}

/// What `@settings` reads, where the mapping reads it.
pub(super) fn settings(file: &MappingFile, path: Option<&PathBuf>) -> Result<Value> {
    match (&file.settings, path) {
        (Some(_), Some(path)) => input::json(path),
        (Some(contract), None) => {
            Err(anyhow!("{} reads @settings ({contract})", file.mapping)).context("say --settings FILE")
        }
        (None, _) => Ok(Value::Null),
    }
}

fn problem(problem: &Problem) -> String {
    let Problem { code, path, expected, came } = problem;
    format!("{code} at {path}: expected {expected}, came {came}")
}

/// One row a place that was looked at: the first of a rule says what the rule made.
fn rows(explanation: &Explanation) -> Vec<[String; 4]> {
    let mut rows = Vec::new();
    for refusal in &explanation.refusals {
        let made = refusal
            .refused
            .as_ref()
            .map_or("no".to_owned(), |it| format!("{}: expected {}", it.code, it.expected));
        rows.push([refusal.at.path.clone(), refusal.at.came.clone(), "refuse".to_owned(), made]);
    }
    for rule in &explanation.rules {
        let (mut to, mut made) = (rule.to.clone(), made(rule));
        if rule.from.is_empty() {
            rows.push([String::new(), String::new(), to, made]);
            continue;
        }
        for looked in &rule.from {
            let (to, made) = (std::mem::take(&mut to), std::mem::take(&mut made));
            rows.push([looked.path.clone(), looked.came.clone(), to, made]);
        }
    }
    rows
}

fn made(rule: &RuleExplained) -> String {
    match &rule.outcome {
        Outcome::Made { value, .. } => value.to_string(),
        Outcome::Default { value } => format!("{value} (default)"),
        Outcome::Absent => "-".to_owned(),
        Outcome::Missing => "missing: the target needs it".to_owned(),
        Outcome::Refused(problems) => problems.iter().map(problem).collect::<Vec<_>>().join("; "),
    }
}

pub(crate) fn json(explanation: &Explanation) -> Value {
    let looked = |looked: &Looked| json!({ "path": looked.path, "came": looked.came });
    let rules = explanation.rules.iter().map(|rule| {
        let (outcome, value, problems) = match &rule.outcome {
            Outcome::Made { value, .. } => ("made", value.clone(), Value::Null),
            Outcome::Default { value } => ("default", value.clone(), Value::Null),
            Outcome::Absent => ("absent", Value::Null, Value::Null),
            Outcome::Missing => ("missing", Value::Null, Value::Null),
            Outcome::Refused(problems) => ("refused", Value::Null, cases::told(problems)),
        };
        json!({
            "to": rule.to, "from": rule.from.iter().map(looked).collect::<Vec<_>>(),
            "outcome": outcome, "value": value, "problems": problems,
        })
    });
    let lists = explanation
        .lists
        .iter()
        .map(|list| json!({ "to": list.to, "from": looked(&list.from), "kept": list.kept }));
    let refusals = explanation.refusals.iter().map(|refusal| {
        json!({ "at": looked(&refusal.at), "problem": refusal.refused.as_ref().map(|it| cases::told(std::slice::from_ref(it))) })
    });
    let notes = explanation.notes.iter().map(|note| json!({ "path": note.path(), "kind": note.kind() }));
    json!({
        "mapping": explanation.stamp,
        "rules": rules.collect::<Vec<_>>(),
        "lists": lists.collect::<Vec<_>>(),
        "refusals": refusals.collect::<Vec<_>>(),
        "notes": notes.collect::<Vec<_>>(),
        "problems": cases::told(&explanation.problems),
        "output": explanation.output,
    })
}
