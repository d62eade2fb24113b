//! Letters that say of themselves what is not so.

use channel::{Attribute, Attributes, attribute_names as name};
use http::StatusCode;
use review::{Clock as _, Letter};

use crate::browser::{Browser, between};
use crate::reading::{group, letter};
use crate::world::Deployment;

/// On the queue of orders.
fn put(deployment: &Deployment, body: &str, texts: &[(&str, &str)]) {
    let attribute = |(name, text): &(&str, &str)| ((*name).to_owned(), Attribute::string(*text));
    let failures = (name::FAILURES, "attempts=5 first=2026-11-24T11:00:00Z last=2026-11-24T11:30:00Z");
    let attributes: Attributes = texts.iter().chain([&failures]).map(attribute).collect();
    deployment.flows["orders-to-inventory"].add(Letter {
        id: "c0000000-0000-4000-8000-000000000000".to_owned(),
        receipt: String::new(),
        body: body.to_owned(),
        attributes,
        sent_at: deployment.kept.now(),
        receive_count: 1,
        trace_header: None,
        group_id: None,
    });
}

#[tokio::test]
async fn a_letter_is_on_the_queue_that_it_is_on_whatever_it_says() {
    for flow in ["inventory-to-shipping", "no-such-flow", "../audit?x=1#<b>"] {
        let deployment = Deployment::new(0);
        put(&deployment, "{}", &[(name::CODE, "SPW4008"), (name::FLOW, flow), (name::SUMMARY, "lost")]);
        let browser = Browser::entered(&deployment).await;
        let group = group(&browser, "SPW4008").await;
        let way = letter(&browser, "SPW4008").await;
        assert_eq!(way, "/letters/orders-to-inventory/c0000000-0000-4000-8000-000000000000");
        assert_eq!(browser.get(&way).await.status, StatusCode::OK);
        let page = browser.get(&format!("/groups/{group}")).await;
        let form = between(&page.text, "action=\"/plans\"", "</form>");
        let asked = between(form, "name=\"flow\" value=\"", "\"").to_owned();
        let planned = browser.post("/plans", &[("group", &group), ("flow", &asked)]).await;
        assert!(browser.get(&planned.leads_to()).await.says(": 1 letter"), "{flow}");
        let discarded = browser.did(&format!("/groups/{group}/discard"), &[("reason", "lost")]).await;
        assert!(discarded.says("1 letter discarded"), "{flow}: {}", discarded.text);
    }
}
