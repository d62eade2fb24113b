use std::sync::Mutex;

use anyhow::Result;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use uuid::Uuid;

use super::signed::{Webhook, mac};

/// The payload of a Shopify `orders/create` webhook, without the ids that make it one order.
const ORDER: &str = include_str!("order.json");
const SHOP_DOMAIN: &str = "acme-demo.myshopify.com";
const API_VERSION: &str = "2026-10";
pub(super) const CREATED: &str = "orders/create";

/// A shop that signs and posts as Shopify does.
pub struct Shop<'a> {
    client: reqwest::Client,
    webhook_url: String,
    secret: &'a str,
    last_delivery: Mutex<String>,
}

/// An order and the event that tells of it. All deliveries of one event share its id.
#[derive(Clone, Debug)]
pub struct ShopOrder {
    pub id: u64,
    pub event_id: String,
    body: String,
}

impl ShopOrder {
    /// Our external reference of it at every partner.
    pub fn reference(&self) -> String {
        format!("{SHOP_DOMAIN}/{}", self.id)
    }
}

impl<'a> Shop<'a> {
    pub fn new(api_url: &str, secret: &'a str) -> Self {
        Self::at(&format!("{}/webhooks/shopify", api_url.trim_end_matches('/')), secret)
    }

    /// A shop that was given this address for its webhooks.
    pub fn at(webhook_url: &str, secret: &'a str) -> Self {
        let webhook_url = webhook_url.to_owned();
        Self { client: crate::http::client(), webhook_url, secret, last_delivery: Mutex::default() }
    }

    /// A new order of two products that the partners know.
    pub fn order(&self) -> ShopOrder {
        order(|_| {})
    }

    /// A new order in this fulfilment status.
    pub fn order_in_status(&self, status: &str) -> ShopOrder {
        order(|payload| payload["fulfillment_status"] = json!(status))
    }

    /// A new order that no shipment can be made of.
    pub fn order_without_address(&self) -> ShopOrder {
        order(|payload| payload["shipping_address"] = Value::Null)
    }

    /// A new order with this changed in its payload.
    pub fn order_with(&self, change: impl FnOnce(&mut Value)) -> ShopOrder {
        order(change)
    }

    /// A new delivery id.
    pub fn delivery(&self) -> String {
        Uuid::new_v4().to_string()
    }

    /// Posts the order as this delivery; answers with the HTTP status.
    pub async fn post(&self, order: &ShopOrder, delivery: &str) -> Result<u16> {
        delivery
            .clone_into(&mut self.last_delivery.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
        self.send(&self.webhook(order, delivery, CREATED)?).await
    }

    /// What ingest puts on a queue for it: for those who put it there themselves.
    pub fn envelope(order: &ShopOrder, delivery: &str) -> String {
        let data: Value = serde_json::from_str(&order.body).unwrap_or_default();
        json!({
            "specversion": "1.0",
            "id": order.event_id,
            "source": format!("/shopify/{SHOP_DOMAIN}"),
            "type": "shopify.orders/create",
            "time": jiff::Timestamp::now().to_string(),
            "datacontenttype": "application/json",
            "correlationid": order.event_id,
            "deliveryid": delivery,
            "sourceversion": API_VERSION,
            "data": data,
        })
        .to_string()
    }

    /// The same delivery once more, to the letter.
    pub async fn repeat_last(&self, order: &ShopOrder) -> Result<u16> {
        let delivery = self.last_delivery.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        self.send(&self.webhook(order, &delivery, CREATED)?).await
    }

    /// The delivery of an event of this topic that is about the order. `X-Shopify-Hmac-Sha256` is base64 of the HMAC-SHA256 of the raw
    /// body.
    pub(super) fn webhook(&self, order: &ShopOrder, delivery: &str, topic: &str) -> Result<Webhook> {
        let headers = vec![
            ("x-shopify-topic", topic.to_owned()),
            ("x-shopify-hmac-sha256", STANDARD.encode(mac(self.secret.as_bytes(), &order.body)?)),
            ("x-shopify-shop-domain", SHOP_DOMAIN.to_owned()),
            ("x-shopify-api-version", API_VERSION.to_owned()),
            ("x-shopify-webhook-id", delivery.to_owned()),
            ("x-shopify-event-id", order.event_id.clone()),
            ("x-shopify-triggered-at", jiff::Timestamp::now().to_string()),
        ];
        Ok(Webhook::new("shopify", headers, order.body.clone()))
    }

    async fn send(&self, webhook: &Webhook) -> Result<u16> {
        Ok(webhook.send(&self.client, &self.webhook_url).await?.status)
    }
}

/// Ids are random in the range of Shopify's, so that orders of two runs do not meet.
fn order(change: impl FnOnce(&mut Value)) -> ShopOrder {
    let id = 5_000_000_000_000 + u64::from(Uuid::new_v4().as_fields().0);
    let mut payload: Value = serde_json::from_str(ORDER).unwrap_or_default();
    payload["id"] = json!(id);
    payload["name"] = json!(format!("#{}", id % 100_000));
    change(&mut payload);
    ShopOrder { id, event_id: Uuid::new_v4().to_string(), body: payload.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_orders_are_not_the_same() {
        let (one, other) = (order(|_| {}), order(|_| {}));
        assert_ne!((one.id, &one.event_id), (other.id, &other.event_id));
    }
}
