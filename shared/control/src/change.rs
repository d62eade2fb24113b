use thiserror::Error;
use transform::{Catalog, CatalogError, Change, OverrideError};

use crate::store::{ControlError, ControlStore, Entry};

/// Tries against others who change the same mapping at the same time.
const TRIES: usize = 4;
/// A reason is a sentence or two.
const LONGEST_REASON: usize = 1_000;

#[derive(Debug, Error)]
pub enum ChangeError {
    /// The mapping would not be right any more: nothing was changed.
    #[error(transparent)]
    Refused(#[from] OverrideError),
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    #[error(transparent)]
    Store(#[from] ControlError),
    #[error("a reason is needed, of at most {LONGEST_REASON} bytes")]
    Reason,
    #[error("others change this mapping at the same time; nothing was changed")]
    Busy,
}

/// Changes a mapping of this catalog while it runs: checked before it is stored. `told.revision` is taken from what stands there.
/// Answers with the entry of its history.
pub async fn change(
    store: &dyn ControlStore,
    catalog: &Catalog,
    mapping: &str,
    told: Entry,
) -> Result<Entry, ChangeError> {
    let reason = told.reason.trim().to_owned();
    if reason.is_empty() || reason.len() > LONGEST_REASON {
        return Err(ChangeError::Reason);
    }
    catalog.mapping(mapping)?;
    for _ in 0..TRIES {
        let stored = store.overrides(&[mapping]).await?.into_iter().next();
        let standing = stored.transpose().map_err(ControlError::from)?.unwrap_or_default();
        let next = standing.with(&told.change)?;
        // What is taken back is not judged: after a deploy others of the overrides may be wrong, and it is the way out.
        if !matches!(told.change, Change::UnsetValue { .. } | Change::UnsetDefault { .. }) {
            catalog.overridden(mapping, &next)?;
        }
        let entry = Entry { revision: next.revision, reason: reason.clone(), ..told.clone() };
        if store.change(mapping, &next, &entry).await? {
            return Ok(entry);
        }
    }
    Err(ChangeError::Busy)
}
