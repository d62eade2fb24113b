//! Payments of a real localstripe at a real Redmine, by way of the deployed functions.

use local::real::journey::{Stage, payments};
use local::real::redmine::RealRedmine;
use local::{Stack, Targets, Tools, Workspace};

#[tokio::test]
async fn a_failed_payment_is_one_case_that_its_success_closes_whatever_repeats_or_comes_late() {
    let tools = Tools::new(Workspace::here()).unwrap();
    let redmine = RealRedmine::up(&tools).await.unwrap();
    let targets = Targets::default().redmine(redmine.partner(), redmine.settings());
    let stack = Stack::up(&tools, targets).await.unwrap();
    let stage = Stage { tools: &tools, stack: &stack, progress: &|step| println!("{step}") };
    let outcome = payments::play(stage, &redmine).await.unwrap();
    assert!(outcome.wrong.is_empty(), "{:#?}", outcome.wrong);
}
