//! A new integration in a copy of the checkout: it is whole, it builds, and what fails says what is to be filled in.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail by panicking and say where")]

#[cfg(test)]
mod builds;
#[cfg(test)]
mod mappings;
#[cfg(test)]
mod writes;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use new_integration::{Integration, Plan, Wish, plan};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn tickets_to_crm() -> Integration {
    Integration::named(&Wish { name: "tickets-to-crm".to_owned(), ..Wish::default() }).unwrap()
}

/// To a system that has a connector, whose capability is used.
fn signups_to_erp() -> Integration {
    let wish =
        Wish { name: "signups-to-erp".to_owned(), target: Some("tryton".to_owned()), ..Wish::default() };
    Integration::named(&wish).unwrap()
}

/// What git knows of the checkout, and what is not committed yet.
fn files() -> BTreeMap<PathBuf, Vec<u8>> {
    let listed = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(listed.status.success(), "{}", String::from_utf8_lossy(&listed.stderr));
    let names = String::from_utf8(listed.stdout).unwrap();
    let paths = names.split('\0').filter(|name| !name.is_empty()).map(PathBuf::from);
    paths.filter_map(|path| Some((path.clone(), fs::read(root().join(path)).ok()?))).collect()
}

fn with(mut files: BTreeMap<PathBuf, Vec<u8>>, plan: &Plan) -> BTreeMap<PathBuf, Vec<u8>> {
    for (path, text) in plan.new.iter().chain(&plan.changed) {
        files.insert(path.clone(), text.clone().into_bytes());
    }
    files
}

/// Makes a folder hold these files and no others. One that is as it should be is left alone, so that cargo sees no change.
fn put(folder: &Path, files: &BTreeMap<PathBuf, Vec<u8>>) {
    for path in all(folder) {
        if !files.contains_key(&path) {
            fs::remove_file(folder.join(path)).unwrap();
        }
    }
    for (path, bytes) in files {
        let path = folder.join(path);
        if fs::read(&path).ok().as_ref() != Some(bytes) {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
    }
}

/// Every file, by its path below the folder.
fn all(folder: &Path) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path.strip_prefix(folder).unwrap().to_owned());
            }
        }
    }
    found
}

fn planned(integration: &Integration) -> Plan {
    plan(&root(), integration).unwrap_or_else(|error| panic!("{error:#}"))
}
