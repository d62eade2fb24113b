//! Records of a real BottleCRM in a real Tryton, by way of the deployed functions.

use local::real::journey::{Stage, crm};
use local::real::tryton::RealTryton;
use local::{Stack, Targets, Tools, Workspace};

#[tokio::test]
async fn a_customer_a_contact_and_a_sale_are_made_once_and_never_go_back_to_what_is_older() {
    let tools = Tools::new(Workspace::here()).unwrap();
    let tryton = RealTryton::up(&tools).await.unwrap();
    let stack = Stack::up(&tools, Targets::default().tryton(tryton.partner())).await.unwrap();
    let stage = Stage { tools: &tools, stack: &stack, progress: &|step| println!("{step}") };
    let outcome = crm::play(stage, &tryton).await.unwrap();
    assert!(outcome.wrong.is_empty(), "{:#?}", outcome.wrong);
}
