//! Every folder of fixtures/shopify is a case: `payload.json`, and either what it becomes in each model
//! (`canonical.json`, `tryton.json`, `karrio.json`) or what is wrong with it (`problems.json`).

use std::collections::BTreeSet;
use std::path::Path;

use message::Rejection;
use serde::Serialize;
use serde_json::{Value, json};
use transform::MappingError;

use crate::common::{fixtures, order, sale, shipment, text, webhook};

fn expect(case: &Path, file: &str, actual: &impl Serialize) {
    let path = case.join(file);
    let actual = serde_json::to_value(actual).unwrap();
    let golden = path.exists().then(|| serde_json::from_str::<Value>(&text(&path)).unwrap());
    if golden.as_ref() != Some(&actual) {
        let name = format!("{}-{file}", case.file_name().unwrap().to_string_lossy());
        let written = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::write(&written, format!("{actual:#}\n")).unwrap();
        panic!("{} differs from what was mapped, which is now in {}", path.display(), written.display());
    }
}

fn problems(error: &MappingError) -> Value {
    let rejection = Rejection::from(error.clone());
    let problems = error.problems.iter().map(|problem| {
        json!({
            "code": problem.code.as_str(), "path": problem.path,
            "expected": problem.expected, "came": problem.came.to_string(),
        })
    });
    json!({"problems": problems.collect::<Vec<_>>(), "summary": rejection.summary})
}

/// Maps the case through every model and returns the names of the files that it must consist of.
fn check(case: &Path) -> BTreeSet<String> {
    let files: &[&str] = match order(&webhook(&text(&case.join("payload.json")))) {
        Ok(order) => {
            expect(case, "canonical.json", &order);
            expect(case, "tryton.json", &sale(&order).unwrap());
            let reservation = order.reserved_as("42".to_owned(), Some("SHP-42".to_owned()));
            expect(case, "karrio.json", &shipment(&reservation).unwrap());
            &["canonical.json", "karrio.json", "payload.json", "tryton.json"]
        }
        Err(error) => {
            expect(case, "problems.json", &problems(&error));
            &["payload.json", "problems.json"]
        }
    };
    files.iter().map(|file| (*file).to_owned()).collect()
}

#[test]
fn every_example_order_becomes_what_its_files_say_in_every_model() {
    let mut cases = 0;
    for case in std::fs::read_dir(fixtures().join("shopify")).unwrap() {
        let case = case.unwrap().path();
        let expected = check(&case);
        let present: BTreeSet<_> = std::fs::read_dir(&case)
            .unwrap()
            .map(|file| file.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        assert_eq!(present, expected, "{}", case.display());
        cases += 1;
    }
    assert!(cases >= 13, "only {cases} cases were found");
}
