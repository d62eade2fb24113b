//! A label buyer on the sandbox.

use std::time::Duration;

use connector_karrio::KarrioLabelBuyer;
use local::sandbox::{API_KEY, Sandbox};
use serde_json::json;

use crate::{address, built_in, credential, target};

pub fn buyer(sandbox: &Sandbox, timeout: Duration) -> KarrioLabelBuyer {
    buyer_with(sandbox, timeout, API_KEY, "standard_service")
}

pub fn buyer_with(sandbox: &Sandbox, timeout: Duration, key: &str, service: &str) -> KarrioLabelBuyer {
    KarrioLabelBuyer::new(
        target("karrio", &sandbox.karrio_url(), timeout),
        credential(key),
        built_in("karrio-shipment", &json!({ "service": service, "ship_from": address() })),
    )
}
