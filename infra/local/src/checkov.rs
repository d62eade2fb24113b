//! checkov over the templates, and its findings against infra/checkov.toml, where each that is left has a reason.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::command::Step;
use crate::tools::Tools;

const SUPPRESSED: &str = "infra/checkov.toml";
/// Fewer are no reason.
const WORDS: usize = 6;

#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suppression {
    pub check: String,
    /// `AWS::SQS::Queue`, or `AWS::SQS::Queue.Name`.
    pub on: String,
    pub reason: String,
}

#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suppressions {
    pub suppressed: Vec<Suppression>,
}

#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct Finding {
    #[serde(rename = "check_id")]
    pub check: String,
    #[serde(rename = "check_name")]
    pub what: String,
    /// Type and name.
    pub resource: String,
    #[serde(rename = "file_path")]
    pub file: String,
}

#[derive(Debug, Deserialize)]
struct Results {
    failed_checks: Vec<Finding>,
}

#[derive(Debug, Deserialize)]
struct Summary {
    passed: usize,
    parsing_errors: usize,
}

#[derive(Debug, Deserialize)]
struct Report {
    results: Results,
    summary: Summary,
}

impl Suppression {
    fn covers(&self, finding: &Finding) -> bool {
        let kind = finding.resource.split_once('.').map(|(kind, _)| kind);
        self.check == finding.check && (self.on == finding.resource || Some(self.on.as_str()) == kind)
    }
}

impl Suppressions {
    pub fn read(text: &str) -> Result<Self> {
        Ok(toml::from_str(text)?)
    }

    /// What is found and not suppressed, and what is wrong with the suppressions themselves.
    pub fn judge(&self, findings: &[Finding]) -> Vec<String> {
        let new = findings.iter().filter(|finding| !self.suppressed.iter().any(|one| one.covers(finding)));
        let mut problems: Vec<_> = new
            .map(|Finding { check, what, resource, file }| format!("{check} {resource} ({file}): {what}"))
            .collect();
        let mut known = BTreeSet::new();
        for one in &self.suppressed {
            let at = format!("{SUPPRESSED}: {} on {}", one.check, one.on);
            if one.reason.split_whitespace().count() < WORDS {
                problems.push(format!("{at} has no reason"));
            }
            if !known.insert((&one.check, &one.on)) {
                problems.push(format!("{at} stands there twice"));
            }
            if !findings.iter().any(|finding| one.covers(finding)) {
                problems.push(format!("{at} suppresses nothing that is found"));
            }
        }
        problems
    }
}

/// What checkov has printed as JSON.
pub fn findings(printed: &str) -> Result<Vec<Finding>> {
    let report: Report = serde_json::from_str(printed).context("what checkov printed")?;
    ensure!(
        report.summary.parsing_errors == 0,
        "checkov could not read {} files",
        report.summary.parsing_errors
    );
    ensure!(report.summary.passed > 0, "checkov has checked nothing");
    Ok(report.results.failed_checks)
}

/// Every template of the application: the one at the root and all that it nests.
pub fn templates(root: &Path) -> Result<Vec<String>> {
    let mut names = vec!["template.yaml".to_owned()];
    for entry in fs::read_dir(root.join("infra"))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.ends_with(".yaml") {
            names.push(format!("infra/{name}"));
        }
    }
    names.sort();
    Ok(names)
}

/// Over the templates of this folder. It asks nothing of the network.
pub async fn checkov(tools: &Tools, folder: &Path) -> Result<()> {
    let bin = tools.environment("checkov", "checkov").await?;
    let printed = Step::new("checkov", bin.join("checkov"))
        .args([
            "--framework",
            "cloudformation",
            "--skip-download",
            "--compact",
            "--soft-fail",
            "--output",
            "json",
            "--file",
        ])
        .args(templates(folder)?)
        .dir(folder)
        .output()
        .await?;
    let suppressed = tools.workspace.root().join(SUPPRESSED);
    let suppressed = fs::read_to_string(&suppressed).with_context(|| SUPPRESSED)?;
    let problems = Suppressions::read(&suppressed)?.judge(&findings(&printed)?);
    ensure!(problems.is_empty(), "checkov:\n{}", problems.join("\n"));
    Ok(())
}
