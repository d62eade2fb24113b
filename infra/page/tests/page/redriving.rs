use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http::StatusCode;
use jiff::Timestamp;
use review::Clock;
use review::memory::World;
use testkit::poll_until;
use tokio::sync::Semaphore;

use crate::browser::{Browser, between};
use crate::reading::group;
use crate::world::Deployment;

const LONG: Duration = Duration::from_secs(20);

/// Whoever sleeps is held until a test lets go.
struct Held {
    world: World,
    gate: Semaphore,
}

#[async_trait]
impl Clock for Held {
    fn now(&self) -> Timestamp {
        self.world.now()
    }

    fn elapsed(&self) -> Duration {
        self.world.elapsed()
    }

    async fn sleep(&self, time: Duration) {
        drop(self.gate.acquire().await);
        self.world.sleep(time).await;
    }
}

async fn plan(browser: &Browser, code: &str) -> String {
    let group = group(browser, code).await;
    browser.post("/plans", &[("group", &group)]).await.leads_to()
}

async fn ended(browser: &Browser, redrive: &str) -> String {
    poll_until("the redrive has ended", LONG, async || {
        let told = browser.get(&format!("{redrive}/progress")).await.text;
        told.contains("\"running\":false").then_some(told)
    })
    .await
}

#[tokio::test]
async fn a_plan_says_what_would_pass_and_why_the_rest_would_not() {
    let deployment = Deployment::new(1);
    let browser = Browser::entered(&deployment).await;
    let fields = [("flow", "orders-to-inventory"), ("code", "SPW2001, SPW4009 SPW2004")];
    let path = browser.post("/plans", &fields).await.leads_to();
    let answer = browser.get(&path).await;
    for told in [
        "<strong>8</strong> would pass",
        "<strong>5</strong> would still fail",
        "$.line_items[].sku: expected",
        "SPW2004",
    ] {
        assert!(answer.says(told), "{told}: {}", answer.text);
    }
    assert!(browser.get("/plans").await.says(&format!("href=\"{path}\"")));
    assert_eq!(deployment.on_queues(), 16, "nothing was moved");

    // Another run of the page has it as it is stored.
    let later = Browser::entered(&deployment).await.get(&path).await;
    assert!(later.says("<strong>8</strong> would pass") && later.says("$.line_items[].sku: expected"));
}

#[tokio::test]
async fn a_filter_that_is_not_right_is_told_at_its_field() {
    let deployment = Deployment::new(1);
    let browser = Browser::entered(&deployment).await;
    for (field, entered, told) in [
        ("where", "body.currency ==", "cannot be read"),
        ("id", "abc", "six characters"),
        ("older", "2 moons", "say hours"),
        ("younger", "-1h", "say hours"),
    ] {
        let answer = browser.post("/plans", &[(field, entered), ("code", "SPW2001")]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}");
        let told = if field == "id" { "6 characters" } else { told };
        assert!(
            answer.says(told) && answer.says(&format!("href=\"#plan-{field}\"")),
            "{field}: {}",
            answer.text
        );
        assert!(answer.says("value=\"SPW2001\""), "what was entered is still there");
    }
    let form = browser.get("/plans/new").await;
    let hint = between(&form.text, "id=\"plan-where-hint\">", "</p>");
    assert!(hint.contains("No personal data"), "{hint}");
    let none = browser.post("/plans", &[("code", "SPW9999")]).await;
    assert!(none.status == StatusCode::OK && none.says("no letter is meant"), "{}", none.text);
    let undecided = browser.post("/plans", &[("where", "body.nothing == 1")]).await;
    assert!(undecided.says("neither true nor false"), "{}", undecided.text);
    assert!(deployment.kept.records().is_empty());
    let meant = browser
        .post("/plans", &[("where", "body.currency == \"EUR\" && letter.attempts > 3"), ("older", "1m")])
        .await;
    meant.leads_to();
}

#[tokio::test]
async fn a_redrive_moves_what_was_planned_and_says_how_it_ended() {
    let deployment = Deployment::new(1);
    let browser = Browser::entered(&deployment).await;
    let plan = plan(&browser, "SPW4009").await;
    for (field, entered) in [("cap", "0"), ("cap", "fast"), ("failures", "101"), ("settle", "9999")] {
        let answer =
            browser.post(&format!("{plan}/redrive"), &[("reason", "known now"), (field, entered)]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}");
        assert!(answer.says(&format!("href=\"#redrive-{field}\">say a whole number")), "{}", answer.text);
    }
    assert_eq!(browser.post(&format!("{plan}/redrive"), &[]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let redrive =
        browser.post(&format!("{plan}/redrive"), &[("reason", "known now"), ("cap", "50")]).await.leads_to();
    let told = ended(&browser, &redrive).await;
    assert!(told.contains("Done: 8 of 8 letters moved by this run."), "{told}");
    let page = browser.get(&redrive).await;
    assert!(page.says("Done: 8 of 8") && page.says("known now") && !page.says("http-equiv"), "{}", page.text);
    assert_eq!((deployment.on_queues(), deployment.flows["orders-to-inventory"].sent().len()), (8, 8));

    // Doing it again does nothing more.
    let redrive = browser.post(&format!("{plan}/redrive"), &[("reason", "again")]).await.leads_to();
    assert!(ended(&browser, &redrive).await.contains("Done: 0 of 8 letters moved"));
    assert_eq!(deployment.flows["orders-to-inventory"].sent().len(), 8);
}

#[tokio::test]
async fn what_comes_back_is_told_by_code_and_ends_the_redrive() {
    let deployment = Deployment::new(1);
    deployment.flows["orders-to-inventory"].flow(|letter| Some(letter.attributes.clone()));
    let browser = Browser::entered(&deployment).await;
    let plan = plan(&browser, "SPW4009").await;
    let redrive = browser.post(&format!("{plan}/redrive"), &[("reason", "known now")]).await.leads_to();
    let told = ended(&browser, &redrive).await;
    assert!(
        told.contains("Stopped by itself, as too many came back") && told.contains("5 with SPW4009"),
        "{told}"
    );
    assert_eq!(deployment.on_queues(), 16);
}

#[tokio::test]
async fn two_redrives_of_one_plan_at_once_are_refused_and_one_is_stopped() {
    let deployment = Deployment::new(1);
    let held = Arc::new(Held { world: deployment.kept.clone(), gate: Semaphore::new(0) });
    let browser = Browser::entered_at(&deployment, held.clone()).await;
    let plan = plan(&browser, "SPW4009").await;
    let redrive = browser.post(&format!("{plan}/redrive"), &[("reason", "known now")]).await.leads_to();
    let again = browser.post(&format!("{plan}/redrive"), &[("reason", "known now")]).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    assert!(again.says("It is being redriven already"), "{}", again.text);

    let page = browser.get(&redrive).await;
    assert!(page.says("<noscript><meta http-equiv=\"refresh\" content=\"3\"></noscript>"), "{}", page.text);
    assert!(
        page.says("role=\"status\" aria-live=\"polite\"") && page.says("data-follow=\""),
        "{}",
        page.text
    );
    assert!(browser.get(&plan).await.says("Progress of its redrive"));

    let stopped = browser.post(&format!("{redrive}/stop"), &[]).await.leads_to();
    assert_eq!(stopped, redrive);
    assert!(browser.get(&redrive).await.says("Stopping: "));
    held.gate.close();
    let told = ended(&browser, &redrive).await;
    assert!(told.contains("\"sentence\":\"Stopped: "), "{told}");
    let sent = deployment.flows["orders-to-inventory"].sent().len();
    assert!(sent < 8 && deployment.on_queues() == 16 - sent, "{sent}");
    assert!(
        deployment.flows.values().all(|world| world.hidden() == 0),
        "a stopped redrive lets go of what it holds"
    );

    // It goes on where it ended.
    let redrive = browser.post(&format!("{plan}/redrive"), &[("reason", "go on")]).await.leads_to();
    assert!(ended(&browser, &redrive).await.contains("Done: "));
    assert_eq!(deployment.flows["orders-to-inventory"].sent().len(), 8);
}

#[tokio::test]
async fn a_page_that_ends_ends_its_redrives_and_waits_for_them() {
    let deployment = Deployment::new(1);
    let held = Arc::new(Held { world: deployment.kept.clone(), gate: Semaphore::new(0) });
    let browser = Browser::entered_at(&deployment, held.clone()).await;
    let plan = plan(&browser, "SPW4009").await;
    let redrive = browser.post(&format!("{plan}/redrive"), &[("reason", "known now")]).await.leads_to();
    browser.page.stop();
    held.gate.close();
    browser.page.end().await;
    let text = browser.get(&redrive).await.text;
    assert!(between(&text, "id=\"sentence\"", "</p>").contains("Stopped: "), "{text}");
    assert!(deployment.flows.values().all(|world| world.hidden() == 0));
}
