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
        let root = manifest.ancestors().nth(2).unwrap_or(manifest).to_owned();
        Self { root }
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
