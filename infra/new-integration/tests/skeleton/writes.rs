//! What is written and what is refused, in a copy that nothing is built in.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use new_integration::{Integration, Wish, plan};
use tempfile::TempDir;

use crate::{all, files, put, signups_to_erp, tickets_to_crm, with};

fn copy() -> (TempDir, BTreeMap<PathBuf, Vec<u8>>) {
    let (folder, files) = (TempDir::new().unwrap(), files());
    put(folder.path(), &files);
    (folder, files)
}

/// All files as they are, but for Cargo.lock.
fn content(folder: &TempDir) -> BTreeMap<PathBuf, Vec<u8>> {
    let read = |path: PathBuf| (path.clone(), fs::read(folder.path().join(path)).unwrap());
    all(folder.path()).into_iter().filter(|path| path != &PathBuf::from("Cargo.lock")).map(read).collect()
}

fn without_lock(mut files: BTreeMap<PathBuf, Vec<u8>>) -> BTreeMap<PathBuf, Vec<u8>> {
    files.remove(&PathBuf::from("Cargo.lock"));
    files
}

fn refused(folder: &TempDir, wish: Wish) -> String {
    let planned = Integration::named(&wish).and_then(|integration| plan(folder.path(), &integration));
    format!("{:#}", planned.unwrap_err())
}

fn wish(name: &str) -> Wish {
    Wish { name: name.to_owned(), ..Wish::default() }
}

#[test]
fn all_that_is_planned_is_written_and_both_crates_are_locked() {
    let (folder, before) = copy();
    let plan = plan(folder.path(), &tickets_to_crm()).unwrap();
    assert_eq!(content(&folder), without_lock(before.clone()), "a plan writes nothing");
    plan.write().unwrap();
    assert_eq!(content(&folder), without_lock(with(before, &plan)));
    let lock = fs::read_to_string(folder.path().join("Cargo.lock")).unwrap();
    assert!(lock.contains("name = \"tickets-to-crm\"") && lock.contains("name = \"connector-crm\""));
    assert_eq!(plan.listing().len(), plan.new.len() + plan.changed.len() + 1);
    // A second one of the same name.
    assert!(refused(&folder, wish("tickets-to-crm")).contains("functions/tickets-to-crm is there already"));
}

#[test]
fn where_something_cannot_be_written_everything_is_as_it_was() {
    for broken in ["functions", "Cargo.lock"] {
        let (folder, before) = copy();
        let plan = plan(folder.path(), &tickets_to_crm()).unwrap();
        if broken == "functions" {
            // A file where the flow's folder should be.
            fs::write(folder.path().join("functions/tickets-to-crm"), "").unwrap();
        } else {
            // No crate could be put into this one.
            fs::write(folder.path().join("Cargo.lock"), "version = 99\n").unwrap();
        }
        let expected = content(&folder);
        let error = format!("{:#}", plan.write().unwrap_err());
        assert!(error.contains("nothing was changed"), "{error}");
        assert_eq!(content(&folder), expected, "{broken}: {error}");
        assert!(!folder.path().join("shared/connector-crm").exists());
        drop(before);
    }
}

#[test]
fn what_is_there_is_not_written_over() {
    let (folder, _) = copy();
    for (wish, why) in [
        (wish("orders-to-inventory"), "functions/orders-to-inventory is there already"),
        (wish("orders-to-crm"), "contracts/canonical/order@1.json is there already: say another --entity"),
        (wish("customers-to-crm"), "canonical/mod.rs exports Customer already: say another --entity"),
        (wish("strings-to-crm"), "string would be the type String, and the skeleton's code has another"),
        (wish("labels-to-karrio"), "shared/connector-karrio is there, and what it can do has no skeleton"),
        (
            Wish {
                source: Some("shopify".to_owned()),
                event: Some("orders/create".to_owned()),
                ..wish("carts-to-crm")
            },
            "orders/create of shopify goes to another flow already",
        ),
    ] {
        let error = refused(&folder, wish);
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn an_anchor_that_is_gone_is_named_and_nothing_is_written() {
    for (file, gone) in [
        ("template.yaml", "# new-integration: flows"),
        ("template.yaml", "SOURCES: !Sub >-"),
        ("Cargo.toml", "connector-"),
        ("tests/src/lib.rs", "pub mod "),
    ] {
        let (folder, _) = copy();
        let path = folder.path().join(file);
        fs::write(&path, fs::read_to_string(&path).unwrap().replace(gone, "gone-")).unwrap();
        let error = refused(&folder, wish("tickets-to-crm"));
        assert!(error.contains(gone) && error.contains(file), "{error}");
    }
}

/// A source that is known keeps its secret, and gets one route more.
#[test]
fn a_known_source_gets_a_route_and_no_second_secret() {
    let (folder, _) = copy();
    let (event, entity) = (Some("customers/create".to_owned()), Some("client".to_owned()));
    let wish = Wish { event, entity, ..wish("customers-to-crm") };
    let integration =
        Integration::named(&Wish { source: Some("shopify".to_owned()), ..wish.clone() }).unwrap();
    let plan = plan(folder.path(), &integration).unwrap();
    let template = plan.changed.get(&PathBuf::from("template.yaml")).unwrap();
    assert!(
        template.contains(
            "\"routes\": {\"customers/create\": \"customers-to-crm\",\n            \"orders/create\""
        )
    );
    assert_eq!(template.matches("  ShopifyWebhookSecret:\n").count(), 1);
    // Of ingest, of who tells its age, and among the outputs.
    assert_eq!(template.matches("!GetAtt ShopifyWebhookSecret.Id\n").count(), 3);
}

#[test]
fn a_connector_that_is_there_is_used_as_it_is() {
    let (folder, _) = copy();
    let plan = plan(folder.path(), &signups_to_erp()).unwrap();
    assert_eq!(plan.changed.keys().collect::<Vec<_>>(), [&PathBuf::from("template.yaml")]);
    assert!(plan.new.keys().all(|path| !path.starts_with("shared/connector-tryton")));
}
