//! Orders of shops in a real Tryton and a real Karrio, by way of the deployed functions: the demo's scenario, and those of a real Vendure.

use local::real::journey::{Stage, orders};
use local::real::karrio::RealKarrio;
use local::real::tryton::{RealPartners, RealTryton};
use local::{Stack, Targets, Tools, Workspace};

#[tokio::test]
async fn an_order_is_reserved_once_and_labelled_once_whatever_repeats() {
    let tools = Tools::new(Workspace::here()).unwrap();
    let tryton = RealTryton::up(&tools).await.unwrap();
    let karrio = RealKarrio::up(&tools).await.unwrap();
    let targets = Targets::default().tryton(tryton.partner()).karrio(karrio.partner());
    let stack = Stack::up(&tools, targets).await.unwrap();

    let partners = RealPartners { tryton: &tryton, karrio: &karrio };
    let outcome = stack.run_orders_scenario(&partners, &|step| println!("{step}")).await.unwrap();
    assert!(outcome.wrong.is_empty(), "{:#?}", outcome.wrong);

    let stage = Stage { tools: &tools, stack: &stack, progress: &|step| println!("{step}") };
    let outcome = orders::play(stage, &tryton, &karrio).await.unwrap();
    assert!(outcome.wrong.is_empty(), "{:#?}", outcome.wrong);
}
