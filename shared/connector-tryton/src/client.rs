use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use http::header::HeaderName;
use http::{HeaderValue, Method};
use outbound::{Budget, CallError, Credential, HttpTarget, Request, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Company and access, base64url of JSON; without it no record of a company is found.
const CONTEXT: HeaderName = HeaderName::from_static("x-tryton-context");

/// Tryton's REST: `/model/<name>[/<id>[/<action>]]` under `<database>/rest`.
pub(crate) struct Client {
    target: HttpTarget,
    credential: Arc<dyn Credential>,
    context: HeaderValue,
}

impl Client {
    pub(crate) fn new(target: HttpTarget, credential: Arc<dyn Credential>, company_id: i64) -> Self {
        let context = encoded(&json!({ "company": company_id, "companies": [company_id] }));
        // Base64 is always a header value.
        let context = HeaderValue::from_str(&context).unwrap_or_else(|_| HeaderValue::from_static(""));
        Self { target, credential, context }
    }

    /// Records of a model that a domain matches, with these fields.
    pub(crate) async fn search<T: DeserializeOwned>(
        &self,
        model: &str,
        domain: &Value,
        fields: &[&str],
        budget: &Budget,
    ) -> Result<Vec<T>, CallError> {
        let request = with_fields(Request::get(path(model)).query("d", encoded(domain)), fields);
        self.call(request, budget).await?.json()
    }

    pub(crate) async fn create<T: DeserializeOwned>(
        &self,
        model: &str,
        record: &impl Serialize,
        fields: &[&str],
        budget: &Budget,
    ) -> Result<T, CallError> {
        let request = with_fields(Request::new(Method::POST, path(model)), fields).json(record)?;
        self.call(request, budget).await?.json()
    }

    /// Writes these fields of the record, and no others; answers with the record as it is then.
    pub(crate) async fn update<T: DeserializeOwned>(
        &self,
        model: &str,
        id: i64,
        changes: &impl Serialize,
        fields: &[&str],
        budget: &Budget,
    ) -> Result<T, CallError> {
        let path = format!("{}/{id}", path(model));
        let request = with_fields(Request::new(Method::PUT, path), fields).json(changes)?;
        self.call(request, budget).await?.json()
    }

    /// A button of the record, such as `quote`; answers with the record as it is then.
    pub(crate) async fn press<T: DeserializeOwned>(
        &self,
        model: &str,
        id: i64,
        button: &str,
        fields: &[&str],
        budget: &Budget,
    ) -> Result<T, CallError> {
        let path = format!("{}/{id}/{button}", path(model));
        let request = with_fields(Request::new(Method::POST, path), fields).json(&json!({}))?;
        self.call(request, budget).await?.json()
    }

    async fn call(&self, request: Request, budget: &Budget) -> Result<Response, CallError> {
        let request = request
            .authorization("bearer", &self.credential.get().await?)?
            .header(CONTEXT, self.context.clone());
        self.target.call(request, budget).await
    }
}

fn path(model: &str) -> String {
    format!("/rest/model/{model}")
}

fn with_fields(request: Request, fields: &[&str]) -> Request {
    fields.iter().fold(request, |request, field| request.query("f", *field))
}

fn encoded(value: &Value) -> String {
    URL_SAFE.encode(value.to_string())
}
