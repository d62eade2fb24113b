//! It is built, and its tests are run, in a copy that always stands at the same place, with the workspace's own target folder: what it depends
//! on is built already.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{files, planned, put, tickets_to_crm, with};

/// Crates of the same version at the same places of two checkouts are the same to cargo: in the target folder that both use, what one
/// has built would be taken for the other's.
const OF_THE_COPY: &str = concat!(env!("CARGO_PKG_VERSION"), "-copy");

/// What a command has said on both its channels, and whether it ended well.
struct Said {
    good: bool,
    text: String,
}

fn cargo(folder: &Path, arguments: &[&str]) -> Said {
    let output = Command::new("cargo").args(arguments).current_dir(folder).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    Said { good: output.status.success(), text: String::from_utf8_lossy(&text).into_owned() }
}

fn tests(folder: &Path, arguments: &[&str]) -> Said {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().display().to_string();
    let always = ["test", "--offline", "--no-fail-fast", "--target-dir", &target];
    let said = cargo(folder, &[&always, arguments].concat());
    assert!(!said.text.contains("could not compile") && !said.text.contains("warning: "), "{}", said.text);
    said
}

/// Names of the tests that failed, sorted.
fn failed(said: &Said) -> Vec<&str> {
    let lines = said.text.lines().filter_map(|line| line.strip_prefix("test ")?.strip_suffix(" ... FAILED"));
    let mut names: Vec<_> = lines.collect();
    names.sort_unstable();
    assert_eq!(said.good, names.is_empty(), "{}", said.text);
    names
}

fn fill(folder: &Path, file: &str, old: &str, new: &str) {
    let path = folder.join(file);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(old), "{old} in {file}");
    std::fs::write(path, text.replace(old, new)).unwrap();
}

/// The copy with these new integrations in it.
fn checkout() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("new-integration");
    std::fs::create_dir_all(&folder).unwrap();
    let mut files = with(files(), &planned(&tickets_to_crm()));
    let manifest = String::from_utf8(files[Path::new("Cargo.toml")].clone()).unwrap();
    let version = format!("version = \"{}\"", env!("CARGO_PKG_VERSION"));
    assert!(manifest.contains(&version), "{manifest}");
    let manifest = manifest.replacen(&version, &format!("version = \"{OF_THE_COPY}\""), 1);
    files.insert("Cargo.toml".into(), manifest.into_bytes());
    put(&folder, &files);
    folder
}

/// One test, as one copy is built: what is new compiles without a warning and is formatted, what fails is what is to be filled in, and once
/// that is filled in nothing fails.
#[test]
fn a_new_connector_and_its_flow_fail_where_something_is_to_be_filled_in_and_nowhere_else() {
    let folder = checkout();
    let format = ["fmt", "--check", "-p", "tickets-to-crm", "-p", "connector-crm", "-p", "outbound"];
    let own = cargo(&folder, &["metadata", "--offline", "--no-deps", "--format-version", "1"]);
    assert!(own.text.contains(&format!("shared/transform#{OF_THE_COPY}\"")), "{}", own.text);
    let formatted = cargo(&folder, &[&format[..], &["-p", "transform", "-p", "tests"]].concat());
    assert!(formatted.good, "{}", formatted.text);

    let crates = ["-p", "tickets-to-crm", "-p", "connector-crm"];
    let suite = ["-p", "tests", "--test", "tickets_to_crm"];
    let said = tests(&folder, &crates);
    assert_eq!(failed(&said), ["all_that_the_source_sends_arrives"], "{}", said.text);
    assert!(said.text.contains("TO FILL: shared/transform/mappings/tickets-ticket.toml"), "{}", said.text);
    let said = tests(&folder, &suite);
    assert_eq!(failed(&said), ["the_double_holds_the_ticket_keeper_contract"], "{}", said.text);
    assert!(said.text.contains("TO FILL: `look_up` in shared/connector-crm/src/wire.rs"), "{}", said.text);

    let mapping = "\n[[rule]]\nto = \"name\"\nfrom = \"data.name\"\n";
    fill(
        &folder,
        "shared/transform/mappings/tickets-ticket.toml",
        "\nas = \"instant\"\n",
        &format!("\nas = \"instant\"\n{mapping}"),
    );
    let wire = "shared/connector-crm/src/wire.rs";
    fill(&folder, wire, "look_up(_reference", "look_up(reference");
    fill(
        &folder,
        wire,
        "Err(not_written(\"look_up\"))",
        "Ok(Request::get(\"/records\").query(\"reference\", reference))",
    );
    fill(&folder, wire, "creation(_body", "creation(body");
    fill(
        &folder,
        wire,
        "Err(not_written(\"creation\"))",
        "Request::new(http::Method::POST, \"/records\").json(body)",
    );
    let unused = std::fs::read_to_string(folder.join(wire)).unwrap();
    let (head, tail) = unused.split_once("/// A message is refused").unwrap();
    let (_, tail) = tail.split_once("}\n\n").unwrap();
    let head = head.replace("use message::Code;\n", "").replace("Refusal, ", "");
    std::fs::write(folder.join(wire), format!("{head}{tail}")).unwrap();
    fill(
        &folder,
        "shared/connector-crm/Cargo.toml",
        "message.workspace",
        "http.workspace = true\nmessage.workspace",
    );
    for which in [&crates, &suite] {
        let said = tests(&folder, which);
        assert_eq!(failed(&said), Vec::<&str>::new(), "{}", said.text);
    }
}
