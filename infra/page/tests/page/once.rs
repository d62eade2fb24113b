//! What is loaded again is not done again.

use http::StatusCode;
use http::header::SET_COOKIE;

use crate::browser::{ASKED, Browser, between};
use crate::reading::group;
use crate::world::Deployment;

#[tokio::test]
async fn what_was_done_is_told_again_and_not_done_again() {
    let deployment = Deployment::new(1);
    let mut browser = Browser::entered(&deployment).await;
    let group = group(&browser, "SPW2001").await;
    let done = browser.post(&format!("/groups/{group}/discard"), &[("reason", "test orders")]).await;
    let told = done.leads_to();
    assert_eq!((told.starts_with("/done/"), deployment.on_queues()), (true, 13));
    for _ in 0..2 {
        let answer = browser.get(&told).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert!(
            answer.says("<h1>Group discarded</h1>") && answer.says("3 letters discarded"),
            "{}",
            answer.text
        );
    }
    let sheet = browser.get("/archive/orders-to-inventory/discarded").await;
    let id = between(&sheet.text, "name=\"id\" value=\"", "\"");
    let restored = browser
        .post("/archive/orders-to-inventory/discarded/restore", &[("reason", "wrong"), ("id", id)])
        .await;
    assert!(browser.get(&restored.leads_to()).await.says("1 letter restored"));
    assert_eq!((deployment.on_queues(), deployment.kept.records().len()), (14, 2));

    // Whoever else has entered is told nothing of it.
    let entry = browser.page.url().split_once(ASKED).unwrap().1.to_owned();
    let other = browser.get(&entry).await;
    other.headers[SET_COOKIE].to_str().unwrap().split(';').next().unwrap().clone_into(&mut browser.cookie);
    for path in [told.as_str(), "/done/0", "/done/"] {
        let answer = browser.get(path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert!(!answer.says("discarded: in the archive"), "{}", answer.text);
    }
}

#[tokio::test]
async fn a_page_beyond_the_end_of_the_archive_is_its_last() {
    let deployment = Deployment::new(20);
    let browser = Browser::entered(&deployment).await;
    let path = "/archive/orders-to-inventory/discarded";
    for page in ["18446744073709551615", "18446744073709551616", "-1", "x", "7"] {
        let answer = browser.get(&format!("{path}?page={page}")).await;
        assert!(
            answer.status == StatusCode::OK && answer.says("Nothing is here."),
            "{page}: {}",
            answer.text
        );
    }
    let group = group(&browser, "SPW2001").await;
    browser.did(&format!("/groups/{group}/discard"), &[("reason", "test orders")]).await;
    for page in ["1", "2", "9223372036854775807", "18446744073709551615", "18446744073709551616"] {
        let answer = browser.get(&format!("{path}?page={page}")).await;
        assert!(answer.says("Here: 51 to 60") && answer.says("page 2 of 2"), "{page}: {}", answer.text);
        assert!(answer.says("Page before") && !answer.says("Next page"), "{page}: {}", answer.text);
    }
    assert!(browser.get(&format!("{path}?page=x")).await.says("Here: 1 to 50"));
}
