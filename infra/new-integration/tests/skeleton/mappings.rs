use std::path::{Path, PathBuf};

use new_integration::{Integration, Plan};
use tempfile::TempDir;
use transform::cases::{self, Coverage};
use transform::{Catalog, Finding};

use crate::{files, planned, put, signups_to_erp, tickets_to_crm, with};

/// The checkout's mappings and contracts, and the new ones.
fn catalog(plan: &Plan) -> Catalog {
    let texts = |folder: &str, extension: &str| -> Vec<(String, String)> {
        let ours = |path: &Path| {
            path.starts_with(Path::new("shared/transform").join(folder))
                && path.extension().is_some_and(|it| it == extension)
        };
        let files = with(files(), plan).into_iter().filter(|(path, _)| ours(path));
        files.map(|(path, text)| (path.display().to_string(), String::from_utf8(text).unwrap())).collect()
    };
    let (mappings, contracts) = (texts("mappings", "toml"), texts("contracts", "json"));
    Catalog::read(
        mappings.iter().map(|(path, text)| (path.as_str(), text.as_str())),
        contracts.iter().map(|(_, text)| text.as_str()),
    )
    .unwrap()
}

fn holds(integration: &Integration, new: &[&str]) {
    let plan = planned(integration);
    let catalog = catalog(&plan);
    assert_eq!(catalog.check(), Vec::<Finding>::new());
    let folder = TempDir::new().unwrap();
    put(folder.path(), &with(std::collections::BTreeMap::new(), &plan));
    let report =
        cases::run(&catalog, &cases::read(&folder.path().join("shared/transform/cases")).unwrap()).unwrap();
    let failed: Vec<_> = report.cases.iter().filter(|case| !case.failures.is_empty()).collect();
    assert!(failed.is_empty() && report.cases.len() == new.len(), "{failed:#?}");
    assert_eq!(report.strays, []);
    for coverage in report.coverage.iter().filter(|coverage| new.contains(&coverage.mapping.as_str())) {
        let missing = |coverage: &Coverage| coverage.missing().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(missing(coverage), Vec::<String>::new(), "{}", coverage.mapping);
    }
    for mapping in new {
        assert!(plan.new.contains_key(&PathBuf::from(format!("shared/transform/mappings/{mapping}.toml"))));
    }
}

#[test]
fn the_mappings_of_a_new_connector_have_no_finding_and_their_cases_hold() {
    holds(&tickets_to_crm(), &["crm-ticket", "tickets-ticket"]);
}

#[test]
fn the_mapping_for_a_connector_that_is_there_has_no_finding_and_its_case_holds() {
    holds(&signups_to_erp(), &["signups-signup"]);
}
