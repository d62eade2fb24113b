//! What somebody else is looking at is told wherever it might have been meant.

use std::time::Duration;

use http::StatusCode;
use review::LetterQueue as _;
use review::memory::World;

use crate::browser::Browser;
use crate::reading::group;
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
    let group = group(&browser, "SPW2001").await;
    hide(&deployment.flows["orders-to-inventory"], 2).await;
    let some = browser.get("/").await;
    assert!(some.says("2 letters of 2 causes") && some.says(&format!("14 letters {TOLD}")), "{}", some.text);
    let missing = browser.get(&format!("/groups/{group}")).await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
    assert!(missing.says("14 letters were being looked at by somebody else"), "{}", missing.text);
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

#[tokio::test]
async fn a_plan_tells_of_the_letters_that_it_could_not_see() {
    let deployment = Deployment::new(1);
    let browser = Browser::entered(&deployment).await;
    let orders = &deployment.flows["orders-to-inventory"];
    hide(orders, 1).await;
    let plan = browser.post("/plans", &[("flow", "orders-to-inventory")]).await.leads_to();
    let page = browser.get(&plan).await;
    assert!(page.says("4 letters</title>") || page.says(": 4 letters"), "{}", page.text);
    assert!(page.says(&format!("10 letters {TOLD}")) && page.says("Make a new plan"), "{}", page.text);
    assert!(browser.get("/plans").await.says("not all were seen"));

    hide(orders, 1).await;
    let none = browser.post("/plans", &[("flow", "orders-to-inventory")]).await;
    assert!(none.says("No plan was made: no letter that was seen is meant"), "{}", none.text);
    assert!(none.says(&format!("14 letters {TOLD}")), "{}", none.text);
}

#[tokio::test]
async fn a_discard_tells_of_the_letters_that_it_could_not_see_and_of_none_is_no_success() {
    let deployment = Deployment::new(1);
    let browser = Browser::entered(&deployment).await;
    let group = group(&browser, "SPW4009").await;
    let letter = crate::reading::letter(&browser, "SPW2001").await;
    let orders = &deployment.flows["orders-to-inventory"];
    hide(orders, 1).await;
    let discard = format!("/groups/{group}/discard");
    let some = browser.did(&discard, &[("reason", "test orders")]).await;
    assert!(some.says("Group discarded") && some.says("1 letter discarded"), "{}", some.text);
    assert!(some.says(&format!("10 letters {TOLD}")), "{}", some.text);

    hide(orders, 1).await;
    let (records, objects) = (deployment.kept.records().len(), deployment.kept.objects().len());
    let none = browser.did(&discard, &[("reason", "test orders")]).await;
    assert!(none.says("<h1>Nothing was discarded</h1>") && none.says("notice bad"), "{}", none.text);
    assert!(none.says(&format!("13 letters {TOLD}")) && !none.says("Group discarded"), "{}", none.text);
    let none = browser.post(&format!("{letter}/discard"), &[("reason", "a test order")]).await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);
    assert!(none.says("13 letters are being looked at by somebody else"), "{}", none.text);
    assert_eq!((deployment.kept.records().len(), deployment.kept.objects().len()), (records, objects));
}
