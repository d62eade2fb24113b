use channel::Attributes;
use http::StatusCode;
use review::memory::Break;
use review::{Clock, Letter};

use crate::browser::Browser;
use crate::reading::letter;
use crate::world::{Deployment, Logs};

#[tokio::test]
async fn a_letter_leads_to_its_journey_and_does_not_wait_for_it() {
    let deployment = Deployment::new(1);
    let logs = Logs::refused("status 422, SPW4009, 80 ms");
    let browser = Browser::entered_beside(&deployment, logs.clone()).await;
    let letter = letter(&browser, "SPW4009").await;
    let shown = browser.get(&letter).await;
    let journey = format!("{letter}/journey");
    assert!(shown.says(&format!("href=\"{journey}\">Read its journey</a>")), "{}", shown.text);
    assert!(logs.asked.lock().unwrap().is_empty(), "the logs are read when somebody asks for them");

    // A letter that was shown is not received again: nobody answers who is asked for it.
    deployment.flows["orders-to-inventory"].break_at(0, Break::Before);
    let answer = browser.get(&journey).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    for told in [
        "<div id=\"journey\"><p class=\"notice bad\"><strong>So far: </strong>1 message of it not ended well yet.</p>",
        "to <code>tryton POST</code>: <strong>status 422, SPW4009, 80 ms</strong>",
        "<time datetime=\"2026-11-24T09:15:31.25Z\">2026-11-24 09:15:31 UTC</time>",
        "<td>shop-ingest</td><th scope=\"row\">webhook queued</th>",
        "SPW4009, at $.lines[0].sku, receive 1, to the DLQ: yes",
        "<th scope=\"row\">REJECTED SPW4009</th>",
        "within 14 days, the oldest first</caption>",
        &format!("<a href=\"{letter}\">Back to the letter</a>"),
    ] {
        assert!(answer.says(told), "{told}: {}", answer.text);
    }
    assert_eq!(*logs.asked.lock().unwrap(), ["evt-1-0"]);
}

#[tokio::test]
async fn what_the_logs_hold_is_shown_and_not_obeyed() {
    let deployment = Deployment::new(1);
    let logs = Logs::refused("</td><script>alert('log')</script><img src=x onerror=alert(1)>");
    let browser = Browser::entered_beside(&deployment, logs).await;
    let answer = browser.get(&format!("{}/journey", letter(&browser, "SPW4009").await)).await;
    assert!(
        answer.says("&lt;/td&gt;&lt;script&gt;alert('log')&lt;/script&gt;&lt;img src=x"),
        "{}",
        answer.text
    );
    assert!(!answer.says("<script>alert") && !answer.says("<img"), "{}", answer.text);
}

#[tokio::test]
async fn logs_that_cannot_be_read_are_told_of_and_the_letter_is_shown_all_the_same() {
    let deployment = Deployment::new(1);
    let logs = Logs::with(Err("listing log groups: AccessDeniedException: not <authorized>".to_owned()));
    let browser = Browser::entered_beside(&deployment, logs).await;
    let letter = letter(&browser, "SPW4009").await;
    let answer = browser.get(&format!("{letter}/journey")).await;
    assert_eq!(answer.status, StatusCode::BAD_GATEWAY);
    assert!(
        answer.says(
            "It cannot be read: </strong>listing log groups: AccessDeniedException: not &lt;authorized&gt;."
        ),
        "{}",
        answer.text
    );
    assert!(answer.says("Nothing is wrong with the letter by that"), "{}", answer.text);
    assert_eq!(browser.get(&letter).await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_event_that_nobody_has_logged_is_told_so() {
    let deployment = Deployment::new(1);
    let browser = Browser::entered(&deployment).await;
    let answer = browser.get(&format!("{}/journey", letter(&browser, "SPW2001").await)).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(
        answer.says("No line of the functions has event <code>evt-0-0</code> within the last 14 days."),
        "{}",
        answer.text
    );
}

#[tokio::test]
async fn no_event_is_looked_for_but_that_of_a_letter_that_is_there() {
    let deployment = Deployment::new(1);
    let logs = Logs::refused("status 200");
    let browser = Browser::entered_beside(&deployment, logs.clone()).await;
    let there = letter(&browser, "SPW4009").await;
    let id = there.rsplit('/').next().unwrap();
    for path in [
        "/letters/orders-to-inventory/00000000-0000-4000-8000-000000000000/journey".to_owned(),
        "/letters/orders-to-inventory/evt-1-0/journey".to_owned(),
        "/letters/orders-to-inventory/a/journey".to_owned(),
        format!("/letters/inventory-to-shipping/{id}/journey"),
        format!("/letters/no-such-flow/{id}/journey"),
    ] {
        let answer = browser.get(&path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}: {}", answer.text);
    }
    assert!(logs.asked.lock().unwrap().is_empty());
    // One that this page has not shown yet is found, by the beginning of its id as well.
    let answer = browser.get(&format!("/letters/orders-to-inventory/{}/journey", &id[..13])).await;
    assert!(answer.status == StatusCode::OK && answer.says(&format!("<code>{id}</code>")), "{}", answer.text);
}

#[tokio::test]
async fn a_letter_of_which_no_event_is_known_has_no_journey() {
    let deployment = Deployment::new(1);
    let logs = Logs::refused("status 200");
    let id = "b0000000-0000-4000-8000-000000000000";
    deployment.flows["inventory-to-shipping"].add(Letter {
        id: id.to_owned(),
        receipt: String::new(),
        body: "no event".to_owned(),
        attributes: Attributes::new(),
        sent_at: deployment.kept.now(),
        receive_count: 1,
        trace_header: None,
        group_id: None,
    });
    let browser = Browser::entered_beside(&deployment, logs.clone()).await;
    let path = format!("/letters/inventory-to-shipping/{id}");
    assert_eq!(browser.get(&path).await.status, StatusCode::OK);
    let answer = browser.get(&format!("{path}/journey")).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.says("No correlation id is known of this letter"), "{}", answer.text);
    assert!(logs.asked.lock().unwrap().is_empty());
}
