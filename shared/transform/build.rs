//! Makes a table of the mappings and contracts beside this file, so that adding one is adding a file.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let mut code = String::new();
    for (name, folder, extension) in [("MAPPINGS", "mappings", "toml"), ("CONTRACTS", "contracts", "json")] {
        println!("cargo::rerun-if-changed={folder}");
        let mut files = Vec::new();
        find(&here.join(folder), extension, &mut files)?;
        files.sort();
        let _ = writeln!(code, "static {name}: &[(&str, &str)] = &[");
        for file in files {
            let shown = file.strip_prefix(&here).unwrap_or(&file).display().to_string();
            let _ = writeln!(code, "    ({shown:?}, include_str!({:?})),", file.display().to_string());
        }
        code.push_str("];\n");
    }
    fs::write(PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("built_in.rs"), code)
}

fn find(folder: &Path, extension: &str, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            find(&path, extension, found)?;
        } else if path.extension().is_some_and(|it| it == extension) {
            found.push(path);
        }
    }
    Ok(())
}
