//! Against a real Redmine 5.0: the contract that the sandbox holds as well, and what the operations desk's tests need of it.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail by panicking")]

use local::real::redmine::RealRedmine;
use local::{Tools, Workspace};
use tests::case_desk_suite;
use tests::redmine::DeskPartner;

#[tokio::test]
async fn the_real_redmine_holds_the_case_desk_contract() {
    let tools = Tools::new(Workspace::here()).unwrap();
    let redmine = RealRedmine::up(&tools).await.unwrap();
    a_case_is_found_once_by_its_reference_open_or_closed(&redmine).await;
    case_desk_suite::holds(&DeskPartner::real(&redmine)).await;
}

async fn a_case_is_found_once_by_its_reference_open_or_closed(redmine: &RealRedmine) {
    let id = redmine.open_issue("pi_1", "A payment failed").await.unwrap();
    redmine.open_issue("pi_10", "Another one").await.unwrap();
    assert_eq!(redmine.issues("pi_1").await.unwrap().len(), 1);

    redmine.close_issue(id, "paid by transfer").await.unwrap();
    let found = redmine.issues("pi_1").await.unwrap();
    assert_eq!(found.iter().map(|issue| issue["id"].as_u64()).collect::<Vec<_>>(), [Some(id)]);
    let issue = redmine.issue(id).await.unwrap();
    assert_eq!(issue["status"]["id"], redmine.desk.closed_status);
    assert_eq!(issue["journals"][0]["notes"], "paid by transfer");
    assert!(redmine.issues("pi_2").await.unwrap().is_empty());
}
