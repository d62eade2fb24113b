//! The files of `skeleton/`, with the new integration's names in them.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

/// So that nothing takes a file of the skeleton for what will be made of it.
const SUFFIX: &str = ".skel";

pub(crate) struct Skeleton {
    root: PathBuf,
    words: Vec<(&'static str, String)>,
}

impl Skeleton {
    pub(crate) fn of(root: &Path, words: Vec<(&'static str, String)>) -> Self {
        Self { root: root.to_owned(), words }
    }

    /// Every file of a part (`every`, `new-target`), by the path that it is to have.
    pub(crate) fn files(&self, part: &str) -> Result<Vec<(PathBuf, String)>> {
        let text = |(path, text): (PathBuf, String)| {
            let text = if is_rust(&path) { formatted(&self.root, &text)? } else { text };
            Ok((path, text))
        };
        self.raw(part)?.into_iter().map(text).collect()
    }

    fn raw(&self, part: &str) -> Result<Vec<(PathBuf, String)>> {
        let folder = self.folder().join(part);
        let (mut found, mut folders) = (Vec::new(), vec![folder.clone()]);
        while let Some(next) = folders.pop() {
            let entries = fs::read_dir(&next).with_context(|| next.display().to_string())?;
            for entry in entries {
                let path = entry?.path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let relative = path.strip_prefix(&folder)?.to_string_lossy().into_owned();
                    let name =
                        relative.strip_suffix(SUFFIX).with_context(|| format!("{relative}: no {SUFFIX}"))?;
                    found.push((PathBuf::from(self.put_in(name, "__", "__")), self.text(&path)?));
                }
            }
        }
        found.sort();
        Ok(found)
    }

    /// Whether code of a part uses the name for something else than what a placeholder stands for.
    pub(crate) fn uses(&self, part: &str, name: &str) -> Result<bool> {
        let bare = Self { root: self.root.clone(), words: Vec::new() };
        let word = |c: char| !c.is_alphanumeric() && c != '_';
        let named = |text: &str| text.split(word).any(|word| word == name);
        Ok(bare.raw(part)?.iter().any(|(path, text)| is_rust(path) && named(text)))
    }

    /// What is put into a file that is there already: `new-target/secrets.yaml`. Nothing where the part has none.
    pub(crate) fn edit(&self, name: &str) -> Result<String> {
        let path = self.folder().join("edits").join(format!("{name}{SUFFIX}"));
        if path.is_file() { self.text(&path) } else { Ok(String::new()) }
    }

    fn folder(&self) -> PathBuf {
        self.root.join("infra/new-integration/skeleton")
    }

    fn text(&self, path: &Path) -> Result<String> {
        let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
        Ok(self.put_in(&text, "{{", "}}"))
    }

    fn put_in(&self, text: &str, open: &str, close: &str) -> String {
        self.words
            .iter()
            .fold(text.to_owned(), |text, (word, value)| text.replace(&format!("{open}{word}{close}"), value))
    }
}

/// A placeholder that no word stands for would be found by a compiler at best.
pub(crate) fn no_placeholder_left(path: &Path, text: &str) -> Result<()> {
    let left = text.split("{{").skip(1).find_map(|rest| rest.split_once("}}").map(|(word, _)| word));
    let left =
        left.filter(|word| !word.is_empty() && word.bytes().all(|it| it.is_ascii_alphabetic() || it == b'_'));
    ensure!(left.is_none(), "{}: nothing stands for {}", path.display(), left.unwrap_or_default());
    Ok(())
}

pub(crate) fn is_rust(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "rs")
}

/// As `cargo fmt` would leave it: how lines break depends on how long the names are.
pub(crate) fn formatted(root: &Path, text: &str) -> Result<String> {
    let mut rustfmt = Command::new("rustfmt")
        .args(["--edition", "2024", "--config-path"])
        .arg(root)
        .current_dir(root)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("rustfmt cannot be started")?;
    let mut input = rustfmt.stdin.take().context("rustfmt takes no text")?;
    input.write_all(text.as_bytes())?;
    drop(input);
    let output = rustfmt.wait_with_output()?;
    if !output.status.success() {
        bail!("rustfmt: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8(output.stdout)?)
}
