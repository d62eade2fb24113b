use jiff::Timestamp;
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

/// Changes a mapping while it runs: checked before it is stored, with who, when and why. Answers with the entry of its history.
pub async fn change(
    store: &dyn ControlStore,
    mapping: &str,
    change: &Change,
    author: &str,
    reason: &str,
    now: Timestamp,
) -> Result<Entry, ChangeError> {
    if reason.trim().is_empty() || reason.len() > LONGEST_REASON {
        return Err(ChangeError::Reason);
    }
    let catalog = Catalog::built_in()?;
    catalog.mapping(mapping)?;
    for _ in 0..TRIES {
        let standing = store.overrides(&[mapping]).await?.into_iter().next().unwrap_or_default();
        let next = standing.with(change)?;
        catalog.overridden(mapping, &next)?;
        let (author, reason) = (author.to_owned(), reason.trim().to_owned());
        let entry = Entry { revision: next.revision, change: change.clone(), author, at: now, reason };
        if store.change(mapping, &next, &entry).await? {
            return Ok(entry);
        }
    }
    Err(ChangeError::Busy)
}
