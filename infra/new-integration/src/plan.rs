use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use crate::Integration;
use crate::anchors::before_first;
use crate::integration::{pascal, snake};
use crate::skeleton::{Skeleton, formatted, is_rust, no_placeholder_left};
use crate::{cargo, template};

/// Connectors whose capability has a skeleton: connector, and part of the skeleton.
const CAPABILITIES: [(&str, &str); 1] = [("tryton", "record-upserter")];
const NEW_TARGET: &str = "new-target";
const LOCK: &str = "Cargo.lock";

/// Whether a `pub use` of the file names it.
fn exports(text: &str, name: &str) -> bool {
    let uses = text.split("pub use ").skip(1).filter_map(|rest| rest.split_once(';'));
    uses.flat_map(|(used, _)| used.split(|c: char| !c.is_alphanumeric() && c != '_')).any(|word| word == name)
}

/// Every file as it will be, by its path below the root.
#[derive(Debug)]
pub struct Plan {
    root: PathBuf,
    /// Files that are not there yet.
    pub new: BTreeMap<PathBuf, String>,
    /// Files that are, with their new text.
    pub changed: BTreeMap<PathBuf, String>,
}

/// Makes everything in memory. Nothing that is there is written over.
pub fn plan(root: &Path, of: &Integration) -> Result<Plan> {
    let function = Path::new("functions").join(&of.name);
    ensure!(!root.join(&function).exists(), "{} is there already", function.display());
    let (target, skeleton) = skeleton(root, of)?;
    let mut plan = Plan { root: root.to_owned(), new: BTreeMap::new(), changed: BTreeMap::new() };
    for (path, text) in skeleton.files("every")?.into_iter().chain(skeleton.files(target)?) {
        if root.join(&path).exists() {
            let other = if target == NEW_TARGET { "--entity or NAME" } else { "--entity, --source or NAME" };
            bail!("{} is there already: say another {other}", path.display());
        }
        no_placeholder_left(&path, &text)?;
        plan.new.insert(path, text);
    }
    plan.change("template.yaml", |text| template::with(text, of, &skeleton, target))?;
    if target == NEW_TARGET {
        plan.new_target(of, &skeleton)?;
    }
    Ok(plan)
}

/// This text of template.yaml with the integration in it.
pub fn template_with(root: &Path, text: &str, of: &Integration) -> Result<String> {
    let (target, skeleton) = skeleton(root, of)?;
    template::with(text, of, &skeleton, target)
}

/// Which part of it makes a flow to the target, and all of it with the integration's names.
fn skeleton(root: &Path, of: &Integration) -> Result<(&'static str, Skeleton)> {
    let target = part(root, &of.target)?;
    let mut words = of.words();
    words.push(("target_secret", secret(of, target)));
    let environment = Skeleton::of(root, words.clone()).edit(&format!("{target}/environment.yaml"))?;
    words.push(("environment", environment));
    Ok((target, Skeleton::of(root, words)))
}

/// Which part of the skeleton makes a flow to this target.
fn part(root: &Path, target: &str) -> Result<&'static str> {
    let connector = format!("shared/connector-{target}");
    if !root.join(&connector).exists() {
        return Ok(NEW_TARGET);
    }
    let known = CAPABILITIES.iter().find(|(connector, _)| *connector == target);
    known.map(|(_, part)| *part).with_context(|| {
        let known: Vec<_> = CAPABILITIES.iter().map(|(connector, _)| *connector).collect();
        format!(
            "{connector} is there, and what it can do has no skeleton (only that of {} has one): copy the flow that uses it, as \
             docs/adding-an-integration.md says, or name another system by --target",
            known.join(", ")
        )
    })
}

fn secret(of: &Integration, target: &str) -> String {
    let system = if target == NEW_TARGET { of.target.as_str() } else { "tryton" };
    format!("{}ApiKey", pascal(system))
}

impl Plan {
    /// A capability, the canonical entity, and the suite that the connector has to hold.
    fn new_target(&mut self, of: &Integration, skeleton: &Skeleton) -> Result<()> {
        let (entity, kind) = (snake(&of.entity), pascal(&of.entity));
        for part in ["every", NEW_TARGET] {
            if skeleton.uses(part, &kind)? {
                bail!(
                    "{} would be the type {kind}, and the skeleton's code has another of that name: say another --entity",
                    of.entity
                );
            }
        }
        for (file, names) in [
            ("shared/transform/src/canonical/mod.rs", vec![kind.clone()]),
            ("shared/outbound/src/lib.rs", vec![format!("{kind}Keeper"), format!("{kind}Kept")]),
        ] {
            let text = fs::read_to_string(self.root.join(file)).with_context(|| file.to_owned())?;
            if let Some(name) = names.iter().find(|name| exports(&text, name)) {
                bail!("{file} exports {name} already: say another --entity");
            }
        }
        let capability = skeleton.edit("new-target/capability.rs")?;
        let test = skeleton.edit("new-target/test-target.toml")?;
        self.change("Cargo.toml", |text| cargo::workspace(text, of))?;
        self.change("tests/Cargo.toml", |text| cargo::tests(text, of, &test))?;
        self.change("shared/outbound/src/capability.rs", |text| Ok(format!("{text}{capability}")))?;
        self.change("shared/outbound/src/lib.rs", |text| {
            before_first(text, "pub use ", &format!("pub use capability::{{{kind}Keeper, {kind}Kept}};\n"))
        })?;
        self.change("shared/transform/src/canonical/mod.rs", |text| {
            let text = before_first(text, "mod ", &format!("mod {entity};\n"))?;
            before_first(&text, "pub use ", &format!("pub use {entity}::{kind};\n"))
        })?;
        self.change("tests/src/lib.rs", |text| {
            before_first(text, "pub mod ", &format!("pub mod {entity}_keeper_suite;\n"))
        })
    }

    fn change(&mut self, path: &str, change: impl FnOnce(&str) -> Result<String>) -> Result<()> {
        let path = PathBuf::from(path);
        let text = fs::read_to_string(self.root.join(&path)).with_context(|| path.display().to_string())?;
        let mut changed = change(&text).with_context(|| path.display().to_string())?;
        if is_rust(&path) {
            changed = formatted(&self.root, &changed)?;
        }
        no_placeholder_left(&path, &changed)?;
        self.changed.insert(path, changed);
        Ok(())
    }

    /// What would be written, one line a file.
    pub fn listing(&self) -> Vec<String> {
        let new = self.new.keys().map(|path| format!("new      {}", path.display()));
        let changed = self.changed.keys().map(|path| format!("changed  {}", path.display()));
        new.chain(changed).chain([format!("changed  {LOCK}")]).collect()
    }

    /// Writes all of it, or leaves everything as it was.
    pub fn write(&self) -> Result<()> {
        let mut undo = Undo::default();
        match self.write_each(&mut undo) {
            Ok(()) => Ok(()),
            Err(error) => {
                undo.all().context("and what was written could not be taken back")?;
                Err(error.context("nothing was changed"))
            }
        }
    }

    fn write_each(&self, undo: &mut Undo) -> Result<()> {
        for path in self.changed.keys().map(PathBuf::as_path).chain([Path::new(LOCK)]) {
            undo.keep(&self.root.join(path))?;
        }
        for (path, text) in &self.new {
            undo.make(&self.root.join(path), text)?;
        }
        for (path, text) in &self.changed {
            fs::write(self.root.join(path), text).with_context(|| path.display().to_string())?;
        }
        cargo::lock(&self.root)
    }
}

/// What was there, and what was not.
#[derive(Default)]
struct Undo {
    kept: Vec<(PathBuf, Vec<u8>)>,
    files: Vec<PathBuf>,
    folders: Vec<PathBuf>,
}

impl Undo {
    fn keep(&mut self, path: &Path) -> Result<()> {
        let bytes = fs::read(path).with_context(|| path.display().to_string())?;
        self.kept.push((path.to_owned(), bytes));
        Ok(())
    }

    fn make(&mut self, path: &Path, text: &str) -> Result<()> {
        let missing: Vec<_> = path.ancestors().skip(1).take_while(|folder| !folder.exists()).collect();
        for folder in missing.into_iter().rev() {
            fs::create_dir(folder).with_context(|| folder.display().to_string())?;
            self.folders.push(folder.to_owned());
        }
        self.files.push(path.to_owned());
        fs::write(path, text).with_context(|| path.display().to_string())
    }

    fn all(&self) -> Result<()> {
        for file in self.files.iter().filter(|file| file.exists()) {
            fs::remove_file(file)?;
        }
        for folder in self.folders.iter().rev() {
            fs::remove_dir(folder)?;
        }
        for (path, bytes) in &self.kept {
            fs::write(path, bytes)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_exported_where_a_pub_use_has_it_whole() {
        let text = "pub use order::{Address,\n    Order};\npub use load::Refresh;\nmod money;\n";
        for (name, is) in
            [("Order", true), ("Address", true), ("Refresh", true), ("Addr", false), ("money", false)]
        {
            assert_eq!(exports(text, name), is, "{name}");
        }
    }
}
