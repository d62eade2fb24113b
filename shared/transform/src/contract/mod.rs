//! Contracts: JSON Schema of what is read from a system or written to it, one a system, entity and version.
//!
//! A version may be told from another ([`VERSION_OF`]): by an RFC 7386 merge patch of its document.
//!
//! A contract lists every member that is known, read or not, so that one that is not in it is news. It is written with the
//! keywords of [`KEYWORDS`] alone: what a mapping could not be checked against is refused, not passed over.

mod both;
mod diff;
mod portable;
mod read;
mod schema;
mod versions;

pub use diff::{Change, Effect, diff};
pub(crate) use read::ID_PREFIX;
pub use read::{ContractError, KEYWORDS};
pub use schema::{Schema, Type, Types};
pub use versions::{PATCH, VERSION_OF};

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde_json::Value;

/// `shopify.order@2026-10`: a system's entity in a version.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ContractId {
    /// `shopify.order`.
    pub entity: String,
    pub version: String,
}

impl ContractId {
    pub fn new(entity: impl Into<String>, version: impl Into<String>) -> Self {
        Self { entity: entity.into(), version: version.into() }
    }

    /// Reads `<system>.<entity>@<version>`.
    pub fn parse(text: &str) -> Option<Self> {
        let (entity, version) = text.split_once('@')?;
        let named = |part: &str| {
            !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        let (system, name) = entity.split_once('.')?;
        (named(system) && named(name) && !version.is_empty()).then(|| Self::new(entity, version))
    }
}

impl fmt::Display for ContractId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.entity, self.version)
    }
}

/// Contracts by their id, references between them resolved.
#[derive(Clone, Default, Debug)]
pub struct Contracts {
    documents: BTreeMap<String, Value>,
    schemas: BTreeMap<ContractId, Arc<Schema>>,
}

impl Contracts {
    /// Of the documents' texts: each says in `$id` what it is.
    pub fn read<'t>(texts: impl IntoIterator<Item = &'t str>) -> Result<Self, ContractError> {
        let mut contracts = Self::default();
        for text in texts {
            let document: Value = serde_json::from_str(text)
                .map_err(|error| ContractError::new("a contract", "$", format!("is not JSON: {error}")))?;
            let id = read::id_of(&document)?.to_string();
            if contracts.documents.contains_key(&id) {
                return Err(ContractError::new(id, "/$id", "another document has this id"));
            }
            contracts.documents.insert(id, document);
        }
        contracts.resolved()
    }

    /// With this document beside the others, or in the place of the one that has its id.
    pub fn with(&self, document: Value) -> Result<Self, ContractError> {
        let mut documents = self.documents.clone();
        documents.insert(read::id_of(&document)?.to_string(), document);
        Self { documents, schemas: BTreeMap::new() }.resolved()
    }

    fn resolved(mut self) -> Result<Self, ContractError> {
        self.schemas = read::schemas(&versions::expanded(&self.documents)?)?;
        Ok(self)
    }

    /// What a document says that it is.
    pub fn id(document: &Value) -> Result<ContractId, ContractError> {
        read::id_of(document)
    }

    pub fn get(&self, id: &ContractId) -> Option<&Schema> {
        self.schemas.get(id).map(Arc::as_ref)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&ContractId, &Schema)> {
        self.schemas.iter().map(|(id, schema)| (id, schema.as_ref()))
    }

    /// Plain JSON Schema documents, by id: for validators.
    pub fn documents(&self) -> Result<BTreeMap<String, Value>, ContractError> {
        let documents = versions::expanded(&self.documents)?;
        Ok(documents.into_iter().map(|(id, document)| (id, document.into_owned())).collect())
    }
}
