//! A real Karrio does what the label flow's tests need of it.

use local::http_client;
use local::real::karrio::{RealKarrio, SERVICE};
use local::{Tools, Workspace};
use serde_json::{Value, json};

#[tokio::test]
async fn a_label_is_bought_without_network_and_found_by_its_reference() {
    let tools = Tools::new(Workspace::here()).unwrap();
    let karrio = RealKarrio::up(&tools).await.unwrap();
    let address = |name: &str| {
        json!({ "person_name": name, "address_line1": "1 Dock Street", "city": "Oakland",
            "postal_code": "94607", "state_code": "CA", "country_code": "US" })
    };
    let order = json!({
        "shipper": address("Warehouse"), "recipient": address("Ann Example"), "service": SERVICE,
        "parcels": [{ "weight": 1, "weight_unit": "KG" }], "reference": "ORD-1", "label_type": "PDF",
    });
    let bought = http_client()
        .post(format!("{}/v1/shipments", karrio.base_url))
        .header("authorization", format!("Token {}", karrio.token))
        .json(&order);
    let bought: Value = bought.send().await.unwrap().error_for_status().unwrap().json().await.unwrap();
    assert!(bought["tracking_number"].is_string(), "{bought}");

    let found = karrio.shipments("ORD-1").await.unwrap();
    assert_eq!(
        found.iter().map(|one| &one["tracking_number"]).collect::<Vec<_>>(),
        [&bought["tracking_number"]]
    );
    assert!(karrio.shipments("ORD").await.unwrap().is_empty());
}
