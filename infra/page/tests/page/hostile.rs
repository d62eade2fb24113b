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
    let attributes: Attributes = [failures].iter().chain(texts).map(attribute).collect();
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

#[tokio::test]
async fn signs_that_nobody_sees_or_that_turn_a_text_round_are_shown() {
    let deployment = Deployment::new(1);
    let order = include_str!("../fixtures/order.json");
    let turned = "\u{202e}EUR\u{2066}\u{200b}\u{7f}\u{9b}\u{e0041}\u{61c}";
    let body = order.replace("\"EUR\"", &format!("\"{turned}\""));
    assert_ne!(body, order);
    put(
        &deployment,
        &body,
        &[
            (name::CODE, "SPW4008"),
            (name::SUMMARY, "paid \u{202e}ton\u{202c}"),
            (name::PATH, "$.\u{feff}x"),
            (name::FLOW, "orders-to-inventory"),
            (name::MAPPING_VERSION, "shopify-order/2 canonical.order@1"),
        ],
    );
    let browser = Browser::entered(&deployment).await;
    let group = group(&browser, "SPW4008").await;
    let letter = letter(&browser, "SPW4008").await;
    let hides = |text: &str| {
        text.contains(|c: char| c != '\n' && c.is_control() || turned.contains(c) && !c.is_ascii())
    };
    for path in ["/", &format!("/groups/{group}"), &letter] {
        let answer = browser.get(path).await;
        assert!(
            answer.says("paid \\u202eton\\u202c") && answer.says("$.\\ufeffx"),
            "{path}: {}",
            answer.text
        );
        assert!(!hides(&answer.text), "{path}");
    }
    let shown = browser.get(&letter).await;
    let written = "&quot;\\u202eEUR\\u2066\\u200b\\u007f\\u009b\\udb40\\udc41\\u061c&quot;";
    assert_eq!(shown.text.matches(&format!("currency&quot;: {written}")).count(), 2, "{}", shown.text);

    // What is edited says the same as before where nobody has touched it.
    let offered = between(&shown.text, "aria-required=\"true\">\n", "</textarea>").replace("&quot;", "\"");
    let edit = format!("{letter}/edit");
    let same = browser.post(&edit, &[("reason", "none"), ("body", &offered)]).await;
    assert!(same.says("nothing was changed"), "{}", same.text);
    let mended = offered.replace("Main 1", "Main 2");
    let fields = [("reason", "another house"), ("body", mended.as_str()), ("anyway", "yes")];
    let kept = browser.did(&edit, &fields).await;
    assert!(kept.says("The edit is kept"), "{}", kept.text);
    let again = browser.get(&letter).await;
    assert!(again.says(&format!("currency&quot;: {written}")) && !hides(&again.text), "{}", again.text);
}

#[tokio::test]
async fn a_letter_that_the_ledger_may_have_forgotten_is_restored_only_where_somebody_insists() {
    let deployment = Deployment::new(0);
    put(
        &deployment,
        "{}",
        &[
            (name::CODE, "SPW4008"),
            (name::FAILURES, "attempts=5 first=2026-10-01T11:00:00Z last=2026-10-01T11:30:00Z"),
        ],
    );
    let browser = Browser::entered(&deployment).await;
    let way = letter(&browser, "SPW4008").await;
    browser.did(&format!("{way}/discard"), &[("reason", "lost")]).await;
    let part = "/archive/orders-to-inventory/discarded";
    let insists = between(&browser.get(part).await.text, "id=\"restore-anyway-yes\"", "</div>").to_owned();
    assert!(insists.contains("28 days") && !insists.contains("checked"), "{insists}");
    let restore = format!("{part}/restore");
    let left = browser.did(&restore, &[("reason", "found"), ("all", "yes")]).await;
    assert!(
        left.says("<h1>Nothing was restored</h1>") && left.says("1 letter left in the archive"),
        "{}",
        left.text
    );
    assert_eq!(deployment.on_queues(), 0);
    let fields = [("reason", "found"), ("all", "yes"), ("anyway", "yes")];
    let restored = browser.did(&restore, &fields).await;
    assert!(restored.says("<h1>Restored</h1>") && restored.says("1 letter restored"), "{}", restored.text);
    assert_eq!(deployment.on_queues(), 1);
}
