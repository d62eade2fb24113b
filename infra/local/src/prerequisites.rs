use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use anyhow::{Result, bail};

use crate::command::ask;

const OLDEST: (u32, u32) = (3, 10);
/// Newest first among those that name their version; `python3` is what most people mean.
const CANDIDATES: [&str; 6] =
    ["python3", "python3.14", "python3.13", "python3.12", "python3.11", "python3.10"];

/// A Python that is new enough and can make virtual environments.
#[derive(Clone, Debug)]
pub struct Python {
    pub program: PathBuf,
    pub version: (u32, u32),
}

impl Python {
    /// The first on the path that fits; otherwise one sentence that says what is missing. Looked for once.
    pub fn find() -> Result<Self> {
        static FOUND: OnceLock<Python> = OnceLock::new();
        if let Some(found) = FOUND.get() {
            return Ok(found.clone());
        }
        let found = Self::first_of(printed_version)?;
        Ok(FOUND.get_or_init(|| found).clone())
    }

    /// A newer one than most of the project needs: on the path, or among pyenv's, which its own commands hide while another
    /// version is chosen.
    pub fn newer(oldest: (u32, u32)) -> Result<Self> {
        let pyenv =
            ask("pyenv", &["root"]).map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
        let versions = pyenv.and_then(|root| std::fs::read_dir(Path::new(root.trim()).join("versions")).ok());
        let hidden = versions.into_iter().flatten().flatten().map(|entry| entry.path().join("bin/python3"));
        let mut fitting: Vec<_> = CANDIDATES
            .iter()
            .map(PathBuf::from)
            .chain(hidden)
            .filter_map(|program| {
                let version = parse_version(&printed_version(program.to_str()?)?)?;
                (version >= oldest).then_some(Self { program, version })
            })
            .collect();
        fitting.sort_by_key(|python| python.version);
        match fitting.into_iter().next() {
            Some(python) => Ok(python),
            None => bail!(
                "Python {}.{} or newer with venv is needed on the PATH or in pyenv.",
                oldest.0,
                oldest.1
            ),
        }
    }

    fn first_of(version_of: impl Fn(&str) -> Option<String>) -> Result<Self> {
        for program in CANDIDATES {
            let version = version_of(program).as_deref().and_then(parse_version);
            if let Some(version) = version.filter(|version| *version >= OLDEST) {
                return Ok(Self { program: PathBuf::from(program), version });
            }
        }
        bail!(
            "Python 3.10 or newer with venv is needed on the PATH (Debian: apt-get install python3 python3-venv)."
        )
    }
}

fn printed_version(program: &str) -> Option<String> {
    let output = ask(program, &["-c", "import sys, venv, ensurepip; print(*sys.version_info[:2])"])?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

fn parse_version(text: &str) -> Option<(u32, u32)> {
    let (major, minor) = text.trim().split_once(' ')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(versions: &[(&str, &str)]) -> Result<Python> {
        Python::first_of(|program| {
            versions.iter().find(|(name, _)| *name == program).map(|(_, version)| (*version).to_owned())
        })
    }

    #[test]
    fn python3_is_taken_where_it_is_new_enough() {
        let python = found(&[("python3", "3 11\n"), ("python3.13", "3 13\n")]).unwrap();
        assert_eq!((python.program, python.version), (PathBuf::from("python3"), (3, 11)));
    }

    #[test]
    fn a_newer_one_is_found_beside_an_old_python3() {
        assert_eq!(found(&[("python3", "3 9\n"), ("python3.12", "3 12\n")]).unwrap().version, (3, 12));
    }

    #[test]
    fn none_or_an_old_one_is_said_in_one_sentence() {
        for versions in [&[] as &[_], &[("python3", "3 9\n")], &[("python3", "command not found")]] {
            let error = found(versions).unwrap_err().to_string();
            assert!(error.starts_with("Python 3.10 or newer") && !error.contains('\n'));
        }
    }
}
