//! What somebody else is looking at is told wherever it might have been meant.

use std::time::Duration;

use http::StatusCode;
use review::LetterQueue as _;
use review::memory::World;

use crate::browser::Browser;
use crate::world::Deployment;

const TOLD: &str = "of orders-to-inventory not seen, as somebody else was looking at them";

/// Somebody else receives letters, ten at a time.
async fn hide(world: &World, times: usize) {
    for _ in 0..times {
        world.receive(Duration::from_secs(60)).await.unwrap();
    }
}

#[tokio::test]
async fn no_queue_is_called_empty_while_somebody_else_hides_its_letters() {
    let deployment = Deployment::new(1);
    let browser = Browser::entered(&deployment).await;
    hide(&deployment.flows["orders-to-inventory"], 2).await;
    let some = browser.get("/").await;
    assert!(some.says("2 letters of 2 causes") && some.says(&format!("14 letters {TOLD}")), "{}", some.text);
    hide(&deployment.flows["inventory-to-shipping"], 1).await;
    let none = browser.get("/").await;
    assert_eq!(none.status, StatusCode::OK);
    assert!(!none.says("No dead letters") && !none.says("empty"), "{}", none.text);
    assert!(
        none.says("No dead letter was seen") && none.says(&format!("14 letters {TOLD}")),
        "{}",
        none.text
    );
}
