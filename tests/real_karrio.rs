//! Against a real Karrio 2026.1: the contract that the sandbox holds as well.

use local::real::karrio::RealKarrio;
use local::{Tools, Workspace};
use tests::label_buyer_suite;

#[tokio::test]
async fn the_real_karrio_holds_the_label_buyer_contract() {
    let tools = Tools::new(Workspace::here()).unwrap();
    let karrio = RealKarrio::up(&tools).await.unwrap();
    label_buyer_suite::holds(&karrio.partner()).await;
}
