//! The files of a case: a contract that has changed, what a message of it looks like, and the mend. Played here by the mappings
//! alone, and in tests/campaign/drill.rs by the flows, with connectors, queues and partners.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail by panicking and say where")]

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use transform::Catalog;
use transform::contract::{ContractId, Contracts};

pub(crate) struct Case {
    /// The crate's folder.
    transform: PathBuf,
    folder: PathBuf,
}

/// message.toml: of a source that has changed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Message {
    /// Of the dead letter that it becomes before the mend, had the source kept the version's name.
    pub(crate) code: String,
    pub(crate) path: String,
    #[serde(default)]
    change: Vec<Change>,
}

/// How it differs.
#[derive(Deserialize)]
#[serde(untagged)]
enum Change {
    Rename { rename: String, to: String },
    Put { put: String, value: Value },
}

#[derive(Deserialize)]
struct Mend {
    replace: Vec<Replace>,
}

#[derive(Deserialize)]
struct Replace {
    file: String,
    old: String,
    new: String,
}

impl Message {
    /// Whether anything but the version's name is new.
    pub(crate) fn differs(&self) -> bool {
        !self.change.is_empty()
    }

    pub(crate) fn changed(&self, payload: &Value) -> Value {
        let mut payload = payload.clone();
        for change in &self.change {
            match change {
                Change::Put { put, value } => *payload.pointer_mut(put).unwrap() = value.clone(),
                Change::Rename { rename, to } => {
                    let (object, name) = rename.rsplit_once('/').unwrap();
                    let object = payload.pointer_mut(object).unwrap().as_object_mut().unwrap();
                    let value = object.remove(name).unwrap();
                    object.insert(to.clone(), value);
                }
            }
        }
        payload
    }
}

impl Case {
    pub(crate) fn named(transform: &Path, name: &str) -> Self {
        Self { transform: transform.to_owned(), folder: transform.join("tests/drill").join(name) }
    }

    pub(crate) fn file<T: DeserializeOwned>(&self, name: &str) -> T {
        toml::from_str(&text(&self.folder.join(name))).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn contract(&self) -> Value {
        serde_json::from_str(&text(&self.folder.join("contract.json"))).unwrap()
    }

    pub(crate) fn id(&self) -> ContractId {
        Contracts::id(&self.contract()).unwrap()
    }

    /// The project's mappings and contracts, with the change and its mend. That touches nothing but the mappings and contracts
    /// of the system that has changed.
    pub(crate) fn mended(&self) -> Catalog {
        let (mut mappings, mut contracts) = (self.files("mappings"), self.files("contracts"));
        contracts.push(("contract.json".to_owned(), text(&self.folder.join("contract.json"))));
        let Mend { replace } = self.file("mend.toml");
        for Replace { file, old, new } in &replace {
            let place = mappings.iter_mut().chain(&mut contracts).find(|(name, _)| name == file);
            let (_, text) = place.unwrap_or_else(|| panic!("{file} is no mapping and no contract"));
            assert!(text.contains(old), "{file} has no {old}");
            *text = text.replacen(old, new, 1);
        }
        let texts = mappings.iter().map(|(name, text)| (name.as_str(), text.as_str()));
        let mended = Catalog::read(texts, contracts.iter().map(|(_, text)| text.as_str())).unwrap();
        for Replace { file, .. } in &replace {
            assert!(self.is_of_the_system(&mended, file), "{file} is another system's");
        }
        mended
    }

    fn is_of_the_system(&self, catalog: &Catalog, file: &str) -> bool {
        let entity = self.id().entity;
        let (system, _) = entity.split_once('.').unwrap();
        let has_to_do_with_it = |mapping: &transform::Mapping| {
            mapping.file.from == entity || mapping.file.to.split_once('@').is_some_and(|(to, _)| to == entity)
        };
        file.starts_with(&format!("contracts/{system}/"))
            || catalog.mappings().any(|mapping| mapping.path == file && has_to_do_with_it(mapping))
    }

    /// By their names within the crate.
    fn files(&self, folder: &str) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for entry in fs::read_dir(self.transform.join(folder)).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{folder}/{}", entry.file_name().to_string_lossy());
            if entry.path().is_dir() {
                found.extend(self.files(&name));
            } else {
                found.push((name, text(&entry.path())));
            }
        }
        found
    }
}

/// An order as it comes before any change.
pub(crate) fn full_order(transform: &Path) -> Value {
    serde_json::from_str(&text(&transform.join("cases/shopify-order/full/input.json"))).unwrap()
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
