use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use http::header::{CONTENT_TYPE, COOKIE, HOST, SET_COOKIE};
use http::{Request, StatusCode};
use page::{Journey, Reach, ServeError, serve};

use crate::browser::{ASKED, Browser};
use crate::world::{Deployment, Logs};

fn clock(deployment: &Deployment) -> Arc<dyn review::Clock> {
    Arc::new(deployment.kept.clone())
}

fn logs() -> Arc<Logs> {
    Logs::with(Ok(Journey::default()))
}

#[tokio::test]
async fn nobody_is_let_in_without_the_token() {
    let deployment = Deployment::new(1);
    let browser = Browser::outside(&deployment, clock(&deployment));
    for path in [
        "/",
        "/plans/new",
        "/audit",
        "/redrives/x/progress",
        "/letters/orders-to-inventory/a0001000-0001-4000-8000-000000000000/journey",
        "/nowhere",
        "/enter",
        "/enter?token=",
        "/enter?token=0000",
    ] {
        let answer = browser.get(path).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
        assert!(answer.headers.get(SET_COOKIE).is_none() && !answer.says("orders-to-inventory"), "{path}");
    }
    assert_eq!(browser.post_as_it_is("/plans", &[]).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn the_token_is_exchanged_for_a_cookie_that_no_script_and_no_other_site_can_use() {
    let deployment = Deployment::new(1);
    let mut browser = Browser::outside(&deployment, clock(&deployment));
    let entry = browser.page.url().split_once(ASKED).unwrap().1.to_owned();
    let answer = browser.get(&entry).await;
    assert_eq!(answer.status, StatusCode::OK);
    // A redirect would be asked for without the cookie where another site has led here.
    assert!(
        answer.says("<noscript><meta http-equiv=\"refresh\" content=\"0; url=/\"></noscript>"),
        "{}",
        answer.text
    );
    assert!(answer.says("<a id=\"lead\" href=\"/\">"), "{}", answer.text);
    assert!(!answer.says(entry.split_once('=').unwrap().1) && !answer.says("orders"), "{}", answer.text);
    let cookie = answer.headers[SET_COOKIE].to_str().unwrap();
    assert!(
        cookie.starts_with("spillway-8080=") && cookie.ends_with("; HttpOnly; SameSite=Strict; Path=/"),
        "{cookie}"
    );
    assert!(!cookie.contains(entry.split_once('=').unwrap().1), "the cookie is no token");

    browser.cookie = format!("other=1; {}", cookie.split(';').next().unwrap());
    assert_eq!(browser.get("/").await.status, StatusCode::OK);
    browser.cookie.push('0');
    assert_eq!(browser.get("/").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_name_that_was_made_to_lead_here_is_refused_whatever_it_brings() {
    let deployment = Deployment::new(1);
    let browser = Browser::entered(&deployment).await;
    let entry = browser.page.url().split_once(ASKED).unwrap().1.to_owned();
    for host in ["evil.example", "evil.example:8080", "127.0.0.1", "127.0.0.1:80", ""] {
        for path in ["/", entry.as_str(), "/page.css"] {
            let request = Request::builder().uri(path).header(HOST, host).header(COOKIE, &browser.cookie);
            let answer = browser.ask(request.body(Body::empty()).unwrap()).await;
            assert_eq!(answer.status, StatusCode::MISDIRECTED_REQUEST, "{host} {path}");
        }
    }
    let request = Request::builder().uri("/").header(HOST, "LOCALHOST:8080").header(COOKIE, &browser.cookie);
    assert_eq!(browser.ask(request.body(Body::empty()).unwrap()).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_form_of_another_site_does_nothing() {
    let deployment = Deployment::new(1);
    let browser = Browser::entered(&deployment).await;
    let before = deployment.on_queues();
    let group = crate::reading::group(&browser, "SPW2001").await;
    let path = format!("/groups/{group}/discard");
    for csrf in [None, Some(""), Some("0"), Some(&browser.csrf[1..])] {
        let fields: Vec<_> =
            csrf.map(|csrf| ("csrf", csrf)).into_iter().chain([("reason", "mine")]).collect();
        assert_eq!(browser.post_as_it_is(&path, &fields).await.status, StatusCode::FORBIDDEN, "{csrf:?}");
    }
    let other = {
        let mut other = Browser::entered(&deployment).await;
        std::mem::take(&mut other.csrf)
    };
    assert_eq!(
        browser.post_as_it_is(&path, &[("csrf", &other), ("reason", "mine")]).await.status,
        StatusCode::FORBIDDEN
    );
    let body = format!("csrf={}&reason=mine", browser.csrf);
    for (name, value, form) in [
        ("sec-fetch-site", "cross-site", "application/x-www-form-urlencoded"),
        ("sec-fetch-site", "same-site", "application/x-www-form-urlencoded"),
        ("sec-fetch-site", "same-origin", "text/plain"),
    ] {
        let request = browser.request(&path).method("POST").header(name, value).header(CONTENT_TYPE, form);
        let answer = browser.ask(request.body(Body::from(body.clone())).unwrap()).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{value} {form}");
    }
    let letter = crate::reading::letter(&browser, "SPW2001").await;
    for path in ["/edit", "/check", "/discard"].map(|what| format!("{letter}{what}")).into_iter().chain(
        [
            "/archive",
            "/archive/orders-to-inventory/discarded/restore",
            "/plans",
            "/plans/none/redrive",
            "/redrives/none/stop",
        ]
        .map(str::to_owned),
    ) {
        let fields = [("csrf", "0"), ("reason", "mine"), ("body", "{}"), ("all", "yes")];
        assert_eq!(browser.post_as_it_is(&path, &fields).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(deployment.on_queues(), before);
    assert!(deployment.kept.records().is_empty() && deployment.kept.objects().is_empty());
}

/// Cookies go to every port of this machine.
#[tokio::test]
async fn a_page_of_another_site_has_nothing_looked_at() {
    let deployment = Deployment::new(1);
    let browser = Browser::entered(&deployment).await;
    let group = crate::reading::group(&browser, "SPW2001").await;
    let entry = browser.page.url().split_once(ASKED).unwrap().1.to_owned();
    let ask = async |path: &str, method: &str, site: &str| {
        let request = browser.request(path).method(method).header("sec-fetch-site", site);
        browser.ask(request.body(Body::empty()).unwrap()).await
    };
    for site in ["cross-site", "same-site", "", "same-origin, none"] {
        for (path, method) in
            [("/", "GET"), ("/", "HEAD"), (&format!("/groups/{group}"), "GET"), ("/audit", "GET")]
        {
            let answer = ask(path, method, site).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{site} {method} {path}");
            assert!(!answer.says("SPW2001"), "{site}: {}", answer.text);
        }
        assert_eq!(ask(&entry, "GET", site).await.status, StatusCode::OK, "{site}");
    }
    for site in ["same-origin", "none"] {
        assert_eq!(ask("/", "GET", site).await.status, StatusCode::OK, "{site}");
    }
}

#[tokio::test]
async fn a_form_that_is_larger_than_any_letter_is_refused() {
    let deployment = Deployment::new(1);
    let browser = Browser::entered(&deployment).await;
    let large = "x".repeat(4 * 1_048_576);
    assert_eq!(browser.post("/plans", &[("where", &large)]).await.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn every_answer_tells_the_browser_what_it_may_not_do() {
    let deployment = Deployment::new(1);
    let browser = Browser::entered(&deployment).await;
    let outside = Browser::outside(&deployment, clock(&deployment));
    let mut answers = vec![outside.get("/").await];
    for path in ["/", "/page.css", "/page.js", "/nowhere", "/plans/none", "/audit"] {
        answers.push(browser.get(path).await);
    }
    for answer in answers {
        let header = |name: &str| answer.headers[name].to_str().unwrap();
        assert!(
            header("content-security-policy")
                .starts_with("default-src 'none'; script-src 'self'; style-src 'self';")
        );
        assert!(header("content-security-policy").ends_with("frame-ancestors 'none'; base-uri 'none'"));
        assert_eq!(header("cache-control"), "no-store");
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("referrer-policy"), "no-referrer");
        assert!(!answer.says("style=\"") && !answer.says("onclick") && !answer.says("<script>"));
    }
}

#[tokio::test]
async fn what_is_wrong_behind_the_page_has_a_page_with_what_to_do() {
    let deployment = Deployment::new(1);
    let browser = Browser::entered(&deployment).await;
    deployment.flows["orders-to-inventory"].break_at(0, review::memory::Break::Before);
    let answer = browser.get("/").await;
    assert_eq!(answer.status, StatusCode::BAD_GATEWAY);
    assert!(answer.says("GetQueueAttributes") && answer.says("do it again"), "{}", answer.text);
}

#[tokio::test]
async fn it_is_served_on_loopback_only_unless_somebody_says_otherwise() {
    let deployment = Deployment::new(1);
    let anywhere: SocketAddr = "0.0.0.0:0".parse().unwrap();
    let refused =
        serve(deployment.review(clock(&deployment)), logs(), anywhere, Reach::Loopback, async {}).await;
    assert!(matches!(refused, Err(ServeError::NotLoopback(_))));

    let (tell, told) = tokio::sync::oneshot::channel::<()>();
    let loopback: SocketAddr = "127.0.0.1:0".parse().unwrap();
    let stop = async { drop(told.await) };
    let served =
        serve(deployment.review(clock(&deployment)), logs(), loopback, Reach::default(), stop).await.unwrap();
    assert!(served.address.ip().is_loopback() && served.address.port() != 0);
    assert!(served.url.starts_with(&format!("http://{}/enter?token=", served.address)), "{}", served.url);
    let taken =
        serve(deployment.review(clock(&deployment)), logs(), served.address, Reach::default(), async {})
            .await;
    assert!(matches!(taken, Err(ServeError::Listen { .. })));
    drop(tell);
    served.ended().await.unwrap();
}
