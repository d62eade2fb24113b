use std::path::{Path, PathBuf};

/// Where things are in a checkout.
#[derive(Clone, Debug)]
pub struct Workspace {
    root: PathBuf,
}

impl Workspace {
    /// The checkout that this crate was built in.
    pub fn here() -> Self {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
        Self::at(manifest.ancestors().nth(2).unwrap_or(manifest))
    }

    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Whether the folder is in it. Where checkouts share a target folder, cargo may run in one of them what it built in
    /// another, and that would read and write there.
    pub fn holds(&self, folder: &Path) -> bool {
        let whole = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        whole(folder).starts_with(whole(&self.root))
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Files of this crate that are no Rust: requirements, scripts.
    pub fn local(&self, file: &str) -> PathBuf {
        self.root.join("infra/local").join(file)
    }

    /// What is installed, prepared or logged; ignored by git, never needed to be kept.
    pub fn tools(&self, entry: &str) -> PathBuf {
        self.root.join(".tools").join(entry)
    }

    /// What `sam build` makes for the engine. Not its default folder: `sam deploy` would take that to AWS.
    pub fn sam_build(&self) -> PathBuf {
        self.root.join(".aws-sam/local")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkout_holds_its_own_folders_and_not_those_of_the_one_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (folder.path().join("spillway"), folder.path().join("spillway-2"));
        for checkout in [&one, &other] {
            std::fs::create_dir_all(checkout.join("infra/xtask")).unwrap();
        }
        assert!(Workspace::at(&one).holds(&one.join("infra/xtask")));
        assert!(Workspace::at(&one).holds(&other.join("../spillway")));
        assert!(!Workspace::at(&one).holds(&other.join("infra/xtask")));
    }
}
