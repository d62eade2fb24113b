//! What people do in Tryton beside us, by the same REST.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use http::header::HeaderName;
use http::{HeaderValue, Method};
use local::Partner;
use outbound::{HttpTarget, Request};
use serde_json::{Value, json};

use crate::{budget, target};

pub struct TrytonPeople {
    target: HttpTarget,
    api_key: String,
}

impl TrytonPeople {
    pub fn at(partner: &Partner) -> Self {
        let target = target("tryton", &partner.url, Duration::from_secs(20));
        Self { target, api_key: partner.api_key.clone() }
    }

    /// The one record that a clause finds, active or not, with these fields.
    pub async fn only(&self, model: &str, clause: Value, fields: &[&str]) -> Value {
        let found = self.all(model, clause, fields).await;
        let [one] = found.as_slice() else { panic!("{} of {model}", found.len()) };
        one.clone()
    }

    pub async fn all(&self, model: &str, clause: Value, fields: &[&str]) -> Vec<Value> {
        let mut domain = vec![clause];
        if model == "party.party" {
            domain.push(json!(["active", "in", [true, false]]));
        }
        let request = Request::get(format!("/rest/model/{model}")).query("d", encoded(&json!(domain)));
        let found = self.call(fields.iter().fold(request, |request, field| request.query("f", *field))).await;
        found.as_array().unwrap().clone()
    }

    pub async fn write(&self, model: &str, id: &Value, fields: Value) {
        let request = Request::new(Method::PUT, format!("/rest/model/{model}/{id}")).json(&fields).unwrap();
        self.call(request).await;
    }

    pub async fn press(&self, model: &str, id: &Value, button: &str) {
        let path = format!("/rest/model/{model}/{id}/{button}");
        self.call(Request::new(Method::POST, path).json(&json!({})).unwrap()).await;
    }

    async fn call(&self, request: Request) -> Value {
        let context = encoded(&json!({ "company": 1, "companies": [1] }));
        let request = request
            .authorization("bearer", &self.api_key.clone().into())
            .unwrap()
            .header(HeaderName::from_static("x-tryton-context"), HeaderValue::from_str(&context).unwrap());
        self.target.call(request, &budget()).await.unwrap().json().unwrap()
    }
}

fn encoded(value: &Value) -> String {
    URL_SAFE.encode(value.to_string())
}
