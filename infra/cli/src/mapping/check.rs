use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use serde_json::{Value, json};
use transform::contract::Contracts;
use transform::{Catalog, Finding};

use crate::answer::{Answer, counted};
use crate::input;
use crate::project::Project;

#[derive(Args)]
pub(crate) struct Check {
    /// Names of mappings; all where none is said.
    mappings: Vec<String>,
    /// A contract that is not live yet: what would it break? May be said several times; one may be told from those before it.
    #[arg(long, value_name = "NEW.json")]
    contract: Vec<PathBuf>,
}

impl Check {
    pub(crate) fn run(&self, project: &Project) -> Result<Answer> {
        let catalog = &project.catalog;
        let files = self.files(catalog)?;
        let (mut findings, about) = if self.contract.is_empty() {
            (catalog.check(), Vec::new())
        } else {
            self.of_contracts(catalog)?
        };
        // What is wrong with a new contract itself is asked of no mapping.
        findings.retain(|finding| self.mappings.is_empty() || files.contains(finding.file.as_str()));
        let mut lines: Vec<_> = findings.iter().map(ToString::to_string).collect();
        let with = if about.is_empty() { String::new() } else { format!(" with {}", about.join(" and ")) };
        lines.push(format!(
            "{} checked{with}: {}",
            counted(files.len(), "mapping"),
            counted(findings.len(), "finding")
        ));
        let json = findings.iter().map(finding).collect();
        Ok(Answer { text: lines.join("\n"), json, good: findings.is_empty() })
    }

    /// The files that findings are wanted of.
    fn files<'c>(&self, catalog: &'c Catalog) -> Result<BTreeSet<&'c str>> {
        if self.mappings.is_empty() {
            return Ok(catalog.mappings().map(|mapping| mapping.path.as_str()).collect());
        }
        self.mappings.iter().map(|name| Ok(catalog.mapping(name)?.path.as_str())).collect()
    }

    fn of_contracts(&self, catalog: &Catalog) -> Result<(Vec<Finding>, Vec<String>)> {
        let (mut catalog, mut findings, mut about) = (catalog.clone(), Vec::<Finding>::new(), Vec::new());
        for path in &self.contract {
            let (document, named) = (input::json(path)?, || path.display().to_string());
            about.push(Contracts::id(&document).with_context(named)?.to_string());
            for finding in catalog.check_contract(document.clone()).with_context(named)? {
                if !findings.contains(&finding) {
                    findings.push(finding);
                }
            }
            let contracts = catalog.contracts().with(document).with_context(named)?;
            catalog = catalog.with_contracts(contracts);
        }
        Ok((findings, about))
    }
}

fn finding(finding: &Finding) -> Value {
    let Finding { file, rule, kind, path, problem, mend, .. } = finding;
    json!({
        "file": file, "rule": rule, "kind": format!("{kind:?}"), "path": path, "problem": problem, "mend": mend,
    })
}
