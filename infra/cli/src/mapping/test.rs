use std::path::PathBuf;

use anyhow::{Context, Result, anyhow};
use clap::Args;
use serde_json::{Value, json};
use transform::Catalog;
use transform::cases::{self, Coverage, Report};

use crate::answer::{Answer, counted};
use crate::project::Project;
use crate::table::table;

/// Names of cases that are told of one part.
const MOST_NAMES: usize = 3;

#[derive(Args)]
pub(crate) struct Test {
    /// Folder of the cases, <mapping>/<case>/; the project's where none is said.
    folder: Option<PathBuf>,
    /// Print which cases exercise what.
    #[arg(long)]
    coverage: bool,
    /// What no case exercises is no failure.
    #[arg(long)]
    allow_uncovered: bool,
    /// Make what the mappings give now what the cases expect.
    #[arg(long)]
    write: bool,
}

impl Test {
    pub(crate) fn run(&self, project: &Project) -> Result<Answer> {
        let folder = self.folder.as_ref().or(project.cases.as_ref());
        let folder = folder.context("no cases are built in: say which folder, or run this in a checkout")?;
        let run = |catalog: &Catalog| {
            cases::run(catalog, &cases::read(folder)?).map_err(|problem| anyhow!(problem))
        };
        let (mut report, mut written) = (run(&project.catalog)?, Vec::new());
        if self.write {
            written = cases::write(&report)?;
            report = run(&project.catalog)?;
        }
        let mut lines: Vec<_> = written.iter().map(|path| format!("written: {}", path.display())).collect();
        lines.extend(failures(&report));
        if self.coverage {
            lines.extend(report.coverage.iter().map(coverage));
        } else if !self.allow_uncovered {
            lines.extend(report.coverage.iter().flat_map(|coverage| {
                coverage.missing().map(|part| format!("NOT EXERCISED {}: {part}", coverage.mapping))
            }));
        }
        lines.push(summary(&report));
        Ok(Answer { text: lines.join("\n"), json: json(&report), good: report.is_good(self.allow_uncovered) })
    }
}

fn failures(report: &Report) -> Vec<String> {
    let failed = report.cases.iter().filter(|case| !case.failures.is_empty());
    let case =
        failed.map(|case| format!("FAILED {}\n    {}", case.folder.display(), case.failures.join("\n    ")));
    let strays = report.strays.iter().map(|it| format!("UNREFERENCED {}: {}", it.path.display(), it.why));
    case.chain(strays).collect()
}

fn coverage(coverage: &Coverage) -> String {
    let rows: Vec<_> = coverage.parts.iter().map(|part| [part.part.clone(), names(&part.by)]).collect();
    format!("{}\n", table([coverage.mapping.as_str(), "exercised by"], &rows, false))
}

fn names(by: &[String]) -> String {
    if by.is_empty() {
        return "NOTHING".to_owned();
    }
    let told = by.iter().take(MOST_NAMES).cloned().collect::<Vec<_>>().join(", ");
    match by.len().saturating_sub(MOST_NAMES) {
        0 => told,
        more => format!("{told} and {more} more"),
    }
}

fn summary(report: &Report) -> String {
    let failed = report.cases.iter().filter(|case| !case.failures.is_empty()).count();
    let parts: usize = report.coverage.iter().map(|coverage| coverage.parts.len()).sum();
    let missing: usize = report.coverage.iter().map(|coverage| coverage.missing().count()).sum();
    format!(
        "{} of {}: {failed} failed, {} unreferenced; {} of {parts} rules and values exercised",
        counted(report.cases.len(), "case"),
        counted(report.coverage.len(), "mapping"),
        report.strays.len(),
        parts - missing,
    )
}

fn json(report: &Report) -> Value {
    let cases = report
        .cases
        .iter()
        .map(|case| json!({ "mapping": case.mapping, "case": case.case, "failures": case.failures }));
    let strays = report.strays.iter().map(|stray| json!({ "path": stray.path, "why": stray.why }));
    let coverage = report.coverage.iter().map(|coverage| {
        let parts = coverage.parts.iter().map(|part| json!({ "part": part.part, "by": part.by }));
        json!({ "mapping": coverage.mapping, "parts": parts.collect::<Vec<_>>() })
    });
    json!({
        "cases": cases.collect::<Vec<_>>(),
        "unreferenced": strays.collect::<Vec<_>>(),
        "coverage": coverage.collect::<Vec<_>>(),
    })
}
