//! Static check: a mapping against the contracts of both its sides, before a message finds out.

mod allowed;
mod changed;
mod expressions;
mod forms;
mod ignored;
mod money;
mod patterns;
mod sources;
mod targets;
mod times;
mod trials;
mod types;
mod values;

use std::fmt;

use serde_json::Value;

use crate::contract::{ContractId, Contracts, Schema};
use crate::engine::{CompiledRule, Plan};
use crate::mapping::file::{MappingFile, Rule};
use crate::mapping::path::{Place, Space, Step};
use crate::mapping::{ENVELOPE, places};
use crate::{Catalog, Mapping};

/// Something that would go wrong.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Finding {
    pub file: String,
    /// What the rule makes, or which part of the file it is.
    pub rule: String,
    pub kind: FindingKind,
    /// The place that it is about, in the source or the target.
    pub path: String,
    pub problem: String,
    /// What would mend it.
    pub mend: String,
    /// The source's value that it is about, where it is about one.
    pub value: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum FindingKind {
    /// It cannot be compiled at all.
    Unusable,
    /// A place that is read is in no accepted version, or not in each.
    SourceMissing,
    /// Messages of a version that the mapping does not accept would be dead letters.
    VersionNotAccepted,
    /// A required place of the target is not made.
    RequiredNotMade,
    /// A required place of the target is made for some messages only.
    MayBeMissing,
    /// A value that the source is known to send has no entry.
    ValueUnmapped,
    /// A value would be made that the target does not allow.
    ValueNotAllowed,
    /// What comes cannot become what is wanted.
    TypeMismatch,
    /// It never does anything.
    Dead,
    /// An expression fails for values that may come.
    ExpressionFails,
    /// A refusal holds for every message.
    Refused,
    /// A new contract says something else of a place, of which only a person can say whether the mapping is still right.
    Changed,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, rule, path, problem, mend, .. } = self;
        write!(f, "{file}: {rule}: {path}: {problem}\n    mend: {mend}")
    }
}

/// Everything that is wrong with a mapping, in the order of its rules.
pub fn check(mapping: &Mapping, contracts: &Contracts) -> Vec<Finding> {
    check_after(mapping, contracts, Before::default())
}

/// What the contracts said before that are held against the mapping now.
#[derive(Clone, Copy, Default)]
struct Before<'c> {
    source: Option<&'c Schema>,
    target: Option<&'c Schema>,
    settings: Option<&'c Schema>,
}

fn check_after(mapping: &Mapping, contracts: &Contracts, before: Before<'_>) -> Vec<Finding> {
    let mut checker = match Checker::new(mapping, contracts, before) {
        Ok(checker) => checker,
        Err(finding) => return vec![*finding],
    };
    checker.compile(contracts);
    if checker.findings.is_empty() {
        checker.patterns();
        checker.sources();
        checker.targets();
        checker.values();
        checker.types();
        checker.expressions();
        checker.unused();
        checker.without_effect();
        checker.changed();
    }
    checker.findings
}

impl Catalog {
    /// Every mapping, checked.
    pub fn check(&self) -> Vec<Finding> {
        self.mappings().flat_map(|mapping| check(mapping, self.contracts())).collect()
    }

    /// What a contract that is new, or changed, would break: of every mapping that has to do with it, on either side.
    pub fn check_contract(&self, document: Value) -> Result<Vec<Finding>, crate::contract::ContractError> {
        let id = Contracts::id(&document)?;
        let contracts = self.contracts().with(document)?;
        let mut findings = Vec::new();
        let mut concerned = false;
        for mapping in self.mappings() {
            let mut mapping = mapping.clone();
            let file = &mut mapping.file;
            let before = self.before(file);
            if file.from == id.entity {
                if let Some(finding) = not_accepted(&mapping.path, file, &id) {
                    findings.push(finding);
                }
                // As if it were accepted alone: what older versions still have is no help.
                file.accepts = vec![id.version.clone()];
            }
            if ContractId::parse(&file.to).is_some_and(|to| to.entity == id.entity) {
                file.to = id.to_string();
            }
            let is_version =
                |other: &String| ContractId::parse(other).is_some_and(|it| it.entity == id.entity);
            if file.settings.as_ref().is_some_and(is_version) {
                file.settings = Some(id.to_string());
            }
            // Contracts refer to each other.
            let changed = contracts_of(file).iter().any(|id| self.contracts().get(id) != contracts.get(id));
            let concerns = changed || file.from == id.entity || file.to == id.to_string();
            concerned |= concerns || contracts_of(file).contains(&id);
            if concerns {
                // What the new contract alone has no use for, the others may still need.
                let breaks = |finding: &Finding| finding.kind != FindingKind::Dead;
                findings.extend(check_after(&mapping, &contracts, before).into_iter().filter(breaks));
            }
        }
        if !concerned && self.contracts().get(&id).is_none() {
            findings.push(Finding {
                file: id.to_string(),
                rule: "$id".to_owned(),
                kind: FindingKind::Unusable,
                path: "$id".to_owned(),
                problem: format!("no mapping has to do with {}", id.entity),
                mend: "mend the name, or check it once a mapping reads or writes it".to_owned(),
                value: None,
            });
        }
        Ok(findings)
    }

    fn before(&self, file: &MappingFile) -> Before<'_> {
        let newest = file.accepts.last().map(|version| ContractId::new(&file.from, version));
        let settings = file.settings.as_deref().and_then(ContractId::parse);
        let contract = |id: Option<ContractId>| id.and_then(|id| self.contracts().get(&id));
        Before {
            source: contract(newest),
            target: contract(ContractId::parse(&file.to)),
            settings: contract(settings),
        }
    }
}

/// All that a mapping is held against.
fn contracts_of(file: &MappingFile) -> Vec<ContractId> {
    let sources = file.accepts.iter().map(|version| ContractId::new(&file.from, version));
    let others = [Some(file.to.as_str()), file.settings.as_deref(), Some(ENVELOPE)];
    sources.chain(others.into_iter().flatten().filter_map(ContractId::parse)).collect()
}

fn not_accepted(path: &str, file: &MappingFile, id: &ContractId) -> Option<Finding> {
    let at = file.version_at.as_ref().filter(|_| !file.accepts.contains(&id.version))?;
    Some(Finding {
        file: path.to_owned(),
        rule: "accepts".to_owned(),
        kind: FindingKind::VersionNotAccepted,
        path: at.clone(),
        problem: format!("messages of {id} would be dead letters"),
        mend: format!("add {:?} to `accepts`", id.version),
        value: None,
    })
}

/// What is wrong, and of which value of the source, where it is of one.
struct What<'v> {
    kind: FindingKind,
    value: Option<&'v str>,
}

impl From<FindingKind> for What<'_> {
    fn from(kind: FindingKind) -> Self {
        Self { kind, value: None }
    }
}

impl<'v> From<(FindingKind, &'v str)> for What<'v> {
    fn from((kind, value): (FindingKind, &'v str)) -> Self {
        Self { kind, value: Some(value) }
    }
}

struct Checker<'c> {
    mapping: &'c Mapping,
    file: &'c MappingFile,
    /// Of the accepted versions, with their names.
    sources: Vec<(&'c str, &'c Schema)>,
    target: &'c Schema,
    envelope: Option<&'c Schema>,
    settings: Option<&'c Schema>,
    before: Before<'c>,
    /// The rules as they will run, in the order of the file's.
    rules: Vec<CompiledRule>,
    findings: Vec<Finding>,
}

impl<'c> Checker<'c> {
    fn new(mapping: &'c Mapping, contracts: &'c Contracts, before: Before<'c>) -> Result<Self, Box<Finding>> {
        let file = &mapping.file;
        let contract = |id: Option<ContractId>, text: &str| {
            id.and_then(|id| contracts.get(&id)).ok_or_else(|| {
                Box::new(Finding {
                    file: mapping.path.clone(),
                    rule: "contracts".to_owned(),
                    kind: FindingKind::Unusable,
                    path: text.to_owned(),
                    problem: "there is no such contract".to_owned(),
                    mend: "add its JSON Schema to contracts/, or mend the name".to_owned(),
                    value: None,
                })
            })
        };
        let sources = file.accepts.iter().map(|version| {
            let id = ContractId::new(&file.from, version);
            Ok((version.as_str(), contract(Some(id.clone()), &id.to_string())?))
        });
        let settings = file.settings.as_deref().map(|id| contract(ContractId::parse(id), id)).transpose()?;
        Ok(Self {
            mapping,
            file,
            sources: sources.collect::<Result<_, Box<Finding>>>()?,
            target: contract(ContractId::parse(&file.to), &file.to)?,
            envelope: ContractId::parse(ENVELOPE).and_then(|id| contracts.get(&id)),
            settings,
            before,
            rules: Vec::new(),
            findings: Vec::new(),
        })
    }

    fn find<'v>(
        &mut self,
        what: impl Into<What<'v>>,
        rule: &str,
        path: impl fmt::Display,
        problem: impl fmt::Display,
        mend: impl fmt::Display,
    ) {
        let What { kind, value } = what.into();
        let (path, problem) = (path.to_string(), problem.to_string());
        // One thing that is wrong is told once: what is not there cannot be relied on either.
        let told = |other: &Finding| {
            let same = other.kind == kind
                || (kind == FindingKind::MayBeMissing && other.kind == FindingKind::SourceMissing);
            let of_values =
                matches!(kind, FindingKind::ValueUnmapped | FindingKind::ValueNotAllowed | FindingKind::Dead);
            same && other.rule == rule && other.path == path && (!of_values || other.problem == problem)
        };
        if !self.findings.iter().any(told) {
            let (mend, value) = (mend.to_string(), value.map(str::to_owned));
            let (file, rule) = (self.mapping.path.clone(), rule.to_owned());
            self.findings.push(Finding { file, rule, kind, path, problem, mend, value });
        }
    }

    /// Of a place that several rules have to do with, whichever of them.
    fn is_told(&self, kind: FindingKind, place: &Place) -> bool {
        let path = place.to_string();
        self.findings.iter().any(|other| other.kind == kind && other.path == path)
    }

    fn compile(&mut self, contracts: &Contracts) {
        let read = places(self.file).map(|_| ());
        let compiled = Plan::compile(self.file, "checked", contracts, &Value::Null);
        let (rule, problem) = match (read, compiled) {
            (Err((rule, problem)), _) => (rule, problem),
            (Ok(()), Err(error)) => (error.rule, error.problem),
            (Ok(()), Ok(plan)) => {
                self.rules = plan.rules;
                return;
            }
        };
        self.find(FindingKind::Unusable, &rule, "$", problem, "see docs/mappings.md");
    }

    /// What each accepted version says of a place; of the envelope and the settings there is one version.
    fn says(&self, place: &Place) -> Vec<(&'c str, Option<&'c Schema>)> {
        let one =
            |schema: Option<&'c Schema>| vec![("1", schema.and_then(|schema| schema.at(place.in_schema())))];
        match place.space {
            Space::Envelope => one(self.envelope),
            Space::Settings => one(self.settings),
            Space::Payload => {
                let at = |(version, schema): &(&'c str, &'c Schema)| (*version, schema.at(place.in_schema()));
                self.sources.iter().map(at).collect()
            }
        }
    }

    /// Whether every message of that version has something there.
    fn always(&self, place: &Place, version: &str) -> bool {
        self.always_from(place, 0, version)
    }

    /// The same, where it is known that its first steps are there.
    fn always_from(&self, place: &Place, known: usize, version: &str) -> bool {
        let root = match place.space {
            Space::Envelope => self.envelope,
            Space::Settings => self.settings,
            Space::Payload => {
                self.sources.iter().find(|(name, _)| *name == version).map(|(_, schema)| *schema)
            }
        };
        let Some(mut here) = root else { return false };
        let mut sure = true;
        for (depth, step) in place.steps.iter().enumerate() {
            let next = match step {
                Step::Name(name) => {
                    sure &= here.required.contains(name) || depth < known;
                    here.member(name)
                }
                // Whether there is an item at all is the list's question.
                Step::Each => {
                    sure = true;
                    here.items.as_deref()
                }
                Step::Index(index) => {
                    let least = here.min_items.and_then(|least| usize::try_from(least).ok()).unwrap_or(0);
                    sure &= least > *index || depth < known;
                    here.items.as_deref()
                }
            };
            let Some(schema) = next else { return false };
            sure &= !schema.nullable() || depth < known;
            here = schema;
        }
        sure
    }

    /// What the target's contract says of what a rule makes.
    fn target_of(&self, rule: &Rule) -> Option<&'c Schema> {
        Self::place(&rule.to).and_then(|to| self.target.at(to.in_schema()))
    }

    fn place(text: &str) -> Option<Place> {
        Place::parse(text).ok()
    }
}
