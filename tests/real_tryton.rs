//! Against a real Tryton 8.2: the contracts that the sandbox holds as well.

use local::real::tryton::RealTryton;
use local::{Tools, Workspace};
use tests::{record_upserter_suite, stock_reserver_suite};

#[tokio::test]
async fn the_real_tryton_holds_the_contracts_of_stock_reserver_and_record_upserter() {
    let tools = Tools::new(Workspace::here()).unwrap();
    let tryton = RealTryton::up(&tools).await.unwrap();
    stock_reserver_suite::holds(&tryton.partner()).await;
    record_upserter_suite::holds(&tryton.partner()).await;
}
