//! A reader on any HubSpot, and what people do there beside us, by its own API.

use std::time::Duration;

use connector_hubspot::HubSpotObjectReader;
use http::Method;
use local::Partner;
use local::sandbox::{API_KEY, Sandbox};
use outbound::{HttpTarget, Request, Response};
use serde_json::{Value, json};
use transform::canonical::RecordChange;

use crate::{budget, credential, target};

/// The CRM of a sandbox.
pub fn crm(sandbox: &Sandbox) -> Partner {
    Partner { url: sandbox.hubspot_url(), api_key: API_KEY.to_owned() }
}

pub fn reader(partner: &Partner, timeout: Duration) -> HubSpotObjectReader {
    HubSpotObjectReader::new(target("hubspot", &partner.url, timeout), credential(&partner.api_key))
}

pub fn change(object: &str, id: &str) -> RecordChange {
    RecordChange {
        source: "hubspot".to_owned(),
        org: "33".to_owned(),
        object: object.to_owned(),
        id: id.to_owned(),
        occurred_at: "2026-11-24T10:00:00Z".parse().unwrap(),
    }
}

pub struct HubSpotPeople {
    target: HttpTarget,
    token: String,
}

impl HubSpotPeople {
    pub fn at(partner: &Partner) -> Self {
        let target = target("hubspot", &partner.url, Duration::from_secs(20));
        Self { target, token: partner.api_key.clone() }
    }

    /// Answers with its id.
    pub async fn create(&self, object: &str, properties: Value) -> String {
        let body = json!({ "properties": properties });
        let answer = self.call(Method::POST, format!("/crm/v3/objects/{object}"), Some(&body)).await;
        answer.json::<Value>().unwrap()["id"].as_str().unwrap().to_owned()
    }

    pub async fn change(&self, object: &str, id: &str, properties: Value) {
        let body = json!({ "properties": properties });
        self.call(Method::PATCH, format!("/crm/v3/objects/{object}/{id}"), Some(&body)).await;
    }

    pub async fn archive(&self, object: &str, id: &str) {
        self.call(Method::DELETE, format!("/crm/v3/objects/{object}/{id}"), None).await;
    }

    /// With a company, without a label.
    pub async fn link(&self, object: &str, id: &str, company: &str) {
        let path = format!("/crm/v4/objects/{object}/{id}/associations/default/companies/{company}");
        self.call(Method::PUT, path, None).await;
    }

    async fn call(&self, method: Method, path: String, body: Option<&Value>) -> Response {
        let mut request = Request::new(method, path);
        if let Some(body) = body {
            request = request.json(body).unwrap();
        }
        let request = request.authorization("Bearer", &self.token.clone().into()).unwrap();
        self.target.call(request, &budget()).await.unwrap()
    }
}
