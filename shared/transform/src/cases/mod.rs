//! Golden cases: `cases/<mapping>/<case>/` with an input and what it becomes.
//!
//! - `input.json`: the payload; with `envelope.json` the attributes that are others than [`envelope`] gives, and with
//!   `settings.json` what `@settings` reads. Both may stand beside the cases of a mapping too, for all of them.
//! - `output.json`, or `problems.json` where it has to be refused. Exactly one of them.
//!
//! Anything else in the folder fails: a case that is not run would look like one that is. So does a rule that no case
//! exercises ([`Coverage`]). What goes in and what comes out is held against the contracts as a JSON Schema validator reads them, too.
//!
//! Of tests and tools only: functions are built without the feature `cases`.

mod coverage;
mod differences;
mod files;
mod judge;
mod sample;

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Value, json};

pub use coverage::{Coverage, Covered};
pub use files::{Case, Found, Stray, read, write};
pub use judge::validators;
pub use sample::{envelope, version};

use crate::{Catalog, Problem};
use judge::Judge;

/// What a case has to become, or what it became.
#[derive(Clone, PartialEq, Debug)]
pub enum Outcome {
    Output(Value),
    /// As [`told`] writes them.
    Problems(Value),
}

/// What came of all cases.
#[derive(Clone, Debug)]
pub struct Report {
    pub cases: Vec<Judged>,
    pub strays: Vec<Stray>,
    /// Of every mapping.
    pub coverage: Vec<Coverage>,
}

/// What came of one.
#[derive(Clone, Debug)]
pub struct Judged {
    pub mapping: String,
    pub case: String,
    pub folder: PathBuf,
    /// Why it is not what its files say; none where it is.
    pub failures: Vec<String>,
    /// What was made of the input; none where the mapping could not be used with the case's files.
    pub came: Option<Outcome>,
}

impl Report {
    /// Whether every case is as it should be, nothing lies about, and, unless that is `allowed`, all of every mapping is exercised.
    pub fn is_good(&self, uncovered_allowed: bool) -> bool {
        self.strays.is_empty()
            && self.cases.iter().all(|case| case.failures.is_empty())
            && (uncovered_allowed || self.coverage.iter().all(|coverage| coverage.missing().next().is_none()))
    }
}

/// Runs every case that was found.
pub fn run(catalog: &Catalog, found: &Found) -> Result<Report, String> {
    let judge = Judge::new(catalog)?;
    let (mut cases, mut strays) = (Vec::new(), found.strays.clone());
    let mut exercised: BTreeMap<&str, coverage::Exercised> = BTreeMap::new();
    for case in &found.cases {
        let Ok(mapping) = catalog.mapping(&case.mapping) else {
            let why = format!("there is no mapping {}", case.mapping);
            strays.push(Stray { path: case.folder.clone(), why });
            continue;
        };
        let (judged, explanation) = judge.judge(mapping, case);
        if let Some(explanation) = explanation.filter(|_| judged.failures.is_empty()) {
            let exercised = exercised.entry(&case.mapping).or_default();
            exercised.add(&mapping.file, &case.name, &explanation);
        }
        cases.push(judged);
    }
    let coverage = catalog
        .mappings()
        .map(|mapping| Coverage::of(&mapping.file, exercised.get(mapping.file.mapping.as_str())));
    Ok(Report { cases, coverage: coverage.collect(), strays })
}

/// Problems as `problems.json` has them.
pub fn told(problems: &[Problem]) -> Value {
    let problem = |problem: &Problem| {
        json!({
            "code": problem.code.as_str(), "path": problem.path,
            "expected": problem.expected, "came": problem.came.to_string(),
        })
    };
    problems.iter().map(problem).collect()
}
