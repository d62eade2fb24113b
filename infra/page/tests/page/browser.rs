//! As a browser asks, without a socket.

use std::fmt::Write;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use http::header::{CONTENT_TYPE, COOKIE, HOST, LOCATION, SET_COOKIE};
use http::{HeaderMap, Request, StatusCode};
use page::{Journey, Journeys, Page, router};
use review::Clock;
use tower::ServiceExt;

use crate::world::{Deployment, Logs};

pub(crate) const ASKED: &str = "127.0.0.1:8080";

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn leads_to(&self) -> String {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{}", self.text);
        self.headers[LOCATION].to_str().unwrap().to_owned()
    }

    /// Whether it is a page with this in it.
    pub(crate) fn says(&self, what: &str) -> bool {
        self.text.contains(what)
    }
}

pub(crate) struct Browser {
    pub(crate) page: Page,
    router: Router,
    pub(crate) cookie: String,
    pub(crate) csrf: String,
}

impl Browser {
    /// Not yet let in.
    pub(crate) fn outside(deployment: &Deployment, clock: Arc<dyn Clock>) -> Self {
        Self::beside(deployment, clock, Logs::with(Ok(Journey::default())))
    }

    fn beside(deployment: &Deployment, clock: Arc<dyn Clock>, journeys: Arc<dyn Journeys>) -> Self {
        let page = Page::new(
            Arc::new(deployment.review(clock)),
            journeys,
            vec![ASKED.to_owned(), "localhost:8080".to_owned()],
        );
        let router = router(&page);
        Self { page, router, cookie: String::new(), csrf: String::new() }
    }

    pub(crate) async fn entered(deployment: &Deployment) -> Self {
        Self::entered_at(deployment, Arc::new(deployment.kept.clone())).await
    }

    pub(crate) async fn entered_at(deployment: &Deployment, clock: Arc<dyn Clock>) -> Self {
        let mut browser = Self::outside(deployment, clock);
        browser.enter().await;
        browser
    }

    /// Where these are the logs.
    pub(crate) async fn entered_beside(deployment: &Deployment, journeys: Arc<dyn Journeys>) -> Self {
        let mut browser = Self::beside(deployment, Arc::new(deployment.kept.clone()), journeys);
        browser.enter().await;
        browser
    }

    pub(crate) async fn enter(&mut self) {
        let entry = self.page.url().split_once(ASKED).unwrap().1.to_owned();
        let answer = self.get(&entry).await;
        assert!(answer.status == StatusCode::OK && answer.says("href=\"/\""), "{}", answer.text);
        let cookie = answer.headers[SET_COOKIE].to_str().unwrap();
        self.cookie = cookie.split(';').next().unwrap().to_owned();
        let form = self.get("/plans/new").await.text;
        self.csrf = between(&form, "name=\"csrf\" value=\"", "\"").to_owned();
    }

    pub(crate) async fn ask(&self, request: Request<Body>) -> Answer {
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = answer.into_parts();
        let text = String::from_utf8(to_bytes(body, usize::MAX).await.unwrap().to_vec()).unwrap();
        Answer { status: parts.status, headers: parts.headers, text }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask(self.request(path).body(Body::empty()).unwrap()).await
    }

    pub(crate) fn request(&self, path: &str) -> http::request::Builder {
        Request::builder().uri(path).header(HOST, ASKED).header(COOKIE, &self.cookie)
    }

    /// Sends a form of ours.
    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let fields: Vec<_> =
            [("csrf", self.csrf.as_str())].into_iter().chain(fields.iter().copied()).collect();
        self.post_as_it_is(path, &fields).await
    }

    /// The same of what is done, and told on a page of its own.
    pub(crate) async fn did(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let told = self.post(path, fields).await.leads_to();
        let answer = self.get(&told).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        answer
    }

    pub(crate) async fn post_as_it_is(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let pairs: Vec<_> =
            fields.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
        let request =
            self.request(path).method("POST").header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.ask(request.body(Body::from(pairs.join("&"))).unwrap()).await
    }
}

fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").unwrap();
        }
        encoded
    })
}

pub(crate) fn between<'t>(text: &'t str, before: &str, after: &str) -> &'t str {
    let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("no {before} in {text}"));
    rest.split_once(after).unwrap().0
}
