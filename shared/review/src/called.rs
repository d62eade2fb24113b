//! Letters by the beginnings of their ids, as a person says them.

use std::collections::BTreeMap;

use crate::error::ReviewError;

/// Letters that are named where several are called the same.
const MOST_NAMED: usize = 5;

/// Whether an id begins so. SQS writes small letters, a person may not.
pub(crate) fn begins(id: &str, said: &str) -> bool {
    id.get(..said.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(said))
}

/// Which letters each id that was said calls, of all that were seen.
#[derive(Default, Debug)]
pub(crate) struct Called(BTreeMap<String, Those>);

#[derive(Default, Debug)]
struct Those {
    count: u64,
    /// Some of them, by their ids.
    named: Vec<String>,
    /// One of them is called so by a beginning alone.
    by_beginning: bool,
}

impl Called {
    /// A letter of this id is called so; `whole`: what was said is an id of it, and no mere beginning.
    pub(crate) fn see(&mut self, said: &str, id: &str, whole: bool) {
        let those = self.0.entry(said.to_lowercase()).or_default();
        those.count += 1;
        those.by_beginning |= !whole;
        if those.named.len() < MOST_NAMED {
            those.named.push(id.to_owned());
        }
    }

    /// Refused where a beginning is that of several letters. A whole id may be what several were called first: those, and how many.
    pub(crate) fn shared(self) -> Result<BTreeMap<String, u64>, ReviewError> {
        let several = self.0.into_iter().filter(|(_, those)| those.count > 1);
        several
            .map(|(said, those)| {
                if !those.by_beginning {
                    return Ok((said, those.count));
                }
                let more = if those.count > MOST_NAMED as u64 { ", …" } else { "" };
                Err(ReviewError::Refused(format!(
                    "several letters are called {said}: {}{more}; say more of the id",
                    those.named.join(", ")
                )))
            })
            .collect()
    }
}
