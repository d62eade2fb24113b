//! Against a real Tryton 8.2: the contract that the sandbox holds as well, and the demo's scenario.

use local::real::tryton::{RealPartners, RealTryton};
use local::{Stack, Tools, Workspace};
use tests::{record_upserter_suite, stock_reserver_suite};

#[tokio::test]
async fn the_real_tryton_holds_the_stock_reserver_contract() {
    let tools = Tools::new(Workspace::here()).unwrap();
    let tryton = RealTryton::up(&tools).await.unwrap();
    stock_reserver_suite::holds(&tryton.partner()).await;
}

#[tokio::test]
async fn the_real_tryton_holds_the_record_upserter_contract() {
    let tools = Tools::new(Workspace::here()).unwrap();
    let tryton = RealTryton::up(&tools).await.unwrap();
    record_upserter_suite::holds(&tryton.partner()).await;
}

#[tokio::test]
async fn an_order_is_reserved_once_in_the_real_tryton() {
    let tools = Tools::new(Workspace::here()).unwrap();
    let tryton = RealTryton::up(&tools).await.unwrap();
    let stack = Stack::up(&tools, Some(tryton.partner())).await.unwrap();
    let partners = RealPartners { tryton: &tryton, sandbox: &stack.sandbox };
    let outcome = stack.run_scenario(&partners, &|step| println!("{step}")).await.unwrap();
    assert!(outcome.wrong.is_empty(), "{:#?}", outcome.wrong);
}
