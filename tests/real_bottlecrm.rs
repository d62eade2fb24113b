//! A real BottleCRM does what the CRM flow's tests need of it.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use local::real::bottlecrm::{EVENTS, RealBottleCrm};
use local::real::relay::{Delivery, Relay};
use local::real::signature;
use local::{Tools, Workspace};
use serde_json::json;

#[tokio::test]
async fn what_is_made_and_won_is_told_by_signed_webhooks() {
    let tools = Tools::new(Workspace::here()).unwrap();
    let crm = RealBottleCrm::up(&tools).await.unwrap();
    let relay = Relay::start(None).await.unwrap();
    let secret = crm.register_webhook(&relay.url, &EVENTS).await.unwrap();

    let account = crm.create_account(&json!({ "name": "Acme GmbH" })).await.unwrap();
    let ann = json!({ "first_name": "Ann", "last_name": "Example", "email": "ann@example.com", "account": account });
    let contact = crm.create_contact(&ann).await.unwrap();
    let deal = crm.create_deal("Ten widgets", &account, "100.00").await.unwrap();
    crm.win_deal(&deal, "2026-01-31").await.unwrap();

    for (event, id) in [("account.created", &account), ("contact.created", &contact), ("deal.won", &deal)] {
        let told = relay.delivery(event, |body| body["event"] == event).await.unwrap();
        assert_eq!(told.json()["data"]["id"].as_str(), Some(id.as_str()));
        assert_eq!(told.header("x-bottlecrm-signature"), signed_as_stripes(&told, &secret));
    }
    assert_eq!(crm.account(&account).await.unwrap()["name"], "Acme GmbH");
    assert_eq!(crm.contact(&contact).await.unwrap()["email"], "ann@example.com");
    assert_eq!(crm.deal(&deal).await.unwrap()["stage"], "CLOSED_WON");

    crm.update_account(&account, &json!({ "name": "Acme AG" })).await.unwrap();
    relay.delivery("account.updated", |body| body["data"]["name"] == "Acme AG").await.unwrap();
}

/// At the time that its own signature says.
fn signed_as_stripes(told: &Delivery, secret: &str) -> String {
    let (time, _) = told.header("x-bottlecrm-signature").split_once(',').unwrap();
    signature::timed(secret, time.trim_start_matches("t=").parse().unwrap(), &told.body).unwrap()
}
