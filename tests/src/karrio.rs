//! A label buyer on any Karrio.

use std::time::Duration;

use connector_karrio::KarrioLabelBuyer;
use local::Partner;
use local::sandbox::{API_KEY, Sandbox};
use serde_json::json;

use crate::{address, built_in, credential, target};

pub fn buyer(sandbox: &Sandbox, timeout: Duration) -> KarrioLabelBuyer {
    buyer_at(&partner(sandbox), timeout, "standard_service")
}

pub fn partner(sandbox: &Sandbox) -> Partner {
    Partner { url: sandbox.karrio_url(), api_key: API_KEY.to_owned() }
}

pub fn buyer_at(partner: &Partner, timeout: Duration, service: &str) -> KarrioLabelBuyer {
    KarrioLabelBuyer::new(
        target("karrio", &partner.url, timeout),
        credential(&partner.api_key),
        built_in("karrio-shipment", &json!({ "service": service, "ship_from": address() })),
    )
}
