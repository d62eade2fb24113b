use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use aws::test_doubles::ScriptedSecretSource;
use aws::{Secrets, Stage};
use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use aws_lambda_events::encodings::Body;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderName, HeaderValue};
use ingest::{Config, EventSink, Ingest, SinkError};
use message::Envelope;
use serde_json::{Value, json};
use sha2::Sha256;
use testkit::FakeClock;

pub(crate) const SHOP_ARN: &str = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop-AbCdEf";
pub(crate) const CRM_ARN: &str = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:crm-AbCdEf";
pub(crate) const SHOP_SECRET: &str = "shopify-client-secret";
/// The published one.
pub(crate) const CRM_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
pub(crate) const QUEUE_URL: &str = "https://sqs.eu-central-1.amazonaws.com/123456789012/orders-to-inventory";
pub(crate) const CRM_QUEUE_URL: &str = "https://sqs.eu-central-1.amazonaws.com/123456789012/crm-to-erp";
pub(crate) const NOW: &str = "2026-11-24T10:00:07Z";
pub(crate) const ORDER: &str = include_str!("../fixtures/shopify-order.json");
pub(crate) const CRM_ORDER: &str = include_str!("../fixtures/standard-webhooks-order.json");

/// A queue in memory.
#[derive(Clone, Default)]
pub(crate) struct MemorySink(Arc<Mutex<Queue>>);

#[derive(Default)]
struct Queue {
    down: bool,
    calls: usize,
    sent: Vec<(String, String)>,
}

/// As Lambda hands it over for a request that X-Ray traces.
const TRACE_HEADER: &str =
    "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1;Lineage=1:fc3b4ff1:0";

impl MemorySink {
    pub(crate) fn set_down(&self, down: bool) {
        self.0.lock().unwrap().down = down;
    }

    pub(crate) fn calls(&self) -> usize {
        self.0.lock().unwrap().calls
    }

    pub(crate) fn sent(&self) -> Vec<(String, String)> {
        self.0.lock().unwrap().sent.clone()
    }

    /// The one event that was queued.
    pub(crate) fn only_event(&self) -> Envelope {
        let sent = self.sent();
        let [(_, body)] = sent.as_slice() else { panic!("{} messages", sent.len()) };
        Envelope::decode(body).unwrap()
    }
}

#[async_trait]
impl EventSink for MemorySink {
    async fn send(
        &self,
        queue_url: &str,
        body: String,
        trace_header: Option<&str>,
    ) -> Result<String, SinkError> {
        assert_eq!(trace_header, Some(TRACE_HEADER), "the queue's function goes on with the trace");
        let mut queue = self.0.lock().unwrap();
        queue.calls += 1;
        if queue.down {
            return Err(SinkError { reason: "scripted".to_owned() });
        }
        queue.sent.push((queue_url.to_owned(), body));
        Ok(format!("message-{}", queue.sent.len()))
    }
}

pub(crate) struct Fixture {
    pub(crate) ingest: Ingest,
    pub(crate) sink: MemorySink,
    pub(crate) secrets: ScriptedSecretSource,
    pub(crate) clock: FakeClock,
}

/// Sources `shop` (Shopify) and `crm` (Standard Webhooks), both with their secrets.
pub(crate) fn fixture() -> Fixture {
    fixture_at(NOW)
}

pub(crate) fn fixture_at(now: &str) -> Fixture {
    fixture_with(now, |_| None)
}

pub(crate) fn fixture_with(now: &str, settings: impl Fn(&str) -> Option<String>) -> Fixture {
    let sources = json!({
        "shop": {"scheme": "shopify", "secret_arn": SHOP_ARN, "routes": {"orders/create": QUEUE_URL}},
        "crm": {"scheme": "standard-webhooks", "secret_arn": CRM_ARN, "routes": {"order.placed": CRM_QUEUE_URL}},
    });
    fixture_of(now, &sources, settings)
}

/// Of other sources; their secrets are to be set.
pub(crate) fn fixture_of(now: &str, sources: &Value, settings: impl Fn(&str) -> Option<String>) -> Fixture {
    let config = Config::read(&|name: &str| match name {
        "SOURCES" => Some(sources.to_string()),
        name => settings(name),
    })
    .unwrap();
    let secrets = ScriptedSecretSource::default().with(SHOP_ARN, Stage::Current, SHOP_SECRET).with(
        CRM_ARN,
        Stage::Current,
        CRM_SECRET,
    );
    let clock = FakeClock::at(now);
    let (cache_clock, ingest_clock) = (clock.clone(), clock.clone());
    let cache = Secrets::new(secrets.clone(), move || cache_clock.now());
    let sink = MemorySink::default();
    let ingest = Ingest::new(config, cache, sink.clone(), move || ingest_clock.now());
    Fixture { ingest, sink, secrets, clock }
}

impl Fixture {
    pub(crate) async fn post(&self, request: Request) -> Response {
        Response::of(self.ingest.handle(request.0, Some(TRACE_HEADER)).await)
    }

    /// Posts what must be refused, and sees that nothing reached the queue.
    pub(crate) async fn refused(&self, request: Request) -> (u16, String) {
        let calls = self.sink.calls();
        let response = self.post(request).await;
        assert_eq!(self.sink.calls(), calls, "a refused webhook reached the queue");
        let code = response.assert_problem();
        (response.status, code)
    }
}

pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) raw: ApiGatewayV2httpResponse,
    pub(crate) body: Value,
}

impl Response {
    fn of(raw: ApiGatewayV2httpResponse) -> Self {
        let Some(Body::Text(text)) = &raw.body else { panic!("a text body") };
        Self { status: raw.status_code.try_into().unwrap(), body: serde_json::from_str(text).unwrap(), raw }
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.raw.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// RFC 9457, and gives the code.
    pub(crate) fn assert_problem(&self) -> String {
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.body);
        let members: Vec<_> = self.body.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(members, ["code", "detail", "status", "title", "type"]);
        assert_eq!(self.body["status"], self.status);
        self.body["code"].as_str().unwrap().to_owned()
    }
}

/// A request as API Gateway hands it over.
#[derive(Clone)]
pub(crate) struct Request(pub(crate) ApiGatewayV2httpRequest);

impl Request {
    pub(crate) fn to(source: &str, body: &str) -> Self {
        let mut request: ApiGatewayV2httpRequest =
            serde_json::from_str(include_str!("../fixtures/http-api-v2-request.json")).unwrap();
        request.path_parameters.insert("source".to_owned(), source.to_owned());
        request.body = Some(body.to_owned());
        Self(request)
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.0.headers.insert(name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap());
        self
    }

    pub(crate) fn repeated_header(mut self, name: &str, value: &str) -> Self {
        self.0.headers.append(name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap());
        self
    }

    pub(crate) fn without_header(mut self, name: &str) -> Self {
        self.0.headers.remove(name).unwrap();
        self
    }

    pub(crate) fn body(mut self, body: &str) -> Self {
        self.0.body = Some(body.to_owned());
        self
    }

    pub(crate) fn base64_body(mut self, body: &[u8]) -> Self {
        self.0.body = Some(STANDARD.encode(body));
        self.0.is_base64_encoded = true;
        self
    }
}

pub(crate) fn hmac(key: &[u8], signed: &[u8]) -> [u8; 32] {
    Hmac::<Sha256>::new_from_slice(key).unwrap().chain_update(signed).finalize().into_bytes().into()
}

/// A delivery of `orders/create` with a valid signature and the documented headers.
pub(crate) fn shopify(body: &str) -> Request {
    shopify_signed(body, SHOP_SECRET, body.as_bytes())
}

pub(crate) fn shopify_signed(body: &str, secret: &str, signed: &[u8]) -> Request {
    Request::to("shop", body)
        .header("x-shopify-topic", "orders/create")
        .header("x-shopify-shop-domain", "acme.myshopify.com")
        .header("x-shopify-api-version", "2026-07")
        .header("x-shopify-webhook-id", "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043")
        .header("x-shopify-event-id", "98880550-7158-44d4-b7cd-2c97c8a091b5")
        .header("x-shopify-triggered-at", "2026-11-24T10:00:06.123456789Z")
        .header("x-shopify-hmac-sha256", &STANDARD.encode(hmac(secret.as_bytes(), signed)))
}

/// The header value of Standard Webhooks.
pub(crate) fn v1(secret: &str, id: &str, timestamp: &str, body: &[u8]) -> String {
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    let signed = [id.as_bytes(), b".", timestamp.as_bytes(), b".", body].concat();
    format!("v1,{}", STANDARD.encode(hmac(&key, &signed)))
}

/// A delivery with a valid signature at [`NOW`].
pub(crate) fn standard(body: &str) -> Request {
    standard_at(body, "msg_1", "1795514407")
}

pub(crate) fn standard_at(body: &str, id: &str, timestamp: &str) -> Request {
    Request::to("crm", body)
        .header("webhook-id", id)
        .header("webhook-timestamp", timestamp)
        .header("webhook-signature", &v1(CRM_SECRET, id, timestamp, body.as_bytes()))
}
