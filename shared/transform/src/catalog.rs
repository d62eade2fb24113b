//! The mappings and contracts that are built in.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, OnceLock, PoisonError};

use serde_json::Value;
use thiserror::Error;

use crate::contract::{ContractError, Contracts, ID_PREFIX};
use crate::engine::{CompileError, Plan};
use crate::mapping::ENVELOPE;
use crate::mapping::file::MappingFile;

include!(concat!(env!("OUT_DIR"), "/built_in.rs"));

/// Mappings by name, and the contracts that they are checked against.
#[derive(Clone, Debug)]
pub struct Catalog {
    mappings: BTreeMap<String, Mapping>,
    contracts: Contracts,
}

/// A mapping, and where it stands.
#[derive(Clone, Debug)]
pub struct Mapping {
    pub path: String,
    pub file: MappingFile,
}

#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum CatalogError {
    #[error("{path}: {problem}")]
    Mapping { path: String, problem: String },
    #[error("there is no mapping {name}")]
    Unknown { name: String },
    #[error(transparent)]
    Contract(#[from] ContractError),
    #[error(transparent)]
    Compile(#[from] CompileError),
}

impl Catalog {
    /// What this build was made with, read once.
    pub fn built_in() -> Result<&'static Self, CatalogError> {
        static BUILT_IN: OnceLock<Result<Catalog, CatalogError>> = OnceLock::new();
        let read = || Self::read(MAPPINGS.iter().copied(), CONTRACTS.iter().map(|(_, text)| *text));
        BUILT_IN.get_or_init(read).as_ref().map_err(Clone::clone)
    }

    /// One of the built-in mappings, with no more contracts than it needs: a function reads it when it starts, makes its plan,
    /// and lets it go.
    pub fn of(name: &str) -> Result<Self, CatalogError> {
        let path = format!("mappings/{name}.toml");
        let found = MAPPINGS.iter().find(|(built_in, _)| *built_in == path);
        let (path, text) = found.ok_or_else(|| CatalogError::Unknown { name: name.to_owned() })?;
        let mapping = Self::read([(*path, *text)], [])?;
        let file = &mapping.mapping(name)?.file;
        let versions = file.accepts.iter().map(|version| format!("{}@{version}", file.from));
        let others = [file.to.clone(), ENVELOPE.to_owned()].into_iter().chain(file.settings.clone());
        let contracts = with_references(versions.chain(others).collect());
        Ok(mapping.with_contracts(Contracts::read(contracts)?))
    }

    /// Of texts: mappings with their paths, and contracts.
    pub fn read<'t>(
        mappings: impl IntoIterator<Item = (&'t str, &'t str)>,
        contracts: impl IntoIterator<Item = &'t str>,
    ) -> Result<Self, CatalogError> {
        let mut catalog = Self { mappings: BTreeMap::new(), contracts: Contracts::read(contracts)? };
        for (path, text) in mappings {
            let wrong = |problem: String| CatalogError::Mapping { path: path.to_owned(), problem };
            let file = MappingFile::parse(text).map_err(|error| wrong(error.to_string()))?;
            let mapping = Mapping { path: path.to_owned(), file };
            if let Some(other) = catalog.mappings.insert(mapping.file.mapping.clone(), mapping) {
                return Err(wrong(format!("{} is called the same", other.path)));
            }
        }
        Ok(catalog)
    }

    pub fn mapping(&self, name: &str) -> Result<&Mapping, CatalogError> {
        self.mappings.get(name).ok_or_else(|| CatalogError::Unknown { name: name.to_owned() })
    }

    pub fn mappings(&self) -> impl Iterator<Item = &Mapping> {
        self.mappings.values()
    }

    pub const fn contracts(&self) -> &Contracts {
        &self.contracts
    }

    #[must_use]
    pub fn with_contracts(self, contracts: Contracts) -> Self {
        Self { contracts, ..self }
    }

    /// The mapping, ready for messages. `settings` is what its `@settings` reads; null where it reads none.
    pub fn plan(&self, name: &str, settings: &Value) -> Result<Plan, CatalogError> {
        Ok(self.compile(&self.mapping(name)?.file, 0, settings)?)
    }

    /// A mapping's file, with overrides of this revision in it.
    pub(crate) fn compile(
        &self,
        file: &MappingFile,
        revision: u64,
        settings: &Value,
    ) -> Result<Plan, CompileError> {
        Plan::compile(file, interned(&file.stamp(revision)), &self.contracts, settings)
    }
}

/// The texts of these built-in contracts, and of all that they refer to.
fn with_references(ids: Vec<String>) -> Vec<&'static str> {
    let (mut wanted, mut seen, mut texts) = (ids, BTreeSet::new(), Vec::new());
    while let Some(id) = wanted.pop() {
        let path = format!("contracts/{}.json", id.replacen('.', "/", 1));
        let Some((_, text)) = CONTRACTS.iter().find(|(built_in, _)| *built_in == path) else { continue };
        if seen.insert(id) {
            let referred = text.split(ID_PREFIX).skip(1).filter_map(|rest| rest.split(['"', '#']).next());
            wanted.extend(referred.map(str::to_owned));
            texts.push(*text);
        }
    }
    texts
}

/// The stamps of the mappings that a message went through: into the canonical form, and into the target's words. One alone where
/// the other is empty.
pub fn stamps(source: &'static str, target: &'static str) -> &'static str {
    match (source, target) {
        (one, "") | ("", one) => one,
        (source, target) => interned(&format!("{source}, {target}")),
    }
}

/// Stamps live as long as the process: there are as many as mappings, and overrides of them.
fn interned(text: &str) -> &'static str {
    static KNOWN: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(found) = known.iter().find(|found| **found == text) {
        return found;
    }
    let stamp: &'static str = Box::leak(text.into());
    known.push(stamp);
    stamp
}
