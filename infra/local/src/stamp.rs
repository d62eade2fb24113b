use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use sha2::{Digest, Sha256};

/// Says that something was made completely, out of exactly this. Lies beside the folder, not inside: a folder that is
/// being made has none.
pub(crate) struct Stamp {
    file: PathBuf,
    digest: String,
}

impl Stamp {
    pub(crate) fn of(folder: &Path, inputs: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        for input in inputs {
            hash.update(u64::try_from(input.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(input);
        }
        let digest = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Self { file: folder.with_extension("stamp"), digest }
    }

    pub(crate) fn holds(&self) -> bool {
        fs::read_to_string(&self.file).is_ok_and(|text| text == self.digest)
    }

    pub(crate) fn remove(&self) {
        drop(fs::remove_file(&self.file));
    }

    pub(crate) fn set(&self) -> Result<()> {
        Ok(fs::write(&self.file, &self.digest)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_holds_for_exactly_its_inputs_and_only_once_it_is_set() {
        let folder = tempfile::tempdir().unwrap();
        let thing = folder.path().join("thing");
        let stamp = Stamp::of(&thing, &[b"a", b"b"]);
        assert!(!stamp.holds());
        stamp.set().unwrap();
        assert!(stamp.holds());
        assert!(!Stamp::of(&thing, &[b"ab", b""]).holds());
        stamp.remove();
        assert!(!stamp.holds());
    }
}
