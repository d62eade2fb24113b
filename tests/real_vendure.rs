//! A real Vendure does what the shop flow's tests need of it.

use local::real::vendure::{RealVendure, Webhook};
use local::{Tools, Workspace};
use tests::listener::Listener;

const SECRET: &str = "whsec_bG9vcGJhY2stb25seS1sb29wYmFjay1vbmx5";

#[tokio::test]
async fn a_placed_order_is_told_whole_by_a_signed_webhook() {
    let tools = Tools::new(Workspace::here()).unwrap();
    let listener = Listener::start().await;
    let webhook = Webhook { url: &listener.url, secret: SECRET };
    let shop = RealVendure::up(&tools, Some(webhook)).await.unwrap();
    let placed = shop.place_order(&[("SKU-1", 2), ("SKU-2", 1)]).await.unwrap();
    assert_eq!(placed["state"], "PaymentSettled");

    let told = listener.delivery("the order", |body| body["data"]["code"] == placed["code"]).await;
    assert!(told.is_signed_as_standard_webhook(SECRET), "{told:?}");
    assert!(!told.is_signed_as_standard_webhook("whsec_YW5vdGhlcg=="));
    let body = told.json();
    assert_eq!(body["type"], "order.placed");
    let order = &body["data"];
    assert_eq!(order["currencyCode"], "EUR");
    assert_eq!(order["customer"]["emailAddress"], "ann@example.com");
    assert_eq!(order["shippingAddress"]["countryCode"], "US");
    assert!(order["orderPlacedAt"].is_string(), "{order}");
    let lines = order["lines"].as_array().unwrap().iter();
    let lines: Vec<_> = lines
        .map(|line| {
            (
                line["productVariant"]["sku"].as_str(),
                line["quantity"].as_u64(),
                line["unitPriceWithTax"].as_u64(),
            )
        })
        .collect();
    assert_eq!(lines, [(Some("SKU-1"), Some(2), Some(1190)), (Some("SKU-2"), Some(1), Some(1785))]);
    assert_eq!(order["totalWithTax"], placed["totalWithTax"]);
}
