use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::{Outcome, Report};

const INPUT: &str = "input.json";
const ENVELOPE: &str = "envelope.json";
const SETTINGS: &str = "settings.json";
const OUTPUT: &str = "output.json";
const PROBLEMS: &str = "problems.json";

/// What stands in a folder of cases.
#[derive(Clone, Default, Debug)]
pub struct Found {
    pub cases: Vec<Case>,
    pub strays: Vec<Stray>,
}

/// Something that no case refers to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stray {
    pub path: PathBuf,
    pub why: String,
}

#[derive(Clone, Debug)]
pub struct Case {
    pub mapping: String,
    pub name: String,
    pub folder: PathBuf,
    /// Byte for byte.
    pub input: String,
    pub attributes: Map<String, Value>,
    /// Null where there are none.
    pub settings: Value,
    /// None where no file says it yet.
    pub expected: Option<Outcome>,
    /// What is wrong with the files.
    pub broken: Vec<String>,
}

/// Reads `<folder>/<mapping>/<case>/`.
pub fn read(folder: &Path) -> io::Result<Found> {
    let mut found = Found::default();
    for entry in entries(folder)? {
        if entry.is_dir() {
            found.mapping(&entry)?;
        } else {
            found.stray(&entry, "belongs to no mapping: cases stand in <mapping>/<case>/");
        }
    }
    Ok(found)
}

/// Makes the cases' expectations what came, and says which files were changed.
pub fn write(report: &Report) -> io::Result<Vec<PathBuf>> {
    let mut changed = Vec::new();
    for case in &report.cases {
        let (name, value, other) = match &case.came {
            Some(Outcome::Output(value)) => (OUTPUT, value, PROBLEMS),
            Some(Outcome::Problems(value)) => (PROBLEMS, value, OUTPUT),
            None => continue,
        };
        let (path, other) = (case.folder.join(name), case.folder.join(other));
        let text = format!("{value:#}\n");
        if fs::read_to_string(&path).ok().as_ref() != Some(&text) {
            fs::write(&path, text)?;
            changed.push(path);
        }
        if other.exists() {
            fs::remove_file(&other)?;
            changed.push(other);
        }
    }
    Ok(changed)
}

impl Found {
    fn stray(&mut self, path: &Path, why: &str) {
        self.strays.push(Stray { path: path.to_owned(), why: why.to_owned() });
    }

    fn mapping(&mut self, folder: &Path) -> io::Result<()> {
        let (mut shared, first) = (Files::default(), self.cases.len());
        let entries = entries(folder)?;
        for entry in entries.iter().filter(|entry| !entry.is_dir()) {
            match name(entry).as_str() {
                ENVELOPE => shared.envelope = Some(shared.json(entry)?),
                SETTINGS => shared.settings = Some(shared.json(entry)?),
                _ => self.stray(entry, "belongs to no case"),
            }
        }
        let mut settings_used = false;
        for entry in entries.iter().filter(|entry| entry.is_dir()) {
            settings_used |= self.case(&name(folder), entry, &shared)?;
        }
        if self.cases.len() == first {
            self.stray(folder, "has no case");
        } else if shared.settings.is_some() && !settings_used {
            self.stray(&folder.join(SETTINGS), "is used by no case: each has its own");
        }
        Ok(())
    }

    /// Whether it takes the settings that it shares.
    fn case(&mut self, mapping: &str, folder: &Path, shared: &Files) -> io::Result<bool> {
        let mut files = Files::default();
        for entry in entries(folder)? {
            match name(&entry).as_str() {
                INPUT if entry.is_file() => files.input = Some(fs::read_to_string(&entry)?),
                ENVELOPE => files.envelope = Some(files.json(&entry)?),
                SETTINGS => files.settings = Some(files.json(&entry)?),
                OUTPUT => files.output = Some(files.json(&entry)?),
                PROBLEMS => files.problems = Some(files.json(&entry)?),
                _ => self.stray(&entry, "is no file of a case"),
            }
        }
        let Some(input) = files.input else {
            self.stray(folder, "has no input.json");
            return Ok(false);
        };
        let mut broken = shared.broken.clone();
        broken.append(&mut files.broken);
        let mut attributes = Map::new();
        for value in [&shared.envelope, &files.envelope].into_iter().flatten() {
            match value {
                Value::Object(own) => attributes.extend(own.clone()),
                _ => broken.push(format!("{ENVELOPE}: expected an object")),
            }
        }
        let expected = match (files.output, files.problems) {
            (Some(output), None) => Some(Outcome::Output(output)),
            (None, Some(problems)) => Some(Outcome::Problems(problems)),
            (None, None) => None,
            (Some(_), Some(_)) => {
                broken.push(format!("{OUTPUT} and {PROBLEMS}: it cannot become both"));
                None
            }
        };
        let own_settings = files.settings.is_some();
        self.cases.push(Case {
            mapping: mapping.to_owned(),
            name: name(folder),
            folder: folder.to_owned(),
            input,
            attributes,
            settings: files.settings.or_else(|| shared.settings.clone()).unwrap_or_default(),
            expected,
            broken,
        });
        Ok(!own_settings)
    }
}

#[derive(Default)]
struct Files {
    input: Option<String>,
    envelope: Option<Value>,
    settings: Option<Value>,
    output: Option<Value>,
    problems: Option<Value>,
    broken: Vec<String>,
}

impl Files {
    fn json(&mut self, path: &Path) -> io::Result<Value> {
        Ok(serde_json::from_str(&fs::read_to_string(path)?).unwrap_or_else(|error| {
            self.broken.push(format!("{}: {error}", name(path)));
            Value::Null
        }))
    }
}

fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", folder.display()));
    let entries = fs::read_dir(folder).map_err(named)?;
    let mut entries = entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    entries.sort();
    Ok(entries)
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
