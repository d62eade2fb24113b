use http::StatusCode;

use crate::browser::{Browser, between};
use crate::world::{BY, Deployment};

/// The group with this code, off the page.
pub(crate) async fn group(browser: &Browser, code: &str) -> String {
    let text = browser.get("/").await.text;
    let (before, _) = text.split_once(&format!("<code>{code}</code>")).unwrap();
    let (_, link) = before.rsplit_once("href=\"/groups/").unwrap();
    link.split_once('"').unwrap().0.to_owned()
}

/// The way to the first letter that it names.
pub(crate) async fn letter(browser: &Browser, code: &str) -> String {
    let page = browser.get(&format!("/groups/{}", group(browser, code).await)).await.text;
    format!("/letters/{}", between(&page, "href=\"/letters/", "\""))
}

#[tokio::test]
async fn groups_are_told_by_cause_with_all_that_is_known_of_them() {
    let deployment = Deployment::new(1);
    let browser = Browser::entered(&deployment).await;
    let answer = browser.get("/").await;
    assert_eq!(answer.status, StatusCode::OK);
    for told in [
        "<title>Groups of dead letters · Spillway dead letters</title>",
        "16 letters of 6 causes",
        "a required field is missing",
        "$.line_items[].sku",
        "shopify-order/2 canonical.order@1",
        "no reason is said",
        "13 d 2",
        BY,
        "<caption>Groups of dead letters, the largest first</caption>",
        "<th scope=\"col\">Time left</th>",
        "aria-current=\"page\"",
    ] {
        assert!(answer.says(told), "{told}: {}", answer.text);
    }
    assert!(deployment.flows.values().all(|world| world.hidden() == 0), "a look lets go of what it has seen");
}

#[tokio::test]
async fn nothing_on_any_queue_is_good_news() {
    let deployment = Deployment::new(0);
    let browser = Browser::entered(&deployment).await;
    let answer = browser.get("/").await;
    assert!(answer.says("No dead letters") && answer.says("orders-to-inventory"), "{}", answer.text);
}

#[tokio::test]
async fn a_letter_shows_the_place_that_was_refused_and_what_the_mapping_reads() {
    let deployment = Deployment::new(1);
    let browser = Browser::entered(&deployment).await;
    let answer = browser.get(&letter(&browser, "SPW2001").await).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert!(answer.says("<mark class=\"absent\">sku: nothing stands here</mark>"), "{}", answer.text);
    assert!(
        answer.says("Would still be refused")
            && answer.says("What shopify-order/2 canonical.order@1 reads and makes")
    );
    assert!(answer.says("<th scope=\"col\">Place in the target</th>") && answer.says("lines[0].sku"));

    let known = browser.get(&letter(&browser, "SPW2004").await).await;
    let marked = between(&known.text, "<mark><span class=\"heard\">refused from here: </span>", "</mark>");
    assert!(marked.starts_with("&quot;fulfillment_status&quot;: &quot;on_hold&quot;"), "{marked}");
}

#[tokio::test]
async fn a_path_in_the_words_of_the_second_mapping_is_followed_to_the_body() {
    let deployment = Deployment::new(1);
    let browser = Browser::entered(&deployment).await;
    let answer = browser.get(&letter(&browser, "SPW4009").await).await;
    let marked = between(&answer.text, "<mark><span class=\"heard\">refused from here: </span>", "</mark>");
    assert!(marked.starts_with("&quot;sku&quot;: &quot;SKU-1&quot;"), "{marked}");
    assert!(answer.says("Would pass"), "{}", answer.text);
}

#[tokio::test]
async fn a_wrong_envelope_is_marked_at_its_root_and_judged() {
    let deployment = Deployment::new(1);
    let browser = Browser::entered(&deployment).await;
    let answer = browser.get(&letter(&browser, "SPW1003").await).await;
    let marked = between(&answer.text, "<mark><span class=\"heard\">refused from here: </span>", "</mark>");
    assert!(marked.starts_with("&quot;source&quot;: &quot;&quot;"), "{marked}");
    let silent = browser.get(&letter(&browser, "none").await).await;
    assert!(silent.says("the function crashed or was broken off"), "{}", silent.text);
}

#[tokio::test]
async fn what_somebody_has_typed_to_do_harm_is_shown_and_not_obeyed() {
    let deployment = Deployment::new(1);
    let browser = Browser::entered(&deployment).await;
    let path = letter(&browser, "SPW4005").await;
    let group = group(&browser, "SPW4005").await;
    for path in ["/".to_owned(), format!("/groups/{group}"), path] {
        let answer = browser.get(&path).await;
        assert!(answer.says("&lt;img src=x onerror=alert(1)&gt;"), "{}", answer.text);
        assert!(
            !answer.says("<script>alert") && !answer.says("<img") && !answer.says("</textarea><script"),
            "{path}"
        );
        if path.starts_with("/letters") {
            assert!(answer.says("&lt;/code&gt;&lt;/pre&gt;&lt;script&gt;alert('letter')"), "{}", answer.text);
        }
    }
}

#[tokio::test]
async fn what_there_is_not_is_said_so() {
    let deployment = Deployment::new(1);
    let browser = Browser::entered(&deployment).await;
    for path in [
        "/groups/000000000000",
        "/letters/orders-to-inventory/00000000-0000-4000-8000-000000000000",
        "/letters/orders-to-inventory/a",
        "/letters/no-such-flow/00000000-0000-4000-8000-000000000000",
        "/letters/no-such-flow/00000000-0000-4000-8000-000000000000/journey",
        "/plans/none",
        "/redrives/none",
        "/redrives/none/progress",
        "/archive/orders-to-inventory/lost",
        "/archive/no-such-flow/discarded",
        "/nowhere",
    ] {
        let answer = browser.get(path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert!(answer.says("To the groups") && answer.says("<h1>Not found</h1>"), "{path}");
    }
}

/// Every control has a name: a label, or what hides it from everybody.
#[tokio::test]
async fn every_field_has_a_label_and_headings_follow_each_other() {
    let deployment = Deployment::new(1);
    let browser = Browser::entered(&deployment).await;
    let (group, letter) = (group(&browser, "SPW2001").await, letter(&browser, "SPW2001").await);
    for path in ["/", &format!("/groups/{group}"), &letter, "/plans/new", "/plans", "/archive", "/audit"] {
        let text = browser.get(path).await.text;
        for control in ["<input ", "<textarea ", "<select "] {
            for tag in text.split(control).skip(1).map(|rest| rest.split('>').next().unwrap()) {
                if tag.contains("type=\"hidden\"") {
                    continue;
                }
                let id = between(tag, "id=\"", "\"");
                assert!(text.contains(&format!("<label for=\"{id}\">")), "{path}: {tag}");
            }
        }
        assert_eq!(text.matches("<h1").count(), 1, "{path}");
        assert!(!text.contains("<h3"), "{path}");
        assert!(
            text.contains("class=\"skip\" href=\"#content\"") && text.contains("<main id=\"content\""),
            "{path}"
        );
    }
}
