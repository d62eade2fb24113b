use http::StatusCode;
use review::audit::Action;
use review::memory::Break;

use crate::browser::{Browser, between};
use crate::reading::{group, letter};
use crate::world::{BY, Deployment};

/// What is still on the queues and in the records, as it was.
fn nothing_was_done(deployment: &Deployment) {
    assert_eq!(deployment.on_queues(), 16);
    assert!(deployment.kept.records().is_empty() && deployment.kept.objects().is_empty());
}

#[tokio::test]
async fn nothing_is_done_without_a_reason_and_the_field_is_told() {
    let deployment = Deployment::new(1);
    let browser = Browser::entered(&deployment).await;
    let (group, letter) = (group(&browser, "SPW2001").await, letter(&browser, "SPW2001").await);
    for (path, form) in [
        (format!("/groups/{group}/discard"), "discard"),
        (format!("/groups/{group}/acknowledge"), "acknowledge"),
        (format!("{letter}/discard"), "discard"),
        (format!("{letter}/edit"), "edit"),
    ] {
        let fields = [("reason", " \t "), ("until", "2026-12-01"), ("body", "{}")];
        let answer = browser.post(&path, &fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
        assert!(answer.says("<title>Nothing was done: "), "{path}");
        assert!(
            answer.says(&format!("<a href=\"#{form}-reason\">a reason is needed")),
            "{path}: {}",
            answer.text
        );
        assert!(answer.says(&format!(
            "aria-describedby=\"{form}-reason-hint {form}-reason-wrong\" aria-invalid=\"true\""
        )));
    }
    nothing_was_done(&deployment);
}

#[tokio::test]
async fn a_discarded_group_is_in_the_archive_and_comes_back_from_there() {
    let deployment = Deployment::new(1);
    let browser = Browser::entered(&deployment).await;
    let group = group(&browser, "SPW2001").await;
    let answer = browser.did(&format!("/groups/{group}/discard"), &[("reason", "test orders")]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert!(answer.says("3 letters discarded"), "{}", answer.text);
    assert_eq!(deployment.on_queues(), 13);
    assert_eq!(browser.get(&format!("/groups/{group}")).await.status, StatusCode::NOT_FOUND);

    let archive = browser.get("/archive").await;
    assert!(archive.says("/archive/orders-to-inventory/discarded\">3 letters"), "{}", archive.text);
    let sheet = browser.get("/archive/orders-to-inventory/discarded").await;
    assert!(sheet.says("test orders") && sheet.says("a required field is missing"), "{}", sheet.text);
    let id = between(&sheet.text, "name=\"id\" value=\"", "\"");

    let restore = "/archive/orders-to-inventory/discarded/restore";
    let unsaid = browser.post(restore, &[("reason", "wrong ones")]).await;
    assert_eq!(unsaid.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(unsaid.says("say which"), "{}", unsaid.text);
    let answer = browser.did(restore, &[("reason", "wrong ones"), ("id", id)]).await;
    assert!(answer.says("1 letter restored"), "{}", answer.text);
    assert_eq!(deployment.on_queues(), 14);
    let answer = browser.did(restore, &[("reason", "wrong ones"), ("group", &group)]).await;
    assert!(answer.says("2 letters restored"), "{}", answer.text);
    assert_eq!(deployment.on_queues(), 16);
    assert!(browser.get("/archive/orders-to-inventory/discarded").await.says("Nothing is here."));

    // In no order: no time has passed between them.
    let written = |action| deployment.kept.records().iter().filter(|record| record.action == action).count();
    assert_eq!((written(Action::Discard), written(Action::Restore)), (1, 2));
    assert!(deployment.kept.records().iter().all(|record| record.by == BY));
}

#[tokio::test]
async fn what_sqs_drops_soon_is_put_into_the_archive_and_stays_on_its_queue() {
    let deployment = Deployment::new(1);
    let browser = Browser::entered(&deployment).await;
    for (within, told) in [("0", "within"), ("337", "within"), ("soon", "within"), ("48", "reason")] {
        let reason = if told == "reason" { " " } else { "the weekend" };
        let answer = browser.post("/archive", &[("within", within), ("reason", reason)]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{within}");
        assert!(answer.says(&format!("href=\"#archive-{told}\"")), "{within}: {}", answer.text);
        assert!(answer.says(&format!("value=\"{within}\"")), "what was entered is still there");
    }
    nothing_was_done(&deployment);
    let none = browser.did("/archive", &[("reason", "the weekend")]).await;
    assert!(none.says("orders-to-inventory: 0 letters archived now, 0 were there, of 14"), "{}", none.text);
    nothing_was_done(&deployment);

    // All but the one that was sent just now, which has its whole time.
    let fields = [("within", "336"), ("flow", "orders-to-inventory"), ("reason", "<b>the weekend</b>")];
    let answer = browser.did("/archive", &fields).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert!(
        answer.says("orders-to-inventory: 13 letters archived now, 0 were there, of 14"),
        "{}",
        answer.text
    );
    assert!(!answer.says("inventory-to-shipping: "), "{}", answer.text);
    let again = browser.did("/archive", &fields).await;
    assert!(again.says("0 letters archived now, 13 were there, of 14"), "{}", again.text);
    assert_eq!(deployment.on_queues(), 16);
    let sheet = browser.get("/archive/orders-to-inventory/expiring").await;
    assert!(sheet.says("13 letters") && sheet.says("&lt;b&gt;the weekend&lt;/b&gt;"), "{}", sheet.text);
    let unknown = browser.post("/archive", &[("flow", "no-such-flow"), ("reason", "x")]).await;
    assert!(
        unknown.status == StatusCode::UNPROCESSABLE_ENTITY && unknown.says("there is no flow no-such-flow")
    );
}

#[tokio::test]
async fn one_letter_is_discarded_alone() {
    let deployment = Deployment::new(1);
    let browser = Browser::entered(&deployment).await;
    let letter = letter(&browser, "SPW2001").await;
    let answer = browser.did(&format!("{letter}/discard"), &[("reason", "a test order")]).await;
    assert!(answer.says("1 letter discarded"), "{}", answer.text);
    assert_eq!(deployment.on_queues(), 15);
    assert_eq!(browser.get(&letter).await.status, StatusCode::NOT_FOUND);
    let again = browser.post(&format!("{letter}/discard"), &[("reason", "a test order")]).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_group_is_acknowledged_until_a_day_that_comes() {
    let deployment = Deployment::new(1);
    let browser = Browser::entered(&deployment).await;
    let group = group(&browser, "SPW2004").await;
    let path = format!("/groups/{group}/acknowledge");
    for (until, told) in [
        ("", "say a day"),
        ("soon", "say a day"),
        ("2026-11-23", "is over"),
        ("2027-02-23", "90 days"),
        ("9999-12-31", "90 days"),
    ] {
        let answer = browser.post(&path, &[("reason", "the shop knows"), ("until", until)]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{until}");
        assert!(answer.says(told) && answer.says("href=\"#acknowledge-until\""), "{until}: {}", answer.text);
        assert!(answer.says("value=\"the shop knows\""), "what was entered is still there");
    }
    nothing_was_done(&deployment);
    let answer = browser.did(&path, &[("reason", "the shop knows"), ("until", "2026-11-30")]).await;
    assert!(answer.says("Acknowledged until"), "{}", answer.text);
    let page = browser.get(&format!("/groups/{group}")).await;
    assert!(page.says("2026-11-30 23:59:59 UTC") && page.says("the shop knows"), "{}", page.text);
    assert!(browser.get("/").await.says("until <time datetime=\"2026-11-30T23:59:59Z\">"));
    // The day 90 days from now as well, as long as that is.
    let answer = browser.did(&path, &[("reason", "the shop knows"), ("until", "2027-02-22")]).await;
    assert!(answer.says("Acknowledged until <time datetime=\"2027-02-22T12:00:00Z\">"), "{}", answer.text);
}

#[tokio::test]
async fn an_edit_that_a_mapping_refuses_is_not_kept_and_what_was_entered_stays() {
    let deployment = Deployment::new(1);
    let browser = Browser::entered(&deployment).await;
    let letter = letter(&browser, "SPW2001").await;
    let path = format!("{letter}/edit");
    let offered = offered(&browser, &letter).await;
    let mended = offered.replace("\"title\": \"Gift wrap\"", "\"title\": \"Gift wrap\", \"sku\": \"SKU-1\"");
    assert_ne!(mended, offered);
    let other = mended.replace("\"type\": \"shopify.orders/create\"", "\"type\": \"shopify.orders/updated\"");
    for (body, told) in [
        (offered.clone(), "nothing was changed"),
        (offered.replace('\n', "\r\n"), "nothing was changed"),
        (offered.replace("Gift wrap", "Gift"), "it would still be refused: SPW2001 at $.line_items[0].sku"),
        ("{".to_owned(), "is not JSON (line 1, column 1)"),
        (other, "only `data` may be changed"),
    ] {
        let answer = browser.post(&path, &[("reason", "the shop told us"), ("body", &body)]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{told}");
        assert!(answer.says(told) && answer.says("edit-body-wrong"), "{told}: {}", answer.text);
        assert!(answer.says("value=\"the shop told us\""));
    }
    nothing_was_done(&deployment);

    let answer =
        browser.did(&path, &[("reason", "the shop told us"), ("body", &mended.replace('\n', "\r\n"))]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert!(answer.says("The edit is kept") && answer.says("Would pass"), "{}", answer.text);
    let page = browser.get(&letter).await;
    assert!(page.says("This is the edited body") && page.says("Would pass"), "{}", page.text);
    assert_eq!(deployment.kept.records().len(), 1);
    let began = between(&page.text, "name=\"began\" value=\"", "\"");
    let fields = [("reason", "it was right"), ("body", offered.as_str()), ("began", began)];
    let answer = browser.did(&path, &fields).await;
    assert!(
        answer.says("The edit is taken away") && answer.says("Would still be refused"),
        "{}",
        answer.text
    );
    assert!(!browser.get(&letter).await.says("This is the edited body"));
}

#[tokio::test]
async fn an_edit_replaces_only_the_one_that_was_shown_with_it() {
    let deployment = Deployment::new(1);
    let browser = Browser::entered(&deployment).await;
    let letter = letter(&browser, "SPW2001").await;
    let path = format!("{letter}/edit");
    let offered = offered(&browser, &letter).await;
    let wrapped = |sku: &str| offered.replace("Gift wrap\"", &format!("Gift wrap\", \"sku\": \"{sku}\""));
    let began = |text: &str| between(text, "name=\"began\" value=\"", "\"").to_owned();
    // Both have the page open before either has edited.
    let first = began(&browser.get(&letter).await.text);
    let fields = [("reason", "ours"), ("body", &wrapped("SKU-1")), ("began", &first)];
    assert!(browser.did(&path, &fields).await.says("The edit is kept"));
    let theirs = wrapped("SKU-2");
    let fields = [("reason", "theirs"), ("body", theirs.as_str()), ("began", &first)];
    let late = browser.post(&path, &fields).await;
    assert_eq!(late.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(late.says("somebody has edited it meanwhile") && late.says("SKU-2&quot;"), "{}", late.text);
    // Sending the same once more is not having looked.
    let again = browser.post(&path, &[fields[0], fields[1], ("began", &began(&late.text))]).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", again.text);
    let checked = browser.post(&format!("{letter}/check"), &fields).await;
    assert_eq!(began(&checked.text), first, "checking is not having looked");

    let page = browser.get(&letter).await;
    assert!(page.says("SKU-1&quot;") && page.says("ours"), "{}", page.text);
    let fields = [fields[0], fields[1], ("began", &began(&page.text))];
    assert!(browser.did(&path, &fields).await.says("The edit is kept"));
    assert!(browser.get(&letter).await.says("SKU-2&quot;"));
}

/// The letter's body as the page offers it to be edited.
async fn offered(browser: &Browser, letter: &str) -> String {
    let shown = browser.get(letter).await.text;
    between(&shown, "aria-required=\"true\">\n", "</textarea>").replace("&quot;", "\"")
}

#[tokio::test]
async fn an_edit_that_is_checked_is_judged_and_not_kept() {
    let deployment = Deployment::new(1);
    let browser = Browser::entered(&deployment).await;
    let letter = letter(&browser, "SPW2001").await;
    let check = format!("{letter}/check");
    let offered = offered(&browser, &letter).await;
    assert!(browser.get(&letter).await.says(&format!("formaction=\"{check}#checked\">Check it</button>")));

    let wrong = offered.replace("Gift wrap", "</textarea><script>alert(1)</script>").replace("\"EUR\"", "7");
    let fields = [("body", wrong.as_str()), ("reason", "half a sentence"), ("anyway", "yes")];
    let answer = browser.post(&check, &fields).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let (said, form) = between(&answer.text, "id=\"checked\"", "</main>").split_once("<form").unwrap();
    for told in [
        "Checked, and not kept.",
        "Would still be refused",
        "$.line_items[0].sku",
        "$.currency",
        "sku: nothing stands here",
    ] {
        assert!(said.contains(told), "{told}: {said}");
    }
    assert_eq!(said.matches("<mark").count(), 2, "{said}");
    // What was typed is there as it was, and nothing of it is obeyed.
    assert!(form.contains("&lt;/textarea&gt;&lt;script&gt;alert(1)&lt;/script&gt;&quot;"), "{form}");
    assert!(form.contains("value=\"half a sentence\"") && form.contains("value=\"yes\" checked>"), "{form}");
    assert!(
        !answer.says("<script>alert") && answer.says("<title>Checked, and not kept: Letter"),
        "{}",
        answer.text
    );

    let mended = offered.replace("Gift wrap\"", "Gift wrap\", \"sku\": \"SKU-1\"");
    let answer = browser.post(&check, &[("body", &mended.replace('\n', "\r\n"))]).await;
    assert!(
        answer.status == StatusCode::OK && answer.says("aria-label=\"What was checked\""),
        "{}",
        answer.text
    );
    assert!(between(&answer.text, "id=\"checked\"", "<form").contains("Would pass: "), "{}", answer.text);
    for (body, told) in [
        ("{", "is not JSON (line 1, column 1)"),
        (&*offered.replace("\"evt-0-0\"", "\"evt-0-1\""), "only `data` may be changed"),
        (&*offered.replace("\"id\": 1,", "\"id\": 2,"), "it would be another operation"),
    ] {
        let answer = browser.post(&check, &[("body", body)]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{told}");
        assert!(
            answer.says(told) && answer.says("edit-body-wrong") && !answer.says("id=\"checked\""),
            "{}",
            answer.text
        );
    }
    nothing_was_done(&deployment);
    assert!(!browser.get(&letter).await.says("This is the edited body"));
}

#[tokio::test]
async fn an_edit_of_a_letter_that_is_not_there_cannot_be_checked() {
    let deployment = Deployment::new(1);
    let browser = Browser::entered(&deployment).await;
    let nobody = "/letters/orders-to-inventory/00000000-0000-4000-8000-000000000000/check";
    assert_eq!(browser.post(nobody, &[("body", "{}")]).await.status, StatusCode::NOT_FOUND);
    let letter = letter(&browser, "SPW2001").await;
    deployment.flows["orders-to-inventory"].break_at(0, Break::Before);
    let answer = browser.post(&format!("{letter}/check"), &[("body", "{}")]).await;
    assert_eq!(answer.status, StatusCode::BAD_GATEWAY);
}

#[tokio::test]
async fn an_edit_may_be_kept_although_it_would_still_be_refused() {
    let deployment = Deployment::new(1);
    let browser = Browser::entered(&deployment).await;
    let letter = letter(&browser, "SPW2001").await;
    let offered = offered(&browser, &letter).await;
    let body = offered.replace("Gift wrap", "Gift");
    let fields = [("reason", "half of it"), ("body", body.as_str()), ("anyway", "yes")];
    let answer = browser.did(&format!("{letter}/edit"), &fields).await;
    assert!(answer.says("The edit is kept") && answer.says("Would still be refused"), "{}", answer.text);
}

#[tokio::test]
async fn the_audit_tells_what_was_done_and_first_what_is_broken() {
    let deployment = Deployment::new(1);
    let browser = Browser::entered(&deployment).await;
    let group = group(&browser, "SPW2001").await;
    browser.post("/plans", &[("group", &group)]).await.leads_to();
    browser.did(&format!("/groups/{group}/discard"), &[("reason", "test orders")]).await;
    let all = browser.get("/audit").await;
    assert!(all.says("2 records.") && all.says("Every record of these days is there"), "{}", all.text);
    assert!(
        all.says("test orders") && all.says("3 letters: 0 would pass, 3 would fail") && all.says(BY),
        "{}",
        all.text
    );
    let discards = browser.get("/audit?action=discard&days=1").await;
    assert!(discards.says("1 records.") && !discards.says("would fail"), "{}", discards.text);
    assert!(browser.get("/audit?days=nonsense").await.says("2 records."));
}
