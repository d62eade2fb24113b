//! The mappings and contracts that a command is about.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use transform::Catalog;

/// Where they stand in a checkout.
const IN_CHECKOUT: &str = "shared/transform";

pub(crate) struct Project {
    pub(crate) catalog: Catalog,
    /// Where the golden cases stand; those of a checkout alone are there.
    pub(crate) cases: Option<PathBuf>,
    /// Which ones these are.
    pub(crate) shown: String,
}

impl Project {
    /// Of the folder; where none is said of the checkout that the command is run in, and elsewhere what is built in.
    pub(crate) fn open(folder: Option<&Path>) -> Result<Self> {
        let candidates = match folder {
            Some(folder) => vec![folder.join(IN_CHECKOUT), folder.to_owned()],
            None => vec![PathBuf::from(IN_CHECKOUT)],
        };
        match (candidates.into_iter().find(|candidate| candidate.join("mappings").is_dir()), folder) {
            (Some(found), _) => Self::read(&found),
            (None, Some(folder)) => bail!("{}: no mappings are here", folder.display()),
            (None, None) => {
                let shown = format!("built in, {}", env!("CARGO_PKG_VERSION"));
                Ok(Self { catalog: Catalog::built_in()?.clone(), cases: None, shown })
            }
        }
    }

    fn read(folder: &Path) -> Result<Self> {
        let (mappings, contracts) =
            (files(&folder.join("mappings"), "toml")?, files(&folder.join("contracts"), "json")?);
        let catalog = Catalog::read(
            mappings.iter().map(|(path, text)| (path.as_str(), text.as_str())),
            contracts.iter().map(|(_, text)| text.as_str()),
        )?;
        Ok(Self { catalog, cases: Some(folder.join("cases")), shown: folder.display().to_string() })
    }
}

/// With their paths, in the order of these.
fn files(folder: &Path, extension: &str) -> Result<Vec<(String, String)>> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        let named = || folder.display().to_string();
        for entry in std::fs::read_dir(&folder).with_context(named)? {
            let path = entry.with_context(named)?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == extension) {
                found.push((path.display().to_string(), crate::input::text(&path)?));
            }
        }
    }
    found.sort();
    Ok(found)
}
