use std::collections::BTreeMap;

use jsonschema::{Registry, Validator};
use serde_json::{Value, json};

use super::differences::differences;
use super::{Case, Judged, Outcome, envelope, told, version};
use crate::contract::ContractId;
use crate::mapping::file::MappingFile;
use crate::mapping::path::Space;
use crate::mapping::places;
use crate::{Catalog, Explanation, Mapping};

/// Of one document, faults that are told.
const MOST_FAULTS: usize = 5;

/// What each system itself would say of a document, by the contract's id.
pub fn validators(catalog: &Catalog) -> Result<BTreeMap<String, Validator>, String> {
    let documents = catalog.contracts().documents().map_err(|error| error.to_string())?;
    let mut registry = Registry::new();
    for (id, document) in &documents {
        let added = registry.add(format!("spillway:{id}"), document);
        registry = added.map_err(|error| format!("contract {id}: {error}"))?;
    }
    let registry = registry.prepare().map_err(|error| error.to_string())?;
    let mut validators = BTreeMap::new();
    for id in documents.keys() {
        let schema = json!({ "$ref": format!("spillway:{id}") });
        let built = jsonschema::options().with_registry(&registry).build(&schema);
        validators.insert(id.clone(), built.map_err(|error| format!("contract {id}: {error}"))?);
    }
    Ok(validators)
}

/// Holds cases against their files and against the contracts.
pub(super) struct Judge<'c> {
    catalog: &'c Catalog,
    validators: BTreeMap<String, Validator>,
}

impl<'c> Judge<'c> {
    pub(super) fn new(catalog: &'c Catalog) -> Result<Self, String> {
        Ok(Self { catalog, validators: validators(catalog)? })
    }

    pub(super) fn judge(&self, mapping: &Mapping, case: &Case) -> (Judged, Option<Explanation>) {
        let mut judged = Judged {
            mapping: case.mapping.clone(),
            case: case.name.clone(),
            folder: case.folder.clone(),
            failures: case.broken.clone(),
            came: None,
        };
        let file = &mapping.file;
        judged.failures.extend(unread(file, case));
        let envelope = match envelope(file, &case.attributes) {
            Ok(envelope) => envelope,
            Err(problem) => {
                judged.failures.push(format!("envelope.json: {problem}"));
                return (judged, None);
            }
        };
        let plan = match self.catalog.plan(&case.mapping, &case.settings) {
            Ok(plan) => plan,
            Err(error) => {
                judged.failures.push(error.to_string());
                return (judged, None);
            }
        };
        let explanation = plan.explain(&case.input, Some(&envelope), usize::MAX);
        let came = match &explanation.output {
            Some(output) => Outcome::Output(output.clone()),
            None => Outcome::Problems(told(&explanation.problems)),
        };
        judged.failures.extend(against(case.expected.as_ref(), &came));
        if let Some(settings) = &file.settings {
            judged.failures.extend(self.faults("settings", settings, &case.settings));
        }
        if let Some(output) = &explanation.output {
            judged.failures.extend(self.faults("what was made", &file.to, output));
            let version = version(file, &envelope, &case.input).unwrap_or_default();
            let source = ContractId::new(&file.from, version).to_string();
            let input = serde_json::from_str(&case.input).unwrap_or_default();
            judged.failures.extend(self.faults("input.json", &source, &input));
        }
        judged.came = Some(came);
        (judged, Some(explanation))
    }

    /// What a validator has against the document.
    fn faults(&self, what: &str, contract: &str, document: &Value) -> Vec<String> {
        let Some(validator) = self.validators.get(contract) else {
            return vec![format!("{what}: there is no contract {contract}")];
        };
        let told = |at: String, error: String| format!("{what} is not {contract}: {at}: {error}");
        let faults = validator.iter_errors(document).take(MOST_FAULTS);
        faults
            .map(|error| told(format!("${}", error.instance_path()).replace('/', "."), error.to_string()))
            .collect()
    }
}

/// Files of a case that its mapping does not look at.
fn unread(file: &MappingFile, case: &Case) -> Vec<String> {
    let reads = |space| places(file).is_ok_and(|places| places.iter().any(|place| place.space == space));
    let mut unread = Vec::new();
    if !case.attributes.is_empty() && !reads(Space::Envelope) {
        unread.push("envelope.json: the mapping reads nothing of the envelope".to_owned());
    }
    if !case.settings.is_null() && !reads(Space::Settings) {
        unread.push("settings.json: the mapping reads no settings".to_owned());
    }
    unread
}

fn against(expected: Option<&Outcome>, came: &Outcome) -> Vec<String> {
    match (expected, came) {
        (None, _) => vec!["neither output.json nor problems.json says what it becomes".to_owned()],
        (Some(Outcome::Output(expected)), Outcome::Output(came)) => differences(expected, came),
        (Some(Outcome::Problems(expected)), Outcome::Problems(came)) => differences(expected, came),
        (Some(Outcome::Output(_)), Outcome::Problems(problems)) => {
            let problems = problems.as_array().into_iter().flatten();
            let text = |problem: &Value, name: &str| {
                problem.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
            };
            let line = |problem| {
                let [code, path, expected, came] =
                    ["code", "path", "expected", "came"].map(|name| text(problem, name));
                format!("was refused: {code} at {path}: expected {expected}, came {came}")
            };
            problems.map(line).collect()
        }
        (Some(Outcome::Problems(_)), Outcome::Output(_)) => {
            vec!["was mapped, and should be refused".to_owned()]
        }
    }
}
